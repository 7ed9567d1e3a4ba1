//! `TokenRequest::send`: a credential's requests through the client's transport.

use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response_core::auth::{
    Credential, Secret, TokenExchange, TokenRequest, credential_fn,
};
use mde_live_response_core::http::{Request, Response, StatusCode};
use mde_live_response_core::policy::{Call, CallKind, CancelToken, Event, Observer};
use mde_live_response_core::transport::{TransportError, TransportErrorKind};
use mde_live_response_core::{AccessToken, Effect, Error, ErrorKind, IfExists};
use mde_live_response_mock::{MockTransport, Reply};

use crate::support::{builder, causes, script, upload};

const URL: &str = "https://login.example/token";
const SECRET: &str = "a-client-secret";

type Outcome = Result<Response<Vec<u8>>, Error>;

/// Sends one request as `configure` says, notes the outcome, and gives a token whatever it was.
fn sending(
    url: &'static str,
    configure: impl for<'a> Fn(TokenExchange<'a>) -> TokenExchange<'a> + Send + Sync + 'static,
) -> (impl Credential + 'static, Arc<Mutex<Option<Outcome>>>) {
    let noted = Arc::new(Mutex::new(None));
    let to_note = Arc::clone(&noted);
    let credential = credential_fn(move |request: &TokenRequest<'_>| {
        let secret = Secret::new(SECRET).unwrap();
        let body = format!("client_secret={}", secret.expose());
        let head = Request::post(url).header("content-type", "application/x-www-form-urlencoded");
        let exchange = TokenExchange::new(head.body(body.as_bytes()).unwrap());
        *to_note.lock().unwrap() = Some(request.send(&configure(exchange).with_secret(&secret)));
        Ok(AccessToken::new("an-access-token").unwrap().into())
    });
    (credential, noted)
}

/// The outcome of a token request that gets these replies, and the transport.
fn send(
    replies: impl IntoIterator<Item = Reply>,
    configure: impl for<'a> Fn(TokenExchange<'a>) -> TokenExchange<'a> + Send + Sync + 'static,
) -> (Outcome, MockTransport) {
    let mock = script(replies);
    let mock = mock.reply(Reply::stored());
    let (credential, noted) = sending(URL, configure);
    builder(&mock, credential).build().upload(&upload()).unwrap();
    mock.assert_done();
    let outcome = noted.lock().unwrap().take().unwrap();
    (outcome, mock)
}

