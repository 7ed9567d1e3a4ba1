//! Token requests and their answers, as Microsoft Entra documents them.

use std::time::Duration;

use mde_live_response::auth::{EntraCredential, Secret};
use mde_live_response::{Client, Endpoint, ErrorKind, Upload};
use mde_live_response_mock::{Application, FakeLibrary, MockTransport, Reply};
use mde_live_response_testkit::TempDir;

fn upload() -> Upload {
    Upload::new("a.ps1".parse().unwrap(), b"Get-Date")
}

fn with_secret(secret: &str) -> EntraCredential {
    let secret = Secret::new(secret).unwrap();
    EntraCredential::with_secret("a-tenant", "a-client", secret).unwrap()
}

fn with_assertion(dir: &TempDir) -> EntraCredential {
    let file = dir.write_arg("token", "an-assertion");
    EntraCredential::with_token_file("a-tenant", "a-client", file).unwrap()
}

fn issued(life: u32) -> Reply {
    let body = format!(r#"{{"token_type":"Bearer","expires_in":{life},"access_token":"issued"}}"#);
    Reply::json(200, body)
}

#[test]
fn p38_p39_p42_p43_the_documented_token_requests() {
    let dir = TempDir::new();
    let assertion_type = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    let assertion = format!("client_assertion_type={assertion_type}&client_assertion=an-assertion");
    let secret = "client_secret=a-secret".to_owned();
    let (commercial, government) = ("login.microsoftonline.com", "login.microsoftonline.us");
    let cases = [
        (
            Endpoint::COMMERCIAL,
            with_secret("a-secret"),
            commercial,
            "api.securitycenter.microsoft.com",
            secret.clone(),
        ),
        (
            Endpoint::EU,
            with_assertion(&dir),
            commercial,
            "api.securitycenter.microsoft.com",
            assertion,
        ),
        (
            Endpoint::GCC,
            with_secret("a-secret"),
            commercial,
            "api-gcc.securitycenter.microsoft.us",
            secret.clone(),
        ),
        (
            Endpoint::DOD,
            with_secret("a-secret"),
            government,
            "api-gov.securitycenter.microsoft.us",
            secret,
        ),
    ];
    for (endpoint, credential, login, audience, proof) in cases {
        let mock = MockTransport::new().reply(issued(3599)).reply(Reply::stored());
        Client::builder(endpoint, credential, mock.clone())
            .clock(mock.clock())
            .build()
            .upload(&upload())
            .unwrap();
        let [request, _] = mock.requests();
        assert_eq!(request.method(), "POST");
        assert_eq!(
            request.uri().to_string(),
            format!("https://{login}/a-tenant/oauth2/v2.0/token")
        );
        assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
        let mut fields: Vec<_> = str::from_utf8(request.body()).unwrap().split('&').collect();
        let scope = format!("scope=https%3A%2F%2F{audience}%2F.default");
        let mut expected = vec!["client_id=a-client", "grant_type=client_credentials", &scope];
        expected.extend(proof.split('&'));
        fields.sort_unstable();
        expected.sort_unstable();
        assert_eq!(fields, expected);
    }
}

#[test]
fn p40_the_documented_token_is_used_until_it_expires() {
    let mock = MockTransport::new()
        .reply(issued(3599))
        .reply(Reply::stored())
        .reply(Reply::stored())
        .reply(issued(3599))
        .reply(Reply::stored());
    let credential = with_secret("a-secret");
    let client = Client::builder(Endpoint::COMMERCIAL, credential, mock.clone());
    let client = client.clock(mock.clock()).build();
    client.upload(&upload()).unwrap();
    client.upload(&upload()).unwrap();
    mock.clock().advance(Duration::from_secs(3599));
    client.upload(&upload()).unwrap();
    let [_, first, second, _, third] = mock.requests();
    for request in [first, second, third] {
        request.assert_bearer("issued");
    }
}

#[test]
fn p41_the_documented_refusal_is_read() {
    let body = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.","correlation_id":"an-id"}"#;
    let mock = MockTransport::new().reply(Reply::json(401, body));
    let client = Client::builder(Endpoint::COMMERCIAL, with_secret("a-secret"), mock.clone());
    let error = client.clock(mock.clock()).build().upload(&upload()).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NoToken);
    assert_eq!((error.code(), error.correlation_id()), (Some("AADSTS7000215"), Some("an-id")));
    assert!(error.to_string().contains("Invalid client secret provided."), "{error}");
}

#[test]
fn p39_p40_p41_p42_the_library_issues_tokens() {
    let dir = TempDir::new();
    let cases = [
        (with_secret("a-secret"), None),
        (with_assertion(&dir), None),
        (with_secret("another-secret"), Some("AADSTS7000215")),
    ];
    for (credential, code) in cases {
        let application = Application::new("a-tenant", "a-client");
        let application = application.with_secret("a-secret").with_assertion("an-assertion");
        let library = FakeLibrary::builder().application(application).build();
        let client = Client::builder(Endpoint::COMMERCIAL, credential, library.clone()).build();
        let found = client.upload(&upload()).map_err(|error| error.code().map(str::to_owned));
        assert_eq!(found.err().flatten().as_deref(), code);
        assert_eq!(library.names().len(), usize::from(code.is_none()));
    }
}
