//! When the client retries, and how long it waits before.

use std::time::Duration;

use mde_live_response_core::policy::{ClientBuilder, RetryPolicy};
use mde_live_response_core::transport::{Phase, TransportError, TransportErrorKind};
use mde_live_response_core::{Effect, ErrorKind, IfExists};
use mde_live_response_mock::{MockTransport, Reply};

use crate::support::{drawn, script, upload};

use IfExists::{Fail, Override};

/// A client whose backoff is always the longest allowed.
fn builder(mock: &MockTransport) -> ClientBuilder {
    let policy = RetryPolicy::DEFAULT.with_unknown_resolved(false);
    mock.client_builder().retry(policy).random(drawn(&[0xff]))
}

/// The transport fails after it read the body.
fn late(kind: TransportErrorKind) -> Reply {
    Reply::fault(TransportError::new(kind))
}

/// The transport fails before it reads the body.
fn early(kind: TransportErrorKind) -> Reply {
    late(kind).early()
}

fn refused(status: u16) -> Reply {
    Reply::error(status, "SomeCode")
}

#[test]
fn a_failed_attempt_is_retried_only_if_that_is_harmless() {
    use Effect::{NotApplied, Unknown};
    use TransportErrorKind as Kind;
    let known = |kind| Reply::fault(TransportError::new(kind).with_effect(NotApplied));
    // The first answer; what the upload does to an existing file; the effect if it is not retried.
    let cases: Vec<(&str, Reply, IfExists, Option<Effect>)> = vec![
        ("not resolved", early(Kind::Resolve), Fail, None),
        ("timeout connecting", early(Kind::Timeout(Phase::Connect)), Fail, None),
        ("no TLS", early(Kind::Tls), Fail, None),
        ("proxy", early(Kind::Proxy), Fail, None),
        ("timeout sending", early(Kind::Timeout(Phase::Send)), Fail, None),
        ("no handles", early(Kind::Local), Fail, None),
        ("a transport knows that nothing was sent", known(Kind::Send), Fail, None),
        ("certificate", early(Kind::Certificate), Override, Some(NotApplied)),
        ("refused by the proxy", early(Kind::ProxyRefused), Override, Some(NotApplied)),
        ("client certificate", early(Kind::ClientCertificate), Override, Some(NotApplied)),
        ("client certificate, late", late(Kind::ClientCertificate), Override, Some(Unknown)),
        ("unsupported", early(Kind::Unsupported), Override, Some(NotApplied)),
        ("answer too large", late(Kind::AnswerTooLarge), Override, Some(Unknown)),
        ("reset after the body", late(Kind::Send), Fail, Some(Unknown)),
        ("not HTTP", late(Kind::Protocol), Fail, Some(Unknown)),
        ("not HTTP, override", late(Kind::Protocol), Override, None),
        // `net` has the usual faults and statuses.
        ("501", refused(501), Override, Some(Unknown)),
        // No byte of the body was read, so the service cannot have stored the file.
        ("early 504", refused(504).early(), Fail, None),
        ("early 501", refused(501).early(), Fail, Some(NotApplied)),
    ];
    for (case, reply, if_exists, ends_with) in cases {
        let mock = script([reply, Reply::stored()]);
        let outcome = builder(&mock).build().upload(&upload().with_if_exists(if_exists));
        assert_eq!(outcome.err().map(|error| error.effect()), ends_with, "case: {case}");
        if ends_with.is_none() {
            let [first, second] = mock.requests();
            let is_same = second.body().starts_with(first.body());
            assert!(is_same && second.is_body_complete(), "case: {case}");
        }
    }
}

/// Without randomness the wait is the longest: a longer wait is harmless.
#[test]
fn the_backoff_is_a_random_part_of_the_longest_and_all_of_it_without_randomness() {
    for (random, milliseconds) in
        [(Some(0xff), 500), (None, 500), (Some(0x33), 100), (Some(0x00), 0)]
    {
        let mock = script([refused(408), Reply::json(200, r#"{"value":[]}"#)]);
        let client = mock.client_builder().random(move |bytes| {
            bytes.fill(random.ok_or_else(|| std::io::Error::other("no randomness"))?);
            Ok(())
        });
        // Not an upload: that needs randomness for its boundary.
        assert!(client.build().list().next().is_none());
        assert_eq!(mock.clock().now(), Duration::from_millis(milliseconds), "{random:?}");
    }
}

#[test]
fn a_wait_that_is_too_long_ends_the_call_at_once() {
    // What the service asks for, in seconds; the deadline, in milliseconds. The backoff is 500 ms.
    for (asked, deadline, fits) in [
        (Some("61"), 300_000, false),
        (Some("30"), 29_000, false),
        (Some("1000000000000"), 300_000, false),
        (Some("60"), 60_000, true),
        (Some("30"), 30_000, true),
        (None, 499, false),
        (None, 500, true),
    ] {
        let busy = refused(429);
        let busy = if let Some(asked) = asked { busy.header("retry-after", asked) } else { busy };
        let mock = script([busy, Reply::stored()]);
        let client = builder(&mock).deadline(Duration::from_millis(deadline)).build();
        let outcome = client.upload(&upload());
        assert_eq!(outcome.is_ok(), fits, "case: {asked:?} of {deadline}");
        if let Err(error) = outcome {
            assert_eq!(error.kind(), &ErrorKind::Throttled { local: false });
            let wait = asked.map(|asked| Duration::from_secs(asked.parse().unwrap()));
            assert_eq!((error.retry_after(), error.attempts()), (wait, 1));
            assert_eq!(mock.clock().now(), Duration::ZERO, "no wait for {asked:?}");
        }
    }
}

#[test]
fn a_policy_tells_its_number_of_attempts() {
    for (policy, attempts) in [
        (RetryPolicy::default(), 3),
        (RetryPolicy::NONE, 1),
        (RetryPolicy::NONE.with_attempts(5), 5),
        (RetryPolicy::DEFAULT.with_attempts(0), 1),
    ] {
        assert_eq!(policy.attempts(), attempts);
    }
}