#[test]
fn a_token_request_is_sent_as_given_without_a_token() {
    let (answer, mock) = send([Reply::json(200, "{}")], |it| it);
    assert_eq!(answer.unwrap().body(), b"{}");
    let [token, upload] = mock.requests();
    assert_eq!((token.method().as_str(), token.uri().to_string()), ("POST", URL.to_owned()));
    assert_eq!(token.body(), b"client_secret=a-client-secret");
    let header = |name: &str| token.headers().get(name).map(|it| it.to_str().unwrap());
    assert_eq!(header("authorization"), None);
    assert_eq!(header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(header("content-length"), Some("29"));
    assert_eq!(header("accept-encoding"), Some("identity"));
    assert!(header("user-agent").is_some());
    upload.assert_bearer("an-access-token");
}

#[test]
fn the_last_answer_is_ok_whatever_its_status() {
    let busy = || Reply::error(503, "Busy");
    let cases: Vec<(u16, Vec<Reply>, u64)> = vec![
        (200, vec![Reply::status(200)], 0),
        (204, vec![Reply::status(204)], 0),
        (302, vec![Reply::status(302)], 0),
        (400, vec![Reply::error(400, "invalid_client")], 0),
        (401, vec![Reply::error(401, "invalid_client")], 0),
        (403, vec![Reply::error(403, "Forbidden")], 0),
        (404, vec![Reply::status(404)], 0),
        (500, vec![Reply::status(500), Reply::status(500), Reply::status(500)], 1_500),
        (200, vec![busy(), Reply::lost(), Reply::status(200)], 1_500),
        (429, vec![busy(), busy(), Reply::status(429)], 1_500),
        (400, vec![Reply::refused_connection(), Reply::error(400, "invalid_client")], 500),
        (200, vec![Reply::status(429).header("retry-after", "7"), Reply::status(200)], 7_000),
        // A wait that is too long is not begun.
        (429, vec![Reply::status(429).header("retry-after", "61")], 0),
    ];
    for (status, replies, waited) in cases {
        let (answer, mock) = send(replies, |it| it);
        assert_eq!(answer.unwrap().status(), status);
        assert_eq!(mock.clock().now(), Duration::from_millis(waited), "case: {status}");
    }
}

#[test]
fn without_an_answer_there_is_an_error() {
    for replies in [
        [Reply::lost(), Reply::lost(), Reply::lost()],
        // The last attempt decides.
        [Reply::status(500), Reply::status(500), Reply::lost()],
    ] {
        let (outcome, _) = send(replies, |it| it);
        let error = outcome.unwrap_err();
        let facts = (error.call(), error.effect(), error.attempts());
        assert_eq!(facts, (CallKind::Token, Effect::NotApplied, 3));
        assert_eq!(error.kind(), &ErrorKind::Transport(TransportErrorKind::Receive));
        assert!(error.to_string().contains("login.example:443"), "{error}");
    }
}

#[test]
fn with_retried_status_adds_to_the_retried_statuses() {
    let not_found = StatusCode::NOT_FOUND;
    let with = [Reply::status(404), Reply::status(404), Reply::status(200)];
    let (answer, mock) = send(with, move |it| it.with_retried_status(not_found));
    assert_eq!(answer.unwrap().status(), 200);
    assert_eq!(mock.clock().now(), Duration::from_millis(1_500));
    let (answer, _) = send([(); 3].map(|()| Reply::status(404)), move |it| {
        it.with_retried_status(not_found).with_retried_status(StatusCode::GONE)
    });
    assert_eq!(answer.unwrap().status(), 404);
}

#[test]
fn with_limit_holds_for_all_attempts_together_and_only_shortens() {
    for (limit, expected) in [(1, [1_000, 500]), (10, [10_000, 9_500]), (999, [300_000, 299_500])] {
        let replies = [Reply::status(500), Reply::status(200)];
        let (answer, mock) = send(replies, move |it| it.with_limit(Duration::from_secs(limit)));
        assert_eq!(answer.unwrap().status(), 200);
        let requests: [_; 3] = mock.requests();
        let left = |n: usize| requests[n].limits().time_left().unwrap().as_millis();
        assert_eq!([left(0), left(1)], expected, "case: {limit} s");
        assert_eq!(left(2), 299_500, "the call keeps its own deadline");
    }
    // The backoff does not fit.
    let short = Duration::from_millis(400);
    let (answer, _) = send([Reply::status(500)], move |it| it.with_limit(short));
    assert_eq!(answer.unwrap().status(), 500);
}

#[test]
fn a_named_secret_is_taken_out_of_answers() {
    for (case, echo) in [
        ("plain", SECRET.to_owned()),
        ("in a URL", SECRET.replace('-', "%2D")),
        ("in JSON", SECRET.replace('-', "\\u002d")),
    ] {
        let body = format!("you sent {echo} to us");
        let reply = Reply::status(400).header("x-echo", &echo).body(body);
        let (answer, _) = send([reply], |it| it);
        let answer = answer.unwrap();
        assert_eq!(answer.body(), b"you sent [redacted] to us", "case: {case}");
        assert_eq!(answer.headers()["x-echo"], "[redacted]", "case: {case}");
    }
}

/// Also in what the observer receives, which sees every attempt.
#[test]
fn neither_events_nor_debug_show_the_secret() {
    #[derive(Clone, Default)]
    struct Diary(Arc<Mutex<String>>);

    impl Observer for Diary {
        fn event(&self, call: &Call<'_>, event: &Event<'_>) {
            writeln!(self.0.lock().unwrap(), "#{} {}: {event:?}", call.id(), call.kind()).unwrap();
        }
    }

    let diary = Diary::default();
    let mock = MockTransport::new()
        .reply(Reply::status(503).body(SECRET))
        .reply(Reply::error(400, SECRET))
        .reply(Reply::stored());
    let (credential, _) = sending(URL, |it| {
        assert!(!format!("{it:?}").contains(SECRET));
        it
    });
    let client = builder(&mock, credential).observer(diary.clone()).build();
    client.upload(&upload()).unwrap();
    let told = diary.0.lock().unwrap();
    assert!(told.contains("[redacted]") && !told.contains(SECRET), "{told}");
    // Token requests are parts of the call that needs the token.
    let kinds: Vec<_> = told.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert!(kinds.iter().all(|kind| ["#1 token", "#1 upload"].contains(kind)), "{told}");
}

#[test]
fn a_token_request_does_not_count_in_the_rate_window_and_does_not_close_it() {
    let mock = MockTransport::from_fn(|request| match request.uri().host() {
        Some("login.example") if request.number() == 1 => {
            Reply::status(429).header("retry-after", "50")
        }
        Some("login.example") => Reply::status(200),
        _ => Reply::stored(),
    });
    let (credential, _) = sending(URL, |it| it);
    let client = builder(&mock, credential).build();
    for _ in 0..100 {
        client.upload(&upload()).unwrap();
    }
    assert_eq!(mock.clock().now(), Duration::from_secs(50), "the wait for the token alone");
    client.upload(&upload()).unwrap();
    assert_eq!(mock.clock().now(), Duration::from_secs(110));
}

#[test]
fn a_cancel_ends_a_token_request_and_the_call() {
    let cancel = CancelToken::new();
    let from_within = cancel.clone();
    let cancelled = TransportError::new(TransportErrorKind::Cancelled);
    let mock = MockTransport::new().reply(Reply::fault(cancelled));
    let credential = credential_fn(move |request: &TokenRequest<'_>| {
        let exchange = TokenExchange::new(Request::get(URL).body(&b""[..]).unwrap());
        from_within.cancel();
        let error = request.send(&exchange).unwrap_err();
        assert_eq!((error.kind(), error.effect()), (&ErrorKind::Cancelled, Effect::NotApplied));
        Err(error.into())
    });
    let client = builder(&mock, credential).build().cancelled_by(&cancel);
    let error = client.upload(&upload()).unwrap_err();
    assert_eq!((error.kind(), error.effect()), (&ErrorKind::Cancelled, Effect::NotApplied));
    mock.assert_unused();
}

