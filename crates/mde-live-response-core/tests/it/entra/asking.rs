//! What is sent to the login host, byte by byte, and to which host.

use mde_live_response_core::{ClientSecret, Endpoint, EntraCredential};
use mde_live_response_mock::{ManualClock, MockTransport, RecordedRequest, Reply};

use super::{builder, builder_with, credential, fields, issued};
use crate::support::upload;

#[test]
fn the_request_is_a_form_to_the_login_host_for_the_audience() {
    let mock = MockTransport::new().reply(issued("an-issued-token")).reply(Reply::stored());
    builder(mock.clone(), &ManualClock::new()).build().upload(&upload()).unwrap();
    let [asking, uploading] = mock.requests();
    assert_eq!(asking.method(), "POST");
    assert_eq!(asking.uri(), "https://login.microsoftonline.com/a-tenant/oauth2/v2.0/token");
    let header = |name: &str| asking.headers().get(name).map(|value| value.to_str().unwrap());
    assert_eq!(header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(header("accept"), Some("application/json"));
    assert_eq!(header("authorization"), None);
    assert_eq!(header("content-length"), Some(asking.body().len().to_string().as_str()));
    assert_eq!(
        str::from_utf8(asking.body()).unwrap(),
        "client_id=a-client&grant_type=client_credentials\
         &scope=https%3A%2F%2Fapi.securitycenter.microsoft.com%2F.default\
         &client_secret=canary~Se8Q%2Fret%2B%26%3D%25%3F%C3%A9-._%22%5Cx"
    );
    assert_eq!(uploading.headers()["authorization"], "Bearer an-issued-token");
}

/// The scope and the host that are asked, for an endpoint and perhaps a login host of the credential's own.
fn asked(endpoint: Endpoint, login: Option<&str>) -> (String, String) {
    let mock = MockTransport::new().reply(issued("an-issued-token")).reply(Reply::stored());
    let credential = match login {
        Some(login) => credential().with_login(login).unwrap(),
        None => credential(),
    };
    let client = Client::builder(endpoint, credential, mock.clone()).clock(ManualClock::new());
    client.build().upload(&upload()).unwrap();
    let [asking, _] = mock.requests();
    let body = str::from_utf8(asking.body()).unwrap().to_owned();
    let scope = body.split('&').find_map(|field| field.strip_prefix("scope=")).unwrap();
    let scope = scope.replace("%3A", ":").replace("%2F", "/");
    (asking.uri().to_string().replace("/a-tenant/oauth2/v2.0/token", ""), scope)
}

#[test]
fn login_host_and_audience_are_those_of_the_cloud() {
    let (com, us) = ("https://login.microsoftonline.com", "https://login.microsoftonline.us");
    let custom = || Endpoint::custom("https://api.example").unwrap();
    let own = custom()
        .with_audience("https://aud.example/")
        .with_login("https://login.example/")
        .unwrap();
    let loopback = custom().with_login("http://127.0.0.1:8080").unwrap();
    let commercial = "https://api.securitycenter.microsoft.com/.default";
    for (endpoint, login, host, scope) in [
        (Endpoint::EU, None, com, commercial),
        (Endpoint::GCC, None, com, "https://api-gcc.securitycenter.microsoft.us/.default"),
        (Endpoint::GCC_HIGH, None, us, "https://api-gov.securitycenter.microsoft.us/.default"),
        (custom(), None, com, commercial),
        (own, None, "https://login.example", "https://aud.example/.default"),
        (loopback, None, "http://127.0.0.1:8080", commercial),
        (Endpoint::EU, Some("https://l.example/"), "https://l.example", commercial),
        (Endpoint::EU, Some("l.example"), "https://l.example", commercial),
    ] {
        let case = endpoint.to_string();
        assert_eq!(asked(endpoint, login), (host.to_owned(), scope.to_owned()), "case: {case}");
    }
    for refused in ["http://login.example", "https://a@login.example", "ftp://x", ""] {
        assert!(custom().with_login(refused).is_err(), "case: {refused}");
        assert!(credential().with_login(refused).is_err(), "case: {refused}");
    }
}
