//! Requests for a token that fail in passing, come to nothing, or are not wanted any more.

use std::fmt::Write;
use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response_core::{
    AuthErrorKind, Body, Call, CallKind, CancelToken, Clock, Delivery, Endpoint, Error, Event,
    Observer, Pacing, Transport, TransportError, TransportErrorKind, http,
};
use mde_live_response_mock::{ManualClock, MockTransport, Reply};

use super::{builder, is_for_token, issued, refusal};
use crate::support::{causes, expect_error, upload};

fn fault(kind: TransportErrorKind, delivery: Delivery) -> TransportError {
    TransportError::new(kind, delivery)
}

fn lost() -> TransportError {
    fault(TransportErrorKind::Receive, Delivery::Unknown)
}

fn busy() -> Reply {
    Reply::status(429).header("retry-after", "7")
}

/// Whatever may pass is tried again, by the rule for a call that may be done twice.
#[test]
fn a_request_that_fails_in_passing_is_repeated() {
    let connect = || fault(TransportErrorKind::Connect, Delivery::NotDelivered);
    let scripts: [(&str, MockTransport, u64); 8] = [
        ("500", MockTransport::new().reply(Reply::status(500)), 500),
        (
            "502 and 504",
            MockTransport::new().reply(Reply::status(502)).reply(Reply::status(504)),
            1_500,
        ),
        ("503", MockTransport::new().reply(Reply::status(503)), 500),
        ("408", MockTransport::new().reply(Reply::status(408)), 500),
        ("429", MockTransport::new().reply(busy()).reply(busy()), 14_000),
        (
            "503 with a wait",
            MockTransport::new().reply(Reply::status(503).header("retry-after", "9")),
            9_000,
        ),
        ("no connection", MockTransport::new().fail(connect()), 500),
        ("no answer", MockTransport::new().fail(lost()).fail(lost()), 1_500),
    ];
    for (case, mock, waited) in scripts {
        let clock = ManualClock::new();
        let mock = mock.reply(issued("an-issued-token")).reply(Reply::stored());
        builder(mock.clone(), &clock).build().upload(&upload()).unwrap();
        mock.assert_done();
        assert_eq!(clock.now(), Duration::from_millis(waited), "case: {case}");
    }
}

#[test]
fn every_attempt_sends_the_same() {
    let mock = MockTransport::new()
        .reply(Reply::status(500))
        .fail(lost())
        .reply(issued("an-issued-token"))
        .reply(Reply::stored());
    builder(mock.clone(), &ManualClock::new()).build().upload(&upload()).unwrap();
    let [first, second, third, _] = mock.requests();
    for repeat in [second, third] {
        assert_eq!((repeat.uri(), repeat.headers()), (first.uri(), first.headers()));
        assert_eq!(repeat.body(), first.body());
    }
}

#[test]
fn what_does_not_pass_is_not_repeated() {
    for kind in [TransportErrorKind::Certificate, TransportErrorKind::Proxy] {
        let (mock, clock) =
            (MockTransport::new().fail(fault(kind, Delivery::NotDelivered)), ManualClock::new());
        let error = builder(mock.clone(), &clock).build().upload(&upload()).unwrap_err();
        mock.assert_done();
        assert!(!error.is_retryable(), "case: {kind:?}");
        assert_eq!((error.delivery(), clock.now()), (Delivery::NotDelivered, Duration::ZERO));
    }
}

#[test]
fn an_outage_of_the_login_host_is_told_as_such() {
    let clock = ManualClock::new();
    let mock = MockTransport::new().reply(busy()).reply(busy()).reply(busy());
    let error = builder(mock.clone(), &clock).build().upload(&upload()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: getting a token: the service asks for a pause of 7 s (429); 3 attempts; nothing \
         was stored"
    );
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert!(error.is_retryable());
    assert_eq!(clock.now(), Duration::from_secs(14));
    assert_eq!(expect_error!(error, Auth, "").kind(), AuthErrorKind::Credential);

    // A token's lost answer leaves nothing open about the library.
    let mock = MockTransport::new().fail(lost()).fail(lost()).fail(lost());
    let error = builder(mock, &ManualClock::new()).build().upload(&upload()).unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: getting a token: the connection broke before the answer was complete; 3 attempts; \
         nothing was stored"
    );
}

/// The call's time is one, and a token takes its part of it.
#[test]
fn a_token_counts_on_the_deadline_of_its_call() {
    let clock = ManualClock::new();
    let mock = MockTransport::new().reply(busy()).reply(busy());
    let client = builder(mock.clone(), &clock).deadline(Duration::from_secs(10)).build();
    let error = client.upload(&upload()).unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(clock.now(), Duration::from_secs(7), "no time left for the second pause");
    mock.assert_done();

    let clock = ManualClock::new();
    let mock =
        MockTransport::new().reply(busy()).reply(issued("an-issued-token")).reply(Reply::stored());
    let client = builder(mock.clone(), &clock).deadline(Duration::from_secs(10)).build();
    client.upload(&upload()).unwrap();
    let left = mock.requests::<3>().map(|request| request.limits().time_left().unwrap().as_secs());
    assert_eq!(left, [10, 3, 3]);
}

