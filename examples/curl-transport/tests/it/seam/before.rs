//! Before a byte of the request is sent: names, addresses, TLS, certificates, proxies, and what is refused.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use mde_live_response_core::TransportErrorKind::{self, Certificate, Connect, Refused, Resolve};
use mde_live_response_core::TransportErrorKind::{Protocol, Proxy, Receive, Send, Tls};
use mde_live_response_core::{Body, Delivery, Phase, Transport, http};
use mde_live_response_ureq::Proxy as UreqProxy;

use crate::pairs::{BOTH, Which, builder, client, curl};
use crate::server::{Identity, Script, Server, Speech, Step};
use crate::support::{Outcome, SHORT, after_request, not_delivered, reply, small, stored, timeout};
use crate::support::{transport as ureq, unknown};

/// Uploads with each transport, and expects the same of both.
#[track_caller]
fn both_say(case: &str, url: &str, expected: &[Outcome]) {
    for which in BOTH {
        let told = Outcome::of(client(url, which.transport()).upload(&small()));
        assert!(expected.contains(&told), "{case}, {which}: {told:?}");
    }
}

/// An address of this machine that nobody listens on, and that nobody is given who asks for any port.
fn dead_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1))
}

#[test]
fn t01_t03_no_connection() {
    both_say("no such name", "https://nonexistent.invalid", &[not_delivered(Resolve)]);
    for scheme in ["http", "https"] {
        let url = format!("{scheme}://{}", dead_address());
        both_say("refused", &url, &[not_delivered(Connect)]);
    }
    both_say("unreachable", "https://127.255.255.255", &[not_delivered(Connect)]);
}

/// A listener that nobody accepts from, with its queue full: whoever else connects hears nothing.
#[test]
fn t05_a_black_hole() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let queued = || TcpStream::connect_timeout(&address, Duration::from_millis(250)).ok();
    let _queue: Vec<TcpStream> = std::iter::from_fn(queued).collect();
    let expected = not_delivered(timeout(Phase::Connect));
    for scheme in ["http", "https"] {
        let url = format!("{scheme}://{address}");
        for which in BOTH {
            let client = builder(&url, which.transport()).deadline(SHORT).build();
            assert_eq!(Outcome::of(client.upload(&small())), expected, "{scheme}, {which}");
        }
        let patient: [Arc<dyn Transport>; 2] = [
            Arc::new(ureq().connect_timeout(SHORT).build()),
            Arc::new(curl().connect_timeout(SHORT).build()),
        ];
        for transport in patient {
            let told = Outcome::of(client(&url, transport).upload(&small()));
            assert_eq!(told, expected, "{scheme}, by the time for connecting");
        }
    }
}

#[test]
fn t05_a_handshake_that_is_never_answered() {
    for which in BOTH {
        let server = Server::start(Speech::Plain, [vec![Step::Stall]]);
        let url = format!("https://{}", server.address());
        let client = builder(&url, which.transport()).deadline(SHORT).build();
        let told = Outcome::of(client.upload(&small()));
        assert_eq!(told, not_delivered(timeout(Phase::Connect)), "{which}");
    }
}

#[test]
fn t05_no_time_at_all_opens_no_connection() {
    for which in BOTH {
        let server = Server::start(Speech::Plain, []);
        let client = builder(&server.url(), which.transport()).deadline(Duration::ZERO).build();
        match Outcome::of(client.upload(&small())) {
            Outcome::Transport(TransportErrorKind::Timeout(_), Delivery::NotDelivered) => {}
            other => panic!("{which}: {other:?}"),
        }
        assert_eq!(server.finish().len(), 0, "{which}");
    }
}

