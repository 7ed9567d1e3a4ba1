//! Tokens over time: refused, expired, renewed, and shared by threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use mde_live_response_core::auth::{Credential, CredentialError, IssuedToken, credential_fn};
use mde_live_response_core::http::Response;
use mde_live_response_core::policy::CancelToken;
use mde_live_response_core::transport::{Exchange, Transport, TransportError};
use mde_live_response_core::{AccessToken, Client, Effect, Endpoint, ErrorKind, IfExists, Upload};
use mde_live_response_mock::{FakeLibrary, MockTransport, Reply};

use crate::support::{builder, upload};

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

    /// The same, with a life in seconds.
    fn expiring(&self, life: u64) -> impl Credential + 'static {
        self.credential(move |n| Ok(IssuedToken::expiring(numbered(n), Duration::from_secs(life))))
    }
}

fn numbered(n: usize) -> AccessToken {
    AccessToken::new(format!("token-{n}")).unwrap()
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
        let (mock, asked) = (MockTransport::new().reply(reply), Asked::default());
        let mock = mock.reply(Reply::stored());
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
fn the_same_token_again_ends_the_call() {
    let mock = MockTransport::new().reply(refusal());
    let error = builder(&mock, numbered(0)).build().upload(&upload()).unwrap_err();
    assert_eq!((error.kind(), error.status().unwrap().as_u16()), (&ErrorKind::Unauthorized, 401));
    mock.assert_done();

    let mock = MockTransport::new().reply(Reply::lost()).reply(refusal());
    let overriding = upload().with_if_exists(IfExists::Override);
    let error = builder(&mock, numbered(0)).build().upload(&overriding).unwrap_err();
    assert_eq!((error.kind(), error.effect()), (&ErrorKind::Unauthorized, Effect::Unknown));
    mock.assert_done();
}

#[test]
fn a_credential_that_cannot_replace_a_refused_token_ends_the_call() {
    let mock = MockTransport::new().reply(refusal());
    let credential = Asked::default().credential(|n| match n {
        0 => Ok(numbered(0).into()),
        _ => Err(CredentialError::new("no more tokens")),
    });
    let error = builder(&mock, credential).build().upload(&upload()).unwrap_err();
    assert_eq!((error.kind(), error.effect()), (&ErrorKind::NoToken, Effect::NotApplied));
    mock.assert_done();
}

/// Holds the first exchanges until all ten threads are in one.
#[derive(Debug)]
struct Together {
    library: FakeLibrary,
    barrier: Barrier,
    first: AtomicUsize,
}

impl Transport for Together {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        let answer = self.library.send(exchange);
        if self.first.fetch_add(1, Ordering::SeqCst) < 10 {
            self.barrier.wait();
        }
        answer
    }
}

#[test]
fn one_renewal_serves_ten_threads() {
    let library = FakeLibrary::builder().token("token-1").build();
    let transport = Together {
        library: library.clone(),
        barrier: Barrier::new(10),
        first: AtomicUsize::new(0),
    };
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

#[test]
fn a_token_is_renewed_300_s_before_it_expires_or_at_half_life() {
    for (life, due) in [(3_600, 3_300), (601, 301), (600, 300), (400, 200), (10, 5)] {
        let (mock, asked) = (always_stored(), Asked::default());
        let client = builder(&mock, asked.expiring(life)).build();
        for (time, expected) in [(0, 1), (due * 1_000 - 1, 1), (due * 1_000, 2)] {
            mock.clock().advance(Duration::from_millis(time).saturating_sub(mock.clock().now()));
            client.upload(&upload()).unwrap();
            assert_eq!(asked.times(), expected, "at {time} ms of {life} s");
        }
    }
}

#[test]
fn a_valid_token_serves_while_renewing_fails_and_renewing_is_tried_every_30_s() {
    let (mock, asked) = (always_stored(), Asked::default());
    let client = builder(
        &mock,
        asked.credential(|n| match n {
            0 => Ok(IssuedToken::expiring(numbered(0), Duration::from_secs(3_600))),
            _ => Err(CredentialError::new("the login host is down")),
        }),
    )
    .build();
    let clock = mock.clock();
    // When an upload starts, in seconds, and how often the credential was asked by then.
    for (at, times) in [(0, 1), (3_300, 2), (3_329, 2), (3_330, 3), (3_599, 4)] {
        clock.advance(Duration::from_secs(at).saturating_sub(clock.now()));
        client.upload(&upload()).unwrap_or_else(|error| panic!("at {at} s: {error}"));
        assert_eq!(asked.times(), times, "at {at} s");
    }
    clock.advance(Duration::from_secs(3_600).saturating_sub(clock.now()));
    assert_eq!(client.upload(&upload()).unwrap_err().kind(), &ErrorKind::NoToken);
}

/// A renewal that failed is tried again when the old token ends, however soon that is.
#[test]
fn an_old_token_is_not_used_after_its_end() {
    let (mock, asked) = (always_stored(), Asked::default());
    let client = builder(
        &mock,
        asked.credential(|n| match n {
            1 => Err(CredentialError::new("not now")),
            n => Ok(IssuedToken::expiring(numbered(n), Duration::from_secs(600))),
        }),
    )
    .build();
    for seconds in [0, 590, 20] {
        mock.clock().advance(Duration::from_secs(seconds));
        client.upload(&upload()).unwrap();
    }
    let [_, before, after] = mock.requests();
    before.assert_bearer("token-0");
    after.assert_bearer("token-2");
}

/// A renewal that ended with its caller's cancel is not a failed renewal: the next call asks at once.
#[test]
fn a_cancelled_renewal_does_not_fail_or_delay_the_others() {
    let (mock, asked, cancel) = (always_stored(), Asked::default(), CancelToken::new());
    let from_within = cancel.clone();
    let client = builder(
        &mock,
        asked.credential(move |n| {
            if n == 1 {
                from_within.cancel();
                return Err(CredentialError::new("the person went away"));
            }
            Ok(IssuedToken::expiring(numbered(n), Duration::from_secs(3_600)))
        }),
    )
    .build();
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
    let client = builder(&mock, asked.expiring(90)).build();
    for _ in 0..101 {
        client.upload(&upload()).unwrap();
    }
    assert_eq!(mock.clock().now(), Duration::from_secs(60));
    let requests: [_; 101] = mock.requests();
    requests[99].assert_bearer("token-0");
    requests[100].assert_bearer("token-1");
}
