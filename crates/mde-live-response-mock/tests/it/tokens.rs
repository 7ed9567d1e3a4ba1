//! The library as the service that issues tokens: what it takes, what it refuses and how, what a token is worth.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mde_live_response_core::http::Response;
use mde_live_response_mock::{Action, Application, Call, FakeLibrary, TokenCall};
use serde_json::{Value, json};

use crate::common::{json as json_of, send};

const SECRET: &str = "canary~secret+5f1c7e";
const SCOPE: &str = "https://api.securitycenter.microsoft.com/.default";
const BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn application() -> Application {
    Application::new("a-tenant", "a-client").with_secret(SECRET).with_assertion("canary-assertion")
}

fn library() -> FakeLibrary {
    FakeLibrary::builder().application(application()).build()
}

fn call(changes: &[(&str, Option<&str>)]) -> TokenCall {
    let mut fields = vec![
        ("client_id", "a-client"),
        ("grant_type", "client_credentials"),
        ("scope", SCOPE),
        ("client_secret", SECRET),
    ];
    for (name, value) in changes {
        fields.retain(|(field, _)| field != name);
        fields.extend(value.map(|value| (*name, value)));
    }
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    TokenCall::new("a-tenant", fields.into_iter().map(owned).collect())
}

fn by_assertion(assertion: &str) -> TokenCall {
    call(&[
        ("client_secret", None),
        ("client_assertion_type", Some(BEARER)),
        ("client_assertion", Some(assertion)),
    ])
}

fn token(library: &FakeLibrary, call: &TokenCall) -> String {
    let answer = library.issue_token(call);
    assert_eq!(answer.status(), 200, "{:?}", json_of(&answer));
    json_of(&answer)["access_token"].as_str().unwrap().to_owned()
}

fn list(library: &FakeLibrary, token: &str) -> u16 {
    library.handle(Call::new(token, Action::List)).status().as_u16()
}

