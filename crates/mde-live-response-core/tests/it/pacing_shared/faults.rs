//! Stores that fail, are busy, or keep what nobody can read.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response_core::{
    Call, CancelToken, Client, Clock, Error, Event, Observer, RetryPolicy,
};
use mde_live_response_mock::{ManualClock, MockTransport, Reply};

use super::{CancelAfter, Shelf, builder, ledger_text, library, overriding, seconds};
use crate::support::{Drawn, upload};

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
    shelf.fail(io::ErrorKind::StorageFull, 1_000);
    for _ in 0..41 {
        client.upload(&overriding()).unwrap();
    }
    assert_eq!(clock.now(), seconds(60));
    assert_eq!(library.calls(), 101, "none refused");
    let told = failures.0.lock().unwrap().clone();
    assert_eq!(told.len(), 41, "once for each call");
    assert_eq!(told[0], "upload collect-dns.ps1: no storage space");
}

#[test]
fn a_store_that_can_be_had_again_learns_what_it_missed() {
    let (clock, shelf) = (ManualClock::new(), Arc::<Shelf>::default());
    let library = library(&clock);
    let client = builder(library.clone(), clock.clone(), &shelf).build();
    shelf.fail(io::ErrorKind::StorageFull, 1_000);
    for _ in 0..60 {
        client.upload(&overriding()).unwrap();
    }
    shelf.fail(io::ErrorKind::StorageFull, 0);
    client.upload(&overriding()).unwrap();
    let other = builder(library.clone(), clock.clone(), &shelf).build();
    for _ in 0..39 {
        other.upload(&overriding()).unwrap();
    }
    assert_eq!(clock.now(), Duration::ZERO, "61 and 39 are a hundred");
    other.upload(&overriding()).unwrap();
    assert_eq!((clock.now(), library.calls()), (seconds(60), 101), "none refused");
}

