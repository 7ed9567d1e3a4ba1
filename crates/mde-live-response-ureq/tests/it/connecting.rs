//! Before a byte of the request is sent: names, addresses and connections.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use Phase::Connect;
use mde_live_response_core::policy::ClientBuilder;

use crate::support::*;

fn upload_to(builder: ClientBuilder) -> Outcome {
    upload_by(&builder.build(), &small())
}

/// An address of this machine on which nobody listens: its port is never given to a test that asks for any.
const DEAD: &str = "127.0.0.1:1";

/// A broadcast address accepts no connection, and this one does not lead out of the machine.
#[test]
fn t01_t03_no_connection_names_host_and_port() {
    for (url, kind, place) in [
        ("https://nonexistent.invalid", Kind::Resolve, "nonexistent.invalid:443"),
        ("https://nonexistent.invalid:8443/path", Kind::Resolve, "nonexistent.invalid:8443"),
        ("http://127.0.0.1:1", Kind::Connect, DEAD),
        ("https://127.0.0.1:1", Kind::Connect, DEAD),
        ("https://127.255.255.255", Kind::Connect, "127.255.255.255:443"),
    ] {
        let error = builder(url).build().upload(&small()).unwrap_err();
        assert!(error.to_string().contains(&format!("({place})")), "{error}");
        assert_eq!(outcome(Err(error)), not_applied(kind), "case: {url}");
    }
}

/// A machine without IPv6 has no such address.
#[test]
fn v48_plain_http_to_the_ipv6_loopback_is_tried() {
    let outcome = upload_to(builder("http://[::1]:1"));
    assert_one_of(&outcome, &[Kind::Connect, Kind::Local].map(not_applied));
}

/// A listener that accepts nobody, with a full queue: nobody else gets an answer.
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
}

#[test]
fn t05_a_black_hole_by_each_limit() {
    let hole = BlackHole::new();
    let address = hole.listener.local_addr().unwrap();
    for scheme in ["http", "https"] {
        let url = format!("{scheme}://{address}");
        for builder in [
            builder(&url).deadline(SHORT),
            builder(&url).silence_limit(SHORT),
            builder_over(&url, transport().connect_timeout(SHORT)),
        ] {
            assert_eq!(upload_to(builder), not_applied(Kind::Timeout(Connect)));
        }
    }
}

/// The answer takes longer than the time for connecting.
#[test]
fn t05_the_time_for_connecting_bounds_only_connecting() {
    let server = Server::start(Speech::Plain, [after_request([Drip(stored())])]);
    let builder = builder_over(&server.url(), transport().connect_timeout(SHORT));
    assert_eq!(upload_to(builder), STORED);
}

#[test]
fn t05_no_time_at_all() {
    let server = Server::start(Speech::Plain, []);
    for builder in [
        builder(&server.url()).deadline(Duration::ZERO),
        builder(&server.url()).silence_limit(Duration::ZERO),
    ] {
        let phases = [Phase::Resolve, Connect, Phase::Send];
        let timeouts = phases.map(|phase| not_applied(Kind::Timeout(phase)));
        assert_one_of(&upload_to(builder), &timeouts);
    }
    assert_eq!(server.finish().len(), 0);
}

#[test]
fn a_name_is_resolved_and_checked_against_the_certificate() {
    let server = Server::start(Speech::Tls, [served(1)]);
    let url = format!("https://localhost:{}", server.address().port());
    assert_eq!(upload_to(builder(&url)), STORED);
}
