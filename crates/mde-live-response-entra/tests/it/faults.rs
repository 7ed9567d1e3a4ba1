//! Token requests that fail for a moment, give no token, or are cancelled.

use std::io::Read;
use std::time::Duration;

use mde_live_response_core::http::Response;
use mde_live_response_core::policy::{CancelToken, Pacing};
use mde_live_response_core::transport::{Exchange, Transport, TransportError, TransportErrorKind};
use mde_live_response_core::{Effect, ErrorKind};
use mde_live_response_mock::{ManualClock, MockTransport, Reply};

use crate::{Diary, builder, busy, client, credential, failure, issued, refusal, upload};

/// A script of failures, then a token and a stored file.
fn after(replies: Vec<Reply>) -> MockTransport {
    let mock = replies.into_iter().fold(MockTransport::new(), MockTransport::reply);
    mock.reply(issued("an-issued-token")).reply(Reply::stored())
}

#[test]
fn a_request_that_fails_for_a_moment_is_retried() {
    let status = Reply::status;
    for (case, replies, milliseconds) in [
        ("500", vec![status(500)], 500),
        ("502 and 504", vec![status(502), status(504)], 1_500),
        ("503", vec![status(503)], 500),
        ("408", vec![status(408)], 500),
        ("429", vec![busy(), busy()], 14_000),
        ("503 with a wait", vec![status(503).header("retry-after", "9")], 9_000),
        ("an early 503", vec![status(503).early()], 500),
        ("no connection", vec![Reply::refused_connection()], 500),
        ("no answer", vec![Reply::lost(), Reply::timeout()], 1_500),
    ] {
        let mock = after(replies);
        client(&mock).upload(&upload()).unwrap();
        mock.assert_done();
        assert_eq!(mock.clock().now(), Duration::from_millis(milliseconds), "case: {case}");
    }
}

#[test]
fn every_attempt_sends_the_same() {
    let mock = after(vec![Reply::status(500), Reply::lost()]);
    client(&mock).upload(&upload()).unwrap();
    let [first, second, third, _] = mock.requests();
    for repeat in [second, third] {
        assert_eq!((repeat.uri(), repeat.headers()), (first.uri(), first.headers()));
        assert_eq!(repeat.body(), first.body());
    }
}

#[test]
fn a_lasting_fault_is_not_retried() {
    let fault = |kind| Reply::fault(TransportError::new(kind));
    for (case, reply, status) in [
        ("certificate", fault(TransportErrorKind::Certificate), None),
        ("proxy", fault(TransportErrorKind::Proxy), None),
        ("407", Reply::status(407), Some(407)),
        ("501", Reply::status(501), Some(501)),
    ] {
        let mock = MockTransport::new().reply(reply);
        let error = failure(&mock);
        assert!(!error.is_retryable() && error.help().is_some(), "case: {case}");
        assert_eq!(error.status().map(|it| it.as_u16()), status, "case: {case}");
        assert_eq!(mock.clock().now(), Duration::ZERO, "case: {case}");
    }
}

#[test]
fn an_outage_of_the_login_host_stays_retryable() {
    let three = |reply: fn() -> Reply| {
        let mock = MockTransport::new().reply(reply()).reply(reply()).reply(reply());
        (failure(&mock), mock.clock().now().as_secs())
    };
    let (error, waited) = three(busy);
    assert_eq!((error.retry_after(), waited), (Some(Duration::from_secs(7)), 14));
    assert!(error.is_retryable());
    assert_eq!(error.status().unwrap(), 429);

    let (error, waited) = three(|| refusal(429, 50_196, "Slow down.").header("retry-after", "7"));
    assert!(error.is_retryable(), "also in Entra's own form");
    assert_eq!((error.retry_after(), waited), (Some(Duration::from_secs(7)), 14));

    let (error, _) = three(|| Reply::status(503).body("<p>down</p>"));
    assert!(error.is_retryable());
    assert_eq!(error.status().unwrap(), 503);

    let (error, _) = three(Reply::lost);
    assert!(error.is_retryable());
    assert_eq!(error.status(), None);
    let help = error.help().unwrap_or_default();
    assert!(!help.contains("credential"), "the credential is not at fault: {help}");
}