/// A credential passes on what the request for its token met.
#[test]
fn a_failed_token_request_is_the_cause_of_the_calls_error() {
    let credential = |host: &'static str| {
        credential_fn(move |request: &TokenRequest<'_>| {
            let exchange = TokenExchange::new(Request::get(URL).body(&b""[..]).unwrap());
            let answer = request.send(&exchange)?;
            Err::<mde_live_response_core::auth::IssuedToken, _>(request.refusal(host, &answer))
        })
    };
    let mock = MockTransport::new().reply(Reply::lost()).reply(Reply::lost()).reply(Reply::lost());
    let overriding = upload().with_if_exists(IfExists::Override);
    let error = builder(&mock, credential("login.example")).build().upload(&overriding);
    let error = error.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (&ErrorKind::NoToken, Effect::NotApplied));
    assert!(error.is_retryable());
    assert!(error.to_string().contains("login.example:443"), "{error}");
    assert!(causes(&error).iter().any(|cause| cause.is::<std::io::Error>()), "{error:?}");
    mock.assert_done();

    for (reply, status, code, is_retryable) in [
        (Reply::error(400, "invalid_client"), 400, Some("invalid_client"), false),
        (Reply::error(429, "slow").header("retry-after", "99"), 429, Some("slow"), true),
        (Reply::status(200), 200, None, false),
    ] {
        let mock = MockTransport::new().reply(reply);
        let error = builder(&mock, credential("login.example")).build().upload(&upload());
        let error = error.unwrap_err();
        let facts = (error.kind(), error.effect(), error.attempts(), error.is_retryable());
        assert_eq!(facts, (&ErrorKind::NoToken, Effect::NotApplied, 0, is_retryable), "{error:?}");
        assert_eq!((error.status().unwrap().as_u16(), error.code()), (status, code));
        assert!(error.to_string().contains("login.example"), "{error}");
        mock.assert_done();
    }
}
