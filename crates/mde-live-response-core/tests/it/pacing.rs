//! The client's rate limit against a library that counts as the service does, on one clock for both.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use mde_live_response_core::auth::credential_fn;
use mde_live_response_core::policy::{ClientBuilder, Clock, Pacing};
use mde_live_response_core::transport::Transport;
use mde_live_response_core::{AccessToken, Client, Endpoint, ErrorKind, IfExists, Upload};
use mde_live_response_mock::{FakeLibrary, ManualClock, Reply};

use crate::support::{Canned, script, upload};

fn library(clock: &ManualClock) -> FakeLibrary {
    let clock = clock.clone();
    FakeLibrary::builder().now(move || clock.time_of_day()).build()
}

/// A day for a call: these tests are about the rate limit.
fn builder(transport: impl Transport + 'static, clock: impl Clock + 'static) -> ClientBuilder {
    let token = AccessToken::new("an-access-token").unwrap();
    Client::builder(Endpoint::COMMERCIAL, token, transport).clock(clock).deadline(seconds(86_400))
}

fn overriding() -> Upload {
    upload().with_if_exists(IfExists::Override)
}

fn uploads(client: &Client, times: usize) {
    for _ in 0..times {
        client.upload(&overriding()).unwrap();
    }
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn the_101st_call_of_a_minute_waits_or_fails() {
    // The settings, how long after the hundredth call the next one comes, and how long it would wait.
    for (pacing, deadline, later, wait) in [
        (Pacing::Wait, 86_400, 0, None),
        // As the service asks: it gets one call more.
        (Pacing::Off, 86_400, 0, None),
        (Pacing::FailFast, 86_400, 20, Some(40)),
        // A wait beyond the deadline fails at once.
        (Pacing::Wait, 59, 0, Some(60)),
    ] {
        let clock = ManualClock::new();
        let library = library(&clock);
        let client = builder(library.clone(), clock.clone()).pacing(pacing);
        let client = client.deadline(seconds(deadline)).build();
        uploads(&client, 100);
        assert_eq!(clock.now(), Duration::ZERO, "a hundred at once");
        clock.advance(seconds(later));
        let Some(wait) = wait else {
            uploads(&client, 1);
            let calls = if pacing == Pacing::Off { 102 } else { 101 };
            assert_eq!((clock.now(), library.calls()), (seconds(60), calls));
            continue;
        };
        let error = client.upload(&overriding()).unwrap_err();
        let facts = (error.kind(), error.retry_after(), error.attempts());
        assert_eq!(facts, (&ErrorKind::Throttled { local: true }, Some(seconds(wait)), 0));
        assert_eq!((clock.now(), library.calls()), (seconds(later), 100));
    }
}

#[test]
fn the_1501st_call_of_an_hour_waits() {
    let clock = ManualClock::new();
    let library = library(&clock);
    let client = builder(library.clone(), clock.clone()).build();
    for n in 0_u64..1_500 {
        uploads(&client, 1);
        assert_eq!(clock.now(), seconds(60 * (n / 100)), "call {n}");
    }
    uploads(&client, 1);
    assert_eq!((clock.now(), library.calls()), (seconds(3_600), 1_501));
}

/// The time of day jumps by hours.
#[derive(Debug)]
struct Stepping(ManualClock, AtomicBool);

impl Clock for Stepping {
    fn now(&self) -> Duration {
        self.0.now()
    }

    fn time_of_day(&self) -> SystemTime {
        let is_ahead = self.1.fetch_xor(true, Ordering::SeqCst);
        SystemTime::UNIX_EPOCH + seconds(if is_ahead { 7_200 } else { 0 })
    }

    fn wait(&self, until: Option<Duration>, ready: &mut dyn FnMut() -> bool) -> bool {
        self.0.wait(until, ready)
    }

    fn notify(&self) {
        self.0.notify();
    }
}

#[test]
fn setting_the_systems_clock_does_not_move_the_window() {
    let clock = ManualClock::new();
    let stepping = Stepping(clock.clone(), AtomicBool::new(false));
    let client = builder(library(&clock), stepping).build();
    for n in 0..150 {
        uploads(&client, 1);
        assert_eq!(clock.now(), seconds(if n < 100 { 0 } else { 60 }), "call {n}");
    }
}

/// That of a credential counts as none: no request was begun.
#[test]
fn a_panic_counts_as_one_call_and_poisons_nothing() {
    let (clock, tokens, calls) = (ManualClock::new(), AtomicU32::new(0), AtomicU32::new(0));
    let library = library(&clock);
    let transport = Canned::with(move |exchange, _| {
        assert!(calls.fetch_add(1, Ordering::SeqCst) > 0, "a broken transport");
        library.send(exchange)
    });
    let credential = credential_fn(move |_| {
        assert!(tokens.fetch_add(1, Ordering::SeqCst) > 0, "no vault");
        Ok(AccessToken::new("an-access-token").unwrap().into())
    });
    let client = Client::builder(Endpoint::COMMERCIAL, credential, transport).clock(clock.clone());
    let client = client.build();
    for message in ["no vault", "a broken transport"] {
        let panic = catch_unwind(AssertUnwindSafe(|| client.upload(&overriding()))).unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&message));
    }
    uploads(&client.clone(), 99);
    assert_eq!(clock.now(), Duration::ZERO);
    uploads(&client, 1);
    assert_eq!(clock.now(), seconds(60));
}

/// 90 s are more than a retry may wait, so the first call ends at once, and the next one waits.
#[test]
fn a_429_closes_the_window_for_all_calls_and_at_most_for_an_hour() {
    for (asked, waited) in [("90", 90), ("1000000000000", 3_600)] {
        let clock = ManualClock::new();
        let busy = Reply::error(429, "TooManyRequests").header("retry-after", asked);
        let mock = script([busy, Reply::stored()]);
        let client = builder(mock, clock.clone()).build();
        let error = client.upload(&upload()).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Throttled { local: false });
        assert_eq!(clock.now(), Duration::ZERO);
        client.clone().upload(&upload()).unwrap();
        assert_eq!(clock.now(), seconds(waited));
    }
}

/// Makes a call with its client when it is notified, as a waiting thread would that wakes at once.
#[derive(Debug, Clone, Default)]
struct Eager(ManualClock, Arc<Mutex<Option<Client>>>);

impl Clock for Eager {
    fn now(&self) -> Duration {
        self.0.now()
    }

    fn time_of_day(&self) -> SystemTime {
        self.0.time_of_day()
    }

    fn wait(&self, until: Option<Duration>, ready: &mut dyn FnMut() -> bool) -> bool {
        self.0.wait(until, ready)
    }

    fn notify(&self) {
        self.0.notify();
        let client = self.1.lock().unwrap().take();
        // What is sent shows whether it may start.
        drop(client.map(|client| client.upload(&overriding())));
    }
}

#[test]
fn no_call_starts_between_a_429_and_the_closing_of_the_window() {
    let (clock, busy) = (Eager::default(), Reply::error(429, "TooManyRequests"));
    let mock = script([Reply::stored(), busy.header("retry-after", "90"), Reply::stored()]);
    let client = builder(mock.clone(), clock.clone()).pacing(Pacing::FailFast).build();
    // The token is there, so from now on only the end of a call notifies.
    uploads(&client, 1);
    *clock.1.lock().unwrap() = Some(client.clone());
    let error = client.upload(&overriding()).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Throttled { local: false });
    let [_first, _busy] = mock.requests();
}
