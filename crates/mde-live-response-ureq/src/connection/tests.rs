//! Connections to addresses that the test chooses.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use mde_live_response_core::Effect;
use mde_live_response_core::policy::CancelToken;
use mde_live_response_core::policy::RetryPolicy;
use mde_live_response_core::transport::{Exchange, Limits, Phase, TransportErrorKind};
use mde_live_response_core::{AccessToken, Client, Endpoint, Error, ErrorKind, Upload};

use super::channel::Incoming;
use super::connect::{connect, race};
use super::resolve::{Lookup, Lookups, MAX_LOOKUPS};
use super::socket::{self, Wait};
use super::tls::Tls;
use crate::facts::{Allowance, Facts};
use crate::{Certificate, Roots, UreqTransport};

fn upload_over(lookup: Lookup) -> Error {
    let transport = UreqTransport::with_settings(UreqTransport::builder(), lookup);
    let endpoint = Endpoint::parse("https://service.invalid").unwrap();
    let client = Client::builder(endpoint, AccessToken::new("a-token").unwrap(), transport)
        .retry(RetryPolicy::NONE)
        .deadline(Duration::from_millis(100))
        .build();
    client.upload(&Upload::new("a.ps1".parse().unwrap(), b"1")).unwrap_err()
}

fn endless() -> Limits {
    Limits::new().with_time_left(None).with_silence(None)
}

fn facts(limits: Limits) -> Rc<Facts> {
    let request = http::Request::get("https://service.invalid/").body(&[][..]).unwrap();
    Facts::new(&Exchange::new(request).unwrap().with_limits(limits))
}

/// Never returns. Its thread stays parked.
fn hanging(_: &str) -> io::Result<Vec<SocketAddr>> {
    loop {
        thread::park();
    }
}

#[test]
fn t02_a_resolver_that_hangs_ends_with_the_deadline_and_one_without_an_address_at_once() {
    let nothing: Lookup = |_| Ok(Vec::new());
    for (lookup, kind) in [
        (hanging as Lookup, TransportErrorKind::Timeout(Phase::Resolve)),
        (nothing, TransportErrorKind::Resolve),
    ] {
        let error = upload_over(lookup);
        let outcome = (error.kind(), error.effect());
        assert_eq!(outcome, (&ErrorKind::Transport(kind), Effect::NotApplied));
    }
}

#[test]
fn r13_a_cancel_is_heard_while_the_resolver_hangs() {
    let cancel = CancelToken::new();
    let limits = Limits::new().with_cancel(Some(cancel.clone()));
    let canceller = thread::spawn(move || cancel.cancel());
    let facts = facts(limits);
    let time = Allowance::of(&facts, Phase::Resolve);
    let fault = Lookups::new(hanging).resolve("service.invalid", 443, time).unwrap_err();
    assert_eq!(fault.kind, TransportErrorKind::Cancelled);
    canceller.join().unwrap();
}

/// Every lookup hangs until the test ends it. More calls than lookups wait, and end by their own limits.
#[test]
fn t02_lookups_are_shared_by_host_and_bounded_in_number() {
    static STARTED: Mutex<Vec<String>> = Mutex::new(Vec::new());
    static END: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());
    let lookups = &Lookups::new(|host| {
        STARTED.lock().unwrap().push(host.to_owned());
        drop(END.1.wait_while(END.0.lock().unwrap(), |end| !*end).unwrap());
        Ok(vec![SocketAddr::from(([127, 0, 0, 1], 0))])
    });
    let hosts = || (0..=MAX_LOOKUPS).flat_map(|n| [n, n, n]).map(|n| format!("host{n}.invalid"));
    let expected = |port| vec![SocketAddr::from(([127, 0, 0, 1], port))];
    let in_time = |host: &str, milliseconds| {
        let limited =
            facts(Limits::new().with_time_left(Some(Duration::from_millis(milliseconds))));
        lookups.resolve(host, 1, Allowance::of(&limited, Phase::Resolve)).map_err(|it| it.kind)
    };
    let timeout = Err(TransportErrorKind::Timeout(Phase::Resolve));
    for host in hosts().take(3 * MAX_LOOKUPS) {
        assert_eq!(in_time(&host, 10), timeout);
    }
    let (beyond, started) = thread::scope(|scope| {
        for (port, host) in (1..).zip(hosts()) {
            scope.spawn(move || {
                let endless = facts(endless());
                let time = Allowance::of(&endless, Phase::Resolve);
                assert_eq!(lookups.resolve(&host, port, time).unwrap(), expected(port));
            });
        }
        while STARTED.lock().unwrap().len() < MAX_LOOKUPS {
            thread::yield_now();
        }
        let beyond = in_time("another.invalid", 100);
        let started = STARTED.lock().unwrap().len();
        *END.0.lock().unwrap() = true;
        END.1.notify_all();
        (beyond, started)
    });
    assert_eq!((beyond, started), (timeout, MAX_LOOKUPS));
    let started = STARTED.lock().unwrap();
    assert!(!started.contains(&"another.invalid".to_owned()), "no call waits for it any more");
}