/// 100 calls of the API a minute, whatever the tokens took; and a busy login host is not a busy API.
#[test]
fn requests_for_tokens_are_beside_the_pace_of_the_api() {
    let clock = ManualClock::new();
    let mock = MockTransport::from_fn(|request| {
        let life = r#"{"token_type":"Bearer","expires_in":0,"access_token":"an-issued-token"}"#;
        Ok(if is_for_token(request) { Reply::json(200, life) } else { Reply::stored() })
    });
    let client = builder(mock, &clock).pacing(Pacing::FailFast).build();
    for _ in 0..100 {
        client.upload(&upload()).unwrap();
    }
    let error = client.upload(&upload()).unwrap_err();
    assert!(expect_error!(error, Throttled, "the 101st").is_local());
    assert_eq!(clock.now(), Duration::ZERO);

    let mock = MockTransport::new()
        .reply(busy())
        .reply(busy())
        .reply(busy())
        .reply(issued("an-issued-token"))
        .reply(Reply::stored());
    let client = builder(mock.clone(), &clock).pacing(Pacing::FailFast).build();
    client.upload(&upload()).unwrap_err();
    let ended = clock.now();
    client.upload(&upload()).unwrap();
    assert_eq!(clock.now(), ended, "no pause is left over");
    mock.assert_done();
}

