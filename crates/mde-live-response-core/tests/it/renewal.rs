//! Tokens over time: refused, expired, renewed, and shared by threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use mde_live_response_core::auth::{Credential, CredentialError, IssuedToken, credential_fn};
use mde_live_response_core::policy::CancelToken;
use mde_live_response_core::transport::Transport;
use mde_live_response_core::{AccessToken, Client, Effect, Endpoint, ErrorKind, IfExists, Upload};
use mde_live_response_mock::{FakeLibrary, ManualClock, MockTransport, Reply};

use crate::support::{Canned, builder, script, stored, upload};

/// Counts how often a credential was asked. Clones share the number.
#[derive(Clone, Default)]
struct Asked(Arc<AtomicUsize>);

impl Asked {
    fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// A credential that gets the number of the request, from 0.
    fn credential(
        &self,
        give: impl Fn(usize) -> Result<IssuedToken, CredentialError> + Send + Sync + 'static,
    ) -> impl Credential + 'static {
        let asked = self.clone();
        credential_fn(move |_| give(asked.0.fetch_add(1, Ordering::SeqCst)))
    }

    /// Gives `token-0`, `token-1` and so on, without an end.
    fn unlimited(&self) -> impl Credential + 'static {
        self.credential(|n| Ok(numbered(n).into()))
    }
}

fn numbered(n: usize) -> AccessToken {
    AccessToken::new(format!("token-{n}")).unwrap()
}

fn expiring(n: usize, life: u64) -> IssuedToken {
    IssuedToken::expiring(numbered(n), Duration::from_secs(life))
}

fn refusal() -> Reply {
    Reply::error(401, "Unauthorized")
}

fn always_stored() -> MockTransport {
    MockTransport::from_fn(|_| Reply::stored())
}

#[test]
fn a_refused_token_is_replaced_and_the_same_bytes_are_sent_again() {
    for (reply, is_read) in [(refusal(), true), (refusal().early(), false)] {
        let (mock, asked) = (script([reply, Reply::stored()]), Asked::default());
        builder(&mock, asked.unlimited()).build().upload(&upload()).unwrap();
        let [first, second] = mock.requests();
        first.assert_bearer("token-0");
        second.assert_bearer("token-1");
        assert_eq!((first.is_body_complete(), second.is_body_complete()), (is_read, true));
        assert!(second.body().starts_with(first.body()));
        assert_eq!((asked.times(), mock.clock().now()), (2, Duration::ZERO));
    }
}

#[test]
fn the_same_token_again_or_none_ends_the_call() {
    for (replies, has_one_only, kind, effect) in [
        (vec![refusal()], false, ErrorKind::Unauthorized, Effect::NotApplied),
        (vec![Reply::lost(), refusal()], false, ErrorKind::Unauthorized, Effect::Unknown),
        (vec![refusal()], true, ErrorKind::NoToken, Effect::NotApplied),
    ] {
        let credential = Asked::default().credential(move |n| match n {
            1.. if has_one_only => Err(CredentialError::new("no more tokens")),
            _ => Ok(numbered(0).into()),
        });
        let mock = script(replies);
        let overriding = upload().with_if_exists(IfExists::Override);
        let error = builder(&mock, credential).build().upload(&overriding).unwrap_err();
        assert_eq!((error.kind(), error.effect()), (&kind, effect));
        mock.assert_done();
    }
}

/// The next call does not try the refused token, and its credential learns of the refusal.
#[test]
fn a_refused_token_is_not_sent_again_after_its_renewal_failed() {
    let refused = Arc::new(Mutex::new(Vec::new()));
    let asked = Arc::clone(&refused);
    let credential = credential_fn(move |request| {
        let mut asked = asked.lock().unwrap();
        asked.push(request.is_refused());
        match asked.len() {
            2 => Err(CredentialError::new("the login host is down")),
            n => Ok(numbered(n).into()),
        }
    });
    let mock = script([refusal(), Reply::stored()]);
    let client = builder(&mock, credential).build();
    assert_eq!(client.upload(&upload()).unwrap_err().kind(), &ErrorKind::NoToken);
    client.upload(&upload()).unwrap();
    let [first, second] = mock.requests();
    first.assert_bearer("token-1");
    second.assert_bearer("token-3");
    assert_eq!(*refused.lock().unwrap(), [false, true, true]);
}

