//! Redirects, which are never followed. Of the target only the host is shown.

use mde_live_response_core::{Effect, ErrorKind};

use crate::support::{answer, failure};

#[track_caller]
fn assert_redirected(status: u16, location: Option<&str>, host: Option<&str>) {
    let headers: Vec<_> = location.map(|it| ("location", it)).into_iter().collect();
    // `failure` checks that there was exactly one request.
    let error = failure(answer(status, &headers, ""));
    let case = format!("{status} to {location:?}: {error:?}");
    assert_eq!(error.kind(), &ErrorKind::Redirected, "case: {case}");
    let facts = (error.effect(), error.is_retryable(), error.status().unwrap().as_u16());
    assert_eq!(facts, (Effect::NotApplied, false, status), "case: {case}");
    let shown = format!("{error} {error:?} {error:#?}");
    for hidden in ["hunter2", "user", "?", "/path", "8443"] {
        assert!(!shown.contains(hidden), "case: {case}");
    }
    let to = host.map(|host| format!("redirects to {host} ({status})"));
    let expected = to.unwrap_or_else(|| format!("redirects ({status})"));
    assert!(shown.contains(&expected), "case: {case}");
}

#[test]
fn a_redirect_on_the_same_host_names_no_host() {
    for status in [300, 301, 302, 303, 304, 305, 307, 308, 399] {
        for location in [
            "https://api.security.microsoft.com/path?hunter2",
            "HTTPS://API.Security.Microsoft.com/path",
            "/path?hunter2",
            "path",
            "path/more?hunter2",
            "?hunter2",
            "",
        ] {
            assert_redirected(status, Some(location), None);
        }
    }
}

#[test]
fn of_a_redirect_elsewhere_only_the_host_is_shown() {
    for status in [301, 302, 303, 307, 308] {
        for (location, host) in [
            (Some("https://login.example/path?code=hunter2#hunter2"), Some("login.example")),
            (Some("https://user:hunter2@login.example/path"), Some("login.example")),
            (Some("http://login.example/path"), Some("login.example")),
            (Some("//login.example/path?hunter2"), Some("login.example")),
            (Some("https://login.example:8443/path"), Some("login.example")),
            (Some("https://[2001:db8::1]:8443/path"), Some("[2001:db8::1]")),
            (Some("https://api.security.microsoft.com:8443/path"), None),
            (Some("http://api.security.microsoft.com/path"), None),
            (None, None),
            (Some("https://"), None),
            (Some("https:///path"), None),
            (Some("://garbage/path"), None),
            (Some("javascript:hunter2()"), None),
            (Some("login.example/path"), None),
            (Some("login.example"), None),
            (Some("% ^ garbage"), None),
        ] {
            assert_redirected(status, location, host);
        }
    }
}
