//! A pace that clients share by a store, as processes of one machine do: on one clock, before one library.

mod faults;

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use mde_live_response_core::{
    AccessToken, Call, CancelToken, Client, ClientBuilder, Clock, Endpoint, Error, Event, IfExists,
    Observer, PaceStore, Pacing, Transport, Upload,
};
use mde_live_response_mock::{FakeLibrary, ManualClock, MockTransport, Reply};

use crate::support::{expect_error, upload};

/// What is kept, and who is at it.
#[derive(Default)]
struct Shelf {
    bytes: Mutex<Vec<u8>>,
    /// Errors that come first.
    errors: Mutex<Vec<io::ErrorKind>>,
    /// What happens once while somebody is on the way to it.
    meanwhile: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Shelf {
    fn fail(&self, kind: io::ErrorKind, times: usize) {
        *self.errors.lock().unwrap() = vec![kind; times];
    }

    fn kept(&self) -> String {
        String::from_utf8(self.bytes.lock().unwrap().clone()).unwrap()
    }
}

impl PaceStore for Shelf {
    fn update(&self, change: &mut dyn FnMut(&[u8]) -> Vec<u8>) -> io::Result<()> {
        if let Some(kind) = self.errors.lock().unwrap().pop() {
            return Err(kind.into());
        }
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some(meanwhile) = meanwhile {
            meanwhile();
        }
        let mut bytes = self.bytes.lock().unwrap();
        *bytes = change(&bytes);
        Ok(())
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shelf")
    }
}

/// What a store keeps, in the form that this version gives it.
fn ledger_text([from, until]: [&str; 2], running: &str, ended: &str) -> String {
    let closed = format!(r#""closed":[{from},{until}]"#);
    format!(r#"{{"format":1,"ledger":{{{closed},"running":[{running}],"ended":[{ended}]}}}}"#)
}

fn library(clock: &ManualClock) -> FakeLibrary {
    let clock = clock.clone();
    FakeLibrary::builder().now(move || clock.time_of_day()).build()
}

fn builder(
    transport: impl Transport + 'static,
    clock: impl Clock + 'static,
    shelf: &Arc<Shelf>,
) -> ClientBuilder {
    let token = AccessToken::new("an-access-token").unwrap();
    Client::builder(Endpoint::COMMERCIAL, token, transport)
        .clock(clock)
        .deadline(Duration::from_secs(86_400))
        .pace_store(Arc::clone(shelf))
}

fn overriding() -> Upload {
    upload().if_exists(IfExists::Override)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn r05_clients_that_share_a_store_share_both_windows() {
    let (clock, shelf) = (ManualClock::new(), Arc::default());
    let library = library(&clock);
    let clients = [(); 2].map(|()| builder(library.clone(), clock.clone(), &shelf).build());
    for n in 0..1_501 {
        clients[n % 2].upload(&overriding()).unwrap();
    }
    // 15 minutes' worth of a hundred each, and then the hour.
    assert_eq!(clock.now(), seconds(3_600));
    assert_eq!(library.calls(), 1_501, "none refused");
}

#[test]
fn r05_threads_of_clients_that_share_a_store_end_at_the_earliest_instant() {
    let (clock, shelf) = (ManualClock::new(), Arc::default());
    let library = library(&clock);
    let clients = [(); 2].map(|()| builder(library.clone(), clock.clone(), &shelf).build());
    let registrations: Vec<_> = (0..8).map(|_| clock.register()).collect();
    thread::scope(|scope| {
        for (n, registration) in registrations.into_iter().enumerate() {
            let client = clients[n % 2].clone();
            scope.spawn(move || {
                let _registration = registration;
                // 301 in all.
                for _ in 0..if n == 0 { 42 } else { 37 } {
                    client.upload(&overriding()).unwrap();
                }
            });
        }
    });
    assert_eq!((clock.now(), library.calls()), (seconds(180), 301), "none refused");
}

#[test]
fn r05_clients_without_a_store_know_nothing_of_each_other() {
    let clock = ManualClock::new();
    let library = library(&clock);
    let token = || AccessToken::new("an-access-token").unwrap();
    let clients = [(); 2].map(|()| {
        Client::builder(Endpoint::COMMERCIAL, token(), library.clone()).clock(clock.clone()).build()
    });
    for n in 0..101 {
        clients[n % 2].upload(&overriding()).unwrap();
    }
    assert_eq!(library.calls(), 102, "the service refused one, and it was repeated");
}

#[test]
fn a_second_run_knows_of_the_first_and_fails_fast_if_told_to() {
    let (clock, shelf) = (ManualClock::new(), Arc::default());
    let library = library(&clock);
    let first = builder(library.clone(), clock.clone(), &shelf).build();
    for _ in 0..100 {
        first.upload(&overriding()).unwrap();
    }
    drop(first);
    clock.advance(seconds(20));
    // A run has a monotonic clock of its own.
    let second = builder(library.clone(), Later(clock.clone()), &shelf);
    let error = second.pacing(Pacing::FailFast).build().upload(&overriding()).unwrap_err();
    let error = expect_error!(error, Throttled, "");
    assert_eq!((error.is_local(), error.retry_after()), (true, Some(seconds(40))));
    assert_eq!(library.calls(), 100);
}

/// The same time of day, counted from elsewhere.
#[derive(Debug)]
struct Later(ManualClock);

impl Clock for Later {
    fn now(&self) -> Duration {
        self.0.now() + seconds(1_000_000)
    }

    fn time_of_day(&self) -> SystemTime {
        self.0.time_of_day()
    }

    fn wait(&self, until: Option<Duration>, ready: &mut dyn FnMut() -> bool) -> bool {
        self.0.wait(until.map(|until| until.saturating_sub(seconds(1_000_000))), ready)
    }

    fn notify(&self) {
        self.0.notify();
    }
}

/// The windows of a store as a process leaves it that is killed while a hundred calls are on their way, each with a
/// deadline of 100 s.
fn of_a_killed_process(clock: &ManualClock) -> Arc<Shelf> {
    let (shelf, all) = (Arc::<Shelf>::default(), Arc::new(Barrier::new(100)));
    let left = Arc::new(Mutex::new(Vec::new()));
    let transport = {
        let (shelf, left) = (Arc::clone(&shelf), Arc::clone(&left));
        MockTransport::from_fn(move |_| {
            if all.wait().is_leader() {
                left.lock().unwrap().clone_from(&shelf.bytes.lock().unwrap());
            }
            all.wait();
            Ok(Reply::stored())
        })
    };
    let client = builder(transport, clock.clone(), &shelf).deadline(seconds(100)).build();
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| client.upload(&overriding()).unwrap());
        }
    });
    shelf.bytes.lock().unwrap().clone_from(&left.lock().unwrap());
    shelf
}