#[test]
fn a_token_takes_its_time_from_the_deadline_of_its_call() {
    let within_10_s = |mock: &MockTransport| {
        let builder = builder(credential(), mock.clone(), &mock.clock());
        builder.deadline(Duration::from_secs(10)).build().upload(&upload())
    };
    let mock = MockTransport::new().reply(busy()).reply(busy());
    let error = within_10_s(&mock).unwrap_err();
    mock.assert_done();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(mock.clock().now(), Duration::from_secs(7), "no time left for a second wait");

    let mock = after(vec![busy()]);
    within_10_s(&mock).unwrap();
    let left = mock.requests::<3>().map(|request| request.limits().time_left().unwrap().as_secs());
    assert_eq!(left, [10, 3, 3]);
}

/// The rate limit counts calls of the API only, and a busy login host is not a busy API.
#[test]
fn token_requests_do_not_count_in_the_rate_limit() {
    let mock = MockTransport::from_fn(|request| {
        let body = r#"{"token_type":"Bearer","expires_in":0,"access_token":"an-issued-token"}"#;
        if request.uri().path().ends_with("/token") {
            Reply::json(200, body)
        } else {
            Reply::stored()
        }
    });
    let fail_fast = |mock: &MockTransport| {
        builder(credential(), mock.clone(), &mock.clock()).pacing(Pacing::FailFast).build()
    };
    let client = fail_fast(&mock);
    for _ in 0..100 {
        client.upload(&upload()).unwrap();
    }
    let error = client.upload(&upload()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Throttled { local: true, .. }), "{error}");
    assert_eq!(mock.clock().now(), Duration::ZERO);

    let mock = after(vec![busy(), busy(), busy()]);
    let client = fail_fast(&mock);
    client.upload(&upload()).unwrap_err();
    let ended = mock.clock().now();
    client.upload(&upload()).unwrap();
    assert_eq!(mock.clock().now(), ended, "no wait is left over");
    mock.assert_done();
}

