//! Opening connections where the addresses of a host are of the test's choosing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use mde_live_response_core::{
    AccessToken, Client, Delivery, Endpoint, Error, Phase, TransportErrorKind, Upload,
};

use super::resolve::{Lookup, resolve};
use super::socket;
use crate::UreqTransport;
use crate::exchange::{Allowance, Exchange};

fn upload_over(lookup: Lookup) -> Error {
    let transport = UreqTransport::with_settings(UreqTransport::builder(), lookup);
    let endpoint = Endpoint::custom("https://service.invalid").unwrap();
    let client = Client::builder(endpoint, AccessToken::new("a-token").unwrap(), transport)
        .deadline(Duration::from_millis(100))
        .build();
    client.upload(&Upload::new("a.ps1".parse().unwrap(), b"1")).unwrap_err()
}

fn kind_of(error: &Error) -> (TransportErrorKind, Delivery) {
    match error {
        Error::Transport(error) => (error.kind(), error.delivery()),
        other => panic!("not a transport error: {other:?}"),
    }
}

/// Never answers; its thread is left parked.
fn hanging(_: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
    loop {
        thread::park();
    }
}

#[test]
fn t02_a_hanging_resolver_ends_with_the_deadline() {
    let kind = TransportErrorKind::Timeout(Phase::Resolve);
    assert_eq!(kind_of(&upload_over(hanging)), (kind, Delivery::NotDelivered));
}

#[test]
fn a_name_without_addresses_is_not_resolved() {
    let nothing = |_: &str, _| Ok(Vec::new());
    let kind = TransportErrorKind::Resolve;
    assert_eq!(kind_of(&upload_over(nothing)), (kind, Delivery::NotDelivered));
}

#[test]
fn t04_the_second_address_is_tried_when_the_first_is_dead() {
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let alive = listener.local_addr().unwrap();
    let exchange = Exchange::new(&mde_live_response_core::Body::empty(), None);
    let time = Allowance::of(&exchange, Phase::Connect).at_most(Duration::from_secs(30));

    let mut socket = socket::connect(&[dead, alive], time).unwrap();
    socket.write(time, |stream| stream.write(b"x")).unwrap().unwrap();
    let mut byte = [0];
    listener.accept().unwrap().0.read_exact(&mut byte).unwrap();
    assert_eq!(byte, *b"x");

    let fault = socket::connect(&[dead, dead], time).unwrap_err();
    assert_eq!(fault.kind, TransportErrorKind::Connect);
}

#[test]
fn an_address_written_as_a_number_needs_no_look_up() {
    let exchange = Exchange::new(&mde_live_response_core::Body::empty(), None);
    let time = Allowance::of(&exchange, Phase::Resolve);
    for (host, address) in [("127.0.0.1", "127.0.0.1:80"), ("[::1]", "[::1]:80")] {
        assert_eq!(resolve(hanging, host, 80, time).unwrap(), [address.parse().unwrap()]);
    }
}
