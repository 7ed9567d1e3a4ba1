//! The two rate windows, to the second.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use mde_live_response_mock::FakeLibrary;

use crate::common::{ask, delete, judged, list, post};

/// `None` when the call was taken, else what `Retry-After` says.
fn call(library: &FakeLibrary) -> Option<u64> {
    let answer = list(library);
    if answer.status() == 200 {
        return None;
    }
    assert_eq!(judged(&answer), (429, "TooManyRequests".to_owned()));
    Some(answer.headers().get("retry-after").unwrap().to_str().unwrap().parse().unwrap())
}

/// How many calls are taken before the first refusal, and its wait in seconds.
fn burst(library: &FakeLibrary) -> (usize, u64) {
    let mut taken = 0;
    loop {
        match call(library) {
            None => taken += 1,
            Some(wait) => return (taken, wait),
        }
    }
}

#[test]
fn a_hundred_calls_a_minute_are_taken() {
    let library = FakeLibrary::new();
    assert_eq!(burst(&library), (100, 60));
    library.advance(Duration::from_millis(59_999));
    assert_eq!(burst(&library), (0, 1));
    library.advance(Duration::from_millis(1));
    assert_eq!(burst(&library), (100, 60));
}

#[test]
fn the_minute_slides() {
    let library = FakeLibrary::new();
    for _ in 0..60 {
        assert_eq!(call(&library), None);
    }
    library.advance(Duration::from_secs(30));
    assert_eq!(burst(&library), (40, 30));
    library.advance(Duration::from_millis(29_500));
    assert_eq!(call(&library), Some(1));
    library.advance(Duration::from_millis(500));
    assert_eq!(burst(&library), (60, 30), "the first sixty have left, the forty have not");
}

#[test]
fn the_wait_is_rounded_up() {
    let library = FakeLibrary::new();
    assert_eq!(burst(&library), (100, 60));
    library.advance(Duration::from_nanos(1));
    assert_eq!(call(&library), Some(60));
    library.advance(Duration::from_secs(1));
    assert_eq!(call(&library), Some(59));
}

#[test]
fn who_waits_as_told_is_taken() {
    let library = FakeLibrary::new();
    for _ in 0..100 {
        assert_eq!(call(&library), None);
        library.advance(Duration::from_millis(137));
    }
    let wait = call(&library).unwrap();
    library.advance(Duration::from_secs(wait));
    assert_eq!(call(&library), None);
}

#[test]
fn fifteen_hundred_calls_an_hour_are_taken() {
    let library = FakeLibrary::new();
    for _ in 0..15 {
        for _ in 0..100 {
            assert_eq!(call(&library), None);
        }
        library.advance(Duration::from_secs(60));
    }
    assert_eq!(burst(&library), (0, 3600 - 15 * 60), "the minute is free, the hour is not");
    library.advance(Duration::from_millis((3600 - 15 * 60) * 1000 - 1));
    assert_eq!(call(&library), Some(1));
    library.advance(Duration::from_millis(1));
    assert_eq!(burst(&library), (100, 60), "one minute's calls have left the hour");
}

#[test]
fn refused_calls_do_not_count() {
    let library = FakeLibrary::builder().token("t").build();
    for _ in 0..200 {
        let stranger = ask(&library, "stranger", "GET", "/api/libraryfiles", b"");
        assert_eq!(stranger.status(), 401);
    }
    assert_eq!(burst(&library), (100, 60));
    for _ in 0..50 {
        assert_eq!(call(&library), Some(60));
    }
    library.advance(Duration::from_secs(60));
    assert_eq!(burst(&library), (100, 60));
    assert_eq!(library.calls(), 200 + 101 + 50 + 101);
}

#[test]
fn calls_that_fail_later_do_count() {
    let library = FakeLibrary::new();
    for _ in 0..50 {
        assert_eq!(delete(&library, "a").status(), 404);
        assert_eq!(post(&library, &[]).status(), 400);
    }
    assert_eq!(call(&library), Some(60));
}

#[test]
fn limits_can_be_lifted() {
    let library = FakeLibrary::builder().no_limits().build();
    for _ in 0..2_000 {
        assert_eq!(call(&library), None);
    }
}

#[test]
fn a_clock_that_is_set_back_makes_nobody_wait_longer() {
    let seconds = Arc::new(AtomicU64::new(10_000));
    let clock = Arc::clone(&seconds);
    let now = move || SystemTime::UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::Relaxed));
    let library = FakeLibrary::builder().now(now).build();
    assert_eq!(burst(&library), (100, 60));
    seconds.store(1_000, Ordering::Relaxed);
    assert_eq!(call(&library), Some(60));
    seconds.store(1_060, Ordering::Relaxed);
    assert_eq!(burst(&library), (100, 60));
}
