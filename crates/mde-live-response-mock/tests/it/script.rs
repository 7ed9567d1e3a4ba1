//! How a script is followed, and what is kept of the requests.

use std::error::Error as _;
use std::fs;
use std::time::Duration;

use http::{Request, Response};
use mde_live_response_core::library::FileContent;
use mde_live_response_core::transport::{
    Exchange, Limits, Phase, Transport, TransportError, TransportErrorKind,
};
use mde_live_response_core::{AccessToken, Client, Effect, Endpoint, ErrorKind, Upload};
use mde_live_response_mock::{ManualClock, MockTransport, Reply};
use mde_live_response_testkit::TempDir;

use crate::common::{CANARY, client, name, send, upload};

/// A fault of a test's own.
fn tls() -> Reply {
    Reply::fault(TransportError::new(TransportErrorKind::Tls))
}

#[test]
fn replies_come_in_their_order() {
    let mock = MockTransport::new()
        .reply(Reply::error(429, "TooManyRequests").header("retry-after", "30"))
        .reply(Reply::refused_connection())
        .reply(Reply::library_file("collect-dns.ps1"));
    let client = client(mock.clone());

    let throttled = client.upload(&upload()).unwrap_err();
    assert_eq!(throttled.retry_after(), Some(Duration::from_secs(30)));
    let failed = client.upload(&upload()).unwrap_err();
    assert_eq!(failed.effect(), Effect::NotApplied);
    client.upload(&upload()).unwrap();

    let [first, _, third] = mock.requests();
    assert_eq!(first.form(), third.form());
    assert_ne!(first.body(), third.body(), "each call draws a boundary of its own");
    mock.assert_done();
}

#[test]
fn the_script_may_grow_while_it_is_used() {
    let mock = MockTransport::new();
    let client = client(mock.clone());
    for number in 1..=3 {
        let _ = mock.clone().reply(Reply::stored());
        client.upload(&upload()).unwrap();
        mock.assert_done();
        assert_eq!(format!("{mock:?}").matches("RecordedRequest").count(), number);
    }
}

#[test]
fn replies_can_be_computed() {
    let mock = MockTransport::from_fn(|request| match request.number() {
        2 => Reply::lost(),
        3 => Reply::error(500, request.form().part("Description").unwrap().text().unwrap()),
        _ => Reply::stored(),
    })
    .reply(Reply::status(204));
    let client = client(mock.clone());
    let scripted = client.upload(&upload()).unwrap_err();
    assert!(matches!(scripted.kind(), ErrorKind::Unusable(_)), "{scripted}");
    assert_eq!(client.upload(&upload()).unwrap_err().effect(), Effect::Unknown);
    let told = client.upload(&upload()).unwrap_err();
    assert_eq!(told.code(), Some("Collects the DNS client cache"));
    client.upload(&upload()).unwrap();
    mock.assert_done();
    let [_, _, _, _] = mock.requests();
}

#[test]
fn a_request_is_kept_as_it_was_sent() {
    let mock = MockTransport::new().reply(Reply::stored());
    let token = AccessToken::new(CANARY).unwrap();
    Client::builder(Endpoint::EU, token, mock.clone())
        .clock(ManualClock::new())
        .deadline(Duration::from_secs(7))
        .build()
        .upload(&upload())
        .unwrap();
    let [request] = mock.requests();
    assert_eq!(request.number(), 1);
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri(), "https://eu.api.security.microsoft.com/api/libraryfiles");
    assert_eq!(request.limits().time_left(), Some(Duration::from_secs(7)));
    assert_eq!(request.headers()["content-length"], request.body().len().to_string());
    assert!(request.is_body_complete());
    assert!(request.body().ends_with(b"--\r\n"));
    request.assert_bearer(CANARY);
}

#[test]
fn faults_happen_where_they_are_said_to() {
    let kinds = [
        (Reply::lost(), TransportErrorKind::Receive, None, true),
        (Reply::timeout(), TransportErrorKind::Timeout(Phase::Receive), None, true),
        (Reply::refused_connection(), TransportErrorKind::Connect, Some(Effect::NotApplied), false),
        (tls(), TransportErrorKind::Tls, None, true),
        (tls().early(), TransportErrorKind::Tls, None, false),
    ];
    for (reply, kind, effect, reads_body) in kinds {
        let case = format!("{reply:?}");
        let mock = MockTransport::new().reply(reply);
        let error = send(&mock, "POST", "/", &[], b"abc").unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, effect), "case: {case}");
        let [request] = mock.requests();
        assert_eq!(request.is_body_complete(), reads_body, "case: {case}");
        assert_eq!(request.body(), if reads_body { &b"abc"[..] } else { b"" }, "case: {case}");
    }
}

