//! What a script answers, and what is kept of each request.

use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io};

use http::{Request, Response};
use mde_live_response_core::transport::{
    Exchange, Limits, Phase, Transport, TransportError, TransportErrorKind,
};
use mde_live_response_core::{Effect, ErrorKind, IfExists, Upload};
use mde_live_response_mock::{FakeLibrary, MockTransport, Reply};
use mde_live_response_testkit::TempDir;
use serde_json::{Value, json};

use crate::common::{client, form, json as json_of, list, panic_of, send, upload};

const ONE: &str = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";

fn tls() -> Reply {
    Reply::fault(TransportError::new(TransportErrorKind::Tls))
}

#[test]
fn a_script_is_followed_and_may_grow_while_it_is_used() {
    let mock = MockTransport::from_fn(|request| {
        Reply::error(500, request.form().part("Description").unwrap().text().unwrap())
    });
    let client = client(mock.clone());
    let _ = mock.clone().reply(Reply::status(204)).reply(Reply::refused_connection());
    let outcomes = [(); 3].map(|()| client.upload(&upload()).unwrap_err());
    assert!(matches!(outcomes[0].kind(), ErrorKind::Unusable(_)), "{}", outcomes[0]);
    assert_eq!(outcomes[1].effect(), Effect::NotApplied);
    assert_eq!(outcomes[2].code(), Some("Collects the DNS client cache"), "computed");
    let _ = mock.clone().reply(Reply::stored());
    client.upload(&upload()).unwrap();
    mock.assert_done();

    let [first, .., last] = mock.requests::<4>();
    assert_eq!((first.number(), last.number()), (1, 4));
    assert_eq!(first.method(), "POST");
    assert_eq!(first.uri(), "https://api.security.microsoft.com/api/libraryfiles");
    assert_eq!(first.headers()["content-length"], first.body().len().to_string());
    assert_eq!(first.form(), last.form());
    assert_ne!(first.body(), last.body(), "each call draws another boundary");
}

/// A status, a content type and a body.
fn said(answer: &Response<Vec<u8>>) -> (u16, &str, &[u8]) {
    let content_type = answer.headers().get("content-type").map_or("", |it| it.to_str().unwrap());
    (answer.status().as_u16(), content_type, answer.body())
}

#[test]
fn each_reply_is_what_its_script_says() {
    let error = json!({"error": {
        "code": "InvalidInput",
        "message": "scripted by a test",
        "target": "00000000-0000-4000-8000-000000000000",
    }});
    let json = "application/json";
    for (reply, status, content_type, body) in [
        (Reply::status(204), 204, "", &b""[..]),
        (Reply::status(999).body("text"), 999, "", b"text"),
        (Reply::stored().body([0xff]), 200, "", b"\xff"),
        (Reply::json(200, "{"), 200, json, b"{"),
        (Reply::json(200, "{}").header("content-type", "text/plain"), 200, "text/plain", b"{}"),
        (Reply::error(400, "InvalidInput"), 400, json, error.to_string().as_bytes()),
    ] {
        let case = format!("{reply:?}");
        let answer = send(&MockTransport::new().reply(reply), "GET", "/", &[], b"").unwrap();
        assert_eq!(said(&answer), (status, content_type, body), "case: {case}");
    }
    let twice = Reply::status(200).header("x", "1").header("x", "2");
    let answer = send(&MockTransport::new().reply(twice), "GET", "/", &[], b"").unwrap();
    assert_eq!(answer.headers().get_all("x").iter().collect::<Vec<_>>(), ["1", "2"]);
}

#[test]
fn an_entity_echoes_what_arrived_unless_it_is_falsified() {
    let upload = Upload::new("a.ps1".parse().unwrap(), b"one")
        .with_description("d".parse().unwrap())
        .with_parameters("p".parse().unwrap())
        .with_if_exists(IfExists::Override);
    let stored = client(MockTransport::new().reply(Reply::stored())).upload(&upload).unwrap();
    assert_eq!(
        serde_json::to_value(&stored).unwrap(),
        json!({
            "fileName": "a.ps1",
            "sha256": ONE,
            "description": "d",
            "creationTime": "2026-01-01T00:00:00.0000000Z",
            "lastUpdatedTime": "2026-01-01T00:00:00.000000Z",
            "createdBy": "mock",
            "hasParameters": true,
            "parametersDescription": "p",
        })
    );
    let body = form(&[("file", Some("a"), b"one")]);
    let length = body.len().to_string();
    let headers =
        [("content-type", "multipart/form-data; boundary=B"), ("content-length", &length)];
    for (reply, name, sha256) in [
        (Reply::stored(), "a", Some(json!(ONE))),
        (Reply::library_file("b"), "b", Some(json!(ONE))),
        (Reply::library_file("b").early(), "b", Some(Value::Null)),
        (Reply::library_file("b").with_sha256("0"), "b", Some(json!("0"))),
        (Reply::stored().without("sha256"), "a", None),
        (Reply::stored().without("sha256").with_sha256("1"), "a", Some(json!("1"))),
    ] {
        let case = format!("{reply:?}");
        let mock = MockTransport::new().reply(reply);
        let entity = json_of(&send(&mock, "POST", "/", &headers, &body).unwrap());
        assert_eq!(
            (&entity["fileName"], entity.get("sha256")),
            (&json!(name), sha256.as_ref()),
            "{case}"
        );
    }
}

