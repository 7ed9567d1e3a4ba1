//! How long the service asks to wait. The error reports exactly that.

use std::time::Duration;

use mde_live_response_core::http::HeaderValue;
use mde_live_response_core::policy::RetryPolicy;
use mde_live_response_core::{Effect, ErrorKind};
use mde_live_response_mock::Reply;

use crate::support::{answer, failure, script, upload};

/// Seconds, milliseconds and dates. Of several waits the finest unit counts, and then the longest.
#[test]
fn waits_that_are_read() {
    const AFTER: &str = "retry-after";
    const MS: &str = "retry-after-ms";
    const X_MS: &str = "x-ms-retry-after-ms";
    let date = ("date", "Fri, 31 Dec 1999 23:59:59 GMT");
    let old_date = ("date", "Friday, 31-Dec-99 23:59:59 GMT");
    let first_date = ("date", "Thu, 01 Jan 1970 00:00:00 GMT");
    let nines = "9".repeat(30);
    let (seconds, millis) = (Duration::from_secs, Duration::from_millis);
    let cases: &[(&[(&str, &str)], Duration)] = &[
        (&[(AFTER, "0")], seconds(0)),
        (&[(AFTER, " 2 ")], seconds(2)),
        (&[(AFTER, "007")], seconds(7)),
        (&[(AFTER, "1000000000000")], seconds(1_000_000_000_000)),
        (&[(AFTER, &nines)], seconds(u64::MAX)),
        (&[(MS, &nines)], millis(u64::MAX)),
        (&[(MS, "0"), (AFTER, "5")], seconds(0)),
        (&[(AFTER, "2"), (AFTER, "5"), (AFTER, "3")], seconds(5)),
        (&[(AFTER, "junk"), (AFTER, "3")], seconds(3)),
        (&[(AFTER, "5"), (MS, "1500"), (X_MS, "20")], millis(20)),
        (&[(AFTER, "5"), (X_MS, "junk")], seconds(5)),
        (&[(X_MS, "20"), (X_MS, "30")], millis(30)),
        // From the answer's date.
        (&[date, (AFTER, "Sat, 01 Jan 2000 00:00:29 GMT"), (AFTER, "20")], seconds(30)),
        (&[date, (AFTER, "Saturday, 01-Jan-00 00:00:29 GMT")], seconds(30)),
        (&[old_date, (AFTER, "Sat Jan  1 00:00:29 2000")], seconds(30)),
        (&[date, (AFTER, "Fri, 31 Dec 1999 23:59:59 GMT")], seconds(0)),
        (&[date, (AFTER, "Thu, 01 Jan 1970 00:00:00 GMT")], seconds(0)),
        (&[first_date, (AFTER, "Fri, 31 Dec 9999 23:59:59 GMT")], seconds(253_402_300_799)),
    ];
    for (headers, expected) in cases {
        for (status, effect) in [(429, Effect::NotApplied), (503, Effect::Unknown)] {
            let error = failure(answer(status, headers, ""));
            let facts = (error.kind(), error.effect(), error.is_retryable());
            let throttled = ErrorKind::Throttled { local: false };
            assert_eq!(facts, (&throttled, effect, true), "case: {headers:?}");
            assert_eq!(error.retry_after(), Some(*expected), "case: {headers:?}");
        }
    }
}

/// The mock's clock starts at 2026-01-01T00:00:00Z.
#[test]
fn a_date_counts_from_the_clients_clock_if_the_answer_has_no_date() {
    let (later, earlier) = ("Thu, 01 Jan 2026 01:00:00 GMT", "Sat, 01 Jan 2000 00:00:00 GMT");
    for (at, seconds) in [(later, 3_600), (earlier, 0)] {
        let reply = || Reply::status(429).header("retry-after", at);
        for reply in [reply(), reply().header("date", "yesterday")] {
            let client = script([reply]).client_builder().retry(RetryPolicy::NONE).build();
            let error = client.upload(&upload()).unwrap_err();
            assert_eq!(error.retry_after(), Some(Duration::from_secs(seconds)), "case: {at}");
        }
    }
}

#[test]
fn a_malformed_wait_counts_as_absent() {
    // The last but one is an Arabic-Indic digit; the last stands for bytes that are not text.
    let words = ["-5", "1.5", "+3", "120junk", "", " ", "1e3", "0x10", "1 2", "1,2", "2s", "soon"];
    for value in words.into_iter().chain([
        "\t",
        "Sat, 01 Jan 2000 00:00:29",
        "Sat, 01 Jan 2000 00:00:29 GMT+1",
        "Sat, 01 Jan 2000 00:00:29 CET",
        "Sun, 01 Jan 2000 00:00:29 GMT",
        "Sat, 31 Feb 2000 00:00:29 GMT",
        "Sat, 01 Jan 2000 24:00:29 GMT",
        "2000-01-01T00:00:29Z",
        "Fri, 31 Dec 1969 23:59:59 GMT",
        "Sat, 01 Jan 10000 00:00:00 GMT",
        "\u{661}",
        "\u{ff}",
    ]) {
        let mut reply = answer(429, &[], "");
        let bytes = if value == "\u{ff}" { b"\xff" } else { value.as_bytes() };
        for name in ["retry-after", "retry-after-ms"] {
            reply.headers_mut().insert(name, HeaderValue::from_bytes(bytes).unwrap());
        }
        assert_eq!(failure(reply).retry_after(), None, "case: {value:?}");
    }
    // A 503 without a wait may come from anywhere.
    let junk = failure(answer(503, &[("retry-after", "soon")], ""));
    assert_eq!((junk.kind(), junk.effect()), (&ErrorKind::ServerFailed, Effect::Unknown));
}
