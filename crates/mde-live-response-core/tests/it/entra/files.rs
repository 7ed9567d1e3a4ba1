//! An application that proves itself by a token in a file.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use mde_live_response_core::{AuthErrorKind, Client, Clock, Endpoint, EntraCredential, IfExists};
use mde_live_response_mock::{Application, FakeLibrary, ManualClock, MockTransport, Reply};

use crate::support::{causes, expect_error, upload};

/// A file that goes away with the test.
struct Temporary(PathBuf);

impl Temporary {
    fn new(test: &str, content: impl AsRef<[u8]>) -> Self {
        let path = std::env::temp_dir().join(format!("mde-{test}-{}", std::process::id()));
        fs::write(&path, content).unwrap();
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn client(mock: &MockTransport, path: impl Into<PathBuf>) -> Client {
    let credential = EntraCredential::with_token_file("a-tenant", "a-client", path).unwrap();
    Client::builder(Endpoint::COMMERCIAL, credential, mock.clone())
        .clock(ManualClock::new())
        .build()
}

#[test]
fn a03_one_line_end_at_the_end_of_a_token_file_is_no_part_of_the_token() {
    for (n, end) in ["", "\n", "\r\n"].into_iter().enumerate() {
        let file = Temporary::new(&format!("line-end-{n}"), format!("an.assertion{end}"));
        let token = r#"{"token_type":"Bearer","access_token":"an-issued-token"}"#;
        let mock = MockTransport::new().reply(Reply::json(200, token)).reply(Reply::stored());
        client(&mock, &file.0).upload(&upload()).unwrap();
        let [asking, _] = mock.requests();
        assert_eq!(
            str::from_utf8(asking.body()).unwrap(),
            "client_id=a-client&grant_type=client_credentials\
             &scope=https%3A%2F%2Fapi.securitycenter.microsoft.com%2F.default\
             &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
             &client_assertion=an.assertion",
            "case: {end:?}"
        );
    }
}

#[test]
fn a_token_file_that_holds_no_token_is_the_error_of_the_call() {
    let long = "x".repeat(64 * 1024 + 1);
    let cases: [(&str, &[u8], &str); 5] = [
        ("empty", b"", "secret is empty"),
        (
            "two ends",
            b"canary\n\n",
            "secret starts or ends with white space; trim what was read from a file",
        ),
        ("a control", b"canary\0x", "secret contains a control character"),
        ("too long", long.as_bytes(), "longer than 64 KiB: no token"),
        ("not UTF-8", b"canary\xff", "stream did not contain valid UTF-8"),
    ];
    for (n, (case, content, cause)) in cases.into_iter().enumerate() {
        let file = Temporary::new(&format!("no-token-{n}"), content);
        let mock = MockTransport::new();
        let error = client(&mock, &file.0).upload(&upload()).unwrap_err();
        let path = file.0.display();
        assert_eq!(
            error.to_string(),
            format!(
                "`collect-dns.ps1`: getting a token: reading the file failed ({path}); nothing was stored"
            ),
            "case: {case}"
        );
        assert_eq!(causes(&error).last().unwrap().to_string(), cause, "case: {case}");
        assert!(!format!("{error:?}").contains("canary"), "case: {case}");
        assert_eq!(expect_error!(error, Auth, case).kind(), AuthErrorKind::Credential);
        assert!(mock.requests::<0>().is_empty());
    }
    let mock = MockTransport::new();
    let error = client(&mock, "/nowhere/token").upload(&upload()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: getting a token: there is no such file (/nowhere/token); nothing was stored"
    );
}

/// Whoever keeps the file fresh is heard.
#[test]
fn the_file_is_read_anew_for_every_token() {
    let file = Temporary::new("anew", "first");
    let clock = ManualClock::new();
    let application = Application::new("a-tenant", "a-client").with_assertion("first");
    let now = clock.clone();
    let library =
        FakeLibrary::builder().application(application).now(move || now.time_of_day()).build();
    let credential = EntraCredential::with_token_file("a-tenant", "a-client", &file.0).unwrap();
    let client = Client::builder(Endpoint::COMMERCIAL, credential, library.clone())
        .clock(clock.clone())
        .build();
    let upload = upload().if_exists(IfExists::Override);
    client.upload(&upload).unwrap();
    fs::write(&file.0, "second").unwrap();
    clock.advance(Duration::from_secs(3_600));
    let error = client.upload(&upload).unwrap_err();
    assert_eq!(error.service_code(), Some("AADSTS700213"));
    fs::write(&file.0, "first").unwrap();
    client.upload(&upload).unwrap();
    assert_eq!(library.token_calls(), 3);
}
