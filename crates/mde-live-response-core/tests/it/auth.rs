//! A1-A6, A9, A11: tokens, and where they come from.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use mde_live_response_core::{
    AccessToken, AuthErrorKind, Client, Credential, CredentialError, CredentialFn, Delivery,
    Endpoint, Error, InvalidToken,
};

use crate::support::{Canned, expect_error, failure, json, shown_causes, stored, upload};

#[track_caller]
fn assert_refused(token: &str, expected: InvalidToken) {
    let error = AccessToken::new(token).expect_err(token);
    assert_eq!(error, expected, "case: {token:?}");
    assert_eq!(token.parse::<AccessToken>().unwrap_err(), expected, "case: {token:?}");
    let error = Error::from(error);
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    assert!(!format!("{error} {error:?}").contains("s3cr3t"), "case: {token:?}: {error:?}");
}

#[test]
fn a01_token_empty() {
    for token in ["", " ", "   ", "\n", "\r\n\t", "\u{a0}"] {
        assert_refused(token, InvalidToken::Empty);
    }
}

#[test]
fn a02_token_with_foreign_character() {
    for token in [
        "s3cr3t\r\nX: y",
        "s3cr3t\ny",
        "s3cr3t\0y",
        "s3cr3t y",
        "s3cr3t\ty",
        "s3cr3t\u{e9}",
        "s3cr3t\u{7f}",
        "\u{1b}s3cr3t",
        "\0",
    ] {
        assert_refused(token, InvalidToken::Character);
    }
}

#[test]
fn a03_token_with_a_line_end_after_it() {
    for token in ["s3cr3t\n", "s3cr3t\r\n", " s3cr3t", "s3cr3t ", "\ts3cr3t\n\n"] {
        assert_refused(token, InvalidToken::Whitespace);
    }
    let shown = InvalidToken::Whitespace.to_string();
    assert_eq!(shown, "token starts or ends with white space; trim what was read from a file");
}

#[test]
fn a04_token_with_its_scheme() {
    for token in
        ["Bearer s3cr3t", "bearer s3cr3t", "BEARER  s3cr3t", "Bearer\ts3cr3t", "Bearer", "bearer"]
    {
        assert_refused(token, InvalidToken::Scheme);
    }
    for token in ["Bearers3cr3t", "bearer-s3cr3t"] {
        assert!(AccessToken::new(token).is_ok(), "case: {token}");
    }
}

/// A credential that is told how often it was asked before.
fn asked(
    answer: impl Fn(usize) -> Result<AccessToken, CredentialError> + Send + Sync + 'static,
) -> impl Credential + 'static {
    let times = AtomicUsize::new(0);
    CredentialFn::new(move |_| Ok(answer(times.fetch_add(1, Ordering::SeqCst))?.into()))
}

#[test]
fn a05_credential_fails() {
    let transport = Canned::new(stored());
    let failing = asked(|_| Err(CredentialError::new("the vault is sealed")));
    let client = Client::builder(Endpoint::COMMERCIAL, failing, transport.clone()).build();
    let error = client.upload(&upload()).unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    assert_eq!(error.status(), None);
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: the credential gave no token; nothing was stored"
    );
    let error = expect_error!(error, Auth, "");
    assert_eq!(error.kind(), AuthErrorKind::Credential);
    assert_eq!(shown_causes(&error), ["the vault is sealed"]);
    assert_eq!(transport.sent().len(), 0);
}

#[test]
fn a06_credential_panics() {
    let transport = Canned::new(stored());
    let panicking = asked(|n| {
        if n == 0 {
            panic!("no vault")
        } else {
            AccessToken::new("t").map_err(CredentialError::new)
        }
    });
    let client = Client::builder(Endpoint::COMMERCIAL, panicking, transport.clone()).build();
    let panic = catch_unwind(AssertUnwindSafe(|| client.upload(&upload()))).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"no vault"), "the panic itself passes on");
    client.upload(&upload()).expect("nothing is poisoned");
    client.clone().upload(&upload()).expect("nor in a clone");
    assert_eq!(transport.sent().len(), 2);
}

#[test]
fn a06_transport_panics() {
    let times = AtomicUsize::new(0);
    let transport = Canned::with(move |request, body| {
        assert!(times.fetch_add(1, Ordering::SeqCst) > 0, "a broken transport");
        std::io::Read::read_to_end(request.body_mut(), body).unwrap();
        Ok(stored())
    });
    let client = transport.client();
    let panic = catch_unwind(AssertUnwindSafe(|| client.upload(&upload()))).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"a broken transport"));
    client.upload(&upload()).expect("nothing is poisoned");
}

#[test]
fn a06_who_waits_for_a_blocked_credential_waits_no_longer_than_its_deadline() {
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
        let blocked = scope.spawn(|| client.upload(&upload()).map(|_| ()));
        is_asked.recv().unwrap();
        let error = expect_error!(client.upload(&upload()).unwrap_err(), Auth, "");
        assert_eq!(shown_causes(&error), ["no time left to wait for a token"]);
        assert_eq!(transport.sent().len(), 0);
        release.send(()).unwrap();
        blocked.join().unwrap().unwrap();
    });
    client.upload(&upload()).expect("nothing is held");
}

#[test]
fn a09_static_token_refused() {
    let error = failure(json(
        401,
        r#"{"error":{"code":"Unauthorized","message":"expired","target":"T-1"}}"#,
    ));
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    assert!(!error.is_retryable());
    assert_eq!(
        (error.status().map(|it| it.as_u16()), error.service_code()),
        (Some(401), Some("Unauthorized"))
    );
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: the service refuses the token (401 Unauthorized: expired (support id T-1)); \
         nothing was stored"
    );
    let error = expect_error!(error, Auth, "");
    assert_eq!(error.kind(), AuthErrorKind::Unauthorized);
    assert_eq!((error.message(), error.target()), (Some("expired"), Some("T-1")));
}

#[test]
fn a11_token_not_permitted() {
    let error = failure(json(403, r#"{"error":{"code":"Forbidden","message":"missing role"}}"#));
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    assert!(!error.is_retryable());
    let help = error.help().unwrap();
    assert!(
        help.contains("https://api.securitycenter.microsoft.com")
            && help.contains("Library.Manage"),
        "{help}"
    );
    let error = expect_error!(error, Auth, "");
    assert_eq!(error.kind(), AuthErrorKind::Forbidden);
    assert_eq!(
        (error.code(), error.message(), error.target()),
        (Some("Forbidden"), Some("missing role"), None)
    );
}
