//! What goes over the wire, byte for byte.

use mde_live_response_core::http::request::Builder;
use mde_live_response_core::http::{Request, Response};
use mde_live_response_core::operation::{Operation, UploadRequest};
use mde_live_response_core::transport::{Exchange, Limits, Transport, TransportError};
use mde_live_response_core::{Endpoint, http};

use crate::support::*;

/// Only the host is the transport's own: no second length, no agent, no `Expect`, no `Connection`.
#[test]
fn a_request_is_sent_as_given_with_only_the_host_added() {
    both(|speech| {
        let server = Server::start(speech, [served(1)]);
        let address = server.address();
        let random = |bytes: &mut [u8]| {
            bytes.fill(0x2a);
            Ok(())
        };
        let client = builder(&server.url()).random(random).build();
        assert_eq!(upload_by(&client, &small()), STORED);
        let boundary = "2a".repeat(20);
        let body = format!(
            "--{boundary}\r\n\
             Content-Disposition: form-data; name=\"HasParameters\"\r\n\r\n\
             false\r\n\
             --{boundary}\r\n\
             Content-Disposition: form-data; name=\"OverrideIfExists\"\r\n\r\n\
             false\r\n\
             --{boundary}\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"collect-dns.ps1\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n\
             Get-DnsClientCache\n\
             \r\n--{boundary}--\r\n"
        );
        let len = body.len();
        let version = env!("CARGO_PKG_VERSION");
        let head = format!(
            "POST /api/libraryfiles HTTP/1.1\r\n\
             host: {address}\r\n\
             accept: application/json\r\n\
             accept-encoding: identity\r\n\
             user-agent: mde-live-response/{version}\r\n\
             content-type: multipart/form-data; boundary={boundary}\r\n\
             content-length: {len}\r\n\
             authorization: Bearer {TOKEN}\r\n\
             \r\n"
        );
        let received = server.finish_one().received;
        assert_eq!(String::from_utf8(received).unwrap(), head + &body);
    });
}

#[test]
fn a_large_body_arrives_byte_for_byte() {
    let bytes: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let upload = Upload::new("numbers.bin".parse().unwrap(), bytes.clone());
    both(|speech| {
        let script = after_request([say(reply("409 Conflict", "", ""))]);
        let seen = exchange(speech, script, &upload);
        assert_eq!(seen.outcome, refused(409, ErrorKind::NameTaken));
        let start = b"application/octet-stream\r\n\r\n";
        let at = seen.received.windows(start.len()).position(|it| it == start).unwrap();
        let file = &seen.received[at + start.len()..][..bytes.len()];
        assert!(file == bytes, "other bytes arrived");
    });
}

/// Sends a request by the transport alone.
fn send(
    request: Builder,
    url: &str,
    body: &[u8],
    limits: Limits,
) -> Result<Response<Vec<u8>>, TransportError> {
    let request = request.uri(url).body(body).unwrap();
    let mut exchange = Exchange::new(request).unwrap().with_limits(limits);
    transport().build().send(&mut exchange)
}

/// The length is that of the body, with or without a header, whatever the header says.
#[test]
fn a_request_of_any_kind_is_sent_with_the_length_of_its_body() {
    let post = || Request::builder().method("POST");
    let with_length = |length: &str| post().header("content-length", length);
    let get = |method| Request::builder().method(method);
    let nine = "content-length: 9\r\n";
    both(|speech| {
        for (request, path, body, head) in [
            (get("GET"), "/api/a%20b?x=%2F", "", "GET /api/a%20b?x=%2F HTTP/1.1|"),
            (get("DELETE"), "/x", "", "DELETE /x HTTP/1.1|"),
            (post(), "/", "", "POST / HTTP/1.1|content-length: 0\r\n"),
            (post(), "/", "grant=one", &format!("POST / HTTP/1.1|{nine}")),
            (with_length("9"), "/token", "grant=one", &format!("POST /token HTTP/1.1|{nine}")),
            (with_length("1"), "/", "grant=one", &format!("POST / HTTP/1.1|{nine}")),
            (with_length("100"), "/", "grant=one", &format!("POST / HTTP/1.1|{nine}")),
            (with_length("x"), "/", "grant=one", &format!("POST / HTTP/1.1|{nine}")),
        ] {
            let script = after_request([say(reply("200 OK", "", "[]"))]);
            let server = Server::start(speech, [script]);
            let url = format!("{}{path}", server.url());
            let answer = send(request, &url, body.as_bytes(), Limits::new()).unwrap();
            assert_eq!(answer.body(), b"[]");
            let host = format!("\r\nhost: {}\r\n", server.address());
            let expected = format!("{}\r\n{body}", head.replace('|', &host));
            assert_eq!(String::from_utf8(server.finish_one().received).unwrap(), expected);
        }
    });
}

