//! What an observer receives, and what it can do to a call.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response_core::ErrorKind;
use mde_live_response_core::policy::{CallKind, Event, WaitReason};
use mde_live_response_mock::Reply;

use crate::support::{Canned, NAME, broken, drawn, observing, script, stored, upload};

#[test]
fn attempts_bytes_waits_and_results_are_reported() {
    let asking = Reply::status(429).header("retry-after", "30");
    // How often a file is uploaded, the answers, and what is told of the last call.
    for (times, replies, expected) in [
        (
            1,
            vec![asking, Reply::refused_connection(), Reply::stored()],
            "#1 upload collect-dns.ps1: attempt 1; 443 of 443; 1 failed Throttled { local: false }; \
            waits Some(30s) RetryAfter; attempt 2; 2 failed Transport(Connect); \
            waits Some(1s) Backoff; attempt 3; 443 of 443; succeeded; ",
        ),
        // A part of a call has the call's number and its own end.
        (
            1,
            vec![Reply::lost(), Reply::status(403)],
            "#1 upload collect-dns.ps1: attempt 1; 443 of 443; 1 failed Transport(Receive); \
            #1 list collect-dns.ps1: attempt 1; 1 failed Forbidden; ended Forbidden; \
            #1 upload collect-dns.ps1: ended Transport(Receive); ",
        ),
        (
            101,
            (0..101).map(|_| Reply::stored()).collect(),
            "#101 upload collect-dns.ps1: waits Some(60s) MinuteLimit; attempt 1; 443 of 443; \
            succeeded; ",
        ),
    ] {
        let (mock, diary) = (script(replies), Arc::new(Mutex::new((String::new(), String::new()))));
        let told = Arc::clone(&diary);
        let observer = observing(move |call, event| {
            let (text, before) = &mut *told.lock().unwrap();
            let call = format!("#{} {call}: ", call.id());
            if *before != call {
                *text += &call;
                *before = call;
            }
            let what = match event {
                Event::Attempt { number } => format!("attempt {number}; "),
                Event::Sent { bytes, of } => format!("{bytes} of {of}; "),
                Event::Failed { number, error } => format!("{number} failed {:?}; ", error.kind()),
                Event::Waiting { reason, time } => format!("waits {time:?} {reason:?}; "),
                Event::Succeeded => "succeeded; ".to_owned(),
                Event::Ended { error } => format!("ended {:?}; ", error.kind()),
                other => panic!("not known: {other:?}"),
            };
            *text += &what;
        });
        let client = mock.client_builder().random(drawn(&[0xff])).observer(observer).build();
        for _ in 0..times {
            diary.lock().unwrap().0.clear();
            let _ = client.upload(&upload());
        }
        mock.assert_done();
        assert_eq!(diary.lock().unwrap().0, expected);
    }
}

/// Also at the last byte: the bytes that complete the request are then not given out.
#[test]
fn a_panic_of_an_observer_propagates_and_nothing_completes_the_request() {
    for at_end in [false, true] {
        let (got, is_armed) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(true)));
        let (seen, armed) = (Arc::clone(&got), Arc::clone(&is_armed));
        let transport = Canned::with(move |exchange, _| {
            let mut piece = [0; 64];
            while let n @ 1.. = exchange.read(&mut piece).map_err(broken)? {
                seen.lock().unwrap().extend_from_slice(&piece[..n]);
            }
            Ok(stored())
        });
        let observer = observing(move |_, event| {
            let Event::Sent { bytes, of } = event else { return };
            let is_time = if at_end { bytes == of } else { *bytes >= 100 };
            assert!(!(armed.load(Ordering::SeqCst) && is_time), "a broken observer");
        });
        let client = transport.builder().observer(observer).build();
        catch_unwind(AssertUnwindSafe(|| client.upload(&upload()))).unwrap_err();
        assert!(!got.lock().unwrap().is_empty());
        assert!(!got.lock().unwrap().ends_with(b"--\r\n"), "at end: {at_end}");
        is_armed.store(false, Ordering::SeqCst);
        client.upload(&upload()).expect("nothing is poisoned");
    }
}

#[test]
fn the_time_of_a_slow_observer_counts_against_the_deadline() {
    let mock = script([Reply::error(429, "TooManyRequests").header("retry-after", "1")]);
    let clock = mock.clock();
    let slow = observing(move |_, event| {
        if matches!(event, Event::Sent { .. }) {
            clock.advance(Duration::from_secs(400));
        }
    });
    let error = mock.client_builder().observer(slow).build().upload(&upload()).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Throttled { local: false }, "no time for a retry");
    assert_eq!(mock.clock().now(), Duration::from_secs(400));
    mock.assert_done();
}

#[test]
fn a_call_and_a_reason_to_wait_have_words_for_a_log() {
    let mock = script([Reply::stored(), Reply::json(200, r#"{"value":[]}"#)]);
    let calls = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&calls);
    let observer = observing(move |call, event| {
        if matches!(event, Event::Succeeded) {
            let file = call.file().map(ToString::to_string);
            told.lock().unwrap().push((call.id(), call.kind(), file, call.to_string()));
        }
    });
    // An `Arc` of an observer is one, too.
    let client = mock.client_builder().observer(Arc::new(observer)).build();
    client.upload(&upload()).unwrap();
    assert_eq!(client.list().count(), 0);
    assert_eq!(
        *calls.lock().unwrap(),
        [
            (1, CallKind::Upload, Some(NAME.to_owned()), "upload collect-dns.ps1".to_owned()),
            (2, CallKind::List, None, "list".to_owned()),
        ]
    );
    for (reason, words) in [
        (WaitReason::MinuteLimit, "rate limit per minute"),
        (WaitReason::HourLimit, "rate limit per hour"),
        (WaitReason::Throttled, "the service throttled an earlier call"),
        (WaitReason::RetryAfter, "the service asks for it"),
        (WaitReason::Backoff, "backoff"),
        (WaitReason::Token, "another call is getting a token"),
    ] {
        assert_eq!(reason.to_string(), words);
    }
}
