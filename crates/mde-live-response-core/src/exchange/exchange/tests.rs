//! The URL check, the reading of an answer, and what `perform` checks and derives.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, Read};
use std::sync::Mutex;

use http::header::{CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};

use super::{Body, Exchange};
use crate::error::{Effect, Problem, TransportErrorKind};
use crate::exchange::{Limits, Transport, TransportError};
use crate::values::FileContent;

const OK: StatusCode = StatusCode::OK;

#[test]
fn a_url_is_https_or_plain_http_to_this_machine_without_a_user() {
    let no_user = Problem::Form("a URL without a user name or password");
    for (url, expected) in [
        ("https://api.example.com/x", None),
        ("https://api.example.com:8443/x?y", None),
        ("HTTPS://api.example.com/", None),
        ("http://127.0.0.1:1/x", None),
        ("http://127.1.2.3/", None),
        ("http://[::1]:1/", None),
        ("http://localhost/", Some(Problem::NotLoopback)),
        ("http://api.example.com/", Some(Problem::NotLoopback)),
        ("http://127.0.0.1.example.com/", Some(Problem::NotLoopback)),
        ("http://[::2]/", Some(Problem::NotLoopback)),
        ("https://user@api.example.com/", Some(no_user.clone())),
        ("https://user:word@api.example.com/", Some(no_user.clone())),
        ("http://127.0.0.1@api.example.com/", Some(no_user)),
        ("ftp://api.example.com/", Some(Problem::NotHttps)),
        ("/api/libraryfiles", Some(Problem::NotHttps)),
        ("api.example.com:443", Some(Problem::NotHttps)),
    ] {
        let made = Exchange::new(Request::get(url).body(b"".as_slice()).unwrap());
        let problem = made.err().map(|invalid| invalid.problem().clone());
        assert_eq!(problem, expected, "{url}");
    }
}

#[test]
fn a_token_request_may_also_go_to_a_metadata_service_of_this_machine() {
    let not_loopback = Err(Problem::NotLoopback);
    for (url, expected) in [
        ("https://login.example.com/x", Ok("https://login.example.com/x")),
        ("http://127.0.0.1:1/x", Ok("http://127.0.0.1:1/x")),
        ("http://localhost/x?y", Ok("http://127.0.0.1/x?y")),
        ("http://localhost:42356/msi/token", Ok("http://127.0.0.1:42356/msi/token")),
        ("https://localhost/x", Ok("https://localhost/x")),
        ("http://localhost.example.com/", not_loopback.clone()),
        ("http://localhosts/", not_loopback.clone()),
        ("http://169.254.130.4:8081/msi/token", Ok("http://169.254.130.4:8081/msi/token")),
        (
            "http://169.254.169.254/metadata/identity/oauth2/token?x",
            Ok("http://169.254.169.254/metadata/identity/oauth2/token?x"),
        ),
        ("http://169.254.169.254/metadata/instance", not_loopback.clone()),
        ("http://169.254.169.254/metadata/identity/oauth2/token/..", not_loopback.clone()),
        ("http://169.253.1.1/", not_loopback.clone()),
        ("http://169.254.1.1.example.com/", not_loopback.clone()),
        ("http://login.example.com/x", not_loopback),
        ("http://user@169.254.130.4/", Err(Problem::Form("a URL without a user name or password"))),
    ] {
        let made = Exchange::for_token(Request::get(url).body(b"".as_slice()).unwrap());
        let made = made.map(|exchange| exchange.head().uri.to_string());
        let made = made.map_err(|invalid| invalid.problem().clone());
        assert_eq!(made, expected.map(str::to_owned), "{url}");
    }
    let request = Request::get("http://localhost:1/").body(b"".as_slice()).unwrap();
    let exchange = Exchange::for_token(request).unwrap();
    assert_eq!(exchange.head().headers.get("host").unwrap(), "localhost:1");
}

/// Gives some bytes, then this error.
fn cut(bytes: &'static [u8], error: impl Into<io::Error>) -> impl Read {
    struct Fails(Option<io::Error>);
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            self.0.take().map_or(Ok(0), Err)
        }
    }
    bytes.chain(Fails(Some(error.into())))
}

