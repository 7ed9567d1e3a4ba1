//! Credentials: what they may do, and how their failures end a call.

use std::error::Error as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use mde_live_response_core::auth::{Credential, CredentialError, credential_fn};
use mde_live_response_core::error::{InvalidInput, Problem};
use mde_live_response_core::http::StatusCode;
use mde_live_response_core::{AccessToken, Client, Effect, Endpoint, Error, ErrorKind};
use mde_live_response_mock::MockTransport;

use crate::support::{Canned, shown_causes, stored, upload};

#[test]
fn what_is_not_a_token_is_refused_and_not_shown() {
    let form = || Problem::Form("given alone, without the word Bearer");
    let white = |edge| Problem::Edge(edge);
    let unseen = Problem::SecretCharacter;
    let character =
        "s3cr3t\r\nX: y|s3cr3t\0y|s3cr3t y|s3cr3t\ty|s3cr3t\u{e9}|s3cr3t\u{7f}|\u{1b}s3cr3t|\0";
    let character = character.split('|').map(|token| (token, unseen.clone()));
    for (token, problem) in character.chain([
        ("", Problem::Empty),
        (" \r\n\t", Problem::Empty),
        ("\u{a0}", Problem::Empty),
        ("s3cr3t\r\n", white('\n')),
        (" s3cr3t", white(' ')),
        ("\ts3cr3t\n\n", white('\t')),
        ("BEARER  s3cr3t", form()),
        ("bearer\ts3cr3t", form()),
        ("Bearer", form()),
    ]) {
        let error: InvalidInput = AccessToken::new(token).expect_err(token);
        assert_eq!(token.parse::<AccessToken>().unwrap_err(), error, "case: {token:?}");
        let facts = (error.field(), error.problem(), error.at());
        assert_eq!(facts, ("token", &problem, None), "case: {token:?}");
        let error = Error::from(error);
        assert_eq!(error.effect(), Effect::NotApplied);
        let shown = format!("{error} {error:?} {:?}", error.help());
        assert!(!shown.contains("s3cr3t"), "case: {token:?}: {shown}");
    }
    for token in ["Bearers3cr3t", "bearer-s3cr3t"] {
        assert!(AccessToken::new(token).is_ok(), "case: {token}");
    }
}

/// A credential that gets the number of its earlier requests.
fn asked(
    answer: impl Fn(usize) -> Result<AccessToken, CredentialError> + Send + Sync + 'static,
) -> impl Credential + 'static {
    let times = AtomicUsize::new(0);
    credential_fn(move |_| Ok(answer(times.fetch_add(1, Ordering::SeqCst))?.into()))
}

#[test]
fn a_credential_that_fails_ends_the_call_with_its_facts() {
    let mock = MockTransport::new();
    let failing = asked(|_| {
        // The message is text from outside.
        Err(CredentialError::message("the vault is \u{1b}[2J\u{202e}sealed")
            .with_code("E42")
            .with_status(StatusCode::FORBIDDEN)
            .with_correlation_id("T-1")
            .with_help("Unseal the vault.")
            .with_source("no quorum"))
    });
    let client = Client::builder(Endpoint::COMMERCIAL, failing, mock.clone()).build();
    let error = client.upload(&upload()).unwrap_err();
    let facts = (error.kind(), error.effect(), error.attempts(), error.is_retryable());
    assert_eq!(facts, (&ErrorKind::NoToken, Effect::NotApplied, 0, false));
    assert_eq!(error.code(), Some("E42"));
    assert_eq!(error.status(), Some(StatusCode::FORBIDDEN));
    assert_eq!(error.correlation_id(), Some("T-1"));
    assert_eq!(error.help().as_deref(), Some("Unseal the vault."));
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("the vault is "), "{shown}");
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
    assert_eq!(shown_causes(&error), ["no quorum"]);
    mock.assert_unused();

    let bare = asked(|_| Err(CredentialError::new("the vault is sealed")));
    let client = Client::builder(Endpoint::COMMERCIAL, bare, mock).build();
    let error = client.upload(&upload()).unwrap_err();
    assert_eq!((error.kind(), error.status(), error.code()), (&ErrorKind::NoToken, None, None));
    assert_eq!(shown_causes(&error), ["the vault is sealed"]);
}

#[test]
fn a_call_that_waits_for_a_blocked_credential_ends_at_its_own_deadline() {
    let (release, released) = mpsc::channel::<()>();
    let (asking, is_asked) = mpsc::channel::<()>();
    let (asking, released) = (Mutex::new(asking), Mutex::new(released));
    let blocking = asked(move |_| {
        asking.lock().unwrap().send(()).unwrap();
        released.lock().unwrap().recv().unwrap();
        AccessToken::new("t").map_err(CredentialError::new)
    });
    let transport = Canned::new(stored());
    let client = Client::builder(Endpoint::COMMERCIAL, blocking, transport.clone())
        .deadline(Duration::from_millis(50))
        .build();
    std::thread::scope(|scope| {
        // Moved in here, so that a failure below releases the thread that the scope waits for.
        let release = release;
        let blocked = scope.spawn(|| client.upload(&upload()).map(drop));
        is_asked.recv().unwrap();
        let error = client.upload(&upload()).unwrap_err();
        assert_eq!((error.kind(), error.effect()), (&ErrorKind::NoToken, Effect::NotApplied));
        assert!(error.source().is_some());
        assert_eq!(transport.sent().len(), 0);
        release.send(()).unwrap();
        blocked.join().unwrap().unwrap();
    });
    client.upload(&upload()).expect("nothing is held");
}
