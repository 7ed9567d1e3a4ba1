//! What is sent to the login host, byte by byte, and to which host.

use mde_live_response_core::{ClientSecret, Endpoint, EntraCredential};
use mde_live_response_mock::{ManualClock, MockTransport, RecordedRequest, Reply};

use super::{builder, builder_with, credential, fields, issued};
use crate::support::upload;

/// The request for a token, and the upload that follows it.
fn asked(credential: EntraCredential, endpoint: Endpoint) -> [RecordedRequest; 2] {
    let mock = MockTransport::new().reply(issued("an-issued-token")).reply(Reply::stored());
    let client = mde_live_response_core::Client::builder(endpoint, credential, mock.clone());
    client.clock(ManualClock::new()).build().upload(&upload()).unwrap();
    mock.requests()
}

#[test]
fn the_request_is_a_form_to_the_login_host_for_the_audience() {
    let mock = MockTransport::new().reply(issued("an-issued-token")).reply(Reply::stored());
    builder(mock.clone(), &ManualClock::new()).build().upload(&upload()).unwrap();
    let [asking, uploading] = mock.requests();
    assert_eq!(asking.method(), "POST");
    assert_eq!(asking.uri(), "https://login.microsoftonline.com/a-tenant/oauth2/v2.0/token");
    assert_eq!(
        str::from_utf8(asking.body()).unwrap(),
        "client_id=a-client&grant_type=client_credentials\
         &scope=https%3A%2F%2Fapi.securitycenter.microsoft.com%2F.default\
         &client_secret=canary~Se8Q%2Fret%20%2B%26%3D%25%3F%C3%A9%F0%9D%84%9E-._%22%5Cx"
    );
    let headers: Vec<_> = asking
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap().to_owned()))
        .collect();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        headers,
        [
            ("accept", "application/json".to_owned()),
            ("accept-encoding", "identity".to_owned()),
            ("user-agent", format!("mde-live-response/{version}")),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("content-length", asking.body().len().to_string()),
        ],
        "and no authorization"
    );
    uploading.assert_bearer("an-issued-token");
}

/// Any secret comes out as it went in, for whoever reads forms as a browser writes them.
#[test]
fn a_secret_of_any_characters_arrives_as_it_is() {
    let ascii: String = (' '..='~').collect();
    for secret in [ascii.trim(), "a b", "%41%", "a+b", "&client_id=other", "ключ", "\u{1F511}"]
    {
        let proof = ClientSecret::new(secret).unwrap();
        let credential = EntraCredential::with_secret("a-tenant", "a-client", proof).unwrap();
        let [asking, _] = asked(credential, Endpoint::COMMERCIAL);
        assert!(asking.body().iter().all(u8::is_ascii_graphic), "case: {secret:?}");
        let expected = [
            ("client_id", "a-client"),
            ("grant_type", "client_credentials"),
            ("scope", "https://api.securitycenter.microsoft.com/.default"),
            ("client_secret", secret),
        ];
        let fields = fields(&asking);
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(fields, expected, "case: {secret:?}");
    }
}

#[test]
fn the_tenant_is_in_the_path() {
    for tenant in ["contoso.onmicrosoft.com", "72f988bf-86f1-41af-91ab-2d7cd011db47", "T"] {
        let proof = ClientSecret::new("a-secret").unwrap();
        let credential = EntraCredential::with_secret(tenant, "a-client", proof).unwrap();
        let [asking, _] = asked(credential, Endpoint::GCC_HIGH);
        let expected = format!("https://login.microsoftonline.us/{tenant}/oauth2/v2.0/token");
        assert_eq!(asking.uri().to_string(), expected);
    }
}

/// The login host and the scope that are asked, for an endpoint and perhaps a login host of the credential's own.
fn host_and_scope(endpoint: Endpoint, login: Option<&str>) -> (String, String) {
    let credential = match login {
        Some(login) => credential().with_login(login).unwrap(),
        None => credential(),
    };
    let [asking, _] = asked(credential, endpoint);
    let scope = fields(&asking).into_iter().find(|(name, _)| name == "scope").unwrap().1;
    (asking.uri().to_string().replace("/a-tenant/oauth2/v2.0/token", ""), scope)
}

