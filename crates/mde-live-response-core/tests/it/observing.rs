//! What an observer receives, and what it can do to a call.

use std::fmt::Write;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response_core::ErrorKind;
use mde_live_response_core::policy::{Call, ClientBuilder, Event, Observer, WaitReason};
use mde_live_response_mock::{MockTransport, Reply};

use crate::support::{Canned, broken, drawn, stored, upload};

/// Records every event, a line each.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<String>>);

impl Diary {
    fn take(&self) -> String {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Diary {
    fn event(&self, call: &Call<'_>, event: &Event<'_>) {
        let mut text = self.0.lock().unwrap();
        write!(text, "#{} {call}: ", call.id()).unwrap();
        match event {
            Event::Attempt { number } => writeln!(text, "attempt {number}"),
            Event::Sent { bytes, of } => writeln!(text, "{bytes} of {of}"),
            Event::Failed { number, error } => writeln!(text, "{number} failed {:?}", error.kind()),
            Event::Waiting { reason, time } => writeln!(text, "waits {time:?} {reason:?}"),
            Event::Succeeded => writeln!(text, "succeeded"),
            Event::Ended { error } => writeln!(text, "ended {:?}", error.kind()),
            other => panic!("not known: {other:?}"),
        }
        .unwrap();
    }
}

fn builder(mock: &MockTransport, diary: &Diary) -> ClientBuilder {
    mock.client_builder().random(drawn(&[0xff])).observer(diary.clone())
}

#[track_caller]
fn assert_told(diary: &Diary, expected: &[&str]) {
    let told = diary.take();
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn attempts_bytes_waits_and_results_are_reported() {
    let diary = Diary::default();
    let mock = MockTransport::new()
        .reply(Reply::status(429).header("retry-after", "30"))
        .reply(Reply::refused_connection())
        .reply(Reply::stored());
    builder(&mock, &diary).build().upload(&upload()).unwrap();
    assert_told(
        &diary,
        &[
            "#1 upload collect-dns.ps1: attempt 1",
            "#1 upload collect-dns.ps1: 443 of 443",
            "#1 upload collect-dns.ps1: 1 failed Throttled { local: false }",
            "#1 upload collect-dns.ps1: waits Some(30s) RetryAfter",
            "#1 upload collect-dns.ps1: attempt 2",
            "#1 upload collect-dns.ps1: 2 failed Transport(Connect)",
            "#1 upload collect-dns.ps1: waits Some(1s) Backoff",
            "#1 upload collect-dns.ps1: attempt 3",
            "#1 upload collect-dns.ps1: 443 of 443",
            "#1 upload collect-dns.ps1: succeeded",
        ],
    );
}

#[test]
fn a_part_of_a_call_has_its_number_and_an_end_of_its_own() {
    let diary = Diary::default();
    let mock = MockTransport::new().reply(Reply::lost()).reply(Reply::status(403));
    builder(&mock, &diary).build().upload(&upload()).unwrap_err();
    assert_told(
        &diary,
        &[
            "#1 upload collect-dns.ps1: attempt 1",
            "#1 upload collect-dns.ps1: 443 of 443",
            "#1 upload collect-dns.ps1: 1 failed Transport(Receive)",
            "#1 list collect-dns.ps1: attempt 1",
            "#1 list collect-dns.ps1: 1 failed Forbidden",
            "#1 list collect-dns.ps1: ended Forbidden",
            "#1 upload collect-dns.ps1: ended Transport(Receive)",
        ],
    );
}

#[test]
fn a_wait_for_the_rate_limit_is_reported_once_with_its_window() {
    let diary = Diary::default();
    let mock = MockTransport::from_fn(|_| Reply::stored());
    let client = builder(&mock, &diary).build();
    for _ in 0..100 {
        client.upload(&upload()).unwrap();
    }
    diary.take();
    client.upload(&upload()).unwrap();
    assert_told(
        &diary,
        &[
            "#101 upload collect-dns.ps1: waits Some(60s) MinuteLimit",
            "#101 upload collect-dns.ps1: attempt 1",
            "#101 upload collect-dns.ps1: 443 of 443",
            "#101 upload collect-dns.ps1: succeeded",
        ],
    );
    assert_ne!(WaitReason::MinuteLimit.to_string(), WaitReason::HourLimit.to_string());
}

/// Calls a function with every number of sent bytes.
struct At<F>(F);

impl<F: Fn(u64, u64) + Send + Sync> Observer for At<F> {
    fn event(&self, _: &Call<'_>, event: &Event<'_>) {
        if let Event::Sent { bytes, of } = event {
            (self.0)(*bytes, *of);
        }
    }
}

/// Also at the last byte: the bytes that complete the request are then not given out.
#[test]
fn a_panic_of_an_observer_propagates_and_nothing_completes_the_request() {
    for at_end in [false, true] {
        let got = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&got);
        let transport = Canned::with(move |exchange, _| {
            let mut piece = [0; 64];
            while let n @ 1.. = exchange.read(&mut piece).map_err(broken)? {
                seen.lock().unwrap().extend_from_slice(&piece[..n]);
            }
            Ok(stored())
        });
        let is_armed = Arc::new(Mutex::new(true));
        let armed = Arc::clone(&is_armed);
        let observer = At(move |bytes, of| {
            let is_time = if at_end { bytes == of } else { bytes >= 100 };
            let is_armed = *armed.lock().unwrap();
            assert!(!(is_armed && is_time), "a broken observer");
        });
        let client = transport.builder().observer(observer).build();
        catch_unwind(AssertUnwindSafe(|| client.upload(&upload()))).unwrap_err();
        assert!(!got.lock().unwrap().is_empty());
        assert!(!got.lock().unwrap().ends_with(b"--\r\n"), "at end: {at_end}");
        *is_armed.lock().unwrap() = false;
        client.upload(&upload()).expect("nothing is poisoned");
    }
}

#[test]
fn the_time_of_a_slow_observer_counts_against_the_deadline() {
    let mock =
        MockTransport::new().reply(Reply::error(429, "TooManyRequests").header("retry-after", "1"));
    let clock = mock.clock();
    let slow = At(move |_, _| clock.advance(Duration::from_secs(400)));
    let error = mock.client_builder().observer(slow).build().upload(&upload()).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Throttled { local: false }, "no time for a retry");
    assert_eq!(mock.clock().now(), Duration::from_secs(400));
    mock.assert_done();
}
