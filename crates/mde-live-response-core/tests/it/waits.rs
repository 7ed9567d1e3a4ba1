//! H19-H26, H29: how long the service asks to wait. Exactly that is told; nobody waits here.

use std::time::{Duration, SystemTime};

use mde_live_response_core::http::HeaderValue;
use mde_live_response_core::{Delivery, Error};

use crate::support::{answer, expect_error, failure};

#[track_caller]
fn throttled(status: u16, headers: &[(&str, &str)]) -> Error {
    let error = failure(answer(status, headers, r#"{"error":{"code":"TooManyRequests"}}"#));
    assert_eq!(
        (error.delivery(), error.is_retryable()),
        (Delivery::NotDelivered, true),
        "{headers:?}"
    );
    assert_eq!(error.service_code(), Some("TooManyRequests"));
    match error {
        Error::Throttled(_) => error,
        other => panic!("{headers:?}: {other:?}"),
    }
}

#[track_caller]
fn assert_wait(headers: &[(&str, &str)], expected: Option<Duration>) {
    assert_eq!(throttled(429, headers).retry_after(), expected, "case: {headers:?}");
}

#[expect(clippy::unnecessary_wraps, reason = "what is compared is an option")]
const fn seconds(n: u64) -> Option<Duration> {
    Some(Duration::from_secs(n))
}

#[expect(clippy::unnecessary_wraps, reason = "what is compared is an option")]
const fn millis(n: u64) -> Option<Duration> {
    Some(Duration::from_millis(n))
}

#[test]
fn h19_seconds() {
    for (value, expected) in [("2", 2), ("30", 30), (" 2 ", 2), ("007", 7), ("3600", 3600)] {
        assert_wait(&[("retry-after", value)], seconds(expected));
    }
    assert_eq!(
        throttled(429, &[("retry-after", "2")]).to_string(),
        "`collect-dns.ps1`: the service asks for a pause of 2 s (429 TooManyRequests); nothing was stored"
    );
}

#[test]
fn the_help_fits_whether_a_time_is_named_or_not() {
    let help = |headers| throttled(429, headers).help().unwrap();
    let named = help(&[("retry-after", "2")]);
    assert_eq!(named, "wait as long as the service asks, then try again");
    let unnamed = help(&[]);
    assert!(unnamed.contains("wait a minute or more"), "{unnamed}");
}

#[test]
fn h20_date_by_the_servers_clock() {
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

#[test]
fn h20_date_by_the_local_clock() {
    for date in [None, Some(("date", "yesterday"))] {
        let at = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3600));
        let headers: Vec<_> = [("retry-after", at.as_str())].into_iter().chain(date).collect();
        let wait = throttled(429, &headers).retry_after().unwrap();
        assert!((3000..=3600).contains(&wait.as_secs()), "case: {date:?}: {wait:?}");
        let past = [("retry-after", "Sat, 01 Jan 2000 00:00:00 GMT")];
        let headers: Vec<_> = past.into_iter().chain(date).collect();
        assert_wait(&headers, seconds(0));
    }
}

#[test]
fn h20_date_in_no_year_that_can_be() {
    for at in [
        "Mon, 01 Jan 0001 00:00:00 GMT",
        "Fri, 31 Dec 1969 23:59:59 GMT",
        "Sat, 01 Jan 10000 00:00:00 GMT",
    ] {
        assert_wait(&[("retry-after", at)], None);
    }
}

#[test]
fn h21_zero() {
    assert_wait(&[("retry-after", "0")], seconds(0));
    assert_wait(&[("retry-after-ms", "0"), ("retry-after", "5")], seconds(0));
}

#[test]
fn h22_malformed_retry_after_counts_as_absent() {
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
    // An Arabic-Indic one, and bytes that are no text at all.
    for value in ["\u{661}".as_bytes(), b"\xff"] {
        let mut reply = answer(429, &[], "");
        reply.headers_mut().insert("retry-after", HeaderValue::from_bytes(value).unwrap());
        assert_eq!(failure(reply).retry_after(), None, "case: {value:?}");
    }
}

#[test]
fn h23_huge_wait() {
    assert_wait(&[("retry-after", "1000000000000")], seconds(1_000_000_000_000));
    assert_wait(&[("retry-after", &"9".repeat(30))], seconds(u64::MAX));
    assert_wait(&[("retry-after-ms", &"9".repeat(30))], millis(u64::MAX));
    let date = ("date", "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_wait(&[date, ("retry-after", "Thu, 31 Dec 2099 23:59:59 GMT")], seconds(4_102_444_799));
    assert_wait(
        &[date, ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")],
        seconds(253_402_300_799),
    );
    let shown = throttled(429, &[("retry-after", &"9".repeat(30))]).to_string();
    assert!(shown.contains("a pause of 18446744073709551615 s"), "{shown}");
}

#[test]
fn h24_more_than_one_wait() {
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
fn h25_throttled_without_end() {
    let error = throttled(429, &[]);
    assert_eq!(error.retry_after(), None);
    assert_eq!(expect_error!(error, Throttled, "").status().unwrap(), 429);
}

#[test]
fn h26_wait_beyond_the_deadline() {
    assert_wait(&[("retry-after", "301")], seconds(301));
}

#[test]
fn h29_503_with_retry_after() {
    for (headers, expected) in [
        (vec![("retry-after", "5")], seconds(5)),
        (vec![("retry-after-ms", "5")], millis(5)),
        (vec![("retry-after", "0")], seconds(0)),
    ] {
        let error = throttled(503, &headers);
        assert_eq!(
            (error.retry_after(), error.status().map(|it| it.as_u16())),
            (expected, Some(503))
        );
    }
    let junk = failure(answer(503, &[("retry-after", "soon")], ""));
    assert_eq!(junk.delivery(), Delivery::Unknown, "a hint that cannot be read is none");
    assert!(matches!(junk, Error::Service(_)), "{junk:?}");
}
