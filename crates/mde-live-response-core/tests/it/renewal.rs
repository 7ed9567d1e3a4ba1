//! Tokens over time: one that is refused, one that expires, many threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use mde_live_response_core::{
    AccessToken, Body, Client, Clock, Credential, CredentialError, CredentialFn, Endpoint,
    IssuedToken, Transport, TransportError, TransportErrorKind, http,
};
use mde_live_response_mock::{FakeLibrary, ManualClock, MockTransport, Reply};

use crate::support::{expect_error, upload};

/// Gives `token-0`, `token-1`, … and counts.
fn counting(times: &Arc<AtomicUsize>, life: Option<Duration>) -> impl Credential + 'static {
    let times = Arc::clone(times);
    CredentialFn::new(move |_| {
        let token = format!("token-{}", times.fetch_add(1, Ordering::SeqCst));
        let token = AccessToken::new(token).map_err(CredentialError::new)?;
        Ok(match life {
            Some(life) => IssuedToken::expiring(token, life),
            None => token.into(),
        })
    })
}

fn refusal() -> Reply {
    Reply::error(401, "Unauthorized")
}

#[test]
fn a07_a_refused_token_is_replaced_once_and_the_whole_body_sent_again() {
    let (mock, times) =
        (MockTransport::new().reply(refusal()).reply(Reply::stored()), Arc::default());
    let credential = counting(&times, None);
    Client::builder(Endpoint::COMMERCIAL, credential, mock.clone())
        .build()
        .upload(&upload())
        .unwrap();
    let [first, second] = mock.requests();
    first.assert_bearer("token-0");
    second.assert_bearer("token-1");
    assert_eq!(first.body(), second.body());
    assert_eq!(times.load(Ordering::SeqCst), 2);
}

#[test]
fn a08_two_refusals_end_the_call() {
    let mock = MockTransport::new().reply(refusal()).reply(refusal()).reply(Reply::stored());
    let times = Arc::default();
    let client =
        Client::builder(Endpoint::COMMERCIAL, counting(&times, None), mock.clone()).build();
    let error = expect_error!(client.upload(&upload()).unwrap_err(), Auth, "");
    assert_eq!((error.status().unwrap().as_u16(), error.code()), (401, Some("Unauthorized")));
    let [_, _] = mock.requests();
    assert_eq!(times.load(Ordering::SeqCst), 2);
}

#[test]
fn a09_a_token_that_cannot_be_replaced_is_not_sent_again() {
    let mock = MockTransport::new().reply(refusal()).reply(Reply::stored());
    let token = AccessToken::new("the-only-one").unwrap();
    let client = Client::builder(Endpoint::COMMERCIAL, token, mock.clone()).build();
    assert_eq!(client.upload(&upload()).unwrap_err().status().unwrap(), 401);
    let [_] = mock.requests();
}

#[test]
fn a_credential_that_fails_to_renew_is_the_error_of_the_call() {
    let mock = MockTransport::new().reply(refusal()).reply(Reply::stored());
    let credential = CredentialFn::new(|request| {
        if request.is_refused() {
            return Err(CredentialError::new("no more tokens"));
        }
        Ok(AccessToken::new("the-first").map_err(CredentialError::new)?.into())
    });
    let client = Client::builder(Endpoint::COMMERCIAL, credential, mock.clone()).build();
    let error = client.upload(&upload()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: the credential gave no token; nothing was stored"
    );
    let [_] = mock.requests();
}

/// Holds the first exchanges until so many threads are in one.
#[derive(Debug)]
struct Together {
    library: FakeLibrary,
    barrier: Barrier,
    first: AtomicUsize,
}

impl Transport for Together {
    fn send(
        &self,
        request: http::Request<Body<'_>>,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        let answer = self.library.send(request);
        if self.first.fetch_add(1, Ordering::SeqCst) < 10 {
            self.barrier.wait();
        }
        answer
    }
}

#[test]
fn a10_one_renewal_serves_ten_threads() {
    let library = FakeLibrary::builder().token("token-1").build();
    let transport = Together {
        library: library.clone(),
        barrier: Barrier::new(10),
        first: AtomicUsize::new(0),
    };
    let times = Arc::default();
    let client = Client::builder(Endpoint::COMMERCIAL, counting(&times, None), transport).build();
    std::thread::scope(|scope| {
        for n in 0..10 {
            let client = client.clone();
            scope.spawn(move || {
                let name = format!("{n}.ps1").parse().unwrap();
                let upload = mde_live_response_core::Upload::new(name, b"x");
                client.upload(&upload).unwrap();
            });
        }
    });
    assert_eq!(library.names().len(), 10);
    assert_eq!(times.load(Ordering::SeqCst), 2, "one token, and one renewal");
}

#[test]
fn a12_a_token_that_expires_during_an_upload_is_replaced() {
    let mock = MockTransport::new().reply(refusal().early()).reply(Reply::stored());
    let times = Arc::default();
    let client =
        Client::builder(Endpoint::COMMERCIAL, counting(&times, None), mock.clone()).build();
    client.upload(&upload()).unwrap();
    let [first, second] = mock.requests();
    assert!(!first.is_body_complete() && second.is_body_complete());
}