#[test]
fn one_renewal_serves_ten_threads() {
    let library = FakeLibrary::builder().token("token-1").build();
    let (served, barrier, first) = (library.clone(), Barrier::new(10), AtomicUsize::new(0));
    // Holds the first exchanges until all ten threads are in one.
    let transport = Canned::with(move |exchange, _| {
        let answer = served.send(exchange);
        if first.fetch_add(1, Ordering::SeqCst) < 10 {
            barrier.wait();
        }
        answer
    });
    let asked = Asked::default();
    let client = Client::builder(Endpoint::COMMERCIAL, asked.unlimited(), transport).build();
    std::thread::scope(|scope| {
        for n in 0..10 {
            let client = client.clone();
            scope.spawn(move || {
                let name = format!("{n}.ps1").parse().unwrap();
                client.upload(&Upload::new(name, b"x")).unwrap();
            });
        }
    });
    assert_eq!(library.names().len(), 10);
    assert_eq!(asked.times(), 2, "one token and one renewal");
}

/// Uploads at these times, in ms: how often the credential was asked by then, and the token that was sent.
#[track_caller]
fn assert_renewed(life: u64, fails: fn(usize) -> bool, times: &[(u64, usize, Option<usize>)]) {
    let asked = Asked::default();
    let credential = asked.credential(move |n| match n {
        n if fails(n) => Err(CredentialError::new("the login host is down")),
        n => Ok(expiring(n, life)),
    });
    let (transport, clock) = (Canned::new(stored()), ManualClock::new());
    let client = Client::builder(Endpoint::COMMERCIAL, credential, transport.clone());
    let client = client.clock(clock.clone()).build();
    for (at, expected, token) in times {
        clock.advance(Duration::from_millis(*at).saturating_sub(clock.now()));
        let outcome = client.upload(&upload());
        assert_eq!(asked.times(), *expected, "at {at} ms of {life} s");
        match (outcome, token) {
            (Ok(_), Some(token)) => {
                let sent = transport.sent().pop().unwrap();
                assert_eq!(sent.headers()["authorization"], format!("Bearer token-{token}"));
            }
            (outcome, token) => {
                assert_eq!(*token, None, "at {at} ms");
                assert_eq!(outcome.unwrap_err().kind(), &ErrorKind::NoToken, "at {at} ms");
            }
        }
    }
}

#[test]
fn a_token_is_renewed_300_s_before_it_expires_or_at_half_life() {
    for (life, due) in [(3_600, 3_300), (601, 301), (600, 300), (400, 200), (10, 5)] {
        let due = due * 1_000;
        let times = [(0, 1, Some(0)), (due - 1, 1, Some(0)), (due, 2, Some(1))];
        assert_renewed(life, |_| false, &times);
    }
}

/// An old token is used while a renewal fails, but not after its end, however soon that is.
#[test]
fn a_valid_token_serves_while_renewing_fails_and_renewing_is_tried_every_30_s() {
    let old = Some(0);
    let before = [(0, 1, old), (3_300_000, 2, old), (3_329_000, 2, old), (3_330_000, 3, old)];
    let after = [(3_599_000, 4, old), (3_600_000, 5, None)];
    assert_renewed(3_600, |n| n > 0, &[&before[..], &after].concat());
    assert_renewed(600, |n| n == 1, &[(0, 1, old), (590_000, 2, old), (610_000, 3, Some(2))]);
}

/// A renewal that ended with its caller's cancel is not a failed renewal: the next call asks at once.
#[test]
fn a_cancelled_renewal_does_not_fail_or_delay_the_others() {
    let (mock, asked, cancel) = (always_stored(), Asked::default(), CancelToken::new());
    let from_within = cancel.clone();
    let credential = asked.credential(move |n| {
        if n == 1 {
            from_within.cancel();
            return Err(CredentialError::new("the person went away"));
        }
        Ok(expiring(n, 3_600))
    });
    let client = builder(&mock, credential).build();
    client.upload(&upload()).unwrap();
    mock.clock().advance(Duration::from_secs(3_400));
    let error = client.cancelled_by(&cancel).upload(&upload()).unwrap_err();
    assert_eq!((error.kind(), error.effect()), (&ErrorKind::Cancelled, Effect::NotApplied));
    client.upload(&upload()).unwrap();
    assert_eq!(asked.times(), 3);
    let [_, last] = mock.requests();
    last.assert_bearer("token-2");
}

#[test]
fn the_token_is_looked_up_again_after_a_wait_for_the_rate_window() {
    let (mock, asked) = (always_stored(), Asked::default());
    let client = builder(&mock, asked.credential(|n| Ok(expiring(n, 90)))).build();
    for _ in 0..101 {
        client.upload(&upload()).unwrap();
    }
    assert_eq!(mock.clock().now(), Duration::from_secs(60));
    let requests: [_; 101] = mock.requests();
    requests[99].assert_bearer("token-0");
    requests[100].assert_bearer("token-1");
}