#[test]
fn a_success_without_a_token_is_not_quoted_and_not_retried() {
    let token = |value: &str| {
        Reply::json(200, format!(r#"{{"token_type":"Bearer","access_token":{value}}}"#))
    };
    let ok = |body: &str| Reply::json(200, body);
    let good = || token(r#""canary-token""#);
    for (case, reply) in [
        ("empty", ok("")),
        ("text", ok("canary-token")),
        ("cut", ok(r#"{"access_token":"canary-token""#)),
        ("array", ok(r#"["Bearer","canary-token",3599]"#)),
        ("string", ok(r#""canary-token""#)),
        ("no token", ok(r#"{"token_type":"Bearer"}"#)),
        ("no type", ok(r#"{"access_token":"canary-token"}"#)),
        ("another type", ok(r#"{"token_type":"mac","access_token":"canary-token"}"#)),
        ("space", token(r#""canary token""#)),
        ("line end", token(r#""canary-token\r\nx: y""#)),
        ("not ASCII", token(r#""canary-t\u00f6ken""#)),
        ("no characters", token(r#""""#)),
        ("a life beyond numbers", token(r#""canary","expires_in":1e400"#)),
        ("number", token("17")),
        ("null", token("null")),
        ("token in an array", token(r#"["canary-token"]"#)),
        ("two tokens", token(r#""canary-1","access_token":"canary-2""#)),
        ("compressed", good().header("content-encoding", "gzip")),
        ("charset", good().header("content-type", "application/json; Charset=\"UTF-16\"")),
        ("not UTF-8", Reply::json(200, b"{\"canary\":\"\xff\"}")),
    ] {
        let error = failure(&MockTransport::new().reply(reply));
        assert_eq!(error.status().unwrap(), 200, "case: {case}");
        assert!(!error.is_retryable(), "case: {case}");
        assert!(error.help().unwrap().contains("gateway"), "case: {case}");
        let shown = format!("{error} {error:?} {error:#?}");
        assert!(!shown.contains("canary"), "case: {case}: {shown}");
        assert!(shown.contains("login.microsoftonline.com"), "case: {case}: {shown}");
    }
}

#[test]
fn another_status_brings_no_token_and_a_redirect_is_not_followed() {
    let good = r#"{"token_type":"Bearer","access_token":"canary-token"}"#;
    let to = |location| Reply::json(302, good).header("location", location);
    for (reply, status, redirect) in [
        (Reply::json(201, good), 201, None),
        (Reply::status(204), 204, None),
        (Reply::status(304), 304, None),
        (to("/common"), 302, None),
        (to("https://login.microsoftonline.com/canary"), 302, None),
        (to("https://portal.example/canary?canary"), 302, Some("redirects to portal.example")),
    ] {
        let (mock, diary) = (MockTransport::new().reply(reply), Diary::default());
        let builder = builder(credential(), mock.clone(), &mock.clock()).observer(diary.clone());
        let error = builder.build().upload(&upload()).unwrap_err();
        mock.assert_done();
        assert_eq!((error.kind(), error.effect()), (&ErrorKind::NoToken, Effect::NotApplied));
        assert_eq!(error.status().unwrap(), status);
        assert!(error.help().unwrap().contains("gateway"), "case: {status}");
        let shown = error.to_string();
        assert_eq!(shown.contains("redirects to"), redirect.is_some(), "case: {shown}");
        assert!(shown.contains(redirect.unwrap_or_default()), "case: {shown}");
        let shown = format!("{error:?} {}", diary.text());
        assert!(!shown.contains("canary"), "case: {shown}");
    }
}

#[test]
fn a_token_may_be_escaped_and_come_with_more() {
    let body = "\u{feff} {\"scope\":[1],\"access_token\":\"an\\u002dissued-\\u0074oken\",\"token_type\":\"BEARER\"}";
    let json = Reply::json(200, body).header("content-type", "application/json; charset=utf-8");
    let mock = MockTransport::new().reply(json).reply(Reply::stored());
    client(&mock).upload(&upload()).unwrap();
    let [_, upload] = mock.requests();
    upload.assert_bearer("an-issued-token");
}

/// Cancels during the token request.
#[derive(Debug)]
struct Cancelling {
    cancel: CancelToken,
    answer: Option<(u16, &'static str)>,
}

impl Transport for Cancelling {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        assert!(exchange.head().uri.path().ends_with("/token"), "nothing else is sent");
        exchange.read_to_end(&mut Vec::new()).unwrap();
        self.cancel.cancel();
        let (status, body) =
            self.answer.ok_or_else(|| TransportError::new(TransportErrorKind::Cancelled))?;
        Ok(Response::builder().status(status).body(body.into()).unwrap())
    }
}

#[test]
fn r13_a_cancel_during_a_token_request() {
    let token = r#"{"token_type":"Bearer","access_token":"a"}"#;
    for answer in [None, Some((200, token)), Some((503, "")), Some((400, "{}"))] {
        let (cancel, clock) = (CancelToken::new(), ManualClock::new());
        let transport = Cancelling { cancel: cancel.clone(), answer };
        let client = builder(credential(), transport, &clock).build();
        let error = client.cancelled_by(&cancel).upload(&upload()).unwrap_err();
        assert_eq!((error.kind(), error.effect()), (&ErrorKind::Cancelled, Effect::NotApplied));
        assert_eq!(clock.now(), Duration::ZERO, "case: {answer:?}");
    }
}

#[test]
fn an_observer_receives_the_events_of_token_requests() {
    let mock = after(vec![busy()]).reply(Reply::status(401)).reply(refusal(400, 700_016, "No."));
    let diary = Diary::default();
    let builder = builder(credential(), mock.clone(), &mock.clock()).observer(diary.clone());
    let client = builder.build();
    client.upload(&upload()).unwrap();
    client.upload(&upload()).unwrap_err();
    let text = diary.text();
    let lines: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("token ")).collect();
    let expected = [
        "1 Attempt { number: 1 }",
        "1 failed 1 Some(429)",
        "1 Waiting { reason: RetryAfter, time: Some(7s) }",
        "1 Attempt { number: 2 }",
        "1 Succeeded",
        "2 Attempt { number: 1 }",
        "2 failed 1 Some(400)",
        "2 ended Some(400)",
    ];
    assert_eq!(lines.len(), expected.len(), "{text}");
    for (line, expected) in lines.into_iter().zip(expected) {
        assert!(line.starts_with(expected), "{line} is not {expected}");
    }
}