#[test]
fn an_issued_token_says_what_it_is_for_and_is_accepted_until_it_expires() {
    let library = library();
    let answer = library.issue_token(&call(&[]));
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
    assert_eq!(library.issue_token(&crossed).status(), 401, "it is another application's");
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
        let body = json_of(&library.issue_token(&call(&[])));
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

/// The whole answer to a refused call, of the first call of a library.
fn refusal(error: &str, code: u32, text: &str) -> Value {
    let (id, at) = ("00000000-0000-4000-8000-000000000001", "2026-01-01 00:00:00Z");
    json!({
        "error": error,
        "error_description":
            format!("AADSTS{code}: {text} Trace ID: {id} Correlation ID: {id} Timestamp: {at}"),
        "error_codes": [code],
        "timestamp": at,
        "trace_id": id,
        "correlation_id": id,
        "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
    })
}

#[track_caller]
fn assert_refused(call: &TokenCall, status: u16, error: &str, code: u32, text: &str) {
    let library = library();
    let answer = library.issue_token(call);
    assert_eq!(json_of(&answer), refusal(error, code, text));
    assert_eq!(answer.status(), status, "AADSTS{code}");
    assert_eq!(answer.headers()["cache-control"], "no-store, no-cache");
    assert_eq!(answer.headers()["content-type"], "application/json; charset=utf-8");
    assert_eq!(library.token_calls(), 1, "AADSTS{code}: a refusal counts");
}

#[test]
fn who_cannot_prove_itself_is_refused_in_the_words_of_entra() {
    let cases = [
        (
            call(&[("client_secret", Some("no"))]),
            7_000_215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client \
             secret value, not the client secret ID, for a secret added to app 'a-client'.",
        ),
        (
            call(&[("client_secret", None)]),
            7_000_218,
            "The request body must contain the following parameter: 'client_assertion' or \
             'client_secret'.",
        ),
        (
            by_assertion("forged"),
            700_213,
            "No matching federated identity record found for presented assertion.",
        ),
    ];
    for (call, code, text) in cases {
        assert_refused(&call, 401, "invalid_client", code, text);
    }
}

#[test]
fn who_is_not_known_is_refused_in_the_words_of_entra() {
    let mut elsewhere = call(&[]);
    elsewhere.tenant = "nowhere".to_owned();
    assert_refused(&elsewhere, 400, "invalid_request", 90_002, "Tenant 'nowhere' not found.");
    let text = "Application with identifier 'x' was not found in the directory 'a-tenant'.";
    let stranger = call(&[("client_id", Some("x"))]);
    assert_refused(&stranger, 400, "unauthorized_client", 700_016, text);
    let text = "The resource principal named https://x was not found in the tenant.";
    let nothing = call(&[("scope", Some("https://x/.default"))]);
    assert_refused(&nothing, 400, "invalid_resource", 500_011, text);
}

#[test]
fn a_form_that_asks_wrongly_is_refused_in_the_words_of_entra() {
    let text = "The app requested an unsupported grant type.";
    let password = call(&[("grant_type", Some("password"))]);
    assert_refused(&password, 400, "unsupported_grant_type", 70_003, text);
    let text = "The provided value for scope Library.Manage is not valid. Client credential flows must \
                have a scope value with /.default suffixed to the resource identifier (application ID \
                URI).";
    let bare = call(&[("scope", Some("Library.Manage"))]);
    assert_refused(&bare, 400, "invalid_scope", 1_002_012, text);
    let untyped = call(&[("client_assertion_type", Some("jwt")), ("client_assertion", Some("x"))]);
    let text = "Unsupported client_assertion_type value.";
    assert_refused(&untyped, 400, "invalid_request", 90_023, text);
}

#[test]
fn a_field_comes_once_and_is_not_empty() {
    for name in ["grant_type", "client_id", "scope"] {
        let text = format!("The request body must contain the following parameter: '{name}'.");
        for value in [None, Some("")] {
            assert_refused(&call(&[(name, value)]), 400, "invalid_request", 900_144, &text);
        }
        let mut twice = call(&[]);
        twice.fields.extend(call(&[]).fields.into_iter().filter(|(field, _)| field == name));
        let text = format!("The request body contains the parameter '{name}' more than once.");
        assert_refused(&twice, 400, "invalid_request", 900_144, &text);
    }
}

#[test]
fn without_an_application_there_is_no_tenant() {
    let answer = FakeLibrary::new().issue_token(&call(&[]));
    assert_eq!(
        json_of(&answer),
        refusal("invalid_request", 90_002, "Tenant 'a-tenant' not found.")
    );
}

fn over_http(library: &FakeLibrary, content_type: &str, body: &str) -> Response<Vec<u8>> {
    let headers = [("content-type", content_type)];
    send(library, "POST", "/a-tenant/oauth2/v2.0/token", &headers, body.as_bytes()).unwrap()
}

#[test]
fn a_form_over_http_is_decoded_and_anything_else_refused() {
    let form = "client_id=a-client&grant_type=client_credentials&client_secret=canary~secret%2B5f1c7e\
                &scope=https%3a%2F%2Fapi.securitycenter.microsoft.com/.default";
    let urlencoded = "application/x-www-form-urlencoded";
    let library = library();
    assert_eq!(over_http(&library, urlencoded, form).status(), 200);
    assert_eq!(
        over_http(&library, "application/x-www-form-urlencoded; charset=utf-8", form).status(),
        200
    );
    let long = format!("{form}&{}=x", "y".repeat(TokenCall::MAX_FORM_BYTES - form.len() - 3));
    assert_eq!(over_http(&library, urlencoded, &long).status(), 200);
    let too_long = format!("{long}x");
    let text = "The request body must contain the following parameter: 'grant_type'.";
    for (content_type, body) in [
        ("application/json", form),
        ("application/x-www-form-urlencoded-too", form),
        (urlencoded, ""),
        (urlencoded, "client_id"),
        (urlencoded, "client_id=%zz"),
        (urlencoded, "client_id=%ff"),
        (urlencoded, &too_long),
    ] {
        let library = self::library();
        let answer = over_http(&library, content_type, body);
        assert_eq!(answer.status(), 400, "case: {body}");
        assert_eq!(json_of(&answer), refusal("invalid_request", 900_144, text), "case: {body}");
        assert_eq!((library.token_calls(), library.calls()), (1, 0), "case: {body}");
    }
    let get = send(&library, "GET", "/a-tenant/oauth2/v2.0/token", &[], b"").unwrap();
    assert_eq!((get.status().as_u16(), &get.headers()["allow"]), (405, &"POST".parse().unwrap()));
}

#[test]
fn nothing_secret_is_shown() {
    let library = library();
    let calls = [call(&[]), by_assertion("canary-assertion")];
    let issued = calls.clone().map(|call| token(&library, &call));
    let builder = FakeLibrary::builder().application(application());
    let shown = [
        format!("{:?} {:#?}", application(), application()),
        format!("{calls:?} {calls:#?}"),
        format!("{library:?} {library:#?}"),
        format!("{builder:?} {builder:#?}"),
        format!("{:?}", Call::new(issued[0].as_str(), Action::List)),
        format!("{:?}", library.admit(Some(&issued[1]), None).unwrap()),
    ];
    for text in shown {
        assert!(!text.contains("canary"), "{text}");
        assert!(issued.iter().all(|token| !text.contains(token.as_str())), "{text}");
    }
    let forged = call(&[("client_secret", Some("canary-forged"))]);
    for call in [forged, by_assertion("canary-forged")] {
        let answer = json_of(&library.issue_token(&call)).to_string();
        assert!(!answer.contains("canary"), "{answer}");
    }
}
