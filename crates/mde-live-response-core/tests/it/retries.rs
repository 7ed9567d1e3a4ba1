//! When a call is sent again, on a clock that a test moves: what happened, and what came of it.

use std::time::Duration;

use mde_live_response_core::{
    AccessToken, Client, ClientBuilder, Delivery, Endpoint, Error, IfExists, Phase, RetryPolicy,
    TransportError, TransportErrorKind,
};
use mde_live_response_mock::{ManualClock, MockTransport, Reply};

use crate::support::{Drawn, expect_error, upload};

use IfExists::{Fail, Override};

/// A client whose backoff is always the longest that it may be.
fn builder(mock: &MockTransport, clock: &ManualClock) -> ClientBuilder {
    let token = AccessToken::new("an-access-token").unwrap();
    Client::builder(Endpoint::COMMERCIAL, token, mock.clone())
        .retry(RetryPolicy::DEFAULT.resolve_unknown(false))
        .clock(clock.clone())
        .random(Drawn::same(0xff))
}

fn client(mock: &MockTransport, clock: &ManualClock) -> Client {
    builder(mock, clock).build()
}

fn lost(kind: TransportErrorKind, delivery: Delivery) -> MockTransport {
    MockTransport::new().fail(TransportError::new(kind, delivery))
}

fn said(status: u16) -> MockTransport {
    MockTransport::new().reply(Reply::error(status, "SomeCode"))
}

#[test]
fn a_failed_attempt_is_repeated_only_when_that_is_harmless() {
    use Delivery::{NotDelivered, Unknown};
    use TransportErrorKind as Kind;
    let receiving = Kind::Timeout(Phase::Receive);
    let hinted = |status| {
        MockTransport::new().reply(Reply::error(status, "Busy").header("retry-after", "1"))
    };
    let page = || MockTransport::new().reply(Reply::json(200, "<html>"));
    // What happened, what the upload says of an existing file, and what is known if it is not repeated.
    let cases: Vec<(&str, MockTransport, IfExists, Option<Delivery>)> = vec![
        ("t01 not resolved", lost(Kind::Resolve, NotDelivered), Fail, None),
        ("t03 refused", lost(Kind::Connect, NotDelivered), Fail, None),
        ("t05 connecting", lost(Kind::Timeout(Phase::Connect), NotDelivered), Fail, None),
        ("t07 no TLS", lost(Kind::Tls, NotDelivered), Fail, None),
        ("t10 reset in the body", lost(Kind::Send, NotDelivered), Fail, None),
        ("t15 stalled", lost(Kind::Timeout(Phase::Send), NotDelivered), Fail, None),
        ("t36 no handles", lost(Kind::Local, NotDelivered), Fail, None),
        ("t06 certificate", lost(Kind::Certificate, NotDelivered), Override, Some(NotDelivered)),
        ("t34 proxy", lost(Kind::Proxy, NotDelivered), Override, Some(NotDelivered)),
        ("t25 too large", lost(Kind::ResponseTooLarge, Unknown), Override, Some(Unknown)),
        ("t11 lost answer, no override", lost(Kind::Receive, Unknown), Fail, Some(Unknown)),
        ("t11 lost answer, override", lost(Kind::Receive, Unknown), Override, None),
        ("t17 silence, no override", lost(receiving, Unknown), Fail, Some(Unknown)),
        ("t17 silence, override", lost(receiving, Unknown), Override, None),
        ("t23 no HTTP, no override", lost(Kind::Protocol, Unknown), Fail, Some(Unknown)),
        ("t23 no HTTP, override", lost(Kind::Protocol, Unknown), Override, None),
        ("h05 a page, no override", page(), Fail, Some(Unknown)),
        ("h05 a page, override", page(), Override, None),
        ("h13 408", said(408), Fail, None),
        ("h27 500", said(500), Fail, Some(Unknown)),
        ("h27 502", said(502), Fail, Some(Unknown)),
        ("h27 503 without a hint", said(503), Fail, Some(Unknown)),
        ("h27 504", said(504), Fail, Some(Unknown)),
        ("h28 500, override", said(500), Override, None),
        ("h28 504, override", said(504), Override, None),
        ("h29 503 with a hint", hinted(503), Fail, None),
        ("h19 429", hinted(429), Fail, None),
        ("h30 501", said(501), Override, Some(Unknown)),
        ("h11 405", said(405), Override, Some(NotDelivered)),
        ("h14 409", said(409), Override, Some(NotDelivered)),
        ("h15 413", said(413), Override, Some(NotDelivered)),
        ("h31 302", said(302), Override, Some(NotDelivered)),
        ("a11 403", said(403), Override, Some(NotDelivered)),
    ];
    for (case, mock, if_exists, ends_with) in cases {
        let mock = mock.reply(Reply::stored());
        let client = client(&mock, &ManualClock::new());
        let outcome = client.upload(&upload().if_exists(if_exists));
        let ended = outcome.err().map(|error| error.delivery());
        assert_eq!(ended, ends_with, "case: {case}");
        if ends_with.is_none() {
            let [first, second] = mock.requests();
            assert_eq!(first.body(), second.body(), "case: {case}");
            mock.assert_done();
        }
    }
}

