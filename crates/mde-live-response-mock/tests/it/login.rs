//! The library as the service that issues tokens: what it accepts, what it refuses and how, what a token is worth.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mde_live_response_core::http::Response;
use mde_live_response_mock::{Application, FakeLibrary, FakeLibraryBuilder};
use serde_json::{Value, json};

use crate::common::{json as json_of, list, send};

const SECRET: &str = "canary~secret+5f1c7e";
const BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const URLENCODED: &str = "application/x-www-form-urlencoded";

fn application() -> Application {
    let application = Application::new("a-tenant", "a-client").with_secret(SECRET);
    application.with_secret("second").with_assertion("canary-assertion").with_assertion("another")
}

fn builder() -> FakeLibraryBuilder {
    let other = Application::new("a-tenant", "another-client").with_secret("other");
    FakeLibrary::builder().application(application()).application(other)
}

/// A sound form with these fields replaced, or left out.
fn fields(changes: &[(&str, Option<&str>)]) -> String {
    let mut fields = vec![
        ("client_id", "a-client"),
        ("grant_type", "client_credentials"),
        ("scope", "https://api.securitycenter.microsoft.com/.default"),
        ("client_secret", SECRET),
    ];
    for (name, value) in changes {
        fields.retain(|(field, _)| field != name);
        fields.extend(value.map(|value| (*name, value)));
    }
    let field = |(name, value): &(&str, &str)| format!("{name}={}", value.replace('+', "%2B"));
    fields.iter().map(field).collect::<Vec<_>>().join("&")
}

fn by_assertion(assertion: &str) -> String {
    let (kind, proof) = ("client_assertion_type", "client_assertion");
    fields(&[("client_secret", None), (kind, Some(BEARER)), (proof, Some(assertion))])
}

fn post(library: &FakeLibrary, tenant: &str, content_type: &str, body: &str) -> Response<Vec<u8>> {
    let path = format!("/{tenant}/oauth2/v2.0/token");
    send(library, "POST", &path, &[("content-type", content_type)], body.as_bytes()).unwrap()
}

fn issue(library: &FakeLibrary, form: &str) -> Value {
    json_of(&post(library, "a-tenant", URLENCODED, form))
}

fn list_status(library: &FakeLibrary, answer: &Value) -> u16 {
    list(library, answer["access_token"].as_str().unwrap()).status().as_u16()
}

#[test]
fn an_issued_token_says_what_it_is_for_and_is_accepted_until_it_expires() {
    let library = builder().build();
    let answer = post(&library, "a-tenant", URLENCODED, &fields(&[]));
    assert_eq!(answer.headers()["cache-control"], "no-store, no-cache");
    let answer = json_of(&answer);
    let token = answer["access_token"].as_str().unwrap();
    let expected = json!({
        "token_type": "Bearer",
        "expires_in": 3599,
        "ext_expires_in": 3599,
        "access_token": token,
    });
    assert_eq!(answer, expected);

    let parts: Vec<_> = token.split('.').collect();
    let payload = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(&payload).unwrap(),
        json!({
            "aud": "https://api.securitycenter.microsoft.com",
            "iss": "https://sts.windows.net/a-tenant/",
            "iat": 1_767_225_600_u64,
            "nbf": 1_767_225_600_u64,
            "exp": 1_767_229_199_u64,
            "appid": "a-client",
            "roles": ["Library.Manage"],
            "tid": "a-tenant",
            "uti": "0000000000000000000001",
        })
    );
    library.advance(Duration::from_secs(3_598));
    assert_eq!(list_status(&library, &answer), 200);
    library.advance(Duration::from_secs(1));
    assert_eq!(list_status(&library, &answer), 401);
}

#[test]
fn each_request_gets_another_token_and_counts_in_no_rate() {
    let library = builder().build();
    let tokens: Vec<_> = (0..150).map(|_| issue(&library, &fields(&[]))).collect();
    assert_ne!(tokens[0], tokens[1]);
    assert_eq!((library.token_calls(), library.calls()), (150, 0));
    assert_eq!([&tokens[0], &tokens[149]].map(|it| list_status(&library, it)), [200, 200]);
    library.revoke_tokens();
    assert_eq!(list_status(&library, &tokens[149]), 401);
    assert_eq!(list(&library, "any-token").status(), 401, "with an application, not any will do");
}

#[test]
fn a_token_is_worth_what_its_application_may_do() {
    let graph = fields(&[("scope", Some("https://graph.microsoft.com/.default"))]);
    let powerless = application().with_roles(["Machine.Read.All"]);
    let life = |life| builder().token_life(life);
    for (library, form, expires_in, status) in [
        (builder(), graph, 3_599, 403),
        (FakeLibrary::builder().application(powerless), fields(&[]), 3_599, 403),
        (life(Duration::from_millis(60_999)), fields(&[]), 60, 200),
        (life(Duration::from_millis(999)), fields(&[]), 0, 401),
        (life(Duration::MAX), fields(&[]), u64::from(u32::MAX), 200),
    ] {
        let library = library.build();
        let answer = issue(&library, &form);
        assert_eq!(answer["expires_in"], expires_in, "case: {form}");
        assert_eq!(list_status(&library, &answer), status, "case: {form}, {expires_in} s");
    }
}

