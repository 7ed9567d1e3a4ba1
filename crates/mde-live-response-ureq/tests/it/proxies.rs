//! The way through a proxy: a tunnel or nothing, and never the token for the proxy.

use std::net::TcpListener;

use mde_live_response_core::TransportErrorKind::{self, Certificate, Tls};
use mde_live_response_core::{Delivery, Phase};
use mde_live_response_ureq::Proxy;

use crate::server::{Identity, Script, Server, Speech, Step};
use crate::support::{
    Outcome, SHORT, after_request, answered, both, builder, not_delivered, reply, small, timeout,
    transport,
};

/// A service that must not be reached but through the proxy.
const SERVICE: &str = "https://service.example:8443";
const CONNECT: &str = "CONNECT service.example:8443 HTTP/1.1\r\nHost: service.example:8443\r\n";

/// Uploads through a proxy with this script; tells what came of it, and what the proxy was told.
#[track_caller]
fn through(script: Script) -> (Outcome, String) {
    let proxy = Server::start(Speech::Plain, [script]);
    let outcome = upload_through(&format!("http://{}", proxy.address()));
    (outcome, String::from_utf8_lossy(&proxy.finish_one().received).into_owned())
}

fn upload_through(proxy: &str) -> Outcome {
    let transport = transport().proxy(Some(Proxy::new(proxy).unwrap())).build();
    Outcome::of(builder(SERVICE, transport).build().upload(&small()))
}

fn proxy_fault() -> Outcome {
    not_delivered(TransportErrorKind::Proxy)
}

/// The proxy heard its own line, and nothing of the request.
#[track_caller]
fn assert_only_connect(heard: &str) {
    assert_eq!(heard, format!("{CONNECT}\r\n"));
}

#[test]
fn t34_a_proxy_that_is_not_there() {
    assert_eq!(upload_through("http://127.0.0.1:1"), proxy_fault());
}

#[test]
fn t34_a_proxy_whose_name_does_not_resolve() {
    assert_eq!(upload_through("http://nonexistent.invalid:3128"), proxy_fault());
}

#[test]
fn h12_407_from_a_proxy_is_the_proxys_fault() {
    let basic = "Proxy-Authenticate: Basic realm=\"x\"\r\n";
    let answer = reply("407 Proxy Authentication Required", basic, "who are you?");
    let (outcome, heard) = through(vec![Step::ReadHead, Step::Send(answer), Step::Close]);
    assert_eq!(outcome, proxy_fault());
    assert_only_connect(&heard);
}

/// Nobody but a proxy says 407.
#[test]
fn h12_407_without_a_proxy_is_a_proxys_fault_too() {
    both(|speech| {
        let answer = reply("407 Proxy Authentication Required", "", "");
        assert_eq!(answered(speech, answer), proxy_fault());
    });
}

#[test]
fn t34_a_proxy_that_refuses_the_tunnel() {
    for status in ["403 Forbidden", "502 Bad Gateway", "302 Found", "199 Odd", "300 Odd"] {
        let answer = reply(status, "Location: http://127.0.0.1/\r\n", "no");
        let (outcome, heard) = through(vec![Step::ReadHead, Step::Send(answer), Step::Close]);
        assert_eq!(outcome, proxy_fault(), "case: {status}");
        assert_only_connect(&heard);
    }
}

#[test]
fn t34_a_proxy_that_drops_the_tunnel() {
    for steps in [
        vec![Step::ReadHead, Step::Close],
        vec![Step::Close],
        vec![Step::ReadBytes(1), Step::Reset],
        vec![Step::ReadHead, Step::Send(b"HTTP/1.1 200 O".to_vec()), Step::Close],
    ] {
        let case = format!("{steps:?}");
        let (outcome, heard) = through(steps);
        assert_eq!(outcome, proxy_fault(), "case: {case}");
        assert!(CONNECT.starts_with(heard.trim_end()) || heard == format!("{CONNECT}\r\n"));
    }
}

#[test]
fn t34_a_proxy_that_speaks_no_http() {
    for garbage in [&b"SSH-2.0-OpenSSH_9.6\r\n\r\n"[..], b"\x05\x00\r\n\r\n", b"\r\n\r\n\r\n"] {
        let script = vec![Step::ReadHead, Step::Send(garbage.to_vec()), Step::Close];
        assert_eq!(through(script).0, proxy_fault());
    }
}

#[test]
fn t34_a_proxy_that_answers_without_end() {
    let script = vec![Step::ReadHead, Step::SendForever(b"HTTP/1.1 200 OK".to_vec())];
    assert_eq!(through(script).0, proxy_fault());
}

#[test]
fn t34_a_proxy_that_says_nothing() {
    let proxy = Server::start(Speech::Plain, [vec![Step::ReadHead, Step::Stall]]);
    let way = Proxy::new(&format!("http://{}", proxy.address())).unwrap();
    let transport = transport().proxy(Some(way)).build();
    let client = builder(SERVICE, transport).deadline(SHORT).build();
    assert_eq!(Outcome::of(client.upload(&small())), not_delivered(timeout(Phase::Connect)));
    assert_only_connect(&String::from_utf8(proxy.finish_one().received).unwrap());
}

/// What is inside the tunnel is no longer the proxy's doing: it is told as without one.
#[test]
fn t34_a_tunnel_to_what_is_no_tls() {
    let open = b"HTTP/1.1 200 Connection Established\r\n\r\n".to_vec();
    let garbage = b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec();
    let script = vec![Step::ReadHead, Step::Send(open), Step::Send(garbage), Step::ReadToEnd];
    assert_eq!(through(script).0, not_delivered(Tls));
}