/// How long the client waits before its first repeat.
fn first_wait(reply: Reply) -> Duration {
    let mock = MockTransport::new().reply(reply).reply(Reply::stored());
    let clock = ManualClock::new();
    client(&mock, &clock).upload(&upload()).unwrap();
    mock_clock(&clock)
}

fn mock_clock(clock: &ManualClock) -> Duration {
    mde_live_response_core::Clock::now(clock)
}

#[test]
fn the_wait_is_the_larger_of_what_is_asked_for_and_the_backoff() {
    let busy = || Reply::error(429, "TooManyRequests");
    let cases = [
        (busy(), 500),
        (busy().header("retry-after", "0"), 500),
        (busy().header("retry-after", "120junk"), 500),
        (busy().header("retry-after", "2"), 2_000),
        (busy().header("x-ms-retry-after-ms", "700"), 700),
        (busy().header("retry-after", "60"), 60_000),
        // The clock starts at 2026-01-01T00:00:00Z; an answer's own date comes first.
        (busy().header("retry-after", "Thu, 01 Jan 2026 00:00:07 GMT"), 7_000),
        (
            busy()
                .header("retry-after", "Thu, 01 Jan 2026 00:00:07 GMT")
                .header("date", "Thu, 01 Jan 2026 00:00:03 GMT"),
            4_000,
        ),
    ];
    for (n, (reply, milliseconds)) in cases.into_iter().enumerate() {
        assert_eq!(first_wait(reply), Duration::from_millis(milliseconds), "case: {n}");
    }
}

#[test]
fn backoff_doubles_up_to_its_longest_and_is_a_random_part_of_it() {
    for (random, waits) in [(0xff, [500, 1_500, 3_500, 5_500]), (0x00, [0, 0, 0, 0])] {
        for (repeats, milliseconds) in (1_u32..).zip(waits) {
            let mut mock = MockTransport::new();
            for _ in 0..repeats {
                mock = mock.reply(Reply::error(408, "Slow"));
            }
            let mock = mock.reply(Reply::stored());
            let clock = ManualClock::new();
            let policy = RetryPolicy::DEFAULT
                .with_attempts(9)
                .with_backoff(Duration::from_millis(500), Duration::from_secs(2));
            let builder = builder(&mock, &clock).random(Drawn::same(random)).retry(policy);
            builder.build().upload(&upload()).unwrap();
            let waited = Duration::from_millis(milliseconds);
            assert_eq!(mock_clock(&clock), waited, "{repeats} repeats, {random:x}");
        }
    }
}

#[test]
fn attempts_end_with_the_last_error_and_their_number() {
    let busy = || Reply::error(429, "TooManyRequests").header("retry-after", "1");
    let mock = MockTransport::new().reply(busy()).reply(busy()).reply(busy());
    let error = client(&mock, &ManualClock::new()).upload(&upload()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: the service asks for a pause of 1 s (429 TooManyRequests: scripted by \
         a test (support id 00000000-0000-4000-8000-000000000000)); nothing was stored; 3 attempts"
    );
    assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
    mock.assert_done();

    let mock = said(408).reply(Reply::stored());
    let once = builder(&mock, &ManualClock::new()).retry(RetryPolicy::NONE).build();
    assert_eq!(once.upload(&upload()).unwrap_err().status().unwrap(), 408);
}

