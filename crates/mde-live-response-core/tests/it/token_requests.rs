//! `TokenRequest::send`: a credential's requests through the client's transport.

use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response_core::auth::{
    Credential, CredentialError, IssuedToken, Secret, TokenExchange, TokenRequest, credential_fn,
};
use mde_live_response_core::http::{Request, Response, StatusCode};
use mde_live_response_core::policy::{CallKind, CancelToken, RetryPolicy};
use mde_live_response_core::transport::TransportErrorKind;
use mde_live_response_core::{AccessToken, Effect, Endpoint, Error, ErrorKind, IfExists};
use mde_live_response_mock::{MockTransport, Reply};

use crate::support::{builder, causes, observing, script, upload};

const URL: &str = "https://login.example/token";
const SECRET: &str = "a-client-secret";

type Outcome = Result<Response<Vec<u8>>, Error>;

/// Sends one request as `configure` says, records the outcome, and gives a token in any case.
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

type Configure = for<'a> fn(TokenExchange<'a>) -> TokenExchange<'a>;

#[test]
fn the_last_attempt_decides_and_any_answer_is_ok() {
    const PLAIN: Configure = |it| it;
    const SHORT: Configure = |it| it.with_limit(Duration::from_millis(400));
    // Adds to the statuses that are retried anyway.
    const NOT_FOUND: Configure =
        |it| it.with_retried_status(StatusCode::NOT_FOUND).with_retried_status(StatusCode::GONE);
    let busy = || Reply::error(503, "Busy");
    let status = Reply::status;
    let denied = |status| Reply::error(status, "invalid_client");
    let asking = |seconds| Reply::status(429).header("retry-after", seconds);
    for (replies, configure, expected, waited) in [
        (vec![status(200)], PLAIN, Some(200), 0),
        (vec![status(204)], PLAIN, Some(204), 0),
        (vec![status(302)], PLAIN, Some(302), 0),
        (vec![denied(400)], PLAIN, Some(400), 0),
        (vec![denied(401)], PLAIN, Some(401), 0),
        (vec![denied(403)], PLAIN, Some(403), 0),
        (vec![status(404)], PLAIN, Some(404), 0),
        (vec![status(404), status(404), status(200)], NOT_FOUND, Some(200), 1_500),
        (vec![status(404), status(410), status(404)], NOT_FOUND, Some(404), 1_500),
        (vec![status(500), status(500), status(500)], NOT_FOUND, Some(500), 1_500),
        (vec![status(500)], SHORT, Some(500), 0),
        (vec![busy(), Reply::lost(), status(200)], PLAIN, Some(200), 1_500),
        (vec![busy(), busy(), status(429)], PLAIN, Some(429), 1_500),
        (vec![Reply::refused_connection(), denied(400)], PLAIN, Some(400), 500),
        (vec![asking("7"), status(200)], PLAIN, Some(200), 7_000),
        // A wait that is too long is not begun.
        (vec![asking("61")], PLAIN, Some(429), 0),
        (vec![Reply::lost(), Reply::lost(), Reply::lost()], PLAIN, None, 1_500),
        (vec![status(500), status(500), Reply::lost()], PLAIN, None, 1_500),
    ] {
        let case = format!("{replies:?}");
        let (outcome, mock) = send(replies, configure);
        assert_eq!(mock.clock().now(), Duration::from_millis(waited), "case: {case}");
        match outcome {
            Ok(answer) => assert_eq!(Some(answer.status().as_u16()), expected, "case: {case}"),
            Err(error) => {
                assert_eq!(expected, None, "case: {case}");
                let facts = (error.call(), error.effect(), error.attempts());
                assert_eq!(facts, (CallKind::Token, Effect::NotApplied, 3));
                assert_eq!(error.kind(), &ErrorKind::Transport(TransportErrorKind::Receive));
                assert!(error.to_string().contains("login.example:443"), "{error}");
            }
        }
    }
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
    let diary = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&diary);
    let observer = observing(move |call, event| {
        told.lock().unwrap().push((call.id(), call.kind(), format!("{event:?}")));
    });
    let mock =
        script([Reply::status(503).body(SECRET), Reply::error(400, SECRET), Reply::stored()]);
    let (credential, _) = sending(URL, |it| {
        assert!(!format!("{it:?}").contains(SECRET));
        it
    });
    builder(&mock, credential).observer(observer).build().upload(&upload()).unwrap();
    let told = diary.lock().unwrap();
    let shown = format!("{told:?}");
    assert!(shown.contains("[redacted]") && !shown.contains(SECRET), "{shown}");
    // Token requests are parts of the call that needs the token.
    assert!(told.iter().all(|(id, ..)| *id == 1), "{shown}");
    assert!(told.iter().all(|(_, kind, _)| [CallKind::Token, CallKind::Upload].contains(kind)));
    // Sent bytes are told of files only.
    let sent = told.iter().filter(|(_, _, event)| event.starts_with("Sent"));
    assert_eq!(sent.map(|(_, kind, _)| *kind).collect::<Vec<_>>(), [CallKind::Upload]);
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
    let (cancel, mock) = (CancelToken::new(), MockTransport::new());
    let from_within = cancel.clone();
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
    let slow = || Reply::error(429, "slow").header("retry-after", "99");
    for (replies, status, code, is_retryable, named) in [
        (vec![Reply::lost(), Reply::lost(), Reply::lost()], None, None, true, "login.example:443"),
        (vec![Reply::error(400, "bad")], Some(400), Some("bad"), false, "login.example"),
        (vec![slow()], Some(429), Some("slow"), true, "login.example"),
        (vec![Reply::status(200)], Some(200), None, false, "login.example"),
    ] {
        let credential = credential_fn(|request: &TokenRequest<'_>| {
            let exchange = TokenExchange::new(Request::get(URL).body(&b""[..]).unwrap());
            let answer = request.send(&exchange)?;
            Err::<IssuedToken, _>(request.refusal("login.example", &answer))
        });
        let mock = script(replies);
        let overriding = upload().with_if_exists(IfExists::Override);
        let error = builder(&mock, credential).build().upload(&overriding).unwrap_err();
        assert_eq!((error.kind(), error.effect()), (&ErrorKind::NoToken, Effect::NotApplied));
        assert_eq!((error.attempts(), error.is_retryable()), (0, is_retryable), "{error:?}");
        assert_eq!((error.status().map(|it| it.as_u16()), error.code()), (status, code));
        assert!(error.to_string().contains(named), "{error}");
        let is_lost = causes(&error).iter().any(|cause| cause.is::<std::io::Error>());
        assert_eq!(is_lost, status.is_none(), "{error:?}");
        mock.assert_done();
    }
}