#[test]
fn calls_of_a_killed_process_end_half_a_minute_after_their_deadline() {
    let clock = ManualClock::new();
    let client = builder(library(&clock), clock.clone(), &of_a_killed_process(&clock)).build();
    client.upload(&upload()).unwrap();
    // Looked at every 250 ms while they might still run: to the end at 130 s, and a minute more.
    assert_eq!(clock.now(), seconds(190));
}

#[test]
fn nobody_knows_when_the_calls_of_another_process_end() {
    let clock = ManualClock::new();
    let others = of_a_killed_process(&clock);
    let client = builder(MockTransport::new(), clock.clone(), &others);
    let error = client.pacing(Pacing::FailFast).build().upload(&upload()).unwrap_err();
    let error = expect_error!(error, Throttled, "");
    assert_eq!((error.is_local(), error.retry_after()), (true, None));
    assert_eq!(clock.now(), Duration::ZERO);

    let client = builder(MockTransport::new(), clock.clone(), &others).deadline(seconds(7));
    let error = client.build().upload(&upload()).unwrap_err();
    let error = expect_error!(error, Throttled, "");
    assert_eq!((error.is_local(), error.retry_after()), (true, None));
    assert_eq!(clock.now(), seconds(7));

    let cancel = CancelToken::new();
    let cancelled = CancelAfter(clock.clone(), cancel.clone());
    let client = builder(MockTransport::new(), cancelled, &others).build().cancelled_by(&cancel);
    assert!(matches!(client.upload(&upload()), Err(Error::Cancelled(_))));
    assert_eq!(clock.now(), seconds(7));
}

/// Cancels at the first wait.
#[derive(Debug)]
struct CancelAfter(ManualClock, CancelToken);

impl Clock for CancelAfter {
    fn now(&self) -> Duration {
        self.0.now()
    }

    fn time_of_day(&self) -> SystemTime {
        self.0.time_of_day()
    }

    fn wait(&self, until: Option<Duration>, ready: &mut dyn FnMut() -> bool) -> bool {
        self.1.cancel();
        self.0.wait(until, ready)
    }

    fn notify(&self) {
        self.0.notify();
    }
}

#[test]
fn r07_a_clock_that_was_set_back_or_forward_costs_a_minute_at_most() {
    for (hours_before, waits) in [(-3, 60), (3, 0)] {
        let clock = ManualClock::new();
        clock.advance(seconds(36_000));
        let shelf = Arc::default();
        let before = Shifted::new(&clock, -hours_before);
        let first =
            builder(MockTransport::from_fn(|_| Ok(Reply::stored())), before, &shelf).build();
        for _ in 0..100 {
            first.upload(&overriding()).unwrap();
        }
        let started = clock.now();
        let second = builder(library(&clock), clock.clone(), &shelf).build();
        second.upload(&overriding()).unwrap();
        assert_eq!(clock.now(), started + seconds(waits), "case: {hours_before}");
    }
}

