//! How long the service asks to wait. The error reports exactly that.

use std::time::Duration;

use mde_live_response_core::http::HeaderValue;
use mde_live_response_core::policy::RetryPolicy;
use mde_live_response_core::{Effect, Error, ErrorKind};
use mde_live_response_mock::{MockTransport, Reply};

use crate::support::{answer, failure, upload};

#[track_caller]
fn throttled(status: u16, headers: &[(&str, &str)]) -> Error {
    let error = failure(answer(status, headers, r#"{"error":{"code":"TooManyRequests"}}"#));
    assert_eq!(error.kind(), &ErrorKind::Throttled { local: false }, "{headers:?}");
    let facts = (error.effect(), error.is_retryable(), error.code());
    assert_eq!(facts, (Effect::NotApplied, true, Some("TooManyRequests")), "{headers:?}");
    error
}

#[track_caller]
fn assert_wait(headers: &[(&str, &str)], expected: Option<Duration>) {
    assert_eq!(throttled(429, headers).retry_after(), expected, "case: {headers:?}");
}

#[expect(clippy::unnecessary_wraps, reason = "the tests compare options")]
const fn seconds(n: u64) -> Option<Duration> {
    Some(Duration::from_secs(n))
}

#[expect(clippy::unnecessary_wraps, reason = "the tests compare options")]
const fn millis(n: u64) -> Option<Duration> {
    Some(Duration::from_millis(n))
}

#[test]
fn a_number_is_seconds() {
    for (value, expected) in
        [("2", 2), ("30", 30), (" 2 ", 2), ("007", 7), ("301", 301), ("3600", 3600)]
    {
        assert_wait(&[("retry-after", value)], seconds(expected));
    }
}

#[test]
fn the_help_depends_on_whether_a_time_is_named() {
    let help = |headers| throttled(429, headers).help().unwrap();
    assert_ne!(help(&[("retry-after", "2")]), help(&[]));
}

#[test]
fn a_date_counts_from_the_answers_date() {
    let date = ("date", "Fri, 31 Dec 1999 23:59:59 GMT");
    for at in [
        "Sat, 01 Jan 2000 00:00:29 GMT",
        "Saturday, 01-Jan-00 00:00:29 GMT",
        "Sat Jan  1 00:00:29 2000",
    ] {
        assert_wait(&[date, ("retry-after", at)], seconds(30));
    }
    for past in [
        "Fri, 31 Dec 1999 23:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Friday, 31-Dec-99 00:00:00 GMT",
    ] {
        assert_wait(&[date, ("retry-after", past)], seconds(0));
    }
    let old =
        [("date", "Friday, 31-Dec-99 23:59:59 GMT"), ("retry-after", "Sat Jan  1 00:00:29 2000")];
    assert_wait(&old, seconds(30));
}

/// The mock's clock starts at 2026-01-01T00:00:00Z.
#[test]
fn a_date_counts_from_the_clients_clock_if_the_answer_has_no_date() {
    for (at, expected) in [
        ("Thu, 01 Jan 2026 01:00:00 GMT", seconds(3_600)),
        ("Sat, 01 Jan 2000 00:00:00 GMT", seconds(0)),
    ] {
        for date in [None, Some("yesterday")] {
            let mut reply = Reply::status(429).header("retry-after", at);
            if let Some(date) = date {
                reply = reply.header("date", date);
            }
            let mock = MockTransport::new().reply(reply);
            let client = mock.client_builder().retry(RetryPolicy::NONE).build();
            let error = client.upload(&upload()).unwrap_err();
            assert_eq!(error.retry_after(), expected, "case: {at}, {date:?}");
        }
    }
}

#[test]
fn a_date_in_an_impossible_year_counts_as_absent() {
    for at in [
        "Mon, 01 Jan 0001 00:00:00 GMT",
        "Fri, 31 Dec 1969 23:59:59 GMT",
        "Sat, 01 Jan 10000 00:00:00 GMT",
    ] {
        assert_wait(&[("retry-after", at)], None);
    }
}

#[test]
fn zero_is_a_wait() {
    assert_wait(&[("retry-after", "0")], seconds(0));
    assert_wait(&[("retry-after-ms", "0"), ("retry-after", "5")], seconds(0));
}

#[test]
fn a_malformed_wait_counts_as_absent() {
    for value in [
        "-5",
        "1.5",
        "+3",
        "120junk",
        "",
        " ",
        "NaN",
        "1e3",
        "0x10",
        "1 2",
        "1,2",
        "2s",
        "soon",
        "\t",
        "Sat, 01 Jan 2000 00:00:29",
        "Sat, 01 Jan 2000 00:00:29 GMT+1",
        "Sat, 01 Jan 2000 00:00:29 CET",
        "Sun, 01 Jan 2000 00:00:29 GMT",
        "Sat, 31 Feb 2000 00:00:29 GMT",
        "Sat, 01 Jan 2000 24:00:29 GMT",
        "2000-01-01T00:00:29Z",
    ] {
        assert_wait(&[("retry-after", value)], None);
        assert_wait(&[("retry-after-ms", value)], None);
        assert_wait(&[("x-ms-retry-after-ms", value), ("retry-after", "7")], seconds(7));
    }
    assert_wait(&[], None);
    // An Arabic-Indic digit, and bytes that are not text.
    for value in ["\u{661}".as_bytes(), b"\xff"] {
        let mut reply = answer(429, &[], "");
        reply.headers_mut().insert("retry-after", HeaderValue::from_bytes(value).unwrap());
        assert_eq!(failure(reply).retry_after(), None, "case: {value:?}");
    }
}

#[test]
fn a_huge_wait_is_kept() {
    assert_wait(&[("retry-after", "1000000000000")], seconds(1_000_000_000_000));
    assert_wait(&[("retry-after", &"9".repeat(30))], seconds(u64::MAX));
    assert_wait(&[("retry-after-ms", &"9".repeat(30))], millis(u64::MAX));
    let date = ("date", "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_wait(&[date, ("retry-after", "Thu, 31 Dec 2099 23:59:59 GMT")], seconds(4_102_444_799));
    assert_wait(
        &[date, ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")],
        seconds(253_402_300_799),
    );
}

#[test]
fn of_several_waits_the_finest_unit_counts_and_then_the_longest() {
    for (headers, expected) in [
        (vec![("retry-after", "2"), ("retry-after", "5"), ("retry-after", "3")], seconds(5)),
        (vec![("retry-after", "junk"), ("retry-after", "3")], seconds(3)),
        (vec![("retry-after", "5"), ("retry-after-ms", "1500")], millis(1500)),
        (
            vec![("retry-after", "5"), ("retry-after-ms", "1500"), ("x-ms-retry-after-ms", "20")],
            millis(20),
        ),
        (vec![("retry-after", "5"), ("x-ms-retry-after-ms", "junk")], seconds(5)),
        (vec![("x-ms-retry-after-ms", "20"), ("x-ms-retry-after-ms", "30")], millis(30)),
        (
            vec![
                ("date", "Fri, 31 Dec 1999 23:59:59 GMT"),
                ("retry-after", "Sat, 01 Jan 2000 00:00:29 GMT"),
                ("retry-after", "20"),
            ],
            seconds(30),
        ),
    ] {
        assert_wait(&headers, expected);
    }
}

#[test]
fn a_503_with_a_wait_is_throttled_and_not_applied() {
    for (header, value, expected) in [
        ("retry-after", "5", seconds(5)),
        ("retry-after-ms", "5", millis(5)),
        ("retry-after", "0", seconds(0)),
    ] {
        let error = throttled(503, &[(header, value)]);
        assert_eq!(error.retry_after(), expected);
        assert_eq!(error.status().unwrap(), 503);
    }
    let junk = failure(answer(503, &[("retry-after", "soon")], ""));
    assert_eq!((junk.kind(), junk.effect()), (&ErrorKind::ServerFailed, Effect::Unknown));
}