/// As a credential that asks several others reads it: text, code, help and cause.
#[test]
fn a_credentials_error_tells_its_own_facts_or_those_of_its_request() {
    type Make = fn(&TokenRequest<'_>) -> CredentialError;
    const EXCHANGE: fn(&TokenRequest<'_>) -> Outcome =
        |request| request.send(&TokenExchange::new(Request::get(URL).body(&b""[..]).unwrap()));
    const REFUSAL: Make = |it| it.refusal("login.example", &EXCHANGE(it).unwrap());
    let refused = "login.example issued no token (400 bad: scripted by a test, correlation ID \
                   00000000-0000-4000-8000-000000000000)";
    let lost =
        "getting a token: the connection broke before the answer was complete (login.example:443)";
    let help = "Do this.";
    for (reply, make, expected) in [
        (Some(Reply::error(400, "bad")), REFUSAL, (refused, Some("bad"), None, None)),
        (
            Some(Reply::error(400, "bad")),
            |it| REFUSAL(it).with_code("mine").with_help("Do this."),
            (refused, Some("mine"), Some(help), None),
        ),
        (
            Some(Reply::lost()),
            |it| EXCHANGE(it).unwrap_err().into(),
            (lost, None, Some("Try again later."), Some("connection reset")),
        ),
        (
            None,
            |_| CredentialError::new("a cause").with_help("Do this."),
            ("the credential gave no token", None, Some(help), Some("a cause")),
        ),
    ] {
        let read = Arc::new(Mutex::new(None));
        let to_read = Arc::clone(&read);
        let credential = credential_fn(move |request: &TokenRequest<'_>| {
            let error = make(request);
            let cause = error.source().map(ToString::to_string);
            let code = error.code().map(str::to_owned);
            *to_read.lock().unwrap() = Some((error.to_string(), code, error.help(), cause));
            Err::<IssuedToken, _>(error)
        });
        let client = builder(&script(reply), credential).retry(RetryPolicy::NONE).build();
        client.upload(&upload()).unwrap_err();
        let (shown, code, help, cause) = read.lock().unwrap().take().unwrap();
        assert_eq!((&*shown, code.as_deref(), help.as_deref(), cause.as_deref()), expected);
    }
}

/// Each fact alone reaches the error of the call that needs the token.
#[test]
fn the_calls_error_has_what_the_credential_says() {
    type With = fn(CredentialError) -> CredentialError;
    let cases: [(With, [Option<&str>; 4]); 4] = [
        (|it| it.with_status(StatusCode::GONE), [Some("410"), None, None, None]),
        (|it| it.with_code("a code"), [None, Some("a code"), None, None]),
        (|it| it.with_description("a text"), [None, None, Some("a text"), None]),
        (|it| it.with_correlation_id("an id"), [None, None, None, Some("an id")]),
    ];
    for (with, expected) in cases {
        let error = Error::from(with(CredentialError::message("no token today")));
        let status = error.status().map(|it| it.as_str().to_owned());
        let facts = [status.as_deref(), error.code(), error.message(), error.correlation_id()];
        assert_eq!((error.kind(), facts), (&ErrorKind::NoToken, expected));
        assert!(error.to_string().contains("no token today"), "{error}");
    }
}

/// The call that needs the token: its time, its cancel, its service.
#[test]
fn a_credential_sees_the_call() {
    let (cancel, mock) = (CancelToken::new(), script([Reply::stored()]));
    let from_within = cancel.clone();
    mock.clock().advance(Duration::from_secs(7));
    let clock = mock.clock();
    let credential = credential_fn(move |request: &TokenRequest<'_>| {
        let start = request.time_of_day();
        assert_eq!(
            (request.time_left(), request.is_cancelled()),
            (Duration::from_secs(300), false)
        );
        clock.advance(Duration::from_secs(10));
        assert_eq!(request.time_left(), Duration::from_secs(290));
        assert_eq!(request.time_of_day(), start + Duration::from_secs(10));
        assert_eq!(request.endpoint(), &Endpoint::COMMERCIAL);
        from_within.cancel();
        assert!(request.is_cancelled());
        Ok(AccessToken::new("an-access-token").unwrap().into())
    });
    let client = builder(&mock, credential).build().cancelled_by(&cancel);
    let error = client.upload(&upload()).unwrap_err();
    assert_eq!((error.kind(), error.effect()), (&ErrorKind::Cancelled, Effect::NotApplied));
    mock.assert_unused();
}