#[test]
fn a_token_is_renewed_before_it_expires() {
    // Life of a token, and when its renewal is due: five minutes before, or at half of it.
    for (life, due) in [(3_600, 3_300), (400, 200)] {
        let (library, clock, times) = (FakeLibrary::new(), ManualClock::new(), Arc::default());
        let credential = counting(&times, Some(Duration::from_secs(life)));
        let client = Client::builder(Endpoint::COMMERCIAL, credential, library.clone())
            .clock(clock.clone())
            .build();
        let overriding = upload().if_exists(mde_live_response_core::IfExists::Override);
        client.upload(&overriding).unwrap();
        clock.advance(Duration::from_secs(due - 1));
        client.upload(&overriding).unwrap();
        assert_eq!(times.load(Ordering::SeqCst), 1, "before {due} s of {life} s");
        clock.advance(Duration::from_secs(1));
        client.upload(&overriding).unwrap();
        assert_eq!(times.load(Ordering::SeqCst), 2, "at {due} s of {life} s");
    }
}

#[test]
fn a_token_that_is_still_good_serves_while_renewing_fails() {
    let (clock, times) = (ManualClock::new(), Arc::new(AtomicUsize::new(0)));
    let asked = Arc::clone(&times);
    let credential = CredentialFn::new(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => {
            let token = AccessToken::new("the-first").map_err(CredentialError::new)?;
            Ok(IssuedToken::expiring(token, Duration::from_secs(3_600)))
        }
        _ => Err(CredentialError::new("the login host is down")),
    });
    let mock = MockTransport::from_fn(|_| Ok(Reply::stored()));
    let client =
        Client::builder(Endpoint::COMMERCIAL, credential, mock).clock(clock.clone()).build();
    // When an upload begins, in seconds, and how often the credential was asked by then.
    for (at, asks) in [(0, 1), (3_300, 2), (3_329, 2), (3_330, 3), (3_599, 4)] {
        clock.advance(Duration::from_secs(at).saturating_sub(clock.now()));
        client.upload(&upload()).unwrap_or_else(|error| panic!("at {at} s: {error}"));
        assert_eq!(times.load(Ordering::SeqCst), asks, "at {at} s");
    }
    clock.advance(Duration::from_secs(3_629).saturating_sub(clock.now()));
    let error = client.upload(&upload()).unwrap_err();
    assert_eq!(expect_error!(error, Auth, "").status(), None);
}

#[test]
fn a_token_that_became_due_while_its_call_waited_for_a_turn_is_renewed() {
    let (clock, times) = (ManualClock::new(), Arc::default());
    let mock = MockTransport::from_fn(|_| Ok(Reply::stored()));
    let credential = counting(&times, Some(Duration::from_secs(90)));
    let client = Client::builder(Endpoint::COMMERCIAL, credential, mock.clone())
        .clock(clock.clone())
        .build();
    for _ in 0..101 {
        client.upload(&upload()).unwrap();
    }
    assert_eq!(clock.now(), Duration::from_secs(60));
    let requests: [_; 101] = mock.requests();
    requests[99].assert_bearer("token-0");
    requests[100].assert_bearer("token-1");
}

#[test]
fn a_401_after_an_unknown_outcome_leaves_it_unknown() {
    use mde_live_response_core::{Delivery, IfExists};
    let unknown = TransportError::new(TransportErrorKind::Receive, Delivery::Unknown);
    let mock = MockTransport::new().fail(unknown).reply(refusal());
    let token = AccessToken::new("the-only-one").unwrap();
    let client = Client::builder(Endpoint::COMMERCIAL, token, mock.clone())
        .clock(ManualClock::new())
        .build();
    let error = client.upload(&upload().if_exists(IfExists::Override)).unwrap_err();
    assert_eq!((error.status().unwrap().as_u16(), error.delivery()), (401, Delivery::Unknown));
}

/// A renewal that failed is tried again when the old token ends, however soon that is.
#[test]
fn an_old_token_is_not_used_past_its_end_after_a_failed_renewal() {
    let times = Arc::new(AtomicUsize::new(0));
    let asked = Arc::clone(&times);
    let credential = CredentialFn::new(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        1 => Err(CredentialError::new("not now")),
        n => {
            let token = AccessToken::new(format!("token-number-{n}")).unwrap();
            Ok(IssuedToken::expiring(token, Duration::from_secs(600)))
        }
    });
    let clock = ManualClock::new();
    let mock =
        MockTransport::new().reply(Reply::stored()).reply(Reply::stored()).reply(Reply::stored());
    let client = Client::builder(Endpoint::COMMERCIAL, credential, mock.clone())
        .clock(clock.clone())
        .build();
    client.upload(&upload()).unwrap();
    clock.advance(Duration::from_secs(590));
    client.upload(&upload()).unwrap();
    clock.advance(Duration::from_secs(20));
    client.upload(&upload()).unwrap();
    let [_, before, after] = mock.requests();
    assert_eq!(before.headers()["authorization"], "Bearer token-number-0");
    assert_eq!(after.headers()["authorization"], "Bearer token-number-2");
}