#[test]
fn t04_the_second_address_is_tried_when_the_first_is_dead() {
    // A port that is never given to a test that asks for any.
    let dead = SocketAddr::from(([127, 0, 0, 1], 1));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let alive = listener.local_addr().unwrap();
    let facts = facts(endless());
    let time = Allowance::of(&facts, Phase::Connect).at_most(Duration::from_secs(30));

    let mut socket = connect(&[dead, alive], time).unwrap();
    socket.write(time, |stream| stream.write(b"x")).unwrap().unwrap();
    let mut byte = [0];
    listener.accept().unwrap().0.read_exact(&mut byte).unwrap();
    assert_eq!(byte, *b"x");

    let fault = connect(&[dead, dead], time).unwrap_err();
    assert_eq!(fault.kind, TransportErrorKind::Connect);
}

/// A first attempt that succeeds only after a second one has begun continues, and wins.
#[test]
fn t04_the_next_address_is_tried_beside_one_that_does_not_answer() {
    let [v6, other_v6, v4] =
        ["[::1]:1", "[::1]:2", "127.0.0.1:3"].map(|it| it.parse::<SocketAddr>().unwrap());
    let facts = facts(endless());
    let time = Allowance::of(&facts, Phase::Connect).at_most(Duration::from_secs(30));
    let addresses = [v6, other_v6, v4];
    // The address of which the attempt ends last or never; the winner.
    for (silent, winner) in [(Some(v6), v4), (Some(v4), v6), (None, other_v6)] {
        let begun = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let open = {
            let begun = Arc::clone(&begun);
            move |address, _| {
                begun.0.lock().unwrap().push(address);
                begun.1.notify_all();
                let number = match silent {
                    Some(silent) if silent == address => loop {
                        thread::park();
                    },
                    // Refused at once, but for the last.
                    None if address != winner => {
                        return Err(io::ErrorKind::ConnectionRefused.into());
                    }
                    Some(_) if address == v6 => 2,
                    _ => 0,
                };
                drop(begun.1.wait_while(begun.0.lock().unwrap(), |it| it.len() < number).unwrap());
                Ok(address)
            }
        };
        assert_eq!(race(&addresses, time, open).unwrap(), winner);
        assert!(begun.0.lock().unwrap().starts_with(&[v6, v4]), "families take turns");
    }
}

/// Two ends of a connection on loopback.
pub(super) fn pair() -> (socket::Socket, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let socket = connect(&[address], unlimited()).unwrap();
    (socket, listener.accept().unwrap().0)
}

fn unlimited() -> Allowance<'static> {
    Allowance::of(Box::leak(Box::new(facts(endless()))), Phase::Connect)
}

/// As on Windows, where writes do not block.
#[test]
fn writes_that_do_not_block_tell_what_they_have_taken() {
    let (mut socket, mut peer) = pair();
    let bytes: Vec<u8> = (0..=250).cycle().take(32 * 1024 * 1024).collect();
    let mut taken = 0;
    let mut write = |socket: &mut socket::Socket| match socket
        .write_now(|stream| stream.write(&bytes[taken..]))
    {
        Ok(n) => {
            taken += n;
            Some(taken)
        }
        Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => None,
        Err(cause) => panic!("{cause}"),
    };
    // The peer does not read, so at some point no more bytes fit.
    while write(&mut socket).is_some() {}
    let reader = thread::spawn(move || {
        let mut got = Vec::new();
        peer.read_to_end(&mut got).unwrap();
        got
    });
    while write(&mut socket) != Some(bytes.len()) {}
    drop(socket);
    assert!(reader.join().unwrap() == bytes, "other bytes arrived than were written");
}

/// Session tickets bring no bytes for HTTP. A look for an answer gives up, and a kept connection with so many unread
/// bytes does not count as idle.
#[test]
fn a_look_through_tls_for_an_answer_ends() {
    let (socket, mut peer) = pair();
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = certified.signing_key.serialize_der().try_into().unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    config.send_tls13_tickets = 500;
    let server = thread::spawn(move || {
        let mut tls = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        while tls.is_handshaking() || tls.wants_write() {
            tls.complete_io(&mut peer).unwrap();
        }
        peer
    });
    let root = Certificate::from_der(certified.cert.der().to_vec()).unwrap();
    let tls = Tls::new(Roots::Certificates(vec![root]));
    let time = unlimited();
    let mut channel = tls.connect(socket, "localhost", time).unwrap();
    // The kernel has all tickets, so that every read returns some.
    let _peer = server.join().unwrap();
    assert_eq!(channel.read(&mut [0], Wait::No(time.facts())).unwrap(), Incoming::Unfinished);
    while channel.read(&mut [0], Wait::No(time.facts())).unwrap() == Incoming::Unfinished {}
    assert_eq!(channel.read(&mut [0], Wait::No(time.facts())).unwrap(), Incoming::Nothing);
}

#[test]
fn an_address_written_as_a_number_needs_no_look_up() {
    let facts = facts(endless());
    let time = Allowance::of(&facts, Phase::Resolve);
    for (host, address) in [("127.0.0.1", "127.0.0.1:80"), ("[::1]", "[::1]:80")] {
        assert_eq!(
            Lookups::new(hanging).resolve(host, 80, time).unwrap(),
            [address.parse().unwrap()]
        );
    }
}
