//! A token's claims: they explain a refusal, and can end a call before anything is sent.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mde_live_response_core::auth::{TokenProblem, credential_fn};
use mde_live_response_core::{AccessToken, Effect, ErrorKind};
use mde_live_response_mock::{MockTransport, Reply};

use crate::support::{builder, script, upload};

const AUDIENCE: &str = "https://api.securitycenter.microsoft.com";
const ID: &str = "fc780465-2017-40d4-a0c5-307022471b92";
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

/// The result of a check for this audience.
fn checked_for(audience: &str, payload: &str) -> Result<(), TokenProblem> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    token(payload).claims().map_or(Ok(()), |claims| claims.check(audience, now))
}

fn checked(payload: &str) -> Result<(), TokenProblem> {
    checked_for(AUDIENCE, payload)
}

#[test]
fn only_a_clear_claim_is_a_problem() {
    // `AUD` stands for the audience, `ID` for one of its identifiers.
    const GRAPH: &str = r#"{"aud":"https://graph.microsoft.com"}"#;
    let elsewhere = |found: &str| {
        Err(TokenProblem::Audience { found: found.to_owned(), expected: AUDIENCE.to_owned() })
    };
    let graph = || elsewhere("https://graph.microsoft.com");
    let permission = || Err(TokenProblem::Permission);
    let expired = |seconds| Err(TokenProblem::Expired { ago: Duration::from_secs(seconds) });
    let new = "https://api.security.microsoft.com";
    for (payload, expected) in [
        (r#"{"aud":"AUD","roles":["Library.Manage"]}"#, Ok(())),
        (r#"{"aud":"AUD/","scp":"a Library.Manage b"}"#, Ok(())),
        (r#"{"aud":"https://api.security.microsoft.com","scp":"Library.Manage"}"#, elsewhere(new)),
        (GRAPH, graph()),
        (r#"{"aud":"ID","roles":["Library.Manage"]}"#, Ok(())),
        (r#"{"aud":"AUD"}"#, permission()),
        (r#"{"aud":"AUD","roles":["Machine.Read.All"]}"#, permission()),
        (r#"{"aud":"AUD","scp":"Library.ManageAll"}"#, permission()),
        (r#"{"aud":"AUD","roles":[],"scp":""}"#, permission()),
        (r#"{"aud":"ID"}"#, permission()),
        (r#"{"aud":"https://api.securitycenter.windows.com","scp":"Library.Manage"}"#, Ok(())),
        (r#"{"aud":"https://securitycenter.onmicrosoft.com/windowsatpservice/"}"#, permission()),
        (r#"{"aud":"","roles":["Library.Manage"]}"#, Ok(())),
        (r#"{"roles":["Machine.Read.All"]}"#, Ok(())),
        (r#"{"aud":"https://graph.microsoft.com","roles":[],"exp":0}"#, graph()),
        (r#"{"aud":"x","roles":[],"exp":0}"#, permission()),
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
    ] {
        let payload = payload.replace("AUD", AUDIENCE).replace("ID", ID);
        assert_eq!(checked(&payload), expected, "case: {payload}");
    }
    // The last is an encrypted one, of five parts.
    for opaque in ["opaque-token", "a.b", "a.!.c", "..", "a.eyJhdWQiOi.c", "e30.a2V5.aXY.eA.eA"] {
        assert_eq!(AccessToken::new(opaque).unwrap().claims(), None, "case: {opaque}");
    }
    // Letter case and a slash at the end do not count. An identifier may stand for any URL, and a URL for any identifier.
    for (found, expected, is_fine) in [
        ("https://api.example/a", "https://api.example/A/", true),
        ("api://api.example", "https://api.example", false),
        ("https://api.example", ID, true),
        (ID, "https://api.example", true),
        // Older names are those of the commercial cloud alone.
        ("https://api.securitycenter.windows.com", "https://api.example", false),
    ] {
        let payload = format!(r#"{{"aud":"{found}","scp":"Library.Manage"}}"#);
        let checked = checked_for(expected, &payload);
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
    let claims =
        token(r#"{"aud":"x","tid":"t","roles":["A"],"scp":"B C","exp":60}"#).claims().unwrap();
    assert_eq!(claims.tenant(), Some("t"));
    assert_eq!(claims.permissions().collect::<Vec<_>>(), ["A", "B", "C"]);
    assert_eq!(claims.expires_at(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(60)));
}

#[test]
fn a_refusal_is_explained_by_the_tokens_claims() {
    let graph = || token(r#"{"aud":"https://graph.microsoft.com"}"#);
    let elsewhere = || checked(r#"{"aud":"https://graph.microsoft.com"}"#).err();
    let powerless = token(&format!(r#"{{"aud":"{AUDIENCE}"}}"#));
    let ago = Duration::from_secs(720);
    for (status, kind, token, problem) in [
        (403, ErrorKind::Forbidden, graph(), elsewhere()),
        (403, ErrorKind::Forbidden, powerless, Some(TokenProblem::Permission)),
        (403, ErrorKind::Forbidden, good(), None),
        (401, ErrorKind::Unauthorized, graph(), elsewhere()),
        (401, ErrorKind::Unauthorized, expired(), Some(TokenProblem::Expired { ago })),
        (401, ErrorKind::Unauthorized, good(), None),
        // Other refusals are not about the token.
        (400, ErrorKind::Rejected, graph(), None),
    ] {
        let mock = script([Reply::status(status)]);
        let error = builder(&mock, token).build().upload(&upload()).unwrap_err();
        let facts = (error.kind(), error.effect(), error.token_problem());
        assert_eq!(facts, (&kind, Effect::NotApplied, problem.as_ref()));
        let explained = problem.is_none_or(|it| error.to_string().contains(&it.to_string()));
        assert!(explained, "{error}");
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
    let opaque = AccessToken::new("opaque-token").unwrap();
    for fine in [opaque, token("canary"), token(r#"{"aud":17,"exp":0}"#), good()] {
        let mock = script([Reply::stored()]);
        builder(&mock, fine).check_tokens(true).build().upload(&upload()).unwrap();
    }
}

/// As if the service had refused it: the client asks the credential for another one, once.
#[test]
fn a_checked_token_that_expired_is_replaced() {
    for has_another in [true, false] {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let credential = credential_fn(move |request| {
            seen.lock().unwrap().push(request.is_refused());
            Ok(if has_another && request.is_refused() { good() } else { expired() }.into())
        });
        let mock = MockTransport::from_fn(|_| Reply::stored());
        let client = builder(&mock, credential).check_tokens(true).build();
        let outcome = client.upload(&upload());
        assert_eq!(*asked.lock().unwrap(), [false, true]);
        if has_another {
            outcome.unwrap();
            mock.requests::<1>()[0].assert_bearer(&text_of(&good_payload()));
        } else {
            let (error, ago) = (outcome.unwrap_err(), Duration::from_secs(720));
            assert_eq!(error.kind(), &ErrorKind::NoToken);
            assert_eq!(error.token_problem(), Some(&TokenProblem::Expired { ago }));
            let [] = mock.requests();
        }
    }
}
