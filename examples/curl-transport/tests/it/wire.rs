//! What goes over the wire, byte for byte, and how it comes back.

use mde_live_response_core::wire::{Boundary, UploadForm};
use mde_live_response_core::{AccessToken, Body, Limits, SendRecord, Transport, Upload, http};
use mde_live_response_curl::{CurlTransport, Proxy, ProxyLogin};

use crate::pairs::{client, curl};
use crate::server::{Server, Speech, Step};
use crate::support::{
    Outcome, TOKEN, after_request, both, endpoint, large, medium, reply, small, stored,
};

/// Sends a request by the transport alone; returns the answer, and what the server received.
#[track_caller]
fn send(
    speech: Speech,
    answer: &[u8],
    make: impl FnOnce(&str) -> http::Request<Body<'static>>,
) -> (http::Response<Vec<u8>>, String) {
    let server = Server::start(speech, [after_request([Step::Send(answer.to_vec()), Step::Close])]);
    let reply = curl().build().send(make(&server.url())).unwrap();
    let address = server.address().to_string();
    let received = String::from_utf8(server.finish_one().received).unwrap();
    (reply, received.replace(&address, "ADDRESS"))
}

fn request(method: &str, url: &str, body: &'static [u8]) -> http::request::Builder {
    let _ = body;
    http::Request::builder().method(method).uri(format!("{url}/a/../b%20c?x=%2F&y={{}}"))
}

/// Nothing of libcurl's own but the host and the length: no agent, no `Accept`, no `Expect`, no type, no cookie.
#[test]
fn a_request_is_sent_as_given() {
    both(|speech| {
        let target = "/a/../b%20c?x=%2F&y={}";
        for method in ["GET", "DELETE", "OPTIONS"] {
            let (_, received) = send(speech, &reply("200 OK", "", ""), |url| {
                request(method, url, b"").body(Body::empty()).unwrap()
            });
            assert_eq!(received, format!("{method} {target} HTTP/1.1\r\nHost: ADDRESS\r\n\r\n"));
        }
        for method in ["POST", "PUT", "PATCH"] {
            for wrong in ["0", "100", "x"] {
                let (_, received) = send(speech, &reply("200 OK", "", ""), |url| {
                    let request = request(method, url, b"grant=one");
                    request.header("content-length", wrong).body(Body::bytes(b"grant=one")).unwrap()
                });
                let head = format!("{method} {target} HTTP/1.1\r\nHost: ADDRESS\r\n");
                assert_eq!(received, format!("{head}Content-Length: 9\r\n\r\ngrant=one"));
            }
        }
        let (_, received) = send(speech, &reply("200 OK", "", ""), |url| {
            http::Request::post(url).body(Body::empty()).unwrap()
        });
        assert_eq!(received, "POST / HTTP/1.1\r\nHost: ADDRESS\r\nContent-Length: 0\r\n\r\n");
    });
}

#[test]
fn headers_are_sent_as_given() {
    both(|speech| {
        let (_, received) = send(speech, &reply("200 OK", "", ""), |url| {
            http::Request::get(url)
                .header("x-two", "one")
                .header("x-two", "two")
                .header("x-empty", "")
                .header("x-semicolon", "a;")
                .header("x-name", "\u{e9}".as_bytes())
                .header("accept", "application/json")
                .header("accept-encoding", "identity")
                .header("user-agent", "tests")
                .body(Body::empty())
                .unwrap()
        });
        let headers = "x-two: one\r\nx-two: two\r\nx-empty:\r\nx-semicolon: a;\r\n\
            x-name: \u{e9}\r\naccept: application/json\r\naccept-encoding: identity\r\n\
            user-agent: tests\r\n";
        assert_eq!(received, format!("GET / HTTP/1.1\r\nHost: ADDRESS\r\n{headers}\r\n"));
    });
}

/// More than 1 MiB: from there on libcurl would ask first whether it may.
#[test]
fn a_large_body_arrives_whole_and_unasked() {
    let bytes: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let upload = Upload::new("numbers.bin".parse().unwrap(), bytes.clone());
    both(|speech| {
        let script = after_request([Step::Send(reply("409 Conflict", "", ""))]);
        let server = Server::start(speech, [script]);
        let told = Outcome::of(client(&server.url(), curl().build()).upload(&upload));
        assert!(matches!(told, Outcome::Service(_, 409, _)), "{told:?}");
        let received = server.finish_one().received;
        let start = b"application/octet-stream\r\n\r\n";
        let at = received.windows(start.len()).position(|it| it == start).unwrap();
        assert!(received[at + start.len()..][..bytes.len()] == bytes, "another file arrived");
        let head = String::from_utf8_lossy(&received[..at]).to_ascii_lowercase();
        assert!(!head.contains("expect") && !head.contains("chunked"), "{head}");
    });
}