#[test]
fn t06_certificates() {
    for identity in [
        Identity::SelfSigned,
        Identity::Expired,
        Identity::NotYetValid,
        Identity::WrongHost,
        Identity::UnknownAuthority,
    ] {
        for which in BOTH {
            let script = after_request([Step::Send(stored())]);
            let server = Server::start(Speech::TlsAs(identity), [script]);
            let told = Outcome::of(client(&server.url(), which.transport()).upload(&small()));
            assert_eq!(told, not_delivered(Certificate), "{identity:?}, {which}");
            assert_eq!(server.finish_one().received, b"", "{identity:?}, {which}");
        }
    }
}

#[test]
fn tls_1_2_and_names_are_fine() {
    for which in BOTH {
        for speech in [Speech::Tls12, Speech::Tls] {
            let server = Server::start(speech, [after_request([Step::Send(stored())])]);
            let url = format!("https://localhost:{}", server.address().port());
            let told = Outcome::of(client(&url, which.transport()).upload(&small()));
            assert_eq!(told, Outcome::Stored, "{speech:?}, {which}");
        }
    }
}

/// Peers that say this in answer to the client's first word.
#[test]
fn t07_t08_no_tls() {
    let mut tls_1_1 = vec![0x16, 0x03, 0x02, 0x00, 0x2a, 0x02, 0x00, 0x00, 0x26, 0x03, 0x02];
    tls_1_1.extend([0x5a; 32]); // its random bytes
    tls_1_1.extend([0x00, 0x00, 0x2f, 0x00]); // no session, AES-128-CBC, no compression
    for (case, greeting) in [
        ("our versions refused", &[0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46][..]),
        ("no common cipher", &[0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28]),
        ("TLS 1.1", &tls_1_1),
        ("plain http", b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        ("nothing", b""),
    ] {
        for which in BOTH {
            let script = vec![Step::ReadBytes(5), Step::Send(greeting.to_vec()), Step::HalfClose];
            let server = Server::start(Speech::Plain, [script]);
            let url = format!("https://{}", server.address());
            let told = Outcome::of(client(&url, which.transport()).upload(&small()));
            assert_eq!(told, not_delivered(Tls), "{case}, {which}");
            let received = server.finish_one().received;
            assert!(!received.windows(6).any(|it| it == b"Bearer"), "{case}, {which}");
        }
    }
}

#[test]
fn t08_plain_http_sent_to_a_tls_port() {
    for which in BOTH {
        let server = Server::start(Speech::Tls, [vec![Step::ReadToEnd]]);
        let url = format!("http://{}", server.address());
        let told = Outcome::of(client(&url, which.transport()).upload(&small()));
        // libcurl sends the head by itself, and the server may be gone before the body.
        let unsent = [not_delivered(Send), not_delivered(Protocol)];
        let expected = [[Protocol, Receive].map(unknown), unsent].concat();
        assert!(expected.contains(&told), "{which}: {told:?}");
    }
}

/// Uploads through a proxy with this script; tells what the proxy heard.
#[track_caller]
fn through(which: Which, script: Script, hasty: bool) -> (Outcome, String) {
    let proxy = Server::start(Speech::Plain, [script]);
    let way = format!("http://{}", proxy.address());
    let mut client = builder("https://service.example:8443", proxied(which, &way));
    if hasty {
        client = client.deadline(SHORT);
    }
    let told = Outcome::of(client.build().upload(&small()));
    (told, String::from_utf8_lossy(&proxy.finish_one().received).into_owned())
}

fn proxied(which: Which, way: &str) -> Arc<dyn Transport> {
    match which {
        Which::Ureq => Arc::new(ureq().proxy(Some(UreqProxy::new(way).unwrap())).build()),
        Which::Curl => {
            let way = mde_live_response_curl::Proxy::new(way).unwrap();
            Arc::new(curl().proxy(Some(way)).build())
        }
    }
}

#[test]
fn t34_h12_a_proxy_that_fails() {
    let says = |answer: &[u8]| vec![Step::ReadHead, Step::Send(answer.to_vec()), Step::Close];
    let status = |status: &str| says(&reply(status, "Proxy-Authenticate: Basic realm=x\r\n", "no"));
    let open = b"HTTP/1.1 200 Connection Established\r\n\r\n";
    let garbage = b"HTTP/1.1 400 Bad Request\r\n\r\n";
    let forever = Step::SendForever(b"HTTP/1.1 200 OK".to_vec());
    let proxy = not_delivered(Proxy);
    let silent = not_delivered(timeout(Phase::Connect));
    for (case, script, expected) in [
        ("407", status("407 Proxy Authentication Required"), &proxy),
        ("403", status("403 Forbidden"), &proxy),
        ("502", status("502 Bad Gateway"), &proxy),
        ("302", status("302 Found"), &proxy),
        ("closed behind CONNECT", vec![Step::ReadHead, Step::Close], &proxy),
        ("closed at once", vec![Step::Close], &proxy),
        ("reset", vec![Step::ReadBytes(1), Step::Reset], &proxy),
        ("cut", says(b"HTTP/1.1 200 O"), &proxy),
        ("no HTTP", says(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), &proxy),
        ("SOCKS", says(b"\x05\x00\r\n\r\n"), &proxy),
        ("an answer without end", vec![Step::ReadHead, forever], &proxy),
        ("silence", vec![Step::ReadHead, Step::Stall], &silent),
        ("a tunnel to no TLS", says(&[&open[..], garbage].concat()), &not_delivered(Tls)),
    ] {
        for which in BOTH {
            let (told, heard) = through(which, script.clone(), case == "silence");
            assert_eq!(told, *expected, "{case}, {which}");
            let mut lines = heard.lines();
            let first = lines.next().unwrap_or_default();
            assert!("CONNECT service.example:8443 HTTP/1.1".starts_with(first), "{case}: {heard}");
            assert!(!heard.contains("Bearer"), "{case}, {which}: {heard}");
            let own = ["host: service.example:8443", "proxy-connection: keep-alive", ""];
            let foreign = lines.find(|line| !own.contains(&line.to_ascii_lowercase().as_str()));
            let tls = case == "a tunnel to no TLS";
            assert!(foreign.is_none() || tls, "{case}, {which}: {foreign:?}");
        }
    }
    for which in BOTH {
        for way in [format!("http://{}", dead_address()), "http://nonexistent.invalid:1".into()] {
            let transport = proxied(which, &way);
            let told = Outcome::of(client("https://service.example", transport).upload(&small()));
            assert_eq!(told, proxy, "{way}, {which}");
        }
    }
}

/// Nothing is sent, and nobody connected to.
#[test]
fn v47_what_is_refused() {
    let server = Server::start(Speech::Plain, []);
    let port = server.address().port();
    let to = |url: String| http::Request::post(url).body(Body::bytes(b"body")).unwrap();
    let here = format!("http://127.0.0.1:{port}/");
    let with = |name: &str, value: &str| {
        let request = http::Request::post(&here).header(name, value);
        request.body(Body::bytes(b"body")).unwrap()
    };
    let bodied = |method: &str| {
        http::Request::builder().method(method).uri(&here).body(Body::bytes(b"body")).unwrap()
    };
    for which in BOTH {
        let transport = which.transport();
        for request in [
            to(format!("http://localhost:{port}/")),
            to(format!("http://127.0.0.1.:{port}/")),
            to(format!("http://2130706433:{port}/")),
            to(format!("http://0.0.0.0:{port}/")),
            to(format!("http://[::ffff:127.0.0.1]:{port}/")),
            to("http://service.example/".to_owned()),
            to("ftp://127.0.0.1/".to_owned()),
            to("/api/libraryfiles".to_owned()),
            with("expect", "100-continue"),
            with("transfer-encoding", "chunked"),
            bodied("GET"),
            bodied("DELETE"),
            bodied("HEAD"),
        ] {
            let case = format!("{request:?}, {which}");
            let error = transport.send(request).unwrap_err();
            let told = (error.kind(), error.delivery());
            assert_eq!(told, (Refused, Delivery::NotDelivered), "{case}");
        }
    }
    assert_eq!(server.finish().len(), 0);
}
