//! What a token says of itself, and what is made of it: an explanation, or a call that is not begun.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mde_live_response_core::{
    AccessToken, AuthErrorKind, Client, ClientBuilder, Clock, Credential, CredentialFn, Delivery,
    Endpoint, EntraCredential, TokenProblem,
};
use mde_live_response_mock::{Application, FakeLibrary, ManualClock, MockTransport, Reply};

use crate::support::{expect_error, upload};

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
fn audiences_are_compared_where_both_are_urls() {
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

/// What a token says is text from outside, wherever it is shown.
#[test]
fn a_problem_shows_what_is_not_plainly_visible_escaped_and_cut() {
    let problem =
        |found: &str| checked(&format!(r#"{{"aud":"https://{found}"}}"#)).unwrap_err().to_string();
    assert_eq!(
        problem(r"a\u001b]0;x\u0007\r\n\u202e\u0000"),
        format!(
            "the token is for the audience https://a\\u{{1b}}]0;x\\u{{7}}\\r\\n\\u{{202e}}\\0, and this service \
             takes tokens for {AUDIENCE}"
        )
    );
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
        let error = builder(&mock, token.clone()).build().upload(&upload()).unwrap_err();
        assert_eq!(error.to_string(), shown);
        assert_eq!(error.help().as_deref(), Some(help));
        let error = expect_error!(error, Auth, shown);
        assert_eq!(error.kind(), AuthErrorKind::Forbidden);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        assert_eq!(error.problem(), token.claims().unwrap().check(AUDIENCE, now).err().as_ref());
        mock.assert_done();
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

    let helpless = token(&format!(r#"{{"aud":"{AUDIENCE}","scp":"Machine.Read"}}"#));
    let error = builder(&mock, helpless).check_tokens(true).build().upload(&upload()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: the token comes without the permission Library.Manage; nothing was stored"
    );
    assert_eq!(
        error.help().as_deref(),
        Some(
            "grant the application the permission Library.Manage, with an administrator's consent, and get a new \
             token"
        )
    );
    assert!(mock.requests::<0>().is_empty());

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

/// As if the service had refused it: the credential is asked for another, once.
#[test]
fn an_expired_token_is_replaced_where_tokens_are_checked() {
    let credential = CredentialFn::new(|request| {
        Ok(if request.is_refused() { good() } else { expired() }.into())
    });
    let mock = MockTransport::new().reply(Reply::stored());
    builder(&mock, credential).check_tokens(true).build().upload(&upload()).unwrap();
    mock.requests::<1>()[0].assert_bearer(&text_of(&good_payload()));

    // One that has only expired ones is asked twice, and no more.
    let (mock, asked) = (MockTransport::new(), Arc::new(Mutex::new(Vec::new())));
    let seen = Arc::clone(&asked);
    let credential = CredentialFn::new(move |request| {
        seen.lock().unwrap().push(request.is_refused());
        Ok(expired().into())
    });
    let client = builder(&mock, credential).check_tokens(true).build();
    client.upload(&upload()).unwrap_err();
    assert_eq!(*asked.lock().unwrap(), [false, true]);

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

/// An application without the permission: its token is issued, and not sent.
#[test]
fn a_token_of_entra_is_looked_at_like_any_other() {
    let clock = ManualClock::new();
    let application =
        Application::new("t", "c").with_secret("a-secret").with_roles(["Machine.Read.All"]);
    let now = clock.clone();
    let library =
        FakeLibrary::builder().application(application).now(move || now.time_of_day()).build();
    let secret = "a-secret".parse().unwrap();
    let credential = EntraCredential::with_secret("t", "c", secret).unwrap();
    let builder = || {
        Client::builder(Endpoint::COMMERCIAL, credential.clone(), library.clone())
            .clock(clock.clone())
    };
    for (check, calls) in [(true, 0), (false, 1)] {
        let error = builder().check_tokens(check).build().upload(&upload()).unwrap_err();
        let error = expect_error!(error, Auth, check);
        assert_eq!(error.problem(), Some(&TokenProblem::Permission), "checked: {check}");
        assert_eq!(library.calls(), calls, "checked: {check}");
    }
}