const COM: &str = "https://login.microsoftonline.com";
const US: &str = "https://login.microsoftonline.us";

#[test]
fn login_host_and_audience_are_those_of_the_cloud() {
    let commercial = "https://api.securitycenter.microsoft.com/.default";
    for endpoint in [
        Endpoint::COMMERCIAL,
        Endpoint::US,
        Endpoint::EU,
        Endpoint::UK,
        Endpoint::AU,
        Endpoint::SWA,
        Endpoint::INA,
        Endpoint::LEGACY,
        Endpoint::LEGACY_US,
        Endpoint::LEGACY_EU,
        Endpoint::LEGACY_UK,
        Endpoint::LEGACY_AU,
        Endpoint::custom("https://api.example/base").unwrap(),
    ] {
        let case = endpoint.to_string();
        let asked = host_and_scope(endpoint, None);
        assert_eq!(asked, (COM.to_owned(), commercial.to_owned()), "case: {case}");
    }
    let gcc = "https://api-gcc.securitycenter.microsoft.us/.default";
    let gov = "https://api-gov.securitycenter.microsoft.us/.default";
    for (endpoint, login, scope) in
        [(Endpoint::GCC, COM, gcc), (Endpoint::GCC_HIGH, US, gov), (Endpoint::DOD, US, gov)]
    {
        assert_eq!(host_and_scope(endpoint, None), (login.to_owned(), scope.to_owned()));
    }
}

#[test]
fn login_host_and_audience_can_be_set() {
    let custom = || Endpoint::custom("https://api.example").unwrap();
    let commercial = "https://api.securitycenter.microsoft.com/.default";
    for audience in ["https://aud.example", "https://aud.example/"] {
        let (_, scope) = host_and_scope(custom().with_audience(audience), None);
        assert_eq!(scope, "https://aud.example/.default", "case: {audience}");
    }
    for (login, expected) in [
        ("https://login.example", "https://login.example"),
        ("https://login.example/", "https://login.example"),
        ("login.example", "https://login.example"),
        ("login.example/", "https://login.example"),
        ("login.example:8443/a", "https://login.example:8443/a"),
        ("HTTPS://login.example:8443//", "https://login.example:8443"),
        ("https://login.example/a/b/", "https://login.example/a/b"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ] {
        let endpoint = custom().with_login(login).unwrap();
        let expected = (expected.to_owned(), commercial.to_owned());
        assert_eq!(host_and_scope(endpoint, None), expected, "case: {login}");
        // The credential's own goes before the endpoint's.
        assert_eq!(host_and_scope(Endpoint::GCC_HIGH, Some(login)).0, expected.0, "case: {login}");
    }
    for refused in [
        "http://login.example",
        "http://localhost:8080",
        "https://a@login.example",
        "https://login.example?a",
        "https://login.example:0",
        "ftp://x",
        "https://",
        "//login.example",
        "/login.example",
        "a@login.example",
        "login.example?to=https://a.example",
        " login.example",
        "",
    ] {
        assert!(custom().with_login(refused).is_err(), "case: {refused}");
        assert!(credential().with_login(refused).is_err(), "case: {refused}");
    }
}

/// The longest parts that are accepted make a URL.
#[test]
fn long_parts_make_a_request() {
    let login = format!("https://login.example/{}", "x".repeat(2026));
    assert_eq!(login.len(), 2048);
    let proof = ClientSecret::new("x".repeat(100_000)).unwrap();
    let (tenant, client) = ("x".repeat(255), "y".repeat(255));
    let credential = EntraCredential::with_secret(&tenant, &client, proof).unwrap();
    let credential = credential.with_login(&login).unwrap();
    let mock = MockTransport::new().reply(issued("an-issued-token")).reply(Reply::stored());
    builder_with(credential, mock.clone(), &ManualClock::new()).build().upload(&upload()).unwrap();
    let [asking, _] = mock.requests();
    assert_eq!(asking.uri().to_string(), format!("{login}/{tenant}/oauth2/v2.0/token"));
}
