//! A token's claims: they explain a refusal, and can end a call before anything is sent.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mde_live_response_core::auth::{TokenProblem, credential_fn};
use mde_live_response_core::{AccessToken, Effect, ErrorKind};
use mde_live_response_mock::{MockTransport, Reply};

use crate::support::{builder, upload};

const AUDIENCE: &str = "https://api.securitycenter.microsoft.com";
/// The manual clock's start, in seconds since 1970.
const NOW: u64 = 1_767_225_600;

fn text_of(payload: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part("{}"), part(payload), part("signature"))
}

fn token(payload: &str) -> AccessToken {
    AccessToken::new(text_of(payload)).unwrap()
}

fn good_payload() -> String {
    format!(r#"{{"aud":"{AUDIENCE}","roles":["Library.Manage"],"exp":{}}}"#, NOW + 3_600)
}

fn good() -> AccessToken {
    token(&good_payload())
}

fn expired() -> AccessToken {
    token(&format!(r#"{{"aud":"{AUDIENCE}","roles":["Library.Manage"],"exp":{}}}"#, NOW - 720))
}

fn checked(payload: &str) -> Result<(), TokenProblem> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    token(payload).claims().map_or(Ok(()), |claims| claims.check(AUDIENCE, now))
}

#[test]
fn only_a_clear_claim_is_a_problem() {
    let elsewhere = |found: &str| {
        Err(TokenProblem::Audience { found: found.to_owned(), expected: AUDIENCE.to_owned() })
    };
    let expired = |seconds| Err(TokenProblem::Expired { ago: Duration::from_secs(seconds) });
    let cases = [
        (
            r#"{"aud":"https://api.securitycenter.microsoft.com","roles":["Library.Manage"]}"#,
            Ok(()),
        ),
        (
            r#"{"aud":"https://API.securitycenter.microsoft.com/","scp":"a Library.Manage b"}"#,
            Ok(()),
        ),
        (
            r#"{"aud":"https://api.security.microsoft.com","roles":["Library.Manage"]}"#,
            elsewhere("https://api.security.microsoft.com"),
        ),
        (r#"{"aud":"https://graph.microsoft.com"}"#, elsewhere("https://graph.microsoft.com")),
        (r#"{"aud":"fc780465-2017-40d4-a0c5-307022471b92","roles":["Library.Manage"]}"#, Ok(())),
        (r#"{"aud":"https://api.securitycenter.microsoft.com"}"#, Err(TokenProblem::Permission)),
        (
            r#"{"aud":"https://api.securitycenter.microsoft.com","roles":["Machine.Read.All"]}"#,
            Err(TokenProblem::Permission),
        ),
        (
            r#"{"aud":"https://api.securitycenter.microsoft.com","scp":"Library.ManageAll"}"#,
            Err(TokenProblem::Permission),
        ),
        (
            r#"{"aud":"https://api.securitycenter.microsoft.com","roles":[],"scp":""}"#,
            Err(TokenProblem::Permission),
        ),
        (r#"{"aud":"fc780465-2017-40d4-a0c5-307022471b92"}"#, Err(TokenProblem::Permission)),
        (r#"{"aud":"https://api.securitycenter.windows.com","roles":["Library.Manage"]}"#, Ok(())),
        (
            r#"{"aud":"https://securitycenter.onmicrosoft.com/windowsatpservice/","scp":"Library.Manage"}"#,
            Ok(()),
        ),
        (r#"{"aud":"","roles":["Library.Manage"]}"#, Ok(())),
        (r#"{"roles":["Machine.Read.All"]}"#, Ok(())),
        (
            r#"{"aud":"https://graph.microsoft.com","roles":[],"exp":0}"#,
            elsewhere("https://graph.microsoft.com"),
        ),
        (r#"{"aud":"x","roles":[],"exp":0}"#, Err(TokenProblem::Permission)),
        (r#"{"exp":1767229200}"#, Ok(())),
        (r#"{"exp":1767225600}"#, Ok(())),
        (r#"{"exp":1767225300}"#, Ok(())),
        (r#"{"exp":1767225299}"#, expired(301)),
        (r#"{"exp":18446744073709551615}"#, Ok(())),
        (r#"{"aud":["https://graph.microsoft.com"]}"#, Ok(())),
        (r#"{"aud":"https://graph.microsoft.com","exp":"soon"}"#, Ok(())),
        (r#"{"aud":"https://graph.microsoft.com","exp":-1}"#, Ok(())),
        (r#"{"aud":"https://graph.microsoft.com","aud":"https://graph.microsoft.com"}"#, Ok(())),
        (r#"{"roles":"Library.Manage"}"#, Ok(())),
        ("{}", Ok(())),
        ("[]", Ok(())),
        ("", Ok(())),
        ("\u{0}", Ok(())),
    ];
    for (payload, expected) in cases {
        assert_eq!(checked(payload), expected, "case: {payload}");
    }
    // The last is an encrypted one, of five parts.
    for opaque in ["opaque-token", "a.b", "a.!.c", "..", "a.eyJhdWQiOi.c", "e30.a2V5.aXY.eA.eA"] {
        assert_eq!(AccessToken::new(opaque).unwrap().claims(), None, "case: {opaque}");
    }
}

/// An identifier may stand for any URL, and a URL for any identifier.
#[test]
fn audiences_are_compared_if_both_are_urls() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    for (found, expected, is_fine) in [
        ("https://api.example", "https://api.example/", true),
        ("https://api.example/a", "https://api.example/A/", true),
        ("api://api.example", "https://api.example", false),
        ("https://api.example", "fc780465-2017-40d4-a0c5-307022471b92", true),
        ("fc780465-2017-40d4-a0c5-307022471b92", "https://api.example", true),
        // Older names are those of the commercial cloud alone.
        ("https://api.securitycenter.windows.com", "https://api.example", false),
    ] {
        let claims = token(&format!(r#"{{"aud":"{found}","scp":"Library.Manage"}}"#)).claims();
        let checked = claims.unwrap().check(expected, now);
        assert_eq!(checked.is_ok(), is_fine, "case: {found} for {expected}: {checked:?}");
    }
}

/// A claim is text from outside.
#[test]
fn a_claim_is_shown_escaped_and_cut() {
    let problem =
        |found: &str| checked(&format!(r#"{{"aud":"https://{found}"}}"#)).unwrap_err().to_string();
    let shown = problem(r"a\u001b]0;x\u0007\r\n\u202e\u0000");
    assert!(shown.contains(r"https://a\u{1b}]0;x\u{7}\r\n\u{202e}\0"), "{shown}");
    assert!(problem(&"x".repeat(10_000)).len() < 500);
}

/// A token may come with padding, which those of Microsoft Entra do not.
#[test]
fn claims_can_be_read() {
    let padded = AccessToken::new("e30.eyJhdWQiOiJ4In0=.x").unwrap();
    assert_eq!(padded.claims().unwrap().audience(), Some("x"));
    let payload = r#"{"aud":"x","roles":["A"],"scp":"B C","exp":60}"#;
    let claims = token(payload).claims().unwrap();
    assert_eq!(claims.audience(), Some("x"));
    assert_eq!(claims.permissions().collect::<Vec<_>>(), ["A", "B", "C"]);
    assert_eq!(claims.expires_at(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(60)));
}

#[test]
fn a_refusal_is_explained_by_the_tokens_claims() {
    let graph = || token(r#"{"aud":"https://graph.microsoft.com"}"#);
    let elsewhere = || checked(r#"{"aud":"https://graph.microsoft.com"}"#).err();
    let powerless = || token(r#"{"aud":"https://api.securitycenter.microsoft.com"}"#);
    let expired_since = || Some(TokenProblem::Expired { ago: Duration::from_secs(720) });
    for (status, kind, token, problem) in [
        (403, ErrorKind::Forbidden, graph(), elsewhere()),
        (403, ErrorKind::Forbidden, powerless(), Some(TokenProblem::Permission)),
        (403, ErrorKind::Forbidden, good(), None),
        (401, ErrorKind::Unauthorized, graph(), elsewhere()),
        (401, ErrorKind::Unauthorized, expired(), expired_since()),
        (401, ErrorKind::Unauthorized, good(), None),
        // Other refusals are not about the token.
        (400, ErrorKind::Rejected, graph(), None),
    ] {
        let mock = MockTransport::new().reply(Reply::status(status));
        let error = builder(&mock, token).build().upload(&upload()).unwrap_err();
        let facts = (error.kind(), error.effect(), error.token_problem());
        assert_eq!(facts, (&kind, Effect::NotApplied, problem.as_ref()));
        if let Some(problem) = &problem {
            assert!(error.to_string().contains(&problem.to_string()), "{error}");
        }
        mock.assert_done();
    }
}

#[test]
fn a_checked_token_that_cannot_succeed_is_not_sent() {
    let elsewhere = r#"{"aud":"https://graph.microsoft.com"}"#;
    let powerless = format!(r#"{{"aud":"{AUDIENCE}","scp":"Machine.Read"}}"#);
    for payload in [elsewhere, &powerless] {
        let mock = MockTransport::new();
        let client = builder(&mock, token(payload)).check_tokens(true).build();
        let error = client.upload(&upload()).unwrap_err();
        assert_eq!((error.kind(), error.effect()), (&ErrorKind::NoToken, Effect::NotApplied));
        assert_eq!(error.token_problem(), checked(payload).err().as_ref());
        mock.assert_unused();
    }
    let unreadable = [
        AccessToken::new("opaque-token").unwrap(),
        token(r#"{"aud":["https://graph.microsoft.com"],"exp":0}"#),
        token("canary"),
        token(r#"{"aud":17}"#),
    ];
    for fine in unreadable.into_iter().chain([good()]) {
        let mock = MockTransport::new().reply(Reply::stored());
        builder(&mock, fine).check_tokens(true).build().upload(&upload()).unwrap();
    }
}

/// As if the service had refused it: the client asks the credential for another one, once.
#[test]
fn a_checked_token_that_expired_is_replaced() {
    let credential =
        credential_fn(|request| Ok(if request.is_refused() { good() } else { expired() }.into()));
    let mock = MockTransport::new().reply(Reply::stored());
    builder(&mock, credential).check_tokens(true).build().upload(&upload()).unwrap();
    mock.requests::<1>()[0].assert_bearer(&text_of(&good_payload()));

    let (mock, asked) = (MockTransport::new(), Arc::new(Mutex::new(Vec::new())));
    let seen = Arc::clone(&asked);
    let credential = credential_fn(move |request| {
        seen.lock().unwrap().push(request.is_refused());
        Ok(expired().into())
    });
    let client = builder(&mock, credential).check_tokens(true).build();
    let error = client.upload(&upload()).unwrap_err();
    let ago = Duration::from_secs(720);
    assert_eq!(error.kind(), &ErrorKind::NoToken);
    assert_eq!(error.token_problem(), Some(&TokenProblem::Expired { ago }));
    assert_eq!(*asked.lock().unwrap(), [false, true]);
    mock.assert_unused();
}
