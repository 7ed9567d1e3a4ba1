//! H31-H33: redirects, which are never followed.

use mde_live_response_core::{Delivery, ServiceErrorKind};

use crate::support::{answer, expect_error, failure};

#[track_caller]
fn assert_redirected(status: u16, location: Option<&str>, host: Option<&str>) {
    let headers: Vec<_> = location.map(|it| ("location", it)).into_iter().collect();
    // `failure` checks that there was one request, and only one.
    let error = failure(answer(status, &headers, ""));
    let case = format!("{status} to {location:?}");
    assert_eq!(
        (error.delivery(), error.is_retryable()),
        (Delivery::NotDelivered, false),
        "case: {case}"
    );
    let shown = error.to_string();
    for secret in ["hunter2", "user", "?", "/path"] {
        assert!(!format!("{shown} {error:?}").contains(secret), "case: {case}: {error:?}");
    }
    let to = host.map(|host| format!(" to {host}")).unwrap_or_default();
    assert_eq!(
        shown,
        format!("`collect-dns.ps1`: the service redirects{to} ({status}); nothing was stored"),
        "case: {case}"
    );
    let error = expect_error!(error, Service, case);
    assert_eq!(error.kind(), ServiceErrorKind::Redirected, "case: {case}");
    assert_eq!(error.redirect_host(), host, "case: {case}");
}

#[test]
fn h31_redirect_on_the_same_host() {
    for status in [300, 301, 302, 303, 304, 305, 399] {
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
fn h32_redirect_that_keeps_the_method() {
    for status in [307, 308] {
        assert_redirected(status, Some("/path"), None);
        assert_redirected(status, Some("https://login.example/path"), Some("login.example"));
    }
}

#[test]
fn h33_redirect_elsewhere() {
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
