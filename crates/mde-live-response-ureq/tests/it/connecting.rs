//! Before a byte of the request is sent: names, addresses, connections, and what is never connected to.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use mde_live_response_core::{Body, Delivery, Phase, Transport, TransportErrorKind, http};
use mde_live_response_ureq::UreqTransport;

use crate::server::{Server, Speech, Step};
use crate::support::{
    Outcome, SHORT, after_request, builder, client, hasty_client, large, not_delivered, small,
    stored, timeout, transport,
};

#[test]
fn t01_a_name_that_does_not_resolve() {
    let client = builder("https://nonexistent.invalid", UreqTransport::new()).build();
    let outcome = Outcome::of(client.upload(&small()));
    assert_eq!(outcome, not_delivered(TransportErrorKind::Resolve));
}

/// An address of this machine that nobody listens on, and that nobody is given who asks for any port.
fn dead_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1))
}

#[test]
fn t03_a_refused_connection() {
    for scheme in ["http", "https"] {
        let url = format!("{scheme}://{}", dead_address());
        let outcome = Outcome::of(builder(&url, transport().build()).build().upload(&small()));
        assert_eq!(outcome, not_delivered(TransportErrorKind::Connect), "case: {scheme}");
    }
}

/// A broadcast address takes no connection, and this one does not lead out of the machine.
#[test]
fn t03_an_unreachable_address() {
    let client = builder("https://127.255.255.255", transport().build()).build();
    let outcome = Outcome::of(client.upload(&small()));
    assert_eq!(outcome, not_delivered(TransportErrorKind::Connect));
}

/// A listener that nobody accepts from, with its queue full: whoever else connects hears nothing.
struct BlackHole {
    listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl BlackHole {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let queued = || TcpStream::connect_timeout(&address, Duration::from_millis(250)).ok();
        let queue = std::iter::from_fn(queued).collect();
        Self { listener, _queue: queue }
    }

    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.listener.local_addr().unwrap())
    }
}

#[test]
fn t05_a_black_hole_by_the_deadline() {
    let hole = BlackHole::new();
    for scheme in ["http", "https"] {
        let client = builder(&hole.url(scheme), transport().build()).deadline(SHORT).build();
        let outcome = Outcome::of(client.upload(&small()));
        assert_eq!(outcome, not_delivered(timeout(Phase::Connect)), "case: {scheme}");
    }
}

#[test]
fn t05_a_black_hole_by_the_time_for_connecting() {
    let hole = BlackHole::new();
    let client = builder(&hole.url("https"), transport().connect_timeout(SHORT).build()).build();
    let outcome = Outcome::of(client.upload(&small()));
    assert_eq!(outcome, not_delivered(timeout(Phase::Connect)));
}

#[test]
fn t05_a_tls_handshake_that_is_never_answered() {
    let server = Server::start(Speech::Plain, [vec![Step::Stall]]);
    let url = format!("https://{}", server.address());
    let client = builder(&url, transport().build()).deadline(SHORT).build();
    let outcome = Outcome::of(client.upload(&small()));
    assert_eq!(outcome, not_delivered(timeout(Phase::Connect)));
}

/// The time for connecting is over once connected: an answer may take longer, as this one does.
#[test]
fn t05_the_time_for_connecting_bounds_only_connecting() {
    let server = Server::start(Speech::Plain, [after_request([Step::Drip(stored())])]);
    let client = builder(&server.url(), transport().connect_timeout(SHORT).build()).build();
    assert_eq!(Outcome::of(client.upload(&small())), Outcome::Stored);
}

/// A deadline of nothing is over before anything is done.
#[test]
fn t05_no_time_at_all() {
    let server = Server::start(Speech::Plain, []);
    let client = builder(&server.url(), transport().build()).deadline(Duration::ZERO).build();
    match Outcome::of(client.upload(&small())) {
        Outcome::Transport(TransportErrorKind::Timeout(_), Delivery::NotDelivered) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(server.finish().len(), 0);
}

#[test]
fn a_name_is_resolved_and_checked_against_the_certificate() {
    let server = Server::start(Speech::Tls, [after_request([Step::Send(stored())])]);
    let url = format!("https://localhost:{}", server.address().port());
    let outcome = Outcome::of(builder(&url, transport().build()).build().upload(&small()));
    assert_eq!(outcome, Outcome::Stored);
}

#[test]
fn tls_1_2_is_spoken_too() {
    let server = Server::start(Speech::Tls12, [after_request([Step::Send(stored())])]);
    assert_eq!(Outcome::of(client(&server).upload(&small())), Outcome::Stored);
    let server = Server::start(Speech::Tls12, [vec![Step::ReadHead, Step::Stall]]);
    let outcome = Outcome::of(hasty_client(&server).upload(&large()));
    assert_eq!(outcome, not_delivered(timeout(Phase::Send)));
}

/// Whether anybody listens there, or the machine has such an address at all, does not matter here.
#[test]
fn v48_plain_http_to_this_machine_is_not_refused() {
    for url in ["http://[::1]:1", "http://127.255.255.254:1"] {
        match Outcome::of(builder(url, transport().build()).build().upload(&small())) {
            Outcome::Transport(kind, Delivery::NotDelivered) => {
                assert_ne!(kind, TransportErrorKind::Refused, "case: {url}");
            }
            other => panic!("{url}: {other:?}"),
        }
    }
}

/// Plain http is for this machine by its number, whoever asks.
#[test]
fn v47_plain_http_elsewhere_is_refused_by_the_transport_itself() {
    let server = Server::start(Speech::Plain, []);
    let port = server.address().port();
    let urls = [
        format!("http://localhost:{port}/"),
        format!("http://localhost.:{port}/"),
        format!("http://127.0.0.1.:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0.0.0.0:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        "http://service.example/".to_owned(),
        "http://192.0.2.1/".to_owned(),
        "ftp://127.0.0.1/".to_owned(),
        "/api/libraryfiles".to_owned(),
        // Not for http alone: a header would be made of the user.
        format!("http://me:secret@127.0.0.1:{port}/"),
        format!("https://me@127.0.0.1:{port}/"),
    ];
    for url in urls {
        let request = http::Request::post(&url).body(Body::bytes(b"body")).unwrap();
        let error = transport().build().send(request).unwrap_err();
        let told = (error.kind(), error.delivery());
        let refused = (TransportErrorKind::Refused, Delivery::NotDelivered);
        assert_eq!(told, refused, "case: {url}");
        assert!(!format!("{error:?}").contains("secret"), "case: {url}");
    }
    assert_eq!(server.finish().len(), 0);
}