#[test]
fn a_refusal_has_the_form_of_entra_and_shows_no_secret() {
    let library = builder().build();
    let forged = fields(&[("client_secret", Some("canary-forged"))]);
    let answer = post(&library, "a-tenant", URLENCODED, &forged);
    assert_eq!(answer.headers()["cache-control"], "no-store, no-cache");
    assert_eq!(answer.headers()["content-type"], "application/json; charset=utf-8");
    let mut body = json_of(&answer);
    let text = body.as_object_mut().unwrap().remove("error_description").unwrap();
    let text = text.as_str().unwrap();
    let (id, at) = ("00000000-0000-4000-8000-000000000001", "2026-01-01 00:00:00Z");
    assert!(text.starts_with("AADSTS7000215: ") && !text.contains("canary"), "{text}");
    let end = format!(" Trace ID: {id} Correlation ID: {id} Timestamp: {at}");
    assert!(text.ends_with(&end), "{text}");
    let expected = json!({
        "error": "invalid_client",
        "error_codes": [7_000_215],
        "timestamp": at,
        "trace_id": id,
        "correlation_id": id,
        "error_uri": "https://login.microsoftonline.com/error?code=7000215",
    });
    assert_eq!(body, expected);
}

#[test]
fn each_form_is_judged_with_the_code_of_entra() {
    let with = |name, value| fields(&[(name, Some(value))]);
    let without = |name| fields(&[(name, None)]);
    let untyped = with("client_assertion", "x") + "&client_assertion_type=jwt";
    let twice = |name: &str| fields(&[]) + &format!("&{name}=x");
    let crossed = with("client_id", "another-client");
    let long = fields(&[]) + "&y=";
    let long = format!("{long}{}", "x".repeat(64 * 1024 - long.len()));
    let (client, request) = ("invalid_client", "invalid_request");
    let missing = (400, request, 900_144);
    let cases = [
        (fields(&[]), (200, "", 0)),
        (with("client_secret", "second"), (200, "", 0)),
        (by_assertion("canary-assertion"), (200, "", 0)),
        (by_assertion("another"), (200, "", 0)),
        (crossed.replace("canary~secret%2B5f1c7e", "other"), (200, "", 0)),
        (fields(&[]).replace("://", "%3a%2F%2f"), (200, "", 0)),
        (long.clone(), (200, "", 0)),
        (long + "x", missing),
        (crossed, (401, client, 7_000_215)),
        (with("client_secret", "no"), (401, client, 7_000_215)),
        (without("client_secret"), (401, client, 7_000_218)),
        (by_assertion("forged"), (401, client, 700_213)),
        (untyped, (400, request, 90_023)),
        (with("client_id", "x"), (400, "unauthorized_client", 700_016)),
        (with("scope", "https://x/.default"), (400, "invalid_resource", 500_011)),
        (with("scope", "Library.Manage"), (400, "invalid_scope", 1_002_012)),
        (with("grant_type", "password"), (400, "unsupported_grant_type", 70_003)),
        (without("grant_type"), missing),
        (with("client_id", ""), missing),
        (without("scope"), missing),
        (twice("grant_type"), missing),
        (twice("client_id"), missing),
        (twice("scope"), missing),
        (String::new(), missing),
        ("client_id".to_owned(), missing),
        (fields(&[]) + "&a=%zz", missing),
        (fields(&[]) + "&a=%ff", missing),
    ];
    for (form, (status, error, code)) in cases {
        let library = builder().build();
        let answer = post(&library, "a-tenant", URLENCODED, &form);
        let (said, body) = (answer.status().as_u16(), json_of(&answer));
        let shown = format!("case: {form:.200}: {body}");
        assert_eq!((said, body["error"].as_str().unwrap_or_default()), (status, error), "{shown}");
        assert_eq!(body["error_codes"][0].as_u64().unwrap_or_default(), code, "{shown}");
        assert_eq!((library.token_calls(), library.calls()), (1, 0), "{shown}");
    }
}

#[test]
fn the_tenant_and_the_type_of_the_form_are_read_from_the_head() {
    for (tenant, content_type, status, code) in [
        ("a%2Dtenant", URLENCODED, 200, 0),
        ("a-tenant", "Application/X-WWW-Form-Urlencoded; charset=utf-8", 200, 0),
        ("nowhere", URLENCODED, 400, 90_002),
        ("a-tenant", "application/json", 400, 900_144),
        ("a-tenant", "application/x-www-form-urlencoded-too", 400, 900_144),
    ] {
        let answer = post(&builder().build(), tenant, content_type, &fields(&[]));
        let said = json_of(&answer)["error_codes"][0].as_u64().unwrap_or_default();
        assert_eq!((answer.status().as_u16(), said), (status, code), "{tenant}, {content_type}");
    }
    let nobody = post(&FakeLibrary::new(), "a-tenant", URLENCODED, &fields(&[]));
    assert_eq!(json_of(&nobody)["error_codes"], json!([90_002]));
}
