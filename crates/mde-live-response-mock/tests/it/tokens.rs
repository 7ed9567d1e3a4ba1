//! The library as the service that issues tokens: what it takes, what it refuses and how, what a token is worth.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mde_live_response_core::http::Response;
use mde_live_response_mock::{Application, FakeLibrary};
use serde_json::{Value, json};

use crate::common::{ask, json as json_of, send};

const SECRET: &str = "canary~secret+5f1c7e";
const SCOPE: &str = "https://api.securitycenter.microsoft.com/.default";
const BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn application() -> Application {
    Application::new("a-tenant", "a-client").with_secret(SECRET).with_assertion("canary-assertion")
}

fn library() -> FakeLibrary {
    FakeLibrary::builder().application(application()).build()
}

/// A request for a token.
struct Asked {
    tenant: &'static str,
    fields: Vec<(&'static str, String)>,
}

fn call(changes: &[(&'static str, Option<&str>)]) -> Asked {
    let mut fields = vec![
        ("client_id", "a-client".to_owned()),
        ("grant_type", "client_credentials".to_owned()),
        ("scope", SCOPE.to_owned()),
        ("client_secret", SECRET.to_owned()),
    ];
    for (name, value) in changes {
        fields.retain(|(field, _)| field != name);
        fields.extend(value.map(|value| (*name, value.to_owned())));
    }
    Asked { tenant: "a-tenant", fields }
}

fn by_assertion(assertion: &str) -> Asked {
    call(&[
        ("client_secret", None),
        ("client_assertion_type", Some(BEARER)),
        ("client_assertion", Some(assertion)),
    ])
}

fn issue(library: &FakeLibrary, asked: &Asked) -> Response<Vec<u8>> {
    let field = |(name, value): &(&str, String)| format!("{name}={}", value.replace('+', "%2B"));
    let form: Vec<_> = asked.fields.iter().map(field).collect();
    post(library, asked.tenant, "application/x-www-form-urlencoded", &form.join("&"))
}

fn post(library: &FakeLibrary, tenant: &str, content_type: &str, body: &str) -> Response<Vec<u8>> {
    let path = format!("/{tenant}/oauth2/v2.0/token");
    send(library, "POST", &path, &[("content-type", content_type)], body.as_bytes()).unwrap()
}

fn token(library: &FakeLibrary, asked: &Asked) -> String {
    let answer = issue(library, asked);
    assert_eq!(answer.status(), 200, "{:?}", json_of(&answer));
    json_of(&answer)["access_token"].as_str().unwrap().to_owned()
}

fn list(library: &FakeLibrary, token: &str) -> u16 {
    ask(library, token, "GET", "/api/libraryfiles", b"").status().as_u16()
}

#[test]
fn an_issued_token_says_what_it_is_for_and_is_accepted_until_it_expires() {
    let library = library();
    let answer = issue(&library, &call(&[]));
    assert_eq!(answer.headers()["cache-control"], "no-store, no-cache");
    let body = json_of(&answer);
    let token = body["access_token"].as_str().unwrap();
    let rest = json!({"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599});
    let mut other = body.clone();
    other.as_object_mut().unwrap().remove("access_token");
    assert_eq!(other, rest);

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
    assert_eq!(list(&library, token), 200);
    library.advance(Duration::from_secs(3_598));
    assert_eq!(list(&library, token), 200);
    library.advance(Duration::from_secs(1));
    assert_eq!(list(&library, token), 401);
}

#[test]
fn each_call_gets_another_token_and_counts_in_no_rate() {
    let library = library();
    let tokens: Vec<_> = (0..150).map(|_| token(&library, &call(&[]))).collect();
    assert_ne!(tokens[0], tokens[1]);
    assert_eq!((library.token_calls(), library.calls()), (150, 0));
    assert_eq!([list(&library, &tokens[0]), list(&library, &tokens[149])], [200, 200]);
    library.revoke_tokens();
    assert_eq!(list(&library, &tokens[149]), 401);
    assert_eq!(list(&library, "any-token"), 401, "with an application, not any token will do");
}

#[test]
fn a_token_for_another_audience_or_without_the_permission_is_forbidden() {
    let library = library();
    let other = call(&[("scope", Some("https://api.security.microsoft.com/.default"))]);
    assert_eq!(list(&library, &token(&library, &other)), 403);

    let powerless = application().with_roles(["Machine.Read.All"]);
    let library = FakeLibrary::builder().application(powerless).build();
    assert_eq!(list(&library, &token(&library, &call(&[]))), 403);
}

#[test]
fn an_assertion_is_as_good_as_a_secret() {
    let library = library();
    assert_eq!(list(&library, &token(&library, &by_assertion("canary-assertion"))), 200);
}

#[test]
fn each_of_several_secrets_and_assertions_is_taken() {
    let application = application().with_secret("second").with_assertion("another");
    let other = Application::new("a-tenant", "another-client").with_secret("other");
    let library = FakeLibrary::builder().application(application).application(other).build();
    for secret in [SECRET, "second"] {
        token(&library, &call(&[("client_secret", Some(secret))]));
    }
    for assertion in ["canary-assertion", "another"] {
        token(&library, &by_assertion(assertion));
    }
    let crossed = call(&[("client_secret", Some("other"))]);
    assert_eq!(issue(&library, &crossed).status(), 401, "it is another application's");
    token(
        &library,
        &call(&[("client_id", Some("another-client")), ("client_secret", Some("other"))]),
    );
}

#[test]
fn a_life_is_taken_in_whole_seconds_and_cannot_be_too_long() {
    let lives = [
        (Duration::from_millis(60_999), 60),
        (Duration::from_millis(999), 0),
        (Duration::MAX, u64::from(u32::MAX)),
    ];
    for (life, expected) in lives {
        let library = FakeLibrary::builder().application(application()).token_life(life).build();
        let body = json_of(&issue(&library, &call(&[])));
        assert_eq!(body["expires_in"], expected, "case: {life:?}");
        let status = list(&library, body["access_token"].as_str().unwrap());
        assert_eq!(status, if expected == 0 { 401 } else { 200 }, "case: {life:?}");
    }
}

#[test]
fn a_token_of_the_settings_is_accepted_beside_those_that_are_issued() {
    let library = FakeLibrary::builder()
        .token("fixed")
        .forbidden_token("forbidden")
        .application(application())
        .build();
    let issued = token(&library, &call(&[]));
    library.advance(Duration::from_secs(3_599));
    let statuses = ["fixed", "forbidden", &issued, "any"].map(|token| list(&library, token));
    assert_eq!(statuses, [200, 403, 401, 401]);
}

#[track_caller]
fn assert_refused(answer: &Response<Vec<u8>>, status: u16, error: &str, code: u32) {
    let body = json_of(answer);
    assert_eq!((answer.status().as_u16(), &body["error"]), (status, &json!(error)), "{body}");
    assert_eq!(body["error_codes"], json!([code]));
}

#[test]
fn a_refusal_has_the_form_of_entra_and_counts() {
    let library = library();
    let answer = issue(&library, &call(&[("client_secret", Some("no"))]));
    let (id, at) = ("00000000-0000-4000-8000-000000000001", "2026-01-01 00:00:00Z");
    assert_eq!(
        json_of(&answer),
        json!({
            "error": "invalid_client",
            "error_description": format!(
                "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the \
                 request is the client secret value, not the client secret ID, for a secret added to \
                 app 'a-client'. Trace ID: {id} Correlation ID: {id} Timestamp: {at}"
            ),
            "error_codes": [7_000_215],
            "timestamp": at,
            "trace_id": id,
            "correlation_id": id,
            "error_uri": "https://login.microsoftonline.com/error?code=7000215",
        })
    );
    assert_eq!(answer.headers()["cache-control"], "no-store, no-cache");
    assert_eq!(answer.headers()["content-type"], "application/json; charset=utf-8");
    assert_eq!(library.token_calls(), 1);
}

#[test]
fn what_is_wrong_is_refused_with_the_code_of_entra() {
    let untyped = [("client_assertion_type", Some("jwt")), ("client_assertion", Some("x"))];
    let elsewhere = Asked { tenant: "nowhere", ..call(&[]) };
    for (asked, status, error, code) in [
        (call(&[("client_secret", Some("no"))]), 401, "invalid_client", 7_000_215),
        (call(&[("client_secret", None)]), 401, "invalid_client", 7_000_218),
        (by_assertion("forged"), 401, "invalid_client", 700_213),
        (call(&untyped), 400, "invalid_request", 90_023),
        (elsewhere, 400, "invalid_request", 90_002),
        (call(&[("client_id", Some("x"))]), 400, "unauthorized_client", 700_016),
        (call(&[("scope", Some("https://x/.default"))]), 400, "invalid_resource", 500_011),
        (call(&[("scope", Some("Library.Manage"))]), 400, "invalid_scope", 1_002_012),
        (call(&[("grant_type", Some("password"))]), 400, "unsupported_grant_type", 70_003),
    ] {
        assert_refused(&issue(&library(), &asked), status, error, code);
    }
    let nobody = issue(&FakeLibrary::new(), &call(&[]));
    assert_refused(&nobody, 400, "invalid_request", 90_002);
}

#[test]
fn a_field_comes_once_and_is_not_empty() {
    for name in ["grant_type", "client_id", "scope"] {
        for value in [None, Some("")] {
            let answer = issue(&library(), &call(&[(name, value)]));
            assert_refused(&answer, 400, "invalid_request", 900_144);
        }
        let mut twice = call(&[]);
        twice.fields.extend(call(&[]).fields.into_iter().filter(|(field, _)| *field == name));
        assert_refused(&issue(&library(), &twice), 400, "invalid_request", 900_144);
    }
}

#[test]
fn a_form_is_decoded_and_anything_else_refused() {
    let form = "client_id=a-client&grant_type=client_credentials&client_secret=canary~secret%2B5f1c7e\
                &scope=https%3a%2F%2Fapi.securitycenter.microsoft.com/.default";
    let urlencoded = "application/x-www-form-urlencoded";
    let long = format!("{form}&{}=x", "y".repeat(64 * 1024 - form.len() - 3));
    for (content_type, body) in [
        (urlencoded, form),
        ("Application/X-WWW-Form-Urlencoded; charset=utf-8", form),
        (urlencoded, &long),
    ] {
        let answer = post(&library(), "a%2Dtenant", content_type, body);
        assert_eq!(answer.status(), 200, "case: {content_type}");
    }
    let too_long = format!("{long}x");
    for (content_type, body) in [
        ("application/json", form),
        ("application/x-www-form-urlencoded-too", form),
        (urlencoded, ""),
        (urlencoded, "client_id"),
        (urlencoded, "client_id=%zz"),
        (urlencoded, "client_id=%ff"),
        (urlencoded, &too_long),
    ] {
        let library = library();
        let answer = post(&library, "a-tenant", content_type, body);
        assert_refused(&answer, 400, "invalid_request", 900_144);
        assert_eq!((library.token_calls(), library.calls()), (1, 0), "case: {body}");
    }
    let get = send(&library(), "GET", "/a-tenant/oauth2/v2.0/token", &[], b"").unwrap();
    assert_eq!((get.status().as_u16(), &get.headers()["allow"]), (405, &"POST".parse().unwrap()));
}

/// A length that is announced is refused before the body is read.
#[test]
fn a_form_that_is_announced_as_too_long_is_refused_by_its_head() {
    let request = http::Request::post("https://host/a-tenant/oauth2/v2.0/token")
        .header("content-type", "application/x-www-form-urlencoded");
    let (head, ()) = request.header("content-length", 64 * 1024 + 1).body(()).unwrap().into_parts();
    assert_eq!(library().begin(&head).unwrap_err().status(), 400);
}

#[test]
fn nothing_secret_is_shown() {
    let library = library();
    let issued = token(&library, &call(&[]));
    let builder = FakeLibrary::builder().application(application());
    for text in [
        format!("{:?} {:#?}", application(), application()),
        format!("{library:?} {library:#?}"),
        format!("{builder:?} {builder:#?}"),
    ] {
        assert!(!text.contains("canary") && !text.contains(&issued), "{text}");
    }
    for call in [call(&[("client_secret", Some("canary-forged"))]), by_assertion("canary-forged")] {
        let answer = json_of(&issue(&library, &call)).to_string();
        assert!(!answer.contains("canary"), "{answer}");
    }
}