/// Every status is an answer, with all of its headers, also repeated ones.
#[test]
fn every_answer_is_returned_as_it_came() {
    both_each([200, 201, 204, 304, 400, 401, 404, 407, 429, 500, 503, 599], |speech, status| {
        let body = if matches!(status, 204 | 304) { "" } else { "body" };
        let headers = "X-Two: one\r\nX-Two: two\r\nX-Empty:\r\n";
        let answer = reply(&format!("{status} Some Reason"), headers, body);
        let server = Server::start(speech, [after_request([say(answer)])]);
        let answer = send(Request::builder(), &server.url(), b"", Limits::new()).unwrap();
        assert_eq!(answer.status().as_u16(), *status);
        assert_eq!(answer.body(), body.as_bytes());
        let two: Vec<_> = answer.headers().get_all("x-two").iter().collect();
        assert_eq!(two, ["one", "two"]);
        assert_eq!(answer.headers().get("x-empty").unwrap(), "");
    });
}

#[test]
fn an_answer_larger_than_the_exchanges_own_limit_is_refused() {
    both_each([(5, true), (4, false), (0, false)], |speech, (max, fits)| {
        let server = Server::start(speech, [after_request([say(reply("200 OK", "", "12345"))])]);
        let limits = Limits::new().with_max_answer(*max);
        let outcome = send(Request::builder(), &server.url(), b"", limits);
        assert_eq!(
            outcome.map_err(|error| error.kind()).err(),
            match fits {
                true => None,
                false => Some(Kind::AnswerTooLarge),
            }
        );
    });
}

/// The digest appears when the last byte was sent, and only then.
#[test]
fn the_exchange_knows_whether_the_file_was_sent_whole() {
    let answer = || say(reply("400 Bad Request", "", ""));
    let cases = [
        (medium(), after_request([answer()]), true),
        (large(), vec![ReadHead, answer(), Stall], false),
    ];
    both_each(cases, |speech, (upload, script, is_whole)| {
        let server = Server::start(speech, [script.clone()]);
        let request = UploadRequest::new(upload, [7; 20]).unwrap();
        let mut exchange = request.exchange(&Endpoint::parse(&server.url()).unwrap());
        let answer = transport().build().send(&mut exchange).unwrap();
        assert_eq!(answer.status(), 400);
        assert_eq!(exchange.sent_sha256().is_some(), *is_whole);
        assert_eq!(exchange.is_incomplete(), !is_whole);
    });
}

/// A request without a body is complete with its head.
#[test]
fn the_effect_of_a_request_without_a_body_follows_from_its_head() {
    both_each(
        [(vec![ReadHead, Close], Effect::Unknown), (vec![ReadHead, Reset], Effect::Unknown)],
        |speech, (script, effect)| {
            let server = Server::start(speech, [script.clone()]);
            let delete = Request::builder().method("DELETE");
            let error = send(delete, &server.url(), b"", Limits::new()).unwrap_err();
            assert_eq!((error.kind(), error.effect()), (Kind::Receive, Some(*effect)));
        },
    );
    let delete = Request::builder().method("DELETE");
    let error = send(delete, "http://127.0.0.1:1", b"", Limits::new()).unwrap_err();
    assert_eq!((error.kind(), error.effect()), (Kind::Connect, Some(Effect::NotApplied)));
}

/// With `Expect`, a server could wait for ever. Chunks would be a second length.
#[test]
fn a_request_that_cannot_be_sent_as_given_is_refused() {
    let server = Server::start(Speech::Plain, []);
    let of = |method| http::Request::builder().method(method);
    for request in [
        of("POST").header("expect", "100-continue"),
        of("POST").header("transfer-encoding", "chunked"),
        of("GET"),
        of("DELETE"),
        of("HEAD"),
    ] {
        let error = send(request, &server.url(), b"grant=one", Limits::new()).unwrap_err();
        assert_eq!(error.kind(), Kind::Unsupported);
        assert_eq!(error.effect(), Some(Effect::NotApplied));
    }
    assert_eq!(server.finish().len(), 0);
}

/// Plain http is only for a loopback address. A user name would become a header.
#[test]
fn v47_an_exchange_to_other_urls_cannot_be_created() {
    for url in [
        "http://localhost:1/",
        "http://localhost.:1/",
        "http://127.0.0.1.:1/",
        "http://2130706433:1/",
        "http://0.0.0.0:1/",
        "http://[::ffff:127.0.0.1]:1/",
        "http://service.example/",
        "http://192.0.2.1/",
        "ftp://127.0.0.1/",
        "/api/libraryfiles",
        "http://me:secret@127.0.0.1:1/",
        "https://me:secret@127.0.0.1:1/",
    ] {
        let request = Request::post(url).body(&b"body"[..]).unwrap();
        let error = Exchange::new(request).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("secret"), "case: {url}");
    }
}