/// A proxy that tunnels: everything after its answer is the other server's.
struct Tunnel {
    listener: TcpListener,
}

impl Tunnel {
    fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").unwrap() }
    }

    fn proxy(&self, user: &str) -> Proxy {
        let address = self.listener.local_addr().unwrap();
        Proxy::new(&format!("http://{user}{address}")).unwrap()
    }

    /// Serves one client, and returns the head of its request.
    fn serve(&self, target: &Server) -> String {
        use std::io::{Read, Write};
        use std::net::{Shutdown, TcpStream};

        let (mut client, _) = self.listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        client.write_all(b"HTTP/1.1 200 Connection Established\r\nVia: 1.1 x\r\n\r\n").unwrap();
        let mut server = TcpStream::connect(target.address()).unwrap();
        let (mut from_server, mut to_client) =
            (server.try_clone().unwrap(), client.try_clone().unwrap());
        std::thread::scope(|scope| {
            scope.spawn(move || {
                // Either side may end the tunnel in any way.
                let _ = std::io::copy(&mut from_server, &mut to_client);
                let _ = to_client.shutdown(Shutdown::Both);
            });
            let _ = std::io::copy(&mut client, &mut server);
            let _ = server.shutdown(Shutdown::Both);
        });
        String::from_utf8(head).unwrap()
    }
}

/// Uploads through a tunnel, as this user, to a server with this certificate.
#[track_caller]
fn tunnelled(user: &str, identity: Identity) -> (Outcome, String) {
    let script = after_request([Step::Send(crate::support::stored())]);
    let server = Server::start(Speech::TlsAs(identity), [script]);
    let tunnel = Tunnel::new();
    let url = format!("https://localhost:{}", server.address().port());
    let (outcome, heard) = std::thread::scope(|scope| {
        let heard = scope.spawn(|| tunnel.serve(&server));
        let transport = transport().proxy(Some(tunnel.proxy(user))).build();
        let outcome = Outcome::of(builder(&url, transport).build().upload(&small()));
        (outcome, heard.join().unwrap())
    });
    let port = server.address().port();
    let received = server.finish_one().received;
    assert_eq!(received.is_empty(), outcome != Outcome::Stored);
    (outcome, heard.replace(&port.to_string(), "PORT"))
}

#[test]
fn t34_a_tunnel_carries_tls_from_end_to_end() {
    let (outcome, heard) = tunnelled("", Identity::Good);
    assert_eq!(outcome, Outcome::Stored);
    assert_eq!(heard, "CONNECT localhost:PORT HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n");
}

#[test]
fn t34_a_proxy_is_told_its_own_user_and_password() {
    let (outcome, heard) = tunnelled("me:secret@", Identity::Good);
    assert_eq!(outcome, Outcome::Stored);
    let expected = "CONNECT localhost:PORT HTTP/1.1\r\nHost: localhost:PORT\r\n\
        Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n";
    assert_eq!(heard, expected);
}

/// A password may hold what divides a URL elsewhere; it never becomes the host.
#[test]
fn t34_the_last_at_sign_divides_the_password_from_the_proxy() {
    let (outcome, heard) = tunnelled("me:a:b@c@", Identity::Good);
    assert_eq!(outcome, Outcome::Stored);
    let expected = "CONNECT localhost:PORT HTTP/1.1\r\nHost: localhost:PORT\r\n\
        Proxy-Authorization: Basic bWU6YTpiQGM=\r\n\r\n";
    assert_eq!(heard, expected);
}

#[test]
fn t34_what_is_no_proxy_url_is_refused() {
    for url in [
        "",
        "proxy.example",
        "proxy.example:3128",
        "http://proxy.example",
        "https://proxy.example:3128",
        "socks5://proxy.example:3128",
        "http://proxy.example:3128/path",
        "http://proxy.example:3128?query",
        "http://proxy.example:3128#fragment",
        "http://proxy.example:99999",
        "http://:3128",
        "http://user@proxy.example:3128",
        "http://user:12#34@proxy.example:3128",
        "http://user:12?34@proxy.example:3128",
        "http://user:12/34@proxy.example:3128",
        "http://user:12 34@proxy.example:3128",
    ] {
        assert!(Proxy::new(url).is_err(), "case: {url}");
    }
    let shown = format!("{:?}", Proxy::new("http://user:password@[::1]:3128").unwrap());
    assert_eq!(shown, r#"Proxy { host: "[::1]", port: 3128, .. }"#);
}

#[test]
fn t34_a_certificate_in_a_tunnel_is_checked() {
    for identity in [Identity::UnknownAuthority, Identity::WrongHost] {
        let (outcome, _) = tunnelled("", identity);
        assert_eq!(outcome, Outcome::Transport(Certificate, Delivery::NotDelivered));
    }
}

/// Plain http exists for this very machine only: a proxy has no part in it.
#[test]
fn t34_plain_http_does_not_go_through_a_proxy() {
    let proxy = Server::start(Speech::Plain, []);
    let server =
        Server::start(Speech::Plain, [after_request([Step::Send(crate::support::stored())])]);
    let through = Proxy::new(&format!("http://{}", proxy.address())).unwrap();
    let client = builder(&server.url(), transport().proxy(Some(through)).build()).build();
    assert_eq!(Outcome::of(client.upload(&small())), Outcome::Stored);
    assert_eq!(proxy.finish().len(), 0);
}