#[test]
fn an_early_reply_reads_nothing_of_the_body() {
    let mock = MockTransport::new().reply(Reply::error(401, "Unauthorized").early());
    assert_eq!(client(mock.clone()).upload(&upload()).unwrap_err().status().unwrap(), 401);
    let [request] = mock.requests();
    assert_eq!((request.body().len(), request.is_body_complete()), (0, false));
    assert!(request.try_form().is_err());
}

/// The client of the mock needs neither a sleep nor luck.
#[test]
fn the_mock_s_own_client_is_the_same_in_every_run() {
    let bodies = || {
        let throttled = Reply::error(503, "InternalServerError").header("retry-after", "7");
        let mock = MockTransport::new().reply(throttled).reply(Reply::stored());
        mock.client().upload(&upload()).unwrap();
        assert_eq!(mock.clock().now(), Duration::from_secs(7));
        let requests: [_; 2] = mock.requests();
        requests[1].assert_bearer(MockTransport::TOKEN);
        requests.map(|request| request.body().to_vec())
    };
    let [first, second] = bodies();
    assert_eq!(first, second, "the same bytes again");
    assert_eq!([first, second], bodies());

    let mock = MockTransport::from_fn(|_| Reply::stored());
    let client = mock.client_builder().deadline(Duration::from_secs(7)).build();
    client.upload(&upload()).unwrap();
    client.upload(&upload()).unwrap();
    let [first, second] = mock.requests();
    assert_eq!(first.limits().time_left(), Some(Duration::from_secs(7)));
    assert_ne!(first.body(), second.body(), "each call draws its own boundary");
}

#[test]
fn t33_a_success_before_the_body_is_no_success() {
    let mock = MockTransport::new().reply(Reply::library_file("collect-dns.ps1").early());
    let error = client(mock).upload(&upload()).unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
}

/// Whatever the script says, a body that cannot be read ends the exchange.
#[test]
fn a_body_that_fails_is_reported_with_its_cause() {
    let dir = TempDir::new();
    for (case, mock) in [
        ("reply", MockTransport::new().reply(Reply::stored())),
        ("fault", MockTransport::new().reply(tls())),
        ("from_fn", MockTransport::from_fn(|_| panic!("not asked"))),
    ] {
        let path = dir.write("shrinks", "0123456789");
        let upload = Upload::new(name(), FileContent::open(&path).unwrap());
        let seen = Seen { inner: mock.clone(), path: path.clone() };
        let error = client(seen).upload(&upload).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Source(_)), "case: {case}, {error}");
        let [request] = mock.requests();
        assert!(!request.is_body_complete(), "case: {case}");
        mock.assert_done();
    }
}

/// Shortens the file once the client has looked at it, and checks the error that comes back.
#[derive(Debug)]
struct Seen {
    inner: MockTransport,
    path: std::path::PathBuf,
}

impl Transport for Seen {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        fs::write(&self.path, "01234").unwrap();
        let error = self.inner.send(exchange).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Send);
        assert_eq!(error.effect(), Some(Effect::NotApplied));
        assert!(error.source().unwrap().is::<std::io::Error>());
        Err(error)
    }
}

#[test]
fn an_answer_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let mock = MockTransport::from_fn(|_| Reply::status(200).body("12345"));
    for (limit, fits) in [(4, false), (5, true)] {
        let request = Request::get("https://host/").body(&[][..]).unwrap();
        let limits = Limits::new().with_max_answer(limit);
        let answer = mock.send(&mut Exchange::new(request).unwrap().with_limits(limits));
        assert_eq!(answer.is_ok(), fits, "case: {limit}");
        if let Err(error) = answer {
            assert_eq!(error.kind(), TransportErrorKind::AnswerTooLarge);
        }
    }
}

#[test]
fn threads_share_one_script_and_every_request_is_kept_in_order() {
    let mock = MockTransport::from_fn(|_| Reply::stored());
    let client = client(mock.clone());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| client.upload(&upload()).unwrap());
        }
    });
    let requests: [_; 8] = mock.requests();
    for (n, request) in requests.iter().enumerate() {
        assert_eq!(request.number(), n + 1);
        request.assert_file("collect-dns.ps1", b"Get-DnsClientCache");
    }
}

#[test]
fn a_panic_leaves_the_mock_usable() {
    let mock = MockTransport::new();
    let thread = mock.clone();
    std::thread::spawn(move || drop(send(&thread, "GET", "/", &[], b""))).join().unwrap_err();
    let mock = mock.reply(Reply::status(200));
    assert!(send(&mock, "GET", "/", &[], b"").is_ok());
    let [_, _] = mock.requests();
}
