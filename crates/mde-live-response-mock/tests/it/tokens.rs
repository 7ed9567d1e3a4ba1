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
    TokenCall { tenant: "a-tenant".to_owned(), fields: fields.into_iter().map(owned).collect() }
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
    let assertion = [
        ("client_secret", None),
        ("client_assertion_type", Some(BEARER)),
        ("client_assertion", Some("canary-assertion")),
    ];
    let library = library();
    assert_eq!(list(&library, &token(&library, &call(&assertion))), 200);
}

#[test]
fn what_is_wrong_is_refused_in_the_words_of_entra() {
    let mut elsewhere = call(&[]);
    elsewhere.tenant = "nowhere".to_owned();
    let mut twice = call(&[]);
    twice.fields.push(("scope".to_owned(), SCOPE.to_owned()));
    let forged = [
        ("client_assertion_type", Some(BEARER)),
        ("client_assertion", Some("another")),
        ("client_secret", None),
    ];
    let untyped = [("client_assertion_type", Some("jwt")), ("client_assertion", Some("another"))];
    let cases = [
        ("secret", call(&[("client_secret", Some("no"))]), 401, "invalid_client", 7_000_215),
        ("no proof", call(&[("client_secret", None)]), 401, "invalid_client", 7_000_218),
        ("assertion", call(&forged), 401, "invalid_client", 700_213),
        ("assertion type", call(&untyped), 400, "invalid_request", 90_023),
        ("client", call(&[("client_id", Some("x"))]), 400, "unauthorized_client", 700_016),
        ("no client", call(&[("client_id", None)]), 400, "invalid_request", 900_144),
        ("tenant", elsewhere, 400, "invalid_request", 90_002),
        ("scope", call(&[("scope", Some("Library.Manage"))]), 400, "invalid_scope", 1_002_012),
        (
            "resource",
            call(&[("scope", Some("https://x/.default"))]),
            400,
            "invalid_resource",
            500_011,
        ),
        ("no scope", call(&[("scope", Some(""))]), 400, "invalid_request", 900_144),
        ("scope twice", twice, 400, "invalid_request", 900_144),
        ("grant", call(&[("grant_type", Some("password"))]), 400, "unsupported_grant_type", 70_003),
    ];
    for (case, call, status, error, code) in cases {
        let answer = library().issue_token(&call);
        let body = json_of(&answer);
        assert_eq!(answer.status(), status, "case: {case}: {body}");
        assert_eq!(
            (&body["error"], &body["error_codes"]),
            (&json!(error), &json!([code])),
            "{case}"
        );
        let description = body["error_description"].as_str().unwrap();
        assert!(description.starts_with(&format!("AADSTS{code}: ")), "case: {case}: {description}");
        let id = body["correlation_id"].as_str().unwrap();
        assert!(description.contains(&format!("Correlation ID: {id}")), "case: {case}");
        assert!(!body.to_string().contains("canary"), "case: {case}: {body}");
    }
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
    for (content_type, body) in [
        ("application/json", form),
        (urlencoded, ""),
        (urlencoded, "client_id"),
        (urlencoded, "client_id=%zz"),
        (urlencoded, "client_id=%ff"),
    ] {
        assert_eq!(over_http(&library, content_type, body).status(), 400, "case: {body}");
    }
    let get = send(&library, "GET", "/a-tenant/oauth2/v2.0/token", &[], b"").unwrap();
    assert_eq!((get.status().as_u16(), &get.headers()["allow"]), (405, &"POST".parse().unwrap()));
}

#[test]
fn nothing_secret_is_shown() {
    let library = library();
    let call = call(&[("client_assertion", Some("canary-assertion"))]);
    let shown = format!(
        "{:?} {call:?} {library:?} {:?}",
        application(),
        FakeLibrary::builder().application(application())
    );
    assert!(!shown.contains("canary"), "{shown}");
}
