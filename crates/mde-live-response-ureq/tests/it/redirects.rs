//! Redirects: told, never followed.

use std::error::Error as _;

use mde_live_response_core::{Delivery, Error, ServiceErrorKind};

use crate::server::{Server, Speech, Step};
use crate::support::{Outcome, TOKEN, after_request, both, client, reply, small};

const STATUSES: [(u16, &str); 6] = [
    (300, "300 Multiple Choices"),
    (301, "301 Moved Permanently"),
    (302, "302 Found"),
    (303, "303 See Other"),
    (307, "307 Temporary Redirect"),
    (308, "308 Permanent Redirect"),
];

/// The error of an upload that is answered with a redirect, and that must have ended there.
#[track_caller]
fn redirected(speech: Speech, status: (u16, &str), location: Option<&str>) -> Error {
    let header = location.map(|to| format!("Location: {to}\r\n")).unwrap_or_default();
    let script = after_request([Step::Send(reply(status.1, &header, ""))]);
    let server = Server::start(speech, [script]);
    let error = client(&server).upload(&small()).unwrap_err();
    let received = server.finish_one().received;
    let requests = received.windows(5).filter(|it| it == b"POST " || it == b"GET /").count();
    assert_eq!(requests, 1, "more than one request");
    error
}

#[track_caller]
fn assert_told(error: Error, status: u16, host: Option<&str>) {
    let Error::Service(told) = &error else { panic!("{error:?}") };
    assert_eq!(told.redirect_host(), host);
    let redirected = ServiceErrorKind::Redirected;
    let expected = Outcome::Service(redirected, status, Delivery::NotDelivered);
    assert_eq!(Outcome::of(Err(error)), expected);
}

#[test]
fn h31_301_302_303_to_the_same_host_are_not_followed() {
    both(|speech| {
        for status in [STATUSES[1], STATUSES[2], STATUSES[3]] {
            for location in ["/", "/api/other", "other", "?"] {
                let error = redirected(speech, status, Some(location));
                assert_told(error, status.0, None);
            }
        }
    });
}

#[test]
fn h32_307_308_to_the_same_host_are_not_followed() {
    both(|speech| {
        for status in [STATUSES[4], STATUSES[5]] {
            assert_told(redirected(speech, status, Some("/api/other")), status.0, None);
        }
    });
}

/// The other server is there, and sees nobody.
#[test]
fn h33_redirects_to_another_server_are_not_followed() {
    both(|speech| {
        let other = Server::start(speech, []);
        let port = other.address().port();
        for status in STATUSES {
            for (to, host) in [
                (format!("{}/api", other.url()), None),
                (format!("http://localhost:{port}/"), Some("localhost")),
                (format!("https://localhost:{port}/"), Some("localhost")),
                (format!("//localhost:{port}/"), Some("localhost")),
            ] {
                assert_told(redirected(speech, status, Some(&to)), status.0, host);
            }
        }
        assert_eq!(other.finish().len(), 0);
    });
}

#[test]
fn h33_a_redirect_that_leads_nowhere_is_told_as_one() {
    both(|speech| {
        for status in STATUSES {
            assert_told(redirected(speech, status, None), status.0, None);
            for garbage in ["", "::::", "http://", "https://[", "\u{e9}", "a b c", "mailto:a@b"] {
                assert_told(redirected(speech, status, Some(garbage)), status.0, None);
            }
        }
    });
}

/// Path and query of the target may hold what must not be shown.
#[test]
fn h33_of_the_target_only_the_host_is_told() {
    both(|speech| {
        let to = format!("https://user:pass@elsewhere.example/{TOKEN}/path?query={TOKEN}");
        let error = redirected(speech, STATUSES[2], Some(&to));
        let texts = format!("{error} {error:?} {:?} {:?}", error.help(), error.source());
        for secret in [TOKEN, "user", "pass", "path", "query"] {
            assert!(!texts.contains(secret), "{secret} in {texts}");
        }
        assert_told(error, 302, Some("elsewhere.example"));
    });
}
