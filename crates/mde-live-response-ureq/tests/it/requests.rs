//! What goes over the wire, byte for byte.

use mde_live_response_core::wire::{Boundary, UploadForm};
use mde_live_response_core::{
    AccessToken, Body, Delivery, Limits, Random, RandomError, SendRecord, Transport,
    TransportErrorKind, Upload, http,
};

use crate::server::{Server, Step};
use crate::support::{
    Outcome, TOKEN, after_request, both, builder, endpoint, exchange, large, medium, reply, small,
    stored, transport,
};

/// Draws the same boundary every time: `2a` over and over.
#[derive(Debug)]
struct NotRandom;

impl Random for NotRandom {
    fn fill(&self, buf: &mut [u8]) -> Result<(), RandomError> {
        buf.fill(0x2a);
        Ok(())
    }
}

/// Nothing of the transport's own but the host: no second length, no agent, no `Expect`, no `Connection`.
#[test]
fn a_request_is_sent_as_given_with_the_host_alone_added() {
    both(|speech| {
        let server = Server::start(speech, [after_request([Step::Send(stored())])]);
        let address = server.address();
        let client = builder(&server.url(), transport().build()).random(NotRandom).build();
        assert_eq!(Outcome::of(client.upload(&small())), Outcome::Stored);
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
             authorization: Bearer {TOKEN}\r\n\
             accept: application/json\r\n\
             accept-encoding: identity\r\n\
             user-agent: mde-live-response/{version}\r\n\
             content-type: multipart/form-data; boundary={boundary}\r\n\
             content-length: {len}\r\n\
             \r\n"
        );
        let received = server.finish_one().received;
        assert_eq!(String::from_utf8(received).unwrap(), head + &body);
    });
}

/// A body of many writes arrives whole, and in order.
#[test]
fn a_large_body_arrives_byte_for_byte() {
    let bytes: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let upload = Upload::new("numbers.bin".parse().unwrap(), bytes.clone());
    both(|speech| {
        let script = after_request([Step::Send(reply("409 Conflict", "", ""))]);
        let seen = exchange(speech, script, &upload);
        assert!(matches!(seen.outcome, Outcome::Service(_, 409, _)));
        let start = b"application/octet-stream\r\n\r\n";
        let at = seen.received.windows(start.len()).position(|it| it == start).unwrap();
        let file = &seen.received[at + start.len()..][..bytes.len()];
        assert!(file == bytes, "the file arrived as another");
    });
}

/// Sends a request by the transport alone; returns the answer, and what the server received.
#[track_caller]
fn send(
    speech: crate::server::Speech,
    answer: &[u8],
    make: impl FnOnce(&str) -> http::Request<Body<'static>>,
) -> (http::Response<Vec<u8>>, String) {
    let server = Server::start(speech, [after_request([Step::Send(answer.to_vec()), Step::Close])]);
    let reply = transport().build().send(make(&server.url())).unwrap();
    let address = server.address().to_string();
    let received = String::from_utf8(server.finish_one().received).unwrap();
    (reply, received.replace(&address, "ADDRESS"))
}

#[test]
fn requests_without_a_body_have_no_length() {
    both(|speech| {
        for method in ["GET", "DELETE"] {
            let (reply, received) = send(speech, &reply("200 OK", "", "[]"), |url| {
                http::Request::builder()
                    .method(method)
                    .uri(format!("{url}/api/libraryfiles/a%20b?x=%2F"))
                    .body(Body::empty())
                    .unwrap()
            });
            assert_eq!(reply.body(), b"[]");
            let expected =
                format!("{method} /api/libraryfiles/a%20b?x=%2F HTTP/1.1\r\nhost: ADDRESS\r\n\r\n");
            assert_eq!(received, expected);
        }
    });
}

/// A server must not wait for a body that does not come.
#[test]
fn a_post_without_a_body_says_so() {
    both(|speech| {
        let (_, received) = send(speech, &reply("200 OK", "", ""), |url| {
            http::Request::post(url).body(Body::empty()).unwrap()
        });
        assert_eq!(received, "POST / HTTP/1.1\r\nhost: ADDRESS\r\ncontent-length: 0\r\n\r\n");
    });
}

/// The length is what the body has, whatever a header says.
#[test]
fn a_length_that_is_not_the_bodys_is_put_right() {
    both(|speech| {
        for wrong in ["1", "100", "x"] {
            let (_, received) = send(speech, &reply("200 OK", "", ""), |url| {
                http::Request::post(url)
                    .header("content-length", wrong)
                    .body(Body::bytes(b"grant=one"))
                    .unwrap()
            });
            let head = "POST / HTTP/1.1\r\nhost: ADDRESS\r\ncontent-length: 9\r\n\r\n";
            assert_eq!(received, format!("{head}grant=one"), "case: {wrong}");
        }
    });
}