#[test]
fn r07_a_clock_that_was_set_back_leaves_the_ages_of_calls_as_they_were() {
    // A hundred in each of 15 minutes, the last of them now, and the clock is set back by two hours.
    let quarter: Vec<_> = (0..15).map(|n| (7_200 - 60 * n, 100)).collect();
    // Set back by a minute: what was older than that looks younger now, by as much.
    let minute = vec![(60, 50), (20, 50), (-10, 50)];
    for (ended, waits) in [(quarter, 3_600 - 14 * 60), (minute, 50)] {
        let (clock, shelf) = (ManualClock::new(), Arc::<Shelf>::default());
        let now = clock.time_of_day().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let times = ended.iter().flat_map(|(ahead, times)| {
            let millis = now.checked_add_signed(*ahead).unwrap() * 1_000;
            vec![millis.to_string(); *times]
        });
        let text = ledger_text(["0", "0"], "", &times.collect::<Vec<_>>().join(","));
        *shelf.bytes.lock().unwrap() = text.into_bytes();
        let client = || builder(library(&clock), clock.clone(), &shelf);
        let error = client().pacing(Pacing::FailFast).build().upload(&overriding()).unwrap_err();
        assert_eq!(error.retry_after(), Some(seconds(waits)), "case: {ended:?}");
        client().build().upload(&overriding()).unwrap();
        assert_eq!(clock.now(), seconds(waits), "case: {ended:?}");
    }
}

#[test]
fn r07_a_refusal_holds_calls_back_as_long_as_it_did_before_the_clock_was_set_back() {
    let (clock, shelf) = (ManualClock::new(), Arc::default());
    let ahead = Shifted::new(&clock, 2);
    let busy = || Ok(Reply::error(429, "TooManyRequests").header("retry-after", "90"));
    let first = builder(MockTransport::from_fn(move |_| busy()), ahead, &shelf).build();
    first.upload(&upload()).unwrap_err();
    let second = builder(library(&clock), clock.clone(), &shelf).build();
    second.upload(&upload()).unwrap();
    assert_eq!(clock.now(), seconds(90));
}

#[test]
fn r07_calls_of_a_killed_process_end_in_time_though_the_clock_was_set_back() {
    let clock = ManualClock::new();
    clock.advance(seconds(7_200));
    let shelf = of_a_killed_process(&clock);
    let behind = Shifted::new(&clock, -2);
    let client = builder(MockTransport::from_fn(|_| Ok(Reply::stored())), behind, &shelf).build();
    client.upload(&upload()).unwrap();
    assert_eq!(clock.now(), seconds(7_200 + 190));
}

/// Set back or forward in the midst of the hundredth call, and again while the next one waits.
#[test]
fn r07_a_clock_that_is_set_while_calls_run_or_wait_costs_a_minute_each_time_at_most() {
    for (hours, later, waits) in [(-1, -1, 60), (-1, -3, 120), (-1, 5, 60), (1, 1, 0)] {
        let (clock, shelf) = (ManualClock::new(), Arc::default());
        let shifted = Shifted::new(&clock, 0);
        let set = Arc::clone(&shifted.hours);
        let transport = MockTransport::from_fn(move |request| {
            if request.number() == 100 {
                set.store(hours, Ordering::SeqCst);
            }
            Ok(Reply::stored())
        });
        let set = Arc::clone(&shifted.hours);
        let client = builder(transport, shifted, &shelf)
            .observer(WhileWaiting(move || set.store(later, Ordering::SeqCst)))
            .build();
        for _ in 0..100 {
            client.upload(&overriding()).unwrap();
        }
        assert_eq!(clock.now(), Duration::ZERO);
        client.upload(&overriding()).unwrap();
        assert_eq!(clock.now(), seconds(waits), "case: {hours}, {later}");
    }
}

/// Does something whenever a call begins to wait.
struct WhileWaiting<F>(F);

impl<F: Fn() + Send + Sync> Observer for WhileWaiting<F> {
    fn event(&self, _: &Call<'_>, event: &Event<'_>) {
        if let Event::Waiting { .. } = event {
            (self.0)();
        }
    }
}

/// A clock whose time of day is so many hours ahead.
#[derive(Debug)]
struct Shifted {
    clock: ManualClock,
    hours: Arc<AtomicI32>,
}

impl Shifted {
    fn new(clock: &ManualClock, hours: i32) -> Self {
        Self { clock: clock.clone(), hours: Arc::new(AtomicI32::new(hours)) }
    }
}

impl Clock for Shifted {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn time_of_day(&self) -> SystemTime {
        let hours = self.hours.load(Ordering::SeqCst);
        let shift = seconds(3_600) * hours.unsigned_abs();
        let now = self.clock.time_of_day();
        if hours < 0 { now - shift } else { now + shift }
    }

    fn wait(&self, until: Option<Duration>, ready: &mut dyn FnMut() -> bool) -> bool {
        self.clock.wait(until, ready)
    }

    fn notify(&self) {
        self.clock.notify();
    }
}
