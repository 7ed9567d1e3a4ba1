//! The pace of calls against a library that counts as the service does, on one clock for both.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use mde_live_response_core::{
    AccessToken, Body, Client, ClientBuilder, Clock, Endpoint, IfExists, Pacing, Transport,
    TransportError, Upload, http,
};
use mde_live_response_mock::{FakeLibrary, ManualClock, MockTransport, Reply};

use crate::support::{Drawn, expect_error, upload};

fn library(clock: &ManualClock) -> FakeLibrary {
    let clock = clock.clone();
    FakeLibrary::builder().now(move || clock.time_of_day()).build()
}

fn builder(transport: impl Transport + 'static, clock: impl Clock + 'static) -> ClientBuilder {
    let token = AccessToken::new("an-access-token").unwrap();
    // A day for a call: here it is the pace that is looked at.
    Client::builder(Endpoint::COMMERCIAL, token, transport)
        .clock(clock)
        .deadline(Duration::from_secs(86_400))
}

fn overriding() -> Upload {
    upload().if_exists(IfExists::Override)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn r01_the_101st_call_of_a_minute_waits_or_fails_as_told() {
    let clock = ManualClock::new();
    let library = library(&clock);
    let client = builder(library.clone(), clock.clone()).build();
    for _ in 0..100 {
        client.upload(&overriding()).unwrap();
    }
    assert_eq!(clock.now(), Duration::ZERO, "a hundred at once");
    client.upload(&overriding()).unwrap();
    assert_eq!(clock.now(), seconds(60));
    assert_eq!(library.calls(), 101, "none refused");

    let clock = ManualClock::new();
    let client = builder(library_of(&clock), clock.clone()).pacing(Pacing::FailFast).build();
    for _ in 0..100 {
        client.upload(&overriding()).unwrap();
    }
    clock.advance(seconds(20));
    let error = client.upload(&overriding()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: the calls of the last minute and hour leave no turn for 40 s; nothing \
         was stored"
    );
    let error = expect_error!(error, Throttled, "");
    assert_eq!((error.is_local(), error.retry_after()), (true, Some(seconds(40))));
    assert_eq!(clock.now(), seconds(20));
}

fn library_of(clock: &ManualClock) -> FakeLibrary {
    library(clock)
}

#[test]
fn r02_the_1501st_call_of_an_hour_waits() {
    let clock = ManualClock::new();
    let library = library(&clock);
    let client = builder(library.clone(), clock.clone()).build();
    for n in 0_u64..1_500 {
        client.upload(&overriding()).unwrap();
        assert_eq!(clock.now(), seconds(60 * (n / 100)), "call {n}");
    }
    client.upload(&overriding()).unwrap();
    assert_eq!(clock.now(), seconds(3_600));
    assert_eq!(library.calls(), 1_501);
}

#[test]
fn r03_repeats_count_as_calls() {
    let clock = ManualClock::new();
    let mock = MockTransport::from_fn(|request| {
        let is_repeat = request.number().is_multiple_of(2);
        Ok(if is_repeat { Reply::stored() } else { Reply::error(408, "Slow") })
    });
    let client = builder(mock, clock.clone()).random(Drawn::same(0)).build();
    for _ in 0..50 {
        client.upload(&upload()).unwrap();
    }
    assert_eq!(clock.now(), Duration::ZERO);
    client.upload(&upload()).unwrap();
    assert_eq!(clock.now(), seconds(60));
}

/// Uploads from so many threads at once, shared out as evenly as can be, and returns when the last has ended.
fn many(threads: usize, uploads: usize) -> (Duration, FakeLibrary) {
    let clock = ManualClock::new();
    let library = library(&clock);
    let client = builder(library.clone(), clock.clone()).build();
    let registrations: Vec<_> = (0..threads).map(|_| clock.register()).collect();
    std::thread::scope(|scope| {
        for (thread, registration) in registrations.into_iter().enumerate() {
            let client = client.clone();
            scope.spawn(move || {
                let _registration = registration;
                for n in (thread..uploads).step_by(threads) {
                    let name = format!("{n}.ps1").parse().unwrap();
                    client.upload(&Upload::new(name, b"x")).unwrap();
                }
            });
        }
    });
    (clock.now(), library)
}

#[test]
fn r04_threads_with_clones_of_one_client_share_one_window() {
    let (ended, library) = many(16, 160);
    assert_eq!((ended, library.calls()), (seconds(60), 160));
}

#[test]
fn uploads_of_many_threads_end_at_the_earliest_instant_that_the_windows_allow() {
    // The service counts them all, and refuses none: every call that it got stored a file.
    for (uploads, end) in [(300, 120), (301, 180)] {
        let (ended, library) = many(8, uploads);
        assert_eq!((ended, library.calls()), (seconds(end), uploads as u64));
        assert_eq!(library.names().len(), uploads);
    }
}

#[test]
fn r06_a_wait_beyond_the_deadline_is_not_begun() {
    let clock = ManualClock::new();
    let client = builder(library(&clock), clock.clone()).deadline(seconds(59)).build();
    for _ in 0..100 {
        client.upload(&overriding()).unwrap();
    }
    let error = expect_error!(client.upload(&overriding()).unwrap_err(), Throttled, "");
    assert_eq!((error.is_local(), error.retry_after()), (true, Some(seconds(60))));
    assert_eq!(clock.now(), Duration::ZERO);
}

/// Whatever somebody sets the time of day to.
#[derive(Debug)]
struct Stepping(ManualClock);

impl Clock for Stepping {
    fn now(&self) -> Duration {
        self.0.now()
    }

    fn time_of_day(&self) -> SystemTime {
        let hours_back_and_forth =
            [0, 2].into_iter().cycle().nth(self.0.now().subsec_nanos() as usize);
        SystemTime::UNIX_EPOCH + seconds(3_600) * hours_back_and_forth.unwrap()
    }

    fn wait(&self, until: Option<Duration>, ready: &mut dyn FnMut() -> bool) -> bool {
        self.0.wait(until, ready)
    }

    fn notify(&self) {
        self.0.notify();
    }
}

#[test]
fn r07_a_clock_that_is_set_back_or_forward_changes_nothing() {
    let clock = ManualClock::new();
    let client = builder(library(&clock), Stepping(clock.clone())).build();
    for n in 0..150 {
        client.upload(&overriding()).unwrap();
        assert_eq!(clock.now(), seconds(if n < 100 { 0 } else { 60 }), "call {n}");
    }
}

/// Panics once.
#[derive(Debug)]
struct Panicking {
    library: FakeLibrary,
    is_next: AtomicBool,
}

impl Transport for Panicking {
    fn send(
        &self,
        request: http::Request<Body<'_>>,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        assert!(!self.is_next.swap(false, Ordering::SeqCst), "a broken transport");
        self.library.send(request)
    }
}

#[test]
fn r08_a_panic_frees_its_slot_and_locks_nothing() {
    let clock = ManualClock::new();
    let transport = Panicking { library: library(&clock), is_next: AtomicBool::new(true) };
    let client = builder(transport, clock.clone()).build();
    let panic = catch_unwind(AssertUnwindSafe(|| client.upload(&overriding()))).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"a broken transport"));
    for _ in 0..99 {
        client.upload(&overriding()).unwrap();
    }
    assert_eq!(clock.now(), Duration::ZERO, "the panic counted as one call");
    client.upload(&overriding()).unwrap();
    assert_eq!(clock.now(), seconds(60));
}