fn exchange(max_answer: u64) -> Exchange<'static> {
    let request = Request::get("https://api.example.com/").body(b"".as_slice()).unwrap();
    Exchange::new(request).unwrap().with_limits(Limits::new().with_max_answer(max_answer))
}

#[test]
fn an_answer_is_read_up_to_the_limit_and_a_success_to_its_length() {
    use TransportErrorKind::{AnswerTooLarge, Receive};
    // A length that the answer only claims does not fill the memory.
    for (claimed, is_true) in
        [("3", true), ("-1", true), ("many", true), ("0", false), ("18446744073709551615", false)]
    {
        let headers = HeaderMap::from_iter([(CONTENT_LENGTH, claimed.parse().unwrap())]);
        for status in [OK, StatusCode::NO_CONTENT, StatusCode::BAD_GATEWAY] {
            let read = |max, body: &'static [u8]| {
                let read = exchange(max).read_answer(status, &headers, body);
                read.map_err(|error| error.kind())
            };
            let counts = is_true || status != OK;
            let whole = if counts { Ok(b"abc".to_vec()) } else { Err(Receive) };
            assert_eq!(read(3, b"abc"), whole, "{claimed} {status}");
            assert_eq!(read(u64::MAX, b"abc"), whole, "{claimed} {status}");
            assert_eq!(read(3, b"abcd"), Err(AnswerTooLarge), "{claimed} {status}");
        }
    }
}

#[test]
fn an_endless_answer_ends_one_byte_past_the_limit() {
    let mut endless = io::repeat(b'x').take(1_000_000);
    let read = exchange(1_000).read_answer(OK, &HeaderMap::new(), &mut endless);
    assert_eq!(read.unwrap_err().kind(), TransportErrorKind::AnswerTooLarge);
    assert_eq!(endless.limit(), 1_000_000 - 1_001);
}

#[test]
fn a_cut_refusal_counts_and_a_cut_success_does_not() {
    use TransportErrorKind::{Cancelled, Receive};
    let wrapped = || io::Error::other(TransportError::new(Cancelled));
    for (status, counts) in [(200, false), (204, false), (302, true), (401, true), (503, true)] {
        let read = |error: io::Error| {
            let status = StatusCode::from_u16(status).unwrap();
            let read = exchange(10).read_answer(status, &HeaderMap::new(), cut(b"abc", error));
            read.map_err(|error| error.kind())
        };
        let expected = |kind| if counts { Ok(b"abc".to_vec()) } else { Err(kind) };
        assert_eq!(read(io::ErrorKind::UnexpectedEof.into()), expected(Receive), "{status}");
        assert_eq!(read(io::ErrorKind::TimedOut.into()), expected(Receive), "{status}");
        assert_eq!(read(wrapped()), expected(Cancelled), "{status}: the wrapped kind");
    }
}

#[test]
fn an_answer_that_is_cut_past_the_limit_is_too_large() {
    let body = cut(b"abcd", io::ErrorKind::ConnectionReset);
    let read = exchange(3).read_answer(StatusCode::BAD_REQUEST, &HeaderMap::new(), body);
    assert_eq!(read.unwrap_err().kind(), TransportErrorKind::AnswerTooLarge);
}

/// Reads this many bytes of the body, then gives this outcome.
#[derive(Debug)]
struct Tiny {
    read: u64,
    outcome: Mutex<Option<Outcome>>,
}

type Outcome = Result<Response<Vec<u8>>, TransportError>;

impl Transport for Tiny {
    fn send(&self, exchange: &mut Exchange<'_>) -> Outcome {
        io::copy(&mut exchange.take(self.read), &mut io::sink()).unwrap();
        self.outcome.lock().unwrap().take().unwrap()
    }
}

const HEAD: &[u8] = b"<head>";
const TAIL: &[u8] = b"<tail>";
/// Bytes before the tail of the form in [`perform_form`].
const DECISIVE: u64 = 6 + 3;
const WHOLE: u64 = DECISIVE + 6;

