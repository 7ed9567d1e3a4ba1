//! Through a proxy: a tunnel or nothing, and never the token for the proxy.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use mde_live_response_core::policy::RetryPolicy;
use mde_live_response_ureq::{Proxy, UreqTransportBuilder};

use crate::support::*;

/// A service that can only be reached through the proxy.
const SERVICE: &str = "https://service.example:8443";
const CONNECT: &str = "CONNECT service.example:8443 HTTP/1.1\r\nHost: service.example:8443\r\n\
    Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n";
const OPEN: &str = "HTTP/1.1 200 Connection Established\r\nVia: 1.1 x\r\n\r\n";

/// `proxy` is its address, after user and password if there are any.
fn through(proxy: &str) -> UreqTransportBuilder {
    transport().proxy(Some(Proxy::new(&format!("http://{proxy}")).unwrap()))
}

/// Uploads to the service through this proxy, with up to three attempts. The error must name service and proxy.
#[track_caller]
fn attempts_through(address: &str) -> (Outcome, u32) {
    let at_once = RetryPolicy::DEFAULT.with_backoff(Duration::ZERO, Duration::ZERO);
    let client = builder_over(SERVICE, through(&format!("me:secret@{address}")));
    let error = client.retry(at_once).build().upload(&small()).unwrap_err();
    let (attempts, message) = (error.attempts(), error.to_string());
    let place = format!("(service.example:8443 through the proxy {address})");
    assert!(message.contains(&place), "{message}");
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    (outcome(Err(error)), attempts)
}

#[test]
fn t34_a_proxy_that_cannot_be_reached_is_tried_again() {
    for address in ["127.0.0.1:1", "nonexistent.invalid:3128"] {
        assert_eq!(attempts_through(address), (not_applied(Kind::Proxy), 3), "case: {address}");
    }
}

/// The proxy receives nothing but its own line, or a part of it. What it refuses is not tried again.
#[test]
fn t34_h12_a_proxy_that_gives_no_tunnel() {
    let lasting = [
        "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 403 Forbidden\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n",
        "HTTP/1.1 199 Odd\r\n\r\n",
        "HTTP/1.1 300 Odd\r\n\r\n",
    ];
    let passing = [
        "HTTP/1.1 502 Bad Gateway\r\n\r\n",
        "HTTP/1.1 503 Unavailable\r\n\r\n",
        "HTTP/1.1 200 O",
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "\x05\x00\r\n\r\n",
        "\r\n\r\n\r\n",
        "",
    ];
    let answer = |answer: &str| vec![ReadHead, say(answer), Close];
    let broken = [
        vec![Close],
        vec![ReadBytes(1), Reset],
        vec![ReadHead, SendForever(b"HTTP/1.1 200 OK".to_vec())],
    ];
    let lasting = lasting.map(|it| (answer(it), Kind::ProxyRefused, 1));
    let passing = passing.map(answer).into_iter().chain(broken).map(|it| (it, Kind::Proxy, 3));
    for (script, kind, attempts) in lasting.into_iter().chain(passing) {
        let proxy = Server::start(Speech::Plain, vec![script.clone(); 3]);
        let outcome = attempts_through(&proxy.address().to_string());
        assert_eq!(outcome, (not_applied(kind), attempts), "case: {script:?}");
        for connection in proxy.finish() {
            let heard = connection.received;
            assert!(CONNECT.as_bytes().starts_with(&heard), "{}", heard.escape_ascii());
        }
    }
}

/// A fault inside the tunnel is not the proxy's.
#[test]
fn t34_a_silent_proxy_and_a_server_without_tls() {
    let silent = || vec![ReadHead, say("HTTP/1.1"), Stall];
    let garbage = "HTTP/1.1 400 Bad Request\r\n\r\n";
    for (script, deadline, silence, kind) in [
        (silent(), SHORT, PLENTY, Kind::Timeout(Phase::Connect)),
        (silent(), PLENTY, SHORT, Kind::Timeout(Phase::Connect)),
        (vec![ReadHead, say(OPEN), say(garbage), ReadToEnd], PLENTY, PLENTY, Kind::Tls),
    ] {
        let proxy = Server::start(Speech::Plain, [script]);
        let client = builder_over(SERVICE, through(&format!("me:secret@{}", proxy.address())));
        let client = client.deadline(deadline).silence_limit(silence);
        assert_eq!(upload_by(&client.build(), &small()), not_applied(kind));
        let heard = proxy.finish_one().received;
        assert!(heard.starts_with(CONNECT.as_bytes()), "{}", heard.escape_ascii());
        // Of what follows in the tunnel, a reset may hide all.
        assert!(kind == Kind::Tls || heard == CONNECT.as_bytes());
    }
}

