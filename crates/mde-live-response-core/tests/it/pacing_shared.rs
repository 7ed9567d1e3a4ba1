//! A pace that clients share by a store, as processes of one machine do: on one clock, before one library.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use mde_live_response_core::{
    AccessToken, Call, CancelToken, Client, ClientBuilder, Clock, Endpoint, Error, Event, IfExists,
    Observer, PaceStore, Pacing, Transport, Upload,
};
use mde_live_response_mock::{FakeLibrary, ManualClock, MockTransport, Reply};

use crate::support::{expect_error, upload};

/// What is kept, and who is at it.
#[derive(Debug, Default)]
struct Shelf {
    bytes: Mutex<Vec<u8>>,
    /// Errors that come first.
    errors: Mutex<Vec<io::ErrorKind>>,
}

impl PaceStore for Shelf {
    fn update(&self, change: &mut dyn FnMut(&[u8]) -> Vec<u8>) -> io::Result<()> {
        if let Some(kind) = self.errors.lock().unwrap().pop() {
            return Err(kind.into());
        }
        let mut bytes = self.bytes.lock().unwrap();
        *bytes = change(&bytes);
        Ok(())
    }
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

/// A process that was killed leaves its calls running; they count until their deadline and half a minute, and a
/// minute more.
#[test]
fn calls_of_a_killed_process_age_out() {
    let (clock, shelf) = (ManualClock::new(), Arc::default());
    let never = MockTransport::from_fn(|_| panic!("killed"));
    let killed = builder(never, clock.clone(), &shelf).deadline(seconds(100)).build();
    for _ in 0..100 {
        let call = std::panic::AssertUnwindSafe(|| {
            let _no_drop = std::mem::ManuallyDrop::new(killed.upload(&upload()));
        });
        std::panic::catch_unwind(call).unwrap_err();
    }
    // Those ended when they unwound. What a kill leaves is written as such:
    let kept = String::from_utf8(shelf.bytes.lock().unwrap().clone()).unwrap();
    let running: Vec<_> = (0..100)
        .map(|n| {
            let at_latest = clock.time_of_day() + seconds(130);
            let millis = at_latest.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
            format!(r#"["{n}",{millis}]"#)
        })
        .collect();
    assert!(kept.contains(r#""running":[]"#), "{kept}");
    let left = format!(
        r#"{{"format":1,"ledger":{{"closed_until":0,"running":[{}],"ended":[]}}}}"#,
        running.join(",")
    );
    *shelf.bytes.lock().unwrap() = left.into_bytes();
    let client = builder(library(&clock), clock.clone(), &shelf).build();
    client.upload(&upload()).unwrap();
    // Looked at every 250 ms while they might still run.
    assert_eq!(clock.now(), seconds(190));
}

#[test]
fn r07_a_clock_that_was_set_back_or_forward_costs_a_minute_at_most() {
    for (hours_before, waits) in [(-3, 60), (3, 0)] {
        let clock = ManualClock::new();
        clock.advance(seconds(36_000));
        let shelf = Arc::default();
        let before = Shifted { clock: clock.clone(), hours: -hours_before };
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

/// A clock whose time of day is so many hours ahead.
#[derive(Debug)]
struct Shifted {
    clock: ManualClock,
    hours: i32,
}

impl Clock for Shifted {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn time_of_day(&self) -> SystemTime {
        let shift = seconds(3_600) * self.hours.unsigned_abs();
        let now = self.clock.time_of_day();
        if self.hours < 0 { now - shift } else { now + shift }
    }

    fn wait(&self, until: Option<Duration>, ready: &mut dyn FnMut() -> bool) -> bool {
        self.clock.wait(until, ready)
    }

    fn notify(&self) {
        self.clock.notify();
    }
}

/// Keeps what is said of the store.
#[derive(Clone, Default)]
struct Failures(Arc<Mutex<Vec<String>>>);

impl Observer for Failures {
    fn event(&self, call: &Call<'_>, event: &Event<'_>) {
        if let Event::PaceStoreFailed { error } = event {
            self.0.lock().unwrap().push(format!("{call}: {error}"));
        }
    }
}

#[test]
fn a_store_that_fails_is_told_and_the_clients_own_count_holds() {
    let (clock, shelf) = (ManualClock::new(), Arc::<Shelf>::default());
    let library = library(&clock);
    let failures = Failures::default();
    let client = builder(library.clone(), clock.clone(), &shelf).observer(failures.clone()).build();
    for _ in 0..60 {
        client.upload(&overriding()).unwrap();
    }
    *shelf.errors.lock().unwrap() = vec![io::ErrorKind::StorageFull; 1_000];
    for _ in 0..41 {
        client.upload(&overriding()).unwrap();
    }
    assert_eq!(clock.now(), seconds(60));
    assert_eq!(library.calls(), 101, "none refused");
    let told = failures.0.lock().unwrap().clone();
    assert_eq!(told.len(), 41, "once for each call");
    assert_eq!(told[0], "upload collect-dns.ps1: no storage space");

    // It is told what it missed when it can be had again.
    shelf.errors.lock().unwrap().clear();
    client.upload(&overriding()).unwrap();
    let kept = String::from_utf8(shelf.bytes.lock().unwrap().clone()).unwrap();
    assert!(kept.contains(r#""running":[]"#), "{kept}");
}

#[test]
fn a_store_that_is_busy_is_tried_again_for_two_seconds() {
    let (clock, shelf) = (ManualClock::new(), Arc::<Shelf>::default());
    let failures = Failures::default();
    let client = builder(library(&clock), clock.clone(), &shelf).observer(failures.clone()).build();
    *shelf.errors.lock().unwrap() = vec![io::ErrorKind::WouldBlock; 3];
    client.upload(&overriding()).unwrap();
    assert_eq!(clock.now(), Duration::from_millis(15));
    assert!(failures.0.lock().unwrap().is_empty());

    *shelf.errors.lock().unwrap() = vec![io::ErrorKind::WouldBlock; 1_000];
    client.upload(&overriding()).unwrap();
    assert_eq!(clock.now(), Duration::from_millis(2_015));
    assert_eq!(failures.0.lock().unwrap().len(), 1);
}

#[test]
fn a_cancel_is_heard_while_a_store_is_busy() {
    let (clock, shelf) = (ManualClock::new(), Arc::<Shelf>::default());
    *shelf.errors.lock().unwrap() = vec![io::ErrorKind::WouldBlock; 1_000];
    let cancel = CancelToken::new();
    let at_first = CancelAfter(clock.clone(), cancel.clone());
    let client = builder(MockTransport::new(), at_first, &shelf).build().cancelled_by(&cancel);
    assert!(matches!(client.upload(&upload()), Err(Error::Cancelled(_))));
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
fn what_cannot_be_read_counts_as_nothing() {
    let huge = "18446744073709551615";
    let ledger = |closed: &str, running: &str, ended: &str| {
        format!(
            r#"{{"format":1,"ledger":{{"closed_until":{closed},"running":[{running}],"ended":[{ended}]}}}}"#
        )
    };
    let many = vec!["0"; 50_000].join(",");
    for (kept, waits) in [
        ("garbage".to_owned(), 0),
        ("{}".to_owned(), 0),
        (r#"{"format":2,"ledger":{}}"#.to_owned(), 0),
        (ledger("0", "", &many), 0),
        // Not for longer than the longest window, however far off it is.
        (ledger(huge, "", ""), 3_600),
        (ledger("0", &format!(r#"["x",{huge}]"#), huge), 0),
    ] {
        let (clock, shelf) = (ManualClock::new(), Arc::<Shelf>::default());
        *shelf.bytes.lock().unwrap() = kept.clone().into_bytes();
        let client = builder(library(&clock), clock.clone(), &shelf).build();
        client.upload(&upload()).unwrap();
        assert_eq!(clock.now(), seconds(waits), "case: {kept:.100}");
        assert!(shelf.bytes.lock().unwrap().len() < 100_000);
    }
}