#[test]
fn faults_happen_where_they_are_said_to() {
    let refused = Reply::refused_connection();
    for (reply, kind, effect, reads_body) in [
        (Reply::lost(), TransportErrorKind::Receive, None, true),
        (Reply::timeout(), TransportErrorKind::Timeout(Phase::Receive), None, true),
        (refused, TransportErrorKind::Connect, Some(Effect::NotApplied), false),
        (tls(), TransportErrorKind::Tls, None, true),
        (tls().early(), TransportErrorKind::Tls, None, false),
    ] {
        let case = format!("{reply:?}");
        let mock = MockTransport::new().reply(reply);
        let error = send(&mock, "POST", "/", &[], b"abc").unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, effect), "case: {case}");
        let [request] = mock.requests();
        let body = if reads_body { &b"abc"[..] } else { b"" };
        assert_eq!(
            (request.body(), request.is_body_complete()),
            (body, reads_body),
            "case: {case}"
        );
    }
}

/// No test of a user needs a sleep or luck.
#[test]
fn the_mocks_own_client_is_the_same_in_every_run() {
    let bodies = || {
        let throttled = Reply::error(429, "TooManyRequests").header("retry-after", "7");
        let mock = MockTransport::new().reply(throttled).reply(Reply::stored());
        let client = mock.client_builder().deadline(Duration::from_secs(9)).build();
        client.upload(&upload()).unwrap();
        assert_eq!(mock.clock().now(), Duration::from_secs(7));
        mock.requests::<2>().map(|request| {
            request.assert_bearer(MockTransport::TOKEN);
            (request.limits().time_left().unwrap().as_secs(), request.body().to_vec())
        })
    };
    let [first, second] = bodies();
    assert_eq!((first.0, second.0), (9, 2));
    assert_eq!(first.1, second.1, "the same bytes again");
    assert_eq!([first, second], bodies());
}

/// Shortens the file when the exchange starts.
#[derive(Debug)]
struct Shrinking<T>(PathBuf, T);

impl<T: Transport> Transport for Shrinking<T> {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        fs::write(&self.0, "0").unwrap();
        let error = self.1.send(exchange).unwrap_err();
        let facts = (error.kind(), error.effect());
        assert_eq!(facts, (TransportErrorKind::Send, Some(Effect::NotApplied)));
        assert!(std::error::Error::source(&error).unwrap().is::<io::Error>());
        Err(error)
    }
}

/// Whatever the script says.
#[test]
fn a_body_that_cannot_be_read_ends_the_exchange() {
    let (dir, library) = (TempDir::new(), FakeLibrary::new());
    let path = || dir.write("shrinks", "0123456789");
    let computed = MockTransport::from_fn(|_| panic!("not asked"));
    for client in [
        client(Shrinking(path(), MockTransport::new().reply(tls()))),
        client(Shrinking(path(), computed)),
        client(Shrinking(path(), library.clone())),
    ] {
        let error = client.upload(&Upload::from_path(path()).unwrap()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Source(_)), "{error}");
    }
    assert_eq!((library.calls(), library.names().len()), (0, 0));
}

#[test]
fn an_answer_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let library = FakeLibrary::new();
    let length = list(&library, "t").body().len();
    let mock = MockTransport::from_fn(move |_| Reply::status(200).body("x".repeat(length)));
    let transports: [&dyn Transport; 2] = [&library, &mock];
    for (transport, limit) in transports.into_iter().flat_map(|it| [(it, length - 1), (it, length)])
    {
        let request = Request::get("https://host/api/libraryfiles");
        let request = request.header("authorization", "Bearer t").body(&[][..]).unwrap();
        let limits = Limits::new().with_max_answer(limit as u64);
        let mut exchange = Exchange::new(request).unwrap().with_limits(limits);
        let error = transport.send(&mut exchange).err().map(|it| it.kind());
        let expected = (limit < length).then_some(TransportErrorKind::AnswerTooLarge);
        assert_eq!(error, expected, "case: {limit}, {transport:?}");
    }
}

#[test]
fn threads_share_one_script_and_a_panic_leaves_it_usable() {
    let mock = MockTransport::new();
    let (text, _) = panic_of(|| drop(send(&mock, "GET", "/", &[], b"")));
    assert!(text.contains("script:  empty\n"), "{text}");
    let mock = (0..8).fold(mock, |mock, _| mock.reply(Reply::stored()));
    let client = client(mock.clone());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| client.upload(&upload()).unwrap());
        }
    });
    let [_, requests @ ..] = mock.requests::<9>();
    for (n, request) in requests.iter().enumerate() {
        assert_eq!(request.number(), n + 2);
        request.assert_file("collect-dns.ps1", b"Get-DnsClientCache");
    }
}
