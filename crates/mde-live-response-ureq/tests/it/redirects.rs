//! Redirects are reported, never followed.

use mde_live_response_core::Error;

use crate::support::*;

const LINES: [(u16, &str); 6] = [
    (300, "300 Multiple Choices"),
    (301, "301 Moved Permanently"),
    (302, "302 Found"),
    (303, "303 See Other"),
    (307, "307 Temporary Redirect"),
    (308, "308 Permanent Redirect"),
];

/// The error of an upload that is answered with a redirect, after exactly one request.
#[track_caller]
fn redirected(speech: Speech, line: &str, location: Option<&str>) -> Error {
    let header = location.map(|to| format!("Location: {to}\r\n")).unwrap_or_default();
    let server = Server::start(speech, [after_request([say(reply(line, &header, ""))])]);
    let error = client(&server).upload(&small()).unwrap_err();
    let received = server.finish_one().received;
    let requests = received.windows(5).filter(|it| it == b"POST " || it == b"GET /").count();
    assert_eq!(requests, 1, "more than one request");
    error
}

/// To the same server, to another one that is there, and to nowhere.
#[test]
fn h31_h32_h33_redirects_are_not_followed() {
    both(|speech| {
        let other = Server::start(speech, []);
        let (url, port) = (other.url(), other.address().port());
        let targets = [
            &*format!("{url}/api"),
            &*format!("http://localhost:{port}/"),
            &*format!("https://localhost:{port}/"),
            &*format!("//localhost:{port}/"),
            "/",
            "/api/other",
            "other",
            "?",
            "",
            "::::",
            "http://",
            "https://[",
            "\u{e9}",
            "a b c",
            "mailto:a@b",
        ];
        for (status, line) in LINES {
            for target in targets.into_iter().map(Some).chain([None]) {
                let outcome = outcome(Err(redirected(speech, line, target)));
                assert_eq!(outcome, refused(status, ErrorKind::Redirected), "case: {target:?}");
            }
        }
        assert_eq!(other.finish().len(), 0);
    });
}

/// Path and query of the target may contain secrets.
#[test]
fn h33_of_the_target_only_the_host_is_shown() {
    both(|speech| {
        let to = format!("https://user:pass@elsewhere.example/{TOKEN}/path?query={TOKEN}");
        let shown = format!("{:?}", redirected(speech, LINES[2].1, Some(&to)));
        assert!(shown.contains("elsewhere.example"));
        for secret in [TOKEN, "user", "pass", "path", "query"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    });
}