#[test]
fn a_body_of_bytes_is_sent_with_its_length() {
    both(|speech| {
        let (_, received) = send(speech, &reply("200 OK", "", ""), |url| {
            http::Request::post(format!("{url}/token"))
                .header("content-length", 9)
                .body(Body::bytes(b"grant=one"))
                .unwrap()
        });
        let head = "POST /token HTTP/1.1\r\nhost: ADDRESS\r\ncontent-length: 9\r\n\r\n";
        assert_eq!(received, format!("{head}grant=one"));
    });
}

/// Whoever makes requests by hand may leave the length out: it is known all the same, and never chunked.
#[test]
fn a_body_without_a_length_header_is_sent_with_one() {
    both(|speech| {
        let (_, received) = send(speech, &reply("200 OK", "", ""), |url| {
            http::Request::post(url).body(Body::bytes(b"grant=one")).unwrap()
        });
        let head = "POST / HTTP/1.1\r\nhost: ADDRESS\r\ncontent-length: 9\r\n\r\n";
        assert_eq!(received, format!("{head}grant=one"));
    });
}

/// Every status is an answer, with all of its headers, repeated ones included.
#[test]
fn every_answer_is_given_as_it_came() {
    both(|speech| {
        for status in [200, 201, 204, 304, 400, 401, 404, 407, 429, 500, 503, 599] {
            let body = if matches!(status, 204 | 304) { "" } else { "body" };
            let headers = "X-Two: one\r\nX-Two: two\r\nX-Empty:\r\n";
            let answer = reply(&format!("{status} Some Reason"), headers, body);
            let (reply, _) = send(speech, &answer, |url| http::Request::new(Body::empty()).to(url));
            assert_eq!(reply.status().as_u16(), status);
            assert_eq!(reply.body(), body.as_bytes());
            let two: Vec<_> = reply.headers().get_all("x-two").iter().collect();
            assert_eq!(two, ["one", "two"]);
            assert_eq!(reply.headers().get("x-empty").unwrap(), "");
        }
    });
}

trait To {
    fn to(self, url: &str) -> Self;
}

impl To for http::Request<Body<'_>> {
    fn to(mut self, url: &str) -> Self {
        *self.uri_mut() = url.parse().unwrap();
        self
    }
}

#[test]
fn an_answer_larger_than_the_requests_own_cap_is_refused() {
    both(|speech| {
        let answer = reply("200 OK", "", "12345");
        for (cap, fits) in [(5, true), (4, false), (0, false)] {
            let script = after_request([Step::Send(answer.clone()), Step::Close]);
            let server = Server::start(speech, [script]);
            let mut request = http::Request::new(Body::empty()).to(&server.url());
            request.extensions_mut().insert(Limits::new().with_max_response(cap));
            assert_eq!(transport().build().send(request).is_ok(), fits, "cap: {cap}");
        }
    });
}

/// The digest appears when the last byte has gone out, and only then.
#[test]
fn the_record_of_what_was_sent_is_kept_by_the_transport() {
    both(|speech| {
        for (upload, answer_early) in [(medium(), false), (large(), true)] {
            let answer = Step::Send(reply("400 Bad Request", "", ""));
            let script = if answer_early {
                vec![Step::ReadHead, answer, Step::Stall]
            } else {
                after_request([answer])
            };
            let server = Server::start(speech, [script]);
            let token: AccessToken = TOKEN.parse().unwrap();
            let boundary: Boundary = "b".parse().unwrap();
            let form = UploadForm::render(&upload, &boundary);
            let mut record = SendRecord::new();
            let request = form.request(&endpoint(&server.url()), &token, &mut record);
            let reply = transport().build().send(request).unwrap();
            assert_eq!(reply.status(), 400);
            assert_eq!(record.sha256().is_none(), answer_early);
        }
    });
}

/// A server that waits for nothing but its own word would wait for ever, and two lengths are one too many.
#[test]
fn a_request_that_cannot_be_sent_as_given_is_refused() {
    let refused = |request: http::Request<Body<'_>>| {
        let server = Server::start(crate::server::Speech::Plain, []);
        let request = request.to(&server.url());
        let error = transport().build().send(request).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Refused);
        assert_eq!(error.delivery(), Delivery::NotDelivered);
        assert_eq!(server.finish().len(), 0);
    };
    for (name, value) in [("expect", "100-continue"), ("transfer-encoding", "chunked")] {
        let request = http::Request::post("/").header(name, value);
        refused(request.body(Body::bytes(b"grant=one")).unwrap());
    }
    for method in ["GET", "DELETE", "HEAD"] {
        let request = http::Request::builder().method(method);
        refused(request.body(Body::bytes(b"grant=one")).unwrap());
    }
}
