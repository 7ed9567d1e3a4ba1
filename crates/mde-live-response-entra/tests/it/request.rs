//! The token request, byte by byte, and the host that receives it.

use std::collections::BTreeMap;

use mde_live_response_core::Endpoint;
use mde_live_response_entra::EntraCredential;
use mde_live_response_mock::RecordedRequest;

use crate::{client, credential, secret, successful, upload};

/// The token request of an upload.
fn request(credential: EntraCredential, endpoint: Endpoint) -> RecordedRequest {
    let mock = successful();
    let client = mde_live_response_core::Client::builder(endpoint, credential, mock.clone());
    client.clock(mock.clock()).build().upload(&upload()).unwrap();
    let [request, _] = mock.requests();
    request
}

#[test]
fn the_request_is_a_form_to_the_login_host() {
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

/// The form's fields, decoded as a browser's form.
fn fields(request: &RecordedRequest) -> Vec<(String, String)> {
    let body = str::from_utf8(request.body()).unwrap();
    let pairs = body.split('&').map(|field| field.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        bytes.push(match b {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            _ => b,
        });
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_secret_of_any_characters_arrives_unchanged() {
    let ascii: String = (' '..='~').collect();
    for text in [ascii.trim(), "a b", "%41%", "a+b", "&client_id=other", "ключ", "\u{1F511}"] {
        let credential = EntraCredential::with_secret("t", "a-client", secret(text)).unwrap();
        let request = request(credential, Endpoint::COMMERCIAL);
        assert!(request.body().iter().all(u8::is_ascii_graphic), "case: {text:?}");
        let expected = [
            ("client_id", "a-client"),
            ("grant_type", "client_credentials"),
            ("scope", "https://api.securitycenter.microsoft.com/.default"),
            ("client_secret", text),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(fields(&request), expected, "case: {text:?}");
    }
}

#[test]
fn the_tenant_is_in_the_path() {
    for tenant in ["contoso.onmicrosoft.com", "72f988bf-86f1-41af-91ab-2d7cd011db47", "T"] {
        let credential = EntraCredential::with_secret(tenant, "c", secret("a-secret")).unwrap();
        let expected = format!("https://login.microsoftonline.us/{tenant}/oauth2/v2.0/token");
        assert_eq!(request(credential, Endpoint::GCC_HIGH).uri().to_string(), expected);
    }
}

/// Login host and scope of a request, with a login host of the credential's own if there is one.
fn host_and_scope(endpoint: Endpoint, login: Option<&str>) -> (String, String) {
    let credential = match login {
        Some(login) => credential().with_login(login).unwrap(),
        None => credential(),
    };
    let request = request(credential, endpoint);
    let scope = fields(&request).into_iter().find(|(name, _)| name == "scope").unwrap().1;
    (request.uri().to_string().replace("/a-tenant/oauth2/v2.0/token", ""), scope)
}

#[test]
fn login_host_and_audience_are_those_of_the_cloud() {
    let com = "https://login.microsoftonline.com";
    let us = "https://login.microsoftonline.us";
    let commercial = "https://api.securitycenter.microsoft.com/.default";
    let gov = "https://api-gov.securitycenter.microsoft.us/.default";
    for (endpoint, login, scope) in [
        (Endpoint::COMMERCIAL, com, commercial),
        (Endpoint::EU, com, commercial),
        (Endpoint::LEGACY_UK, com, commercial),
        (Endpoint::parse("https://api.example/base").unwrap(), com, commercial),
        (Endpoint::GCC, com, "https://api-gcc.securitycenter.microsoft.us/.default"),
        (Endpoint::GCC_HIGH, us, gov),
        (Endpoint::DOD, us, gov),
    ] {
        let case = endpoint.to_string();
        let expected = (login.to_owned(), scope.to_owned());
        assert_eq!(host_and_scope(endpoint, None), expected, "case: {case}");
    }
}

#[test]
fn login_host_and_audience_can_be_set() {
    let custom = || Endpoint::parse("https://api.example").unwrap();
    for audience in ["https://aud.example", "https://aud.example/"] {
        let (_, scope) = host_and_scope(custom().with_audience(audience), None);
        assert_eq!(scope, "https://aud.example/.default", "case: {audience}");
    }
    for (login, expected) in [
        ("https://login.example", "https://login.example"),
        ("https://login.example/", "https://login.example"),
        ("login.example", "https://login.example"),
        ("login.example:8443/a", "https://login.example:8443/a"),
        ("HTTPS://login.example:8443//", "https://login.example:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ] {
        let endpoint = custom().with_login(login).unwrap();
        assert_eq!(host_and_scope(endpoint, None).0, expected, "case: {login}");
        // The credential's own precedes the endpoint's.
        assert_eq!(host_and_scope(Endpoint::GCC_HIGH, Some(login)).0, expected, "case: {login}");
    }
    for refused in [
        "http://login.example",
        "http://localhost:8080",
        "https://a@login.example",
        "https://login.example?a",
        "ftp://x",
        "//login.example",
        "login.example?to=https://a.example",
        " login.example",
        "",
    ] {
        let error = credential().with_login(refused).unwrap_err();
        assert_eq!(error.field(), "login URL", "case: {refused}");
    }
}

#[test]
fn the_longest_parts_make_a_request() {
    let login = format!("https://login.example/{}", "x".repeat(2026));
    assert_eq!(login.len(), 2048);
    let (tenant, client) = ("x".repeat(255), "y".repeat(255));
    let secret = secret(&"%".repeat(100_000));
    let credential = EntraCredential::with_secret(&tenant, &client, secret).unwrap();
    let request = request(credential.with_login(&login).unwrap(), Endpoint::COMMERCIAL);
    assert_eq!(request.uri().to_string(), format!("{login}/{tenant}/oauth2/v2.0/token"));
    assert!(request.body().ends_with(&b"%25".repeat(100_000)));
}
