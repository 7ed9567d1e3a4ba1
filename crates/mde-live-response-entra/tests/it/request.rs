//! The token request, byte by byte, and the host that receives it.

use std::collections::BTreeMap;

use mde_live_response_core::{Client, Endpoint};
use mde_live_response_entra::EntraCredential;
use mde_live_response_mock::{ManualClock, RecordedRequest};

use crate::{SECRET, builder, client, credential, library, secret, successful, upload};

/// The token request of an upload.
fn request(credential: EntraCredential, endpoint: Endpoint) -> RecordedRequest {
    let mock = successful();
    let client = Client::builder(endpoint, credential, mock.clone());
    client.clock(mock.clock()).build().upload(&upload()).unwrap();
    let [request, _] = mock.requests();
    request
}

#[test]
fn p38_p39_the_request_is_a_form_to_the_login_host() {
    let mock = successful();
    client(&mock).upload(&upload()).unwrap();
    let [request, upload] = mock.requests();
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri(), "https://login.microsoftonline.com/a-tenant/oauth2/v2.0/token");
    assert_eq!(
        str::from_utf8(request.body()).unwrap(),
        "client_id=a-client&grant_type=client_credentials\
         &scope=https%3A%2F%2Fapi.securitycenter.microsoft.com%2F.default\
         &client_secret=canary~Se8Q%2Fret%20%2B%26%3D%25%3F%C3%A9%F0%9D%84%9E-._%22%5Cx"
    );
    let headers = request.headers().iter();
    let headers: BTreeMap<_, _> =
        headers.map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    let expected = [
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
        ("content-length", &request.body().len().to_string()),
        ("content-type", "application/x-www-form-urlencoded"),
        ("user-agent", &format!("mde-live-response/{}", env!("CARGO_PKG_VERSION"))),
    ];
    assert_eq!(headers, BTreeMap::from(expected), "and no authorization");
    upload.assert_bearer("an-issued-token");
}

/// The library decodes it.
#[test]
fn a_secret_of_any_characters_arrives_unchanged() {
    let ascii: String = (' '..='~').collect();
    let long = "%".repeat(20_000);
    for text in [ascii.trim(), "a b", "%41%", "a+b", "&client_id=other", "ключ", "\u{1F511}", &long]
    {
        let credential = EntraCredential::with_secret("a-tenant", "a-client", secret(text));
        let clock = ManualClock::new();
        let library = library(&clock, text);
        let client = builder(credential.unwrap(), library.clone(), &clock).build();
        client.upload(&upload()).unwrap_or_else(|error| panic!("case: {text:?}: {error}"));
        assert_eq!(library.token_calls(), 1, "case: {text:?}");
    }
}

#[test]
fn clones_of_a_client_share_a_token_and_other_clients_do_not() {
    let clock = ManualClock::new();
    let library = library(&clock, SECRET);
    let client = || builder(credential(), library.clone(), &clock).build();
    let first = client();
    for (client, requests) in [(first.clone(), 1), (first, 1), (client(), 2)] {
        client.upload(&upload()).unwrap();
        assert_eq!(library.token_calls(), requests);
    }
}

#[test]
fn p38_p39_p43_tenant_login_host_and_audience_are_in_the_request() {
    let custom = || Endpoint::parse("https://api.example").unwrap();
    let elsewhere = |login: &str| custom().with_login(login).unwrap();
    let (com, us) = ("https://login.microsoftonline.com", "https://login.microsoftonline.us");
    let commercial = "https%3A%2F%2Fapi.securitycenter.microsoft.com%2F.default";
    let gcc = "https%3A%2F%2Fapi-gcc.securitycenter.microsoft.us%2F.default";
    let gov = "https%3A%2F%2Fapi-gov.securitycenter.microsoft.us%2F.default";
    let other = "https%3A%2F%2Faud.example%2F.default";
    let own = "HTTPS://login.example:8443//";
    let long = format!("https://login.example/{}", "x".repeat(2026));
    for (endpoint, login, expected, scope) in [
        (Endpoint::COMMERCIAL, None, com, commercial),
        (custom(), None, com, commercial),
        (Endpoint::EU, None, com, commercial),
        (Endpoint::GCC, None, com, gcc),
        (Endpoint::GCC_HIGH, None, us, gov),
        (Endpoint::DOD, None, us, gov),
        (custom().with_audience("https://aud.example"), None, com, other),
        (custom().with_audience("https://aud.example/"), None, com, other),
        (elsewhere("login.example/"), None, "https://login.example", commercial),
        (elsewhere("http://127.0.0.1:8080"), None, "http://127.0.0.1:8080", commercial),
        // The credential's own precedes the endpoint's.
        (Endpoint::GCC_HIGH, Some(own), "https://login.example:8443", gov),
        (Endpoint::COMMERCIAL, Some(&*long), &*long, commercial),
    ] {
        for tenant in ["contoso.onmicrosoft.com", "T", &"x".repeat(255)] {
            let case = format!("{endpoint}, {login:?}, {tenant}");
            let credential = EntraCredential::with_secret(tenant, "c", secret("a-secret")).unwrap();
            let credential = match login {
                Some(login) => credential.with_login(login).unwrap(),
                None => credential,
            };
            let request = request(credential, endpoint.clone());
            assert_eq!(
                request.uri().to_string(),
                format!("{expected}/{tenant}/oauth2/v2.0/token"),
                "{case}"
            );
            let body = str::from_utf8(request.body()).unwrap();
            assert!(body.contains(&format!("&scope={scope}&")), "{case}: {body}");
        }
    }
    for refused in ["http://login.example", "https://a@login.example", "login.example?a", ""] {
        let error = credential().with_login(refused).unwrap_err();
        assert_eq!(error.field(), "login URL", "case: {refused}");
    }
}
