//! How a script is followed, and what is kept of the requests.

use std::error::Error as _;
use std::fs;
use std::time::Duration;

use http::Request;
use mde_live_response_core::{
    AccessToken, Body, Client, Delivery, Endpoint, Error, FileContent, Limits, Transport,
    TransportError, TransportErrorKind, Upload,
};
use mde_live_response_mock::{ManualClock, MockTransport, Reply};

use crate::common::{CANARY, client, name, send, upload};

fn refused() -> TransportError {
    TransportError::new(TransportErrorKind::Connect, Delivery::NotDelivered)
}

#[test]
fn replies_come_in_their_order() {
    let mock = MockTransport::new()
        .reply(Reply::error(429, "TooManyRequests").header("retry-after", "30"))
        .fail(refused())
        .reply(Reply::library_file("collect-dns.ps1"));
    let client = client(mock.clone());

    let throttled = client.upload(&upload()).unwrap_err();
    assert_eq!(throttled.retry_after(), Some(Duration::from_secs(30)));
    let failed = client.upload(&upload()).unwrap_err();
    assert_eq!(failed.delivery(), Delivery::NotDelivered);
    client.upload(&upload()).unwrap();

    let [first, second, third] = mock.requests();
    assert_eq!(first.form(), second.form());
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
        2 => Err(TransportError::new(TransportErrorKind::Receive, Delivery::Unknown)),
        3 => Ok(Reply::error(500, request.form().part("Description").unwrap().text().unwrap())),
        _ => Ok(Reply::stored()),
    })
    .reply(Reply::status(204));
    let client = client(mock.clone());
    let scripted = client.upload(&upload()).unwrap_err();
    assert!(matches!(scripted, Error::Response(_)), "{scripted}");
    assert_eq!(client.upload(&upload()).unwrap_err().delivery(), Delivery::Unknown);
    let told = client.upload(&upload()).unwrap_err();
    assert_eq!(told.service_code(), Some("Collects the DNS client cache"));
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
fn what_comes_before_the_body_reads_none_of_it() {
    let mock = MockTransport::new()
        .reply(Reply::error(401, "Unauthorized").early())
        .fail_before_body(refused())
        .fail(refused());
    let client = client(mock.clone());
    assert_eq!(client.upload(&upload()).unwrap_err().status().unwrap(), 401);
    client.upload(&upload()).unwrap_err();
    client.upload(&upload()).unwrap_err();
    let [early, before, after] = mock.requests();
    assert_eq!((early.body().len(), early.is_body_complete()), (0, false));
    assert_eq!((before.body().len(), before.is_body_complete()), (0, false));
    assert!(after.is_body_complete());
    assert!(early.try_form().is_err());
    assert!(after.try_form().is_ok());
}

#[test]
fn t33_a_success_before_the_body_is_no_success() {
    let mock = MockTransport::new().reply(Reply::library_file("collect-dns.ps1").early());
    let error = client(mock).upload(&upload()).unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
}

/// Whatever the script says, a body that cannot be read ends the exchange.
#[test]
fn a_body_that_fails_is_reported_with_its_cause() {
    let path = std::env::temp_dir().join(format!("mde-mock-shrinks-{}", std::process::id()));
    for (case, mock) in [
        ("reply", MockTransport::new().reply(Reply::stored())),
        ("fail", MockTransport::new().fail(refused())),
        ("from_fn", MockTransport::from_fn(|_| panic!("not asked"))),
    ] {
        fs::write(&path, "0123456789").unwrap();
        let upload = Upload::new(name(), FileContent::open(&path).unwrap());
        let seen = Seen { inner: mock.clone(), path: path.clone() };
        let error = client(seen).upload(&upload).unwrap_err();
        assert!(matches!(error, Error::Source(_)), "case: {case}, {error}");
        let [request] = mock.requests();
        assert!(!request.is_body_complete(), "case: {case}");
        mock.assert_done();
    }
    fs::remove_file(path).unwrap();
}

/// Shortens the file once the client has looked at it, and checks the error that comes back.
#[derive(Debug)]
struct Seen {
    inner: MockTransport,
    path: std::path::PathBuf,
}

impl Transport for Seen {
    fn send(&self, request: Request<Body<'_>>) -> Result<http::Response<Vec<u8>>, TransportError> {
        fs::write(&self.path, "01234").unwrap();
        let error = self.inner.send(request).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Send);
        assert_eq!(error.delivery(), Delivery::NotDelivered);
        assert!(error.source().unwrap().is::<std::io::Error>());
        Err(error)
    }
}

#[test]
fn an_answer_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let mock = MockTransport::from_fn(|_| Ok(Reply::status(200).body("12345")));
    for (limit, fits) in [(4, false), (5, true)] {
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(Limits::new().with_max_response(limit));
        let answer = mock.send(request);
        assert_eq!(answer.is_ok(), fits, "case: {limit}");
        if let Err(error) = answer {
            assert_eq!(error.kind(), TransportErrorKind::ResponseTooLarge);
            assert_eq!(error.delivery(), Delivery::Unknown);
        }
    }
}

#[test]
fn threads_share_one_script_and_every_request_is_kept_in_order() {
    let mock = MockTransport::from_fn(|_| Ok(Reply::stored()));
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