fn perform(mut exchange: Exchange<'_>, read: u64, outcome: Outcome) -> Outcome {
    exchange.perform(&Tiny { read, outcome: Mutex::new(Some(outcome)) })
}

/// Performs an exchange with a form.
fn perform_form(read: u64, outcome: Outcome) -> Outcome {
    let content = FileContent::from(b"abc");
    let (head, ()) = Request::post("https://api.example.com/").body(()).unwrap().into_parts();
    let body = Body::form(HEAD, &content, TAIL, None);
    perform(Exchange::with_body(head, body), read, outcome)
}

fn perform_bytes(bytes: &[u8], read: u64, outcome: Outcome) -> Outcome {
    let request = Request::post("https://api.example.com/").body(bytes).unwrap();
    perform(Exchange::new(request).unwrap(), read, outcome)
}

fn fault() -> Outcome {
    Err(TransportError::new(TransportErrorKind::Receive))
}

fn answer(status: u16, headers: &[(HeaderName, &'static str)]) -> Response<Vec<u8>> {
    let mut answer = Response::new(Vec::new());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        answer.headers_mut().append(name, HeaderValue::from_static(value));
    }
    answer
}

#[test]
fn the_effect_of_a_fault_follows_from_the_bytes_that_were_read() {
    use Effect::{Applied, NotApplied, Unknown};
    for (outcome, effect) in [
        (perform_form(0, fault()), NotApplied),
        (perform_form(DECISIVE, fault()), NotApplied),
        (perform_form(DECISIVE + 1, fault()), Unknown),
        (perform_form(WHOLE, fault()), Unknown),
        (perform_bytes(b"abc", 0, fault()), NotApplied),
        (perform_bytes(b"abc", 1, fault()), Unknown),
        // Without a body the head alone is the request.
        (perform_bytes(b"", 0, fault()), Unknown),
    ] {
        assert_eq!(outcome.unwrap_err().effect(), Some(effect));
    }
    // A transport that knows better is believed.
    for effect in [NotApplied, Unknown, Applied] {
        for read in [0, WHOLE] {
            let fault = TransportError::new(TransportErrorKind::Receive).with_effect(effect);
            assert_eq!(perform_form(read, Err(fault)).unwrap_err().effect(), Some(effect));
        }
    }
}

#[test]
fn an_ambiguous_or_too_early_answer_is_a_fault_with_an_unknown_effect() {
    let length = (CONTENT_LENGTH, "0");
    let chunked = (TRANSFER_ENCODING, "chunked");
    let (none, one) = (&[][..], std::slice::from_ref(&length));
    let (two, both) = ([length.clone(), length.clone()], [length.clone(), chunked.clone()]);
    for (read, status, headers, passes) in [
        (WHOLE, 200, none, true),
        (WHOLE, 200, one, true),
        (WHOLE, 200, std::slice::from_ref(&chunked), true),
        (WHOLE, 599, none, true),
        (WHOLE, 200, two.as_slice(), false),
        (WHOLE, 400, two.as_slice(), false),
        (WHOLE, 200, both.as_slice(), false),
        (WHOLE, 100, none, false),
        (WHOLE, 199, none, false),
        (WHOLE, 600, none, false),
        (WHOLE, 999, none, false),
        // A success before the last byte was read does not count; a refusal may come at any time.
        (0, 200, none, false),
        (DECISIVE, 204, none, false),
        (WHOLE - 1, 200, none, false),
        (0, 401, none, true),
        (0, 307, none, true),
        (DECISIVE, 503, none, true),
    ] {
        let case = format!("{read} {status} {headers:?}");
        match perform_form(read, Ok(answer(status, headers))) {
            Ok(answer) => {
                assert!(passes, "{case}");
                assert_eq!(answer.status(), status, "{case}");
            }
            Err(error) => {
                assert!(!passes, "{case}");
                assert_eq!(error.kind(), TransportErrorKind::Protocol, "{case}");
                assert_eq!(error.effect(), Some(Effect::Unknown), "{case}");
            }
        }
    }
}
