//! An application that proves itself by a token in a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mde_live_response_core::{
    AuthErrorKind, Client, Clock, Delivery, Endpoint, EntraCredential, IfExists,
};
use mde_live_response_mock::{Application, FakeLibrary, ManualClock, MockTransport, Reply};

use super::issued;
use crate::support::{causes, expect_error, shown_causes, upload};

/// A file that goes away with the test.
pub(super) struct Temporary(pub(super) PathBuf);

impl Temporary {
    pub(super) fn new(test: &str, content: impl AsRef<[u8]>) -> Self {
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
        let mock = MockTransport::new().reply(issued("an-issued-token")).reply(Reply::stored());
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

#[track_caller]
fn assert_no_token(case: &str, path: &Path, shown: &str, source: Option<&str>) {
    let mock = MockTransport::new();
    let error = client(&mock, path).upload(&upload()).unwrap_err();
    let path = path.display();
    assert_eq!(
        error.to_string(),
        format!("`collect-dns.ps1`: the token file {path} {shown}; nothing was stored"),
        "case: {case}"
    );
    let causes = shown_causes(&error);
    assert_eq!(causes.first().map(String::as_str), source, "case: {case}");
    assert!(!format!("{error:?} {causes:?}").contains("canary"), "case: {case}");
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    let help = "check the path, and whatever writes the token there";
    assert_eq!(error.help().as_deref(), Some(help));
    assert!(!error.is_retryable());
    assert_eq!(expect_error!(error, Auth, case).kind(), AuthErrorKind::Credential);
    assert!(mock.requests::<0>().is_empty());
}

#[test]
fn a03_a_token_file_that_holds_no_token_is_the_error_of_the_call() {
    let white = "starts or ends with white space, beyond one line end";
    let control = "holds a control character, as no token does";
    let long = "x".repeat(64 * 1024 + 1);
    let cases: [(&str, &[u8], &str); 11] = [
        ("empty", b"", "is empty"),
        ("a line end", b"\n", "is empty"),
        ("white space", b" \r\n", "is empty"),
        ("two ends", b"canary\n\n", white),
        ("two ends of two", b"canary\r\n\r\n", white),
        ("half an end", b"canary\r", white),
        ("a space before the end", b"canary \n", white),
        ("a byte order mark of another code", b"\xff\xfecanary", "is not UTF-8"),
        ("a control", b"canary\0x", control),
        ("two lines", b"canary\ncanary\n", control),
        ("too long", long.as_bytes(), "is longer than 64 KiB, as no token is"),
    ];
    for (n, (case, content, shown)) in cases.into_iter().enumerate() {
        let file = Temporary::new(&format!("no-token-{n}"), content);
        let cause = (shown == "is not UTF-8").then_some("stream did not contain valid UTF-8");
        assert_no_token(case, &file.0, shown, cause);
    }
    let longest = Temporary::new("longest", "x".repeat(64 * 1024));
    let mock = MockTransport::new().reply(Reply::status(400));
    client(&mock, &longest.0).upload(&upload()).unwrap_err();
    mock.assert_done();
}

#[test]
fn a_token_file_that_is_no_file_is_the_error_of_the_call() {
    assert_no_token("directory", &std::env::temp_dir(), "is a directory", None);
    let path = std::env::temp_dir().join("mde-nowhere").join("token");
    let mock = MockTransport::new();
    let error = client(&mock, &path).upload(&upload()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "`collect-dns.ps1`: the token file {} does not exist; nothing was stored",
            path.display()
        )
    );
    let cause = causes(&error)[0].downcast_ref::<std::io::Error>().unwrap();
    assert_eq!(cause.kind(), std::io::ErrorKind::NotFound);
}

/// Opening a pipe would wait for who writes to it, past any deadline.
#[cfg(unix)]
#[test]
fn a_token_file_that_is_a_device_is_not_opened() {
    assert_no_token("device", Path::new("/dev/null"), "is not a regular file", None);
}

/// As a cluster mounts them.
#[cfg(unix)]
#[test]
fn a_token_file_may_be_a_link() {
    let file = Temporary::new("linked", "an.assertion");
    let link = Temporary(file.0.with_extension("link"));
    std::os::unix::fs::symlink(&file.0, &link.0).unwrap();
    let mock = MockTransport::new().reply(issued("an-issued-token")).reply(Reply::stored());
    client(&mock, &link.0).upload(&upload()).unwrap();
    mock.assert_done();
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
