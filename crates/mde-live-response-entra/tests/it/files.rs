//! An application with another issuer's token in a file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mde_live_response_core::{Client, Effect, ErrorKind};
use mde_live_response_entra::EntraCredential;
use mde_live_response_mock::{ManualClock, MockTransport, Reply};
use mde_live_response_testkit::TempDir;

use crate::{SECRET, builder, library, successful, upload};

pub(super) fn credential(path: impl Into<PathBuf>) -> EntraCredential {
    EntraCredential::with_token_file("a-tenant", "a-client", path).unwrap()
}

fn client(mock: &MockTransport, path: impl Into<PathBuf>) -> Client {
    builder(credential(path), mock.clone(), &mock.clock()).build()
}

#[test]
fn p42_a03_one_line_end_at_the_end_of_a_token_file_is_dropped() {
    for end in ["", "\n", "\r\n"] {
        let dir = TempDir::new();
        let file = dir.write("token", format!("an.assertion{end}"));
        let mock = successful();
        client(&mock, &file).upload(&upload()).unwrap();
        let [request, _] = mock.requests();
        assert_eq!(
            str::from_utf8(request.body()).unwrap(),
            "client_id=a-client&grant_type=client_credentials\
             &scope=https%3A%2F%2Fapi.securitycenter.microsoft.com%2F.default\
             &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
             &client_assertion=an.assertion",
            "case: {end:?}"
        );
    }
}

/// The message contains the path and these words, and the error has this cause.
#[track_caller]
fn assert_no_token(path: &Path, what: &str, source: Option<io::ErrorKind>) {
    let mock = MockTransport::new();
    let error = client(&mock, path).upload(&upload()).unwrap_err();
    mock.assert_unused();
    assert_eq!((error.kind(), error.effect()), (&ErrorKind::NoToken, Effect::NotApplied));
    assert!(!error.is_retryable() && error.help().is_some());
    let shown = error.to_string();
    assert!(shown.contains(&format!("{} {what}", path.display())), "{what}: {shown}");
    let cause = std::error::Error::source(&error);
    let cause = cause.map(|it| it.downcast_ref::<io::Error>().unwrap().kind());
    assert_eq!(cause, source, "{what}");
    assert!(!format!("{error:?}").contains("canary"), "{what}");
}

#[test]
fn a03_a_file_without_a_token_ends_the_call() {
    let (white, control) = ("starts or ends with white space", "contains a control character");
    let longest = "x".repeat(64 * 1024);
    let long = format!("{longest}x");
    let cases: [(&[u8], &str); 10] = [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b" \r\n", "is empty"),
        (b"canary\n\n", white),
        (b"canary\r", white),
        (b"canary \n", white),
        (b"canary\0x", control),
        (b"canary\ncanary\n", control),
        (b"\xff\xfecanary", "is not UTF-8"),
        (long.as_bytes(), "is longer than 64 KiB"),
    ];
    let dir = TempDir::new();
    for (content, what) in cases {
        let file = dir.write("token", content);
        let source = (what == "is not UTF-8").then_some(io::ErrorKind::InvalidData);
        assert_no_token(&file, what, source);
    }
    let mock = MockTransport::new().reply(Reply::status(400));
    client(&mock, dir.write("longest", longest)).upload(&upload()).unwrap_err();
    mock.assert_done();

    assert_no_token(dir.path(), "is a directory", None);
    let nowhere = dir.path().join("nowhere").join("token");
    assert_no_token(&nowhere, "does not exist", Some(io::ErrorKind::NotFound));
}

/// Opening a pipe would wait for a writer, past any deadline. A link is what a cluster mounts.
#[cfg(unix)]
#[test]
fn a_device_is_not_opened_and_a_link_is_followed() {
    assert_no_token(Path::new("/dev/null"), "is not a regular file", None);
    let dir = TempDir::with([("token", "an.assertion")]);
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(dir.path().join("token"), &link).unwrap();
    client(&successful(), link).upload(&upload()).unwrap();
}

#[test]
fn the_file_is_read_for_each_token() {
    let dir = TempDir::new();
    let clock = ManualClock::new();
    let library = library(&clock, SECRET);
    let client = builder(credential(dir.path().join("token")), library.clone(), &clock).build();
    for (assertion, code) in [
        ("an.assertion", None),
        ("another.assertion", Some("AADSTS700213")),
        ("an.assertion", None),
    ] {
        fs::write(dir.path().join("token"), assertion).unwrap();
        clock.advance(Duration::from_secs(3_600));
        let error = client.upload(&upload()).err();
        assert_eq!(error.as_ref().and_then(|error| error.code()), code, "{error:?}");
    }
    assert_eq!(library.token_calls(), 3);
}