#[test]
fn an_answer_that_is_no_token_is_an_error_that_quotes_nothing() {
    let token = |value: &str| format!(r#"{{"token_type":"Bearer","access_token":{value}}}"#);
    let lacks = "it lacks `access_token` or `token_type`";
    let unusable = "its `access_token` cannot be one";
    for (body, why) in [
        (String::new(), "it is not JSON"),
        ("canary-token".to_owned(), "it is not JSON"),
        (r#"{"access_token":"canary-token""#.to_owned(), "it is not JSON"),
        (r#"["Bearer","canary-token",3599]"#.to_owned(), lacks),
        (r#""canary-token""#.to_owned(), lacks),
        (r#"{"token_type":"Bearer"}"#.to_owned(), lacks),
        (r#"{"access_token":"canary-token"}"#.to_owned(), lacks),
        (
            r#"{"token_type":"mac","access_token":"canary-token"}"#.to_owned(),
            "its `token_type` is not Bearer",
        ),
        (token(r#""canary token""#), unusable),
        (token(r#""canary-token\r\nx: y""#), unusable),
        (token(r#""canary-t\u00f6ken""#), unusable),
        (token(r#""""#), unusable),
        (token(r#""canary","expires_in":1e400"#), "it is not JSON"),
        (token("17"), lacks),
        (token("null"), lacks),
        (token(r#"["canary-token"]"#), lacks),
        (token(r#""canary-1","access_token":"canary-2""#), lacks),
    ] {
        let mock = MockTransport::new().reply(Reply::json(200, body.clone()));
        let error =
            builder(mock.clone(), &ManualClock::new()).build().upload(&upload()).unwrap_err();
        mock.assert_done();
        let mut shown = format!("{error} {error:?} {error:#?} {:?}", error.help());
        for cause in causes(&error) {
            write!(shown, "{cause} {cause:?}").unwrap();
        }
        assert!(!shown.contains("canary"), "case: {body}: {shown}");
        assert_eq!(
            error.to_string(),
            format!(
                "`collect-dns.ps1`: login.microsoftonline.com answers with status 200 and no token: {why}; \
                 nothing was stored"
            ),
            "case: {body}"
        );
        assert_eq!(error.delivery(), Delivery::NotDelivered);
        assert_eq!(error.status().unwrap(), 200);
        assert_eq!(
            error.help().as_deref(),
            Some("check the login host, and whether a gateway on the way answers in its place")
        );
        assert_eq!(expect_error!(error, Auth, body).kind(), AuthErrorKind::Login);
    }
}

#[test]
fn an_answer_of_another_status_is_no_token_either() {
    let good = r#"{"token_type":"Bearer","access_token":"canary-token"}"#;
    let to = |location| Reply::json(302, good).header("location", location);
    for (reply, shown) in [
        (Reply::json(201, good), "status 201 and no token"),
        (Reply::status(204), "status 204 and no token"),
        (
            Reply::json(200, good).header("content-encoding", "gzip"),
            "status 200 and no token: it is in an encoding that was not asked for",
        ),
        (Reply::status(304), "status 304 and no token: it redirects"),
        (to("/common"), "status 302 and no token: it redirects"),
        (to("https://login.microsoftonline.com/x"), "status 302 and no token: it redirects"),
        (
            to("https://portal.example/canary?canary"),
            "status 302 and no token: it redirects to portal.example",
        ),
    ] {
        let mock = MockTransport::new().reply(reply);
        let error =
            builder(mock.clone(), &ManualClock::new()).build().upload(&upload()).unwrap_err();
        mock.assert_done();
        assert_eq!(
            error.to_string(),
            format!(
                "`collect-dns.ps1`: login.microsoftonline.com answers with {shown}; nothing was stored"
            )
        );
        assert!(!format!("{error:?}").contains("canary"), "case: {shown}");
    }
}

/// A token that is text between escapes is the same token.
#[test]
fn a_token_may_be_escaped_and_come_with_more() {
    let body = "\u{feff} {\"scope\":[1],\"access_token\":\"an\\u002dissued-\\u0074oken\",\"token_type\":\"BEARER\"}";
    let mock = MockTransport::new().reply(Reply::json(200, body)).reply(Reply::stored());
    builder(mock.clone(), &ManualClock::new()).build().upload(&upload()).unwrap();
    let [_, uploading] = mock.requests();
    uploading.assert_bearer("an-issued-token");
}

/// Cancels while the login host is asked.
#[derive(Debug)]
struct Cancelling {
    cancel: CancelToken,
    answer: Option<http::Response<Vec<u8>>>,
}

impl Transport for Cancelling {
    fn send(
        &self,
        mut request: http::Request<Body<'_>>,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        let mut body = Vec::new();
        request.body_mut().read_to_end(&mut body).unwrap();
        assert!(request.uri().path().ends_with("/token"), "nothing else is sent");
        self.cancel.cancel();
        self.answer.clone().ok_or(fault(TransportErrorKind::Cancelled, Delivery::Unknown))
    }
}

#[test]
fn r13_a_cancel_while_a_token_is_asked_for() {
    let answers = [(200, r#"{"token_type":"Bearer","access_token":"a"}"#), (503, "")];
    let answers = answers.map(|(status, body)| {
        Some(http::Response::builder().status(status).body(body.into()).unwrap())
    });
    // Cut short by the transport, or found when its answer is there: a token, or a reason to pause.
    for answer in answers.into_iter().chain([None]) {
        let (cancel, clock) = (CancelToken::new(), ManualClock::new());
        let transport = Cancelling { cancel: cancel.clone(), answer };
        let client = builder(transport, &clock).build();
        let error = client.cancelled_by(&cancel).upload(&upload()).unwrap_err();
        assert!(matches!(error, Error::Cancelled(_)), "{error:?}");
        assert_eq!(error.to_string(), "`collect-dns.ps1`: cancelled; nothing was stored");
        assert_eq!((error.delivery(), clock.now()), (Delivery::NotDelivered, Duration::ZERO));
    }
}

/// Writes down what is told of tokens, a line each.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<String>>);

impl Observer for Diary {
    fn event(&self, call: &Call<'_>, event: &Event<'_>) {
        if call.kind() != CallKind::Token {
            return;
        }
        let mut text = self.0.lock().unwrap();
        write!(text, "#{} {call}: ", call.id()).unwrap();
        match event {
            Event::Failed { number, error } => writeln!(text, "{number} failed: {error}"),
            Event::Ended { error } => writeln!(text, "ended: {error}"),
            other => writeln!(text, "{other:?}"),
        }
        .unwrap();
    }
}

/// With the number of the call for which it is, and nothing of what is in it.
#[test]
fn an_observer_is_told_of_requests_for_tokens() {
    let diary = Diary::default();
    let mock = MockTransport::new()
        .reply(busy())
        .reply(issued("an-issued-token"))
        .reply(Reply::stored())
        .reply(Reply::status(401))
        .reply(refusal(400, 700_016, "No."));
    let client = mde_live_response_core::Client::builder(
        Endpoint::COMMERCIAL,
        super::credential(),
        mock.clone(),
    );
    let client = client.clock(ManualClock::new()).observer(diary.clone()).build();
    client.upload(&upload()).unwrap();
    client.upload(&upload()).unwrap_err();
    let told = diary.0.lock().unwrap().clone();
    let refused = "login.microsoftonline.com issues no token to the application (400 AADSTS700016: No. \
                   (support id the-correlation-id))";
    assert_eq!(
        told.lines().collect::<Vec<_>>(),
        [
            "#1 token collect-dns.ps1: Attempt { number: 1 }".to_owned(),
            "#1 token collect-dns.ps1: 1 failed: getting a token: the service asks for a pause of 7 s (429)"
                .to_owned(),
            "#1 token collect-dns.ps1: Waiting { reason: RetryAfter, time: Some(7s) }".to_owned(),
            "#1 token collect-dns.ps1: Attempt { number: 2 }".to_owned(),
            "#1 token collect-dns.ps1: Succeeded".to_owned(),
            "#2 token collect-dns.ps1: Attempt { number: 1 }".to_owned(),
            format!("#2 token collect-dns.ps1: 1 failed: getting a token: {refused}"),
            format!("#2 token collect-dns.ps1: ended: getting a token: {refused}"),
        ]
    );
}