#[test]
fn a_refusal_for_the_rate_holds_all_calls_back() {
    let clock = ManualClock::new();
    let mock = MockTransport::new()
        .reply(Reply::error(429, "TooManyRequests").header("retry-after", "90"))
        .reply(Reply::stored());
    let client = builder(mock.clone(), clock.clone()).build();
    client.upload(&upload()).unwrap_err();
    assert_eq!(clock.now(), Duration::ZERO, "90 s are more than a repeat may wait");
    client.clone().upload(&upload()).unwrap();
    assert_eq!(clock.now(), seconds(90));
}

#[test]
fn a_refusal_for_ever_holds_calls_back_for_an_hour_at_most() {
    let clock = ManualClock::new();
    let mock = MockTransport::new()
        .reply(Reply::error(429, "TooManyRequests").header("retry-after", "1000000000000"))
        .reply(Reply::stored());
    let client = builder(mock.clone(), clock.clone()).build();
    client.upload(&upload()).unwrap_err();
    client.upload(&upload()).unwrap();
    assert_eq!(clock.now(), seconds(3_600));
}

#[test]
fn a_client_that_does_not_count_is_told_by_the_service() {
    let clock = ManualClock::new();
    let client = builder(library(&clock), clock.clone()).pacing(Pacing::Off).build();
    for _ in 0..100 {
        client.upload(&overriding()).unwrap();
    }
    client.upload(&overriding()).unwrap();
    assert_eq!(clock.now(), seconds(60), "by Retry-After");
}
