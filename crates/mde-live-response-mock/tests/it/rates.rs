//! The two rate windows, to the millisecond.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use mde_live_response_mock::FakeLibrary;

use crate::common::{ask, judged, list, post};

/// Asserts that so many calls are accepted, and that the next is refused for so many seconds.
#[track_caller]
fn assert_accepts(library: &FakeLibrary, calls: usize, wait: Option<u64>) {
    for n in 0..calls {
        assert_eq!(list(library, "t").status(), 200, "call {n}");
    }
    if let Some(wait) = wait {
        let answer = list(library, "t");
        assert_eq!(judged(&answer), (429, "TooManyRequests".to_owned()));
        assert_eq!(answer.headers()["retry-after"], wait.to_string());
    }
}

#[test]
fn p16_p17_p35_a_hundred_calls_a_minute_and_fifteen_hundred_an_hour_are_accepted() {
    let after = |milliseconds, calls, wait| (milliseconds, calls, Some(wait));
    let an_hour = (0..15).map(|n| (if n == 0 { 0 } else { 60_000 }, 100, None));
    for (case, steps) in [
        ("a minute", vec![after(0, 100, 60), after(59_999, 0, 1), after(1, 100, 60)]),
        ("rounded up", vec![after(0, 100, 60), after(1, 0, 60), after(1_000, 0, 59)]),
        (
            "sliding",
            vec![(0, 60, None), after(30_000, 40, 30), after(29_500, 0, 1), after(500, 60, 30)],
        ),
        (
            "an hour",
            an_hour
                .chain([after(60_000, 0, 2_700), after(2_699_999, 0, 1), after(1, 100, 60)])
                .collect(),
        ),
    ] {
        let library = FakeLibrary::new();
        for (milliseconds, calls, wait) in steps {
            println!("case: {case}, after {milliseconds} ms");
            library.advance(Duration::from_millis(milliseconds));
            assert_accepts(&library, calls, wait);
        }
    }
}

#[test]
fn refused_calls_do_not_count_and_calls_that_fail_later_do() {
    let library = FakeLibrary::builder().token("t").build();
    for _ in 0..200 {
        assert_eq!(list(&library, "stranger").status(), 401);
    }
    for _ in 0..50 {
        assert_eq!(ask(&library, "t", "DELETE", "/api/libraryfiles/a", b"").status(), 404);
        assert_eq!(post(&library, &[]).status(), 400);
    }
    for _ in 0..50 {
        assert_accepts(&library, 0, Some(60));
    }
    library.advance(Duration::from_secs(60));
    assert_accepts(&library, 100, Some(60));
    assert_eq!(library.calls(), 200 + 100 + 50 + 101);
}

#[test]
fn a_clock_that_is_set_back_makes_no_call_wait_longer() {
    let seconds = Arc::new(AtomicU64::new(10_000));
    let clock = Arc::clone(&seconds);
    let now = move || SystemTime::UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::Relaxed));
    let library = FakeLibrary::builder().now(now).build();
    assert_accepts(&library, 100, Some(60));
    seconds.store(1_000, Ordering::Relaxed);
    assert_accepts(&library, 0, Some(60));
    seconds.store(1_060, Ordering::Relaxed);
    assert_accepts(&library, 100, Some(60));
}