/// Serves one client as a proxy that opens a tunnel; returns the head of its request.
fn serve_tunnel(listener: &TcpListener, target: &Server) -> String {
    let (mut client, _) = listener.accept().unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    client.write_all(OPEN.as_bytes()).unwrap();
    let mut server = TcpStream::connect(target.address()).unwrap();
    let (mut from_server, mut to_client) =
        (server.try_clone().unwrap(), client.try_clone().unwrap());
    thread::scope(|scope| {
        scope.spawn(move || {
            // Each side may end the tunnel in any way.
            let _ = std::io::copy(&mut from_server, &mut to_client);
            let _ = to_client.shutdown(Shutdown::Both);
        });
        let _ = std::io::copy(&mut client, &mut server);
        let _ = server.shutdown(Shutdown::Both);
    });
    String::from_utf8(head).unwrap()
}

/// Uploads through a tunnel, as this user, to a server with this certificate; also returns what the proxy received.
#[track_caller]
fn tunnelled(user: &str, identity: Identity) -> (Outcome, String) {
    let server = Server::start(Speech::TlsAs(identity), [served(1)]);
    let port = server.address().port();
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = format!("{user}{}", proxy.local_addr().unwrap());
    let (outcome, heard) = thread::scope(|scope| {
        let heard = scope.spawn(|| serve_tunnel(&proxy, &server));
        let client = builder_over(&format!("https://localhost:{port}"), through(&place)).build();
        let outcome = upload_by(&client, &small());
        drop(client);
        (outcome, heard.join().unwrap())
    });
    let received = server.finish_one().received;
    assert_eq!(received.is_empty(), outcome != STORED);
    (outcome, heard.replace(&port.to_string(), "PORT"))
}

/// A password may contain what divides a URL elsewhere; it never becomes the host.
#[test]
fn t34_a_tunnel_carries_tls_from_end_to_end_and_the_proxy_gets_its_own_password() {
    let authorization = |basic| format!("Proxy-Authorization: Basic {basic}\r\n");
    for (user, header) in [
        ("", String::new()),
        ("me:secret@", authorization("bWU6c2VjcmV0")),
        ("me:a:b@c@", authorization("bWU6YTpiQGM=")),
    ] {
        let (outcome, heard) = tunnelled(user, Identity::Good);
        assert_eq!(outcome, STORED);
        let connect = "CONNECT localhost:PORT HTTP/1.1\r\nHost: localhost:PORT\r\n";
        assert_eq!(heard, format!("{connect}{header}\r\n"));
    }
}

#[test]
fn t34_a_certificate_in_a_tunnel_is_checked() {
    for identity in [Identity::UnknownAuthority, Identity::WrongHost] {
        assert_eq!(tunnelled("", identity).0, not_applied(Kind::Certificate));
    }
}

/// Plain http is only for this machine.
#[test]
fn t34_plain_http_does_not_go_through_a_proxy() {
    let proxy = Server::start(Speech::Plain, []);
    let server = Server::start(Speech::Plain, [served(1)]);
    let client = builder_over(&server.url(), through(&format!("me:secret@{}", proxy.address())));
    assert_eq!(upload_by(&client.build(), &small()), STORED);
    assert_eq!(proxy.finish().len(), 0);
}

#[test]
fn t34_other_proxy_urls_are_refused() {
    for url in [
        "",
        "ftp://proxy.example:3128",
        "http://proxy.example:3128/path",
        "http://proxy.example:3128?query",
        "http://proxy.example:3128#fragment",
        "http://proxy.example:99999",
        "http://:3128",
        "http://proxy.example:",
        "http://proxy.example:port",
        "http://user:12#34@proxy.example:3128",
        "http://user:12?34@proxy.example:3128",
        "http://user:12/34@proxy.example:3128",
        "http://user:12 34@proxy.example:3128",
    ] {
        assert!(Proxy::new(url).is_err(), "case: {url}");
    }
    let shown = format!("{:?}", Proxy::new("http://user:password@[::1]:3128").unwrap());
    assert!(!shown.contains("user") && !shown.contains("password"), "{shown}");
}
