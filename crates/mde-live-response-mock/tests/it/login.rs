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
fn p40_an_issued_token_says_what_it_is_for_and_is_accepted_until_it_expires() {
    let library = builder().build();
    let answer = issue(&library, &fields(&[]));
    assert_eq!([&answer["token_type"], &answer["expires_in"]], [&json!("Bearer"), &json!(3599)]);
    let payload = answer["access_token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    assert_eq!(claims["aud"], "https://api.securitycenter.microsoft.com");
    assert_eq!([&claims["tid"], &claims["appid"]], ["a-tenant", "a-client"]);
    assert_eq!(claims["roles"], json!(["Library.Manage"]));
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 3599);

    let another = issue(&library, &fields(&[]));
    assert_ne!(another["access_token"], answer["access_token"]);
    assert_eq!((library.token_calls(), library.calls()), (2, 0), "they count in no rate");
    library.advance(Duration::from_secs(3_598));
    assert_eq!(list_status(&library, &answer), 200);
    assert_eq!(list(&library, "any-token").status(), 401, "with an application, not any will do");
    let another = issue(&library, &fields(&[]));
    assert_eq!(list_status(&library, &another), 200);
    library.advance(Duration::from_secs(1));
    assert_eq!([&answer, &another].map(|it| list_status(&library, it)), [401, 200]);
    library.revoke_tokens();
    assert_eq!(list_status(&library, &another), 401);
}

#[test]
fn p07_p43_a_token_is_worth_what_its_application_may_do() {
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

/// The status, Entra's code, and nothing secret.
#[test]
fn p39_p41_p42_each_form_is_judged_with_the_code_of_entra() {
    let with = |name, value| fields(&[(name, Some(value))]);
    let without = |name| fields(&[(name, None)]);
    let twice = |name: &str| fields(&[]) + &format!("&{name}=x");
    let crossed = with("client_id", "another-client");
    let long = fields(&[]) + "&y=";
    let long = format!("{long}{}", "x".repeat(64 * 1024 - long.len()));
    for (form, status, error, code) in [
        (fields(&[]), 200, "", 0),
        (with("client_secret", "second"), 200, "", 0),
        (by_assertion("canary-assertion"), 200, "", 0),
        (by_assertion("another"), 200, "", 0),
        (crossed.replace("canary~secret%2B5f1c7e", "other"), 200, "", 0),
        (fields(&[]).replace("://", "%3a%2F%2f"), 200, "", 0),
        (long.clone(), 200, "", 0),
        (long + "x", 400, "invalid_request", 900_144),
        (crossed, 401, "invalid_client", 7_000_215),
        (with("client_secret", "no"), 401, "invalid_client", 7_000_215),
        (without("client_secret"), 401, "invalid_client", 7_000_218),
        (by_assertion("canary-forged"), 401, "invalid_client", 700_213),
        (by_assertion("another").replace("bearer", "x"), 400, "invalid_request", 90_023),
        (with("client_id", "x"), 400, "unauthorized_client", 700_016),
        (with("scope", "https://x/.default"), 400, "invalid_resource", 500_011),
        (with("scope", "Library.Manage"), 400, "invalid_scope", 1_002_012),
        (with("grant_type", "password"), 400, "unsupported_grant_type", 70_003),
        (without("grant_type"), 400, "invalid_request", 900_144),
        (with("client_id", ""), 400, "invalid_request", 900_144),
        (twice("scope"), 400, "invalid_request", 900_144),
        ("client_id".to_owned(), 400, "invalid_request", 900_144),
        (fields(&[]) + "&a=%zz", 400, "invalid_request", 900_144),
        (fields(&[]) + "&a=%ff", 400, "invalid_request", 900_144),
    ] {
        let library = builder().build();
        let answer = post(&library, "a-tenant", URLENCODED, &form);
        assert_eq!(answer.headers()["cache-control"], "no-store, no-cache");
        let body = json_of(&answer);
        let said = (answer.status().as_u16(), body["error"].as_str().unwrap_or_default());
        assert_eq!(said, (status, error), "case: {form:.200}: {body}");
        if status != 200 {
            assert_eq!(body["error_codes"], json!([code]), "case: {form:.200}: {body}");
            let text = body["error_description"].as_str().unwrap();
            assert!(text.starts_with(&format!("AADSTS{code}: ")), "{body}");
            let id = body["correlation_id"].as_str().unwrap();
            assert!(text.contains(&format!("Correlation ID: {id} ")), "{body}");
            assert!(!body.to_string().contains("canary"), "{body}");
        }
        assert_eq!((library.token_calls(), library.calls()), (1, 0), "case: {form:.200}");
    }
}

#[test]
fn the_tenant_and_the_type_of_the_form_are_read_from_the_head() {
    for (tenant, content_type, code) in [
        ("a%2Dtenant", URLENCODED, json!(null)),
        ("a-tenant", "Application/X-WWW-Form-Urlencoded; charset=utf-8", json!(null)),
        ("nowhere", URLENCODED, json!(90_002)),
        ("a-tenant", "application/json", json!(900_144)),
        ("a-tenant", "application/x-www-form-urlencoded-too", json!(900_144)),
    ] {
        let answer = json_of(&post(&builder().build(), tenant, content_type, &fields(&[])));
        assert_eq!(answer["error_codes"][0], code, "case: {tenant}, {content_type}");
    }
}