/// Begun without the store, and on its way when another call finds the store again.
#[test]
fn a_store_learns_of_calls_that_are_on_their_way_without_it() {
    let (clock, shelf) = (ManualClock::new(), Arc::<Shelf>::default());
    let within: Arc<Mutex<Option<Client>>> = Arc::default();
    let transport = {
        let (within, shelf) = (Arc::clone(&within), Arc::clone(&shelf));
        MockTransport::from_fn(move |_| {
            shelf.fail(io::ErrorKind::StorageFull, 0);
            let client = within.lock().unwrap().take();
            if let Some(client) = client {
                client.upload(&overriding()).unwrap();
                assert!(shelf.kept().contains(r#""running":[["#), "{}", shelf.kept());
            }
            Ok(Reply::stored())
        })
    };
    let client = builder(transport, clock.clone(), &shelf).build();
    *within.lock().unwrap() = Some(client.clone());
    shelf.fail(io::ErrorKind::StorageFull, 1);
    client.upload(&overriding()).unwrap();
    assert!(shelf.kept().contains(r#""running":[]"#), "{}", shelf.kept());
}

#[test]
fn a_call_tells_once_of_a_store_that_fails_however_often_it_is_repeated() {
    let (clock, shelf) = (ManualClock::new(), Arc::<Shelf>::default());
    let failures = Failures::default();
    let mock = MockTransport::from_fn(|request| {
        let is_last = request.number().is_multiple_of(3);
        Ok(if is_last { Reply::stored() } else { Reply::error(408, "Slow") })
    });
    let client = builder(mock, clock.clone(), &shelf)
        .retry(RetryPolicy::DEFAULT)
        .random(Drawn::same(0))
        .observer(failures.clone())
        .build();
    for calls in 1..=2 {
        // Not those of the pauses alone: nobody waits twice for a store that is stuck.
        let begun = clock.now();
        shelf.fail(io::ErrorKind::WouldBlock, 10_000);
        client.upload(&overriding()).unwrap();
        assert_eq!(failures.0.lock().unwrap().len(), calls);
        let took = clock.now().saturating_sub(begun);
        assert!(took < seconds(3), "{took:?}");
    }
}

/// Two seconds of a call may pass on the way to the store: what others do meanwhile is not in its future.
#[test]
fn calls_that_end_while_another_is_on_its_way_to_the_store_keep_their_time() {
    let (clock, shelf) = (ManualClock::new(), Arc::<Shelf>::default());
    let library = library(&clock);
    let other = builder(library.clone(), clock.clone(), &shelf).build();
    *shelf.meanwhile.lock().unwrap() = {
        let clock = clock.clone();
        Some(Box::new(move || {
            clock.advance(seconds(1));
            (0..100).for_each(|_| drop(other.upload(&overriding()).unwrap()));
        }))
    };
    let client = builder(library.clone(), clock.clone(), &shelf).build();
    client.upload(&overriding()).unwrap();
    assert_eq!((clock.now(), library.calls()), (seconds(61), 101), "none refused");
}

#[test]
fn the_end_of_a_call_is_told_to_a_store_that_is_busy_for_a_moment() {
    let (clock, shelf) = (ManualClock::new(), Arc::<Shelf>::default());
    let transport = {
        let shelf = Arc::clone(&shelf);
        MockTransport::from_fn(move |_| {
            shelf.fail(io::ErrorKind::WouldBlock, 2);
            Ok(Reply::stored())
        })
    };
    builder(transport, clock.clone(), &shelf).build().upload(&upload()).unwrap();
    assert!(shelf.kept().contains(r#""running":[]"#), "{}", shelf.kept());
}

#[test]
fn a_store_that_is_busy_is_tried_again_for_two_seconds() {
    let (clock, shelf) = (ManualClock::new(), Arc::<Shelf>::default());
    let failures = Failures::default();
    let client = builder(library(&clock), clock.clone(), &shelf).observer(failures.clone()).build();
    shelf.fail(io::ErrorKind::WouldBlock, 3);
    client.upload(&overriding()).unwrap();
    assert_eq!(clock.now(), Duration::from_millis(15));
    assert!(failures.0.lock().unwrap().is_empty());

    shelf.fail(io::ErrorKind::WouldBlock, 1_000);
    client.upload(&overriding()).unwrap();
    assert_eq!(clock.now(), Duration::from_millis(2_030));
    assert_eq!(failures.0.lock().unwrap().len(), 1);
}

#[test]
fn a_cancel_is_heard_while_a_store_is_busy() {
    let (clock, shelf) = (ManualClock::new(), Arc::<Shelf>::default());
    shelf.fail(io::ErrorKind::WouldBlock, 1_000);
    let cancel = CancelToken::new();
    let at_first = CancelAfter(clock.clone(), cancel.clone());
    let client = builder(MockTransport::new(), at_first, &shelf).build().cancelled_by(&cancel);
    assert!(matches!(client.upload(&upload()), Err(Error::Cancelled(_))));
}

#[test]
fn what_cannot_be_read_counts_as_nothing() {
    // The clock's own begin, 2026-01-01, and the largest that can be written.
    let (now, huge) = ("1767225600000", "18446744073709551615");
    let open = ["0", "0"];
    let times = |many: usize, text: &str| vec![text; many].join(",");
    let running = |from: &str| format!(r#"["a1",{from},{huge}]"#);
    for (kept, waits) in [
        ("garbage".to_owned(), 0),
        ("\0".to_owned(), 0),
        ("{}".to_owned(), 0),
        (r#"{"format":2,"ledger":{}}"#.to_owned(), 0),
        (ledger_text(open, r#"["not a number",0,0]"#, &times(100, now)), 0),
        (ledger_text(open, "", &times(50_000, "0")), 0),
        (ledger_text(open, "", &times(100, now)), 60),
        (ledger_text(open, "", &times(100, huge)), 60),
        (ledger_text(open, "", &times(50_000, now)), 3_600),
        // Nothing is believed to last longer than the longest window.
        (ledger_text([now, huge], "", ""), 3_600),
        (ledger_text(["0", huge], "", ""), 0),
        (ledger_text([huge, huge], "", ""), 0),
        (ledger_text(open, &running(now), ""), 0),
        (ledger_text(open, &times(50_000, &running("0")), ""), 0),
        (ledger_text(open, &times(100, &running(huge)), ""), 60),
    ] {
        let (clock, shelf) = (ManualClock::new(), Arc::<Shelf>::default());
        *shelf.bytes.lock().unwrap() = kept.clone().into_bytes();
        let client = builder(library(&clock), clock.clone(), &shelf).build();
        client.upload(&upload()).unwrap();
        assert_eq!(clock.now(), seconds(waits), "case: {kept:.100}");
        let kept = shelf.kept();
        assert!(kept.len() < 100_000 && !kept.contains(huge), "case: {kept:.100}");
    }
}
