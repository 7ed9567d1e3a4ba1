//! Redirects, which are never followed. Of the target only the host is shown, and only if it is another one.

use mde_live_response_core::{Effect, ErrorKind};

use crate::support::{answer, failure};

#[test]
fn of_a_redirect_only_another_host_is_shown() {
    for (location, host) in [
        (Some("https://api.security.microsoft.com/path?hunter2"), None),
        (Some("HTTPS://API.Security.Microsoft.com/path"), None),
        (Some("https://api.security.microsoft.com:8443/path"), None),
        (Some("http://api.security.microsoft.com/path"), None),
        (Some("/path?hunter2"), None),
        (Some("path/more?hunter2"), None),
        (Some("?hunter2"), None),
        (Some(""), None),
        (None, None),
        (Some("https://login.example/path?code=hunter2#hunter2"), Some("login.example")),
        (Some("https://user:hunter2@login.example/path"), Some("login.example")),
        (Some("http://login.example/path"), Some("login.example")),
        (Some("//login.example/path?hunter2"), Some("login.example")),
        (Some("https://login.example:8443/path"), Some("login.example")),
        (Some("https://[2001:db8::1]:8443/path"), Some("[2001:db8::1]")),
        (Some("https://"), None),
        (Some("https:///path"), None),
        (Some("://garbage/path"), None),
        (Some("javascript:hunter2()"), None),
        (Some("login.example/path"), None),
        (Some("login.example"), None),
        (Some("% ^ garbage"), None),
    ] {
        for status in [300, 301, 302, 303, 304, 305, 307, 308, 399] {
            let headers: Vec<_> = location.map(|it| ("location", it)).into_iter().collect();
            // `failure` checks that there was exactly one request.
            let error = failure(answer(status, &headers, "moved to /path?hunter2"));
            let case = format!("{status} to {location:?}: {error:?}");
            let facts = (error.kind(), error.effect(), error.is_retryable());
            assert_eq!(facts, (&ErrorKind::Redirected, Effect::Unknown, false), "case: {case}");
            let shown = format!("{error} {error:?} {error:#?}");
            for hidden in ["hunter2", "user", "?", "/path", "8443"] {
                assert!(!shown.contains(hidden), "case: {case}");
            }
            let to = host.map(|host| format!("redirected the request to {host} ({status} "));
            let expected = to.unwrap_or_else(|| format!("redirected the request ({status} "));
            assert!(shown.contains(&expected), "case: {case}");
        }
    }
}
