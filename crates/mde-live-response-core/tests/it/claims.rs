//! What a token says of itself, and what is made of it: an explanation, or a call that is not begun.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mde_live_response_core::{
    AccessToken, AuthErrorKind, Client, ClientBuilder, Credential, CredentialFn, Delivery,
    Endpoint, TokenProblem,
};
use mde_live_response_mock::{ManualClock, MockTransport, Reply};

use crate::support::{expect_error, upload};

const AUDIENCE: &str = "https://api.securitycenter.microsoft.com";
/// The manual clock's start, in seconds since 1970.
const NOW: u64 = 1_767_225_600;

fn token(payload: &str) -> AccessToken {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    AccessToken::new(format!("{}.{}.{}", part("{}"), part(payload), part("signature"))).unwrap()
}

fn good() -> AccessToken {
    token(&format!(r#"{{"aud":"{AUDIENCE}","roles":["Library.Manage"],"exp":{}}}"#, NOW + 3_600))
}

fn expired() -> AccessToken {
    token(&format!(r#"{{"aud":"{AUDIENCE}","roles":["Library.Manage"],"exp":{}}}"#, NOW - 720))
}

fn checked(payload: &str) -> Result<(), TokenProblem> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    token(payload).claims().map_or(Ok(()), |claims| claims.check(AUDIENCE, now))
}

#[test]
fn only_what_a_token_says_clearly_is_a_problem() {
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
        (r#"{"exp":1767225600}"#, Ok(())),
        (r#"{"exp":1767225300}"#, Ok(())),
        (r#"{"exp":1767225299}"#, expired(301)),
        (r#"{"exp":18446744073709551615}"#, Ok(())),
        (r#"{"aud":["https://graph.microsoft.com"]}"#, Ok(())),
        (r#"{"aud":"https://graph.microsoft.com","exp":"soon"}"#, Ok(())),
        (r#"{"roles":"Library.Manage"}"#, Ok(())),
        ("{}", Ok(())),
        ("[]", Ok(())),
        ("", Ok(())),
        ("\u{0}", Ok(())),
    ];
    for (payload, expected) in cases {
        assert_eq!(checked(payload), expected, "case: {payload}");
    }
    for opaque in ["opaque-token", "a.b", "a.!.c", "..", "a.eyJhdWQiOi.c"] {
        assert_eq!(AccessToken::new(opaque).unwrap().claims(), None, "case: {opaque}");
    }
}

#[test]
fn claims_can_be_read() {
    let payload = r#"{"aud":"x","roles":["A"],"scp":"B C","exp":60}"#;
    let claims = token(payload).claims().unwrap();
    assert_eq!(claims.audience(), Some("x"));
    assert_eq!(claims.permissions().collect::<Vec<_>>(), ["A", "B", "C"]);
    assert_eq!(claims.expires_at(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(60)));
}

fn builder(mock: &MockTransport, credential: impl Credential + 'static) -> ClientBuilder {
    Client::builder(Endpoint::COMMERCIAL, credential, mock.clone()).clock(ManualClock::new())
}

#[test]
fn a11_a_403_is_explained_by_the_token() {
    for (token, shown, help) in [
        (
            token(r#"{"aud":"https://graph.microsoft.com"}"#),
            "`collect-dns.ps1`: the service does not permit this with this token (403): the token is for the \
             audience https://graph.microsoft.com, and this service takes tokens for \
             https://api.securitycenter.microsoft.com; nothing was stored",
            "get a token for the audience https://api.securitycenter.microsoft.com",
        ),
        (
            token(r#"{"aud":"https://api.securitycenter.microsoft.com"}"#),
            "`collect-dns.ps1`: the service does not permit this with this token (403): the token comes without \
             the permission Library.Manage; nothing was stored",
            "grant the application the permission Library.Manage, with an administrator's consent, and get a new \
             token",
        ),
        (
            good(),
            "`collect-dns.ps1`: the service does not permit this with this token (403); nothing was stored",
            "check that the token is for the audience https://api.securitycenter.microsoft.com, and that the \
             application has the permission Library.Manage",
        ),
        (
            token(r#"{"aud":"https://x\u001b[2J\n"}"#),
            "`collect-dns.ps1`: the service does not permit this with this token (403): the token is for the \
             audience https://x\\u{1b}[2J\\n, and this service takes tokens for \
             https://api.securitycenter.microsoft.com; nothing was stored",
            "get a token for the audience https://api.securitycenter.microsoft.com",
        ),
    ] {
        let mock = MockTransport::new().reply(Reply::status(403));
        let error = builder(&mock, token).build().upload(&upload()).unwrap_err();
        assert_eq!(error.to_string(), shown);
        assert_eq!(error.help().as_deref(), Some(help));
    }
}

#[test]
fn a_token_that_is_no_good_is_not_sent_where_tokens_are_checked() {
    let elsewhere = token(r#"{"aud":"https://graph.microsoft.com"}"#);
    let mock = MockTransport::new();
    let error = builder(&mock, elsewhere).check_tokens(true).build().upload(&upload()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: the token is for the audience https://graph.microsoft.com, and this service takes \
         tokens for https://api.securitycenter.microsoft.com; nothing was stored"
    );
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    let error = expect_error!(error, Auth, "");
    assert_eq!(error.kind(), AuthErrorKind::Unsuitable);
    assert!(matches!(error.problem(), Some(TokenProblem::Audience { .. })));
    assert!(mock.requests::<0>().is_empty());

    for fine in [good(), AccessToken::new("opaque-token").unwrap()] {
        let mock = MockTransport::new().reply(Reply::stored());
        builder(&mock, fine).check_tokens(true).build().upload(&upload()).unwrap();
    }
}

/// As if the service had refused it: the credential is asked for another, once.
#[test]
fn an_expired_token_is_replaced_where_tokens_are_checked() {
    let credential = CredentialFn::new(|request| {
        Ok(if request.is_refused() { good() } else { expired() }.into())
    });
    let mock = MockTransport::new().reply(Reply::stored());
    builder(&mock, credential).check_tokens(true).build().upload(&upload()).unwrap();
    mock.assert_done();

    let mock = MockTransport::new();
    let error = builder(&mock, expired()).check_tokens(true).build().upload(&upload()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: the token expired 720 s ago; nothing was stored"
    );
    assert!(mock.requests::<0>().is_empty());
}

#[test]
fn a_401_is_explained_by_an_expired_token() {
    let mock = MockTransport::new().reply(Reply::status(401));
    let error = builder(&mock, expired()).build().upload(&upload()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: the service refuses the token (401): the token expired 720 s ago; nothing was stored"
    );
}