#[test]
fn every_answer_is_given_as_it_came() {
    both(|speech| {
        for status in [200, 201, 204, 304, 400, 401, 404, 407, 429, 500, 503, 599] {
            let body = if matches!(status, 204 | 304) { "" } else { "body" };
            let headers = "X-Two: one\r\nX-Two: two\r\nX-Empty:\r\nSet-Cookie: a=b\r\n";
            let answer = reply(&format!("{status} Some Reason"), headers, body);
            let (reply, _) =
                send(speech, &answer, |url| http::Request::get(url).body(Body::empty()).unwrap());
            assert_eq!(reply.status().as_u16(), status);
            assert_eq!(reply.body(), body.as_bytes());
            let two: Vec<_> = reply.headers().get_all("x-two").iter().collect();
            assert_eq!(two, ["one", "two"]);
            assert_eq!(reply.headers()["x-empty"], "");
            assert_eq!(reply.headers()["set-cookie"], "a=b");
        }
    });
}

#[test]
fn an_answer_to_head_has_no_body() {
    both(|speech| {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n";
        let (reply, _) =
            send(speech, answer, |url| http::Request::head(url).body(Body::empty()).unwrap());
        assert_eq!(reply.body(), b"");
        assert_eq!(reply.headers()["content-length"], "5000000");
    });
}

#[test]
fn the_cap_is_the_requests_own() {
    both(|speech| {
        for (cap, fits) in [(5, true), (4, false), (0, false)] {
            let script = after_request([Step::Send(reply("200 OK", "", "12345")), Step::Close]);
            let server = Server::start(speech, [script]);
            let mut request = http::Request::get(server.url()).body(Body::empty()).unwrap();
            request.extensions_mut().insert(Limits::new().with_max_response(cap));
            assert_eq!(curl().build().send(request).is_ok(), fits, "cap: {cap}");
        }
    });
}

/// The digest appears when the last byte has gone out, and only then.
#[test]
fn the_record_tells_what_was_sent() {
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
            assert_eq!(curl().build().send(request).unwrap().status(), 400);
            assert_eq!(record.sha256().is_none(), answer_early);
        }
    });
}

/// libcurl would make a header of it.
#[test]
fn a_url_with_a_user_is_refused_and_not_shown() {
    let request = http::Request::get("https://me:secret@127.0.0.1:1/").body(Body::empty()).unwrap();
    let error = curl().build().send(request).unwrap_err();
    assert_eq!(error.kind(), mde_live_response_core::TransportErrorKind::Refused);
    assert!(!format!("{error:?}").contains("secret"));
}

/// The login is for the proxy alone, and shows in no error.
#[test]
fn a_proxy_is_told_its_own_login() {
    let login = |name: &str, password: &str| (name.to_owned(), password.to_owned());
    let (user, password) = login("me", "a:b@secret");
    let basic = ProxyLogin::Basic(user.clone(), password.clone());
    // A libcurl may be built without NTLM, as the bundled one is.
    let has_ntlm = curl::Version::get().feature_ntlm();
    for (login, expected) in [
        (basic, "Proxy-Authorization: Basic bWU6YTpiQHNlY3JldA=="),
        (ProxyLogin::Ntlm(user, password), "Proxy-Authorization: NTLM TlRM"),
    ]
    .into_iter()
    .take(if has_ntlm { 2 } else { 1 })
    {
        let answer = reply("407 Who", "", "");
        let proxy =
            Server::start(Speech::Plain, [vec![Step::ReadHead, Step::Send(answer), Step::Close]]);
        let way = Proxy::new(&format!("http://{}", proxy.address())).unwrap().login(login);
        let transport = curl().proxy(Some(way)).build();
        let error = client("https://service.example", transport).upload(&small()).unwrap_err();
        let heard = String::from_utf8(proxy.finish_one().received).unwrap();
        assert!(heard.contains(expected), "{heard}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
}

#[test]
fn an_authority_that_cannot_be_read_trusts_nobody() {
    let server = Server::start(Speech::Tls, [after_request([Step::Send(stored())])]);
    let transport = CurlTransport::builder().ca_file("/nonexistent/authority.pem").build();
    let told = Outcome::of(client(&server.url(), transport).upload(&small()));
    let local = mde_live_response_core::TransportErrorKind::Local;
    assert_eq!(told, crate::support::not_delivered(local));
    assert_eq!(server.finish_one().received, b"");
}

/// Those of the machine do not hold the tests' authority.
#[test]
fn the_machines_authorities_are_the_default() {
    let server = Server::start(Speech::Tls, [after_request([Step::Send(stored())])]);
    let told = Outcome::of(client(&server.url(), CurlTransport::new()).upload(&small()));
    let certificate = mde_live_response_core::TransportErrorKind::Certificate;
    assert_eq!(told, crate::support::not_delivered(certificate));
    assert_eq!(server.finish_one().received, b"");
}