#[test]
fn a_wait_that_is_too_long_ends_the_call_at_once() {
    for (asked, deadline) in [("61", 300), ("30", 29), ("1000000000000", 300), ("60", 60)] {
        let mock = MockTransport::new()
            .reply(Reply::error(429, "TooManyRequests").header("retry-after", asked))
            .reply(Reply::stored());
        let clock = ManualClock::new();
        let client = builder(&mock, &clock).deadline(Duration::from_secs(deadline)).build();
        let outcome = client.upload(&upload());
        if (asked, deadline) == ("60", 60) {
            outcome.expect("a wait that just fits");
            continue;
        }
        let error = expect_error!(outcome.unwrap_err(), Throttled, asked);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(asked.parse().unwrap())));
        assert_eq!(mock_clock(&clock), Duration::ZERO, "no sleep for {asked}");
    }
}

#[test]
fn r17_a_deadline_shorter_than_a_backoff_ends_with_the_last_error() {
    let mock = said(408).reply(Reply::stored());
    let clock = ManualClock::new();
    let client = builder(&mock, &clock).deadline(Duration::from_millis(499)).build();
    assert_eq!(client.upload(&upload()).unwrap_err().status().unwrap(), 408);
    assert_eq!(mock_clock(&clock), Duration::ZERO);
}

#[test]
fn r16_an_empty_budget_ends_calls_at_once_and_a_success_fills_it() {
    let slow = || Reply::error(408, "Slow");
    let lost = || {
        let kind = TransportErrorKind::Timeout(Phase::Connect);
        TransportError::new(kind, Delivery::NotDelivered)
    };
    let mock = MockTransport::new()
        .reply(slow()) // costs 5 of 14
        .reply(slow()) // costs 5
        .reply(slow()) // the last attempt
        .reply(slow()) // 4 left: the end, at once
        .reply(Reply::stored()) // gives back 1
        .reply(slow()) // costs 5
        .reply(Reply::stored()) // gives back 5
        .fail(lost()); // a time-out costs 10, and there are 5
    let policy = RetryPolicy::DEFAULT.with_budget(14);
    let client = builder(&mock, &ManualClock::new()).retry(policy).build();

    assert!(client.upload(&upload()).unwrap_err().to_string().ends_with("stored; 3 attempts"));
    let spent = "; not tried again, for the retry budget of this client is spent";
    let error = client.clone().upload(&upload()).unwrap_err().to_string();
    assert!(error.ends_with(spent), "{error}");
    client.upload(&upload()).unwrap();
    client.upload(&upload()).unwrap();
    let error = client.upload(&upload()).unwrap_err().to_string();
    assert!(error.ends_with(spent), "{error}");
    mock.assert_done();
}

#[test]
fn h09_what_was_unknown_once_stays_unknown_with_both_facts() {
    let unknown = || lost(TransportErrorKind::Receive, Delivery::Unknown);
    let taken = unknown().reply(Reply::error(409, "Conflict"));
    let error = client(&taken, &ManualClock::new()).upload(&upload().if_exists(Override));
    let error = error.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.service_code(), Some("Conflict"));
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: the service rejects the request (409 Conflict: scripted by a test (support \
         id 00000000-0000-4000-8000-000000000000)); it is unknown whether the file was stored, for an earlier attempt ended so: the connection broke before the \
         answer was complete; it is unknown whether the file was stored; 2 attempts"
    );
    assert!(error.help().unwrap().starts_with("look into the library"));

    let refused = unknown()
        .fail(TransportError::new(TransportErrorKind::Certificate, Delivery::NotDelivered));
    let error = client(&refused, &ManualClock::new()).upload(&upload().if_exists(Override));
    let error: Error = error.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
}

#[test]
fn a_mismatch_is_never_repeated() {
    let other = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let mock =
        MockTransport::new().reply(Reply::stored().with_sha256(other)).reply(Reply::stored());
    let outcome = client(&mock, &ManualClock::new()).upload(&upload().if_exists(Override));
    assert_eq!(outcome.unwrap_err().delivery(), Delivery::Delivered);
}
