//! Paths, and the life of an emulator.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::thread;

use mde_live_response_emulator::Emulator;

use crate::support::{connect, exchange, request};

fn address(emulator: &Emulator) -> SocketAddr {
    emulator.base_url().strip_prefix("http://").unwrap().parse().unwrap()
}

#[test]
fn p33_other_paths_and_methods_are_told_so() {
    let emulator = Emulator::start().unwrap();
    let cases = [
        ("GET /", 404, "NotFound", ""),
        ("GET /api/libraryfile", 404, "NotFound", ""),
        ("GET /api/libraryfiles/", 404, "NotFound", ""),
        ("POST /api/libraryfiles/a/b", 404, "NotFound", ""),
        ("DELETE /api/libraryfiles/%FF", 404, "NotFound", ""),
        ("DELETE /api/libraryfiles/a%2Fb", 404, "ResourceNotFound", ""),
        ("PUT /api/libraryfiles", 405, "", "GET, POST"),
        ("HEAD /api/libraryfiles", 405, "", "GET, POST"),
        ("DELETE /api/libraryfiles", 405, "", "GET, POST"),
        ("GET /api/libraryfiles/a", 405, "", "DELETE"),
        ("POST /api/libraryfiles/a", 405, "", "DELETE"),
        ("GET /a-tenant/oauth2/v2.0/token", 405, "", "POST"),
    ];
    for (line, status, code, allow) in cases {
        let answer = exchange(&emulator, &request(&emulator, line, "", b""));
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "case: {line}");
        let allowed = answer.headers.get("allow").map_or("", String::as_str);
        assert_eq!(allowed, allow, "case: {line}");
    }
}

#[test]
fn a_token_that_no_request_can_carry_is_refused_at_start() {
    for token in ["", "two words", "line\n", "é"] {
        let error = Emulator::builder().token(token).start().unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "case: {token:?}");
        assert!(token.is_empty() || !error.to_string().contains(token), "case: {token:?}");
    }
}

#[test]
fn it_listens_on_loopback_and_an_address_in_use_is_an_error_that_names_it() {
    let emulator = Emulator::start().unwrap();
    assert_eq!(address(&emulator).ip(), IpAddr::V4(Ipv4Addr::LOCALHOST));
    let error = Emulator::builder().listen(address(&emulator)).start().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&address(&emulator).to_string()), "{error}");
}

#[test]
fn dropping_it_closes_every_connection_and_frees_the_port() {
    let emulator = Emulator::start().unwrap();
    let at = address(&emulator);
    let mut idle = connect(&emulator);
    let mut half_sent = connect(&emulator);
    half_sent.write_all(b"POST /api/libraryfiles HTTP/1.1\r\nHost:").unwrap();
    thread::spawn(move || drop(emulator)).join().unwrap();
    assert_eq!(idle.read(&mut [0]).unwrap_or(0), 0);
    assert_eq!(half_sent.read(&mut [0]).unwrap_or(0), 0);
    // A process that another test is just starting may hold a copy of the listening socket for a moment.
    let again = (0..100_000).find_map(|_| {
        thread::yield_now();
        Emulator::builder().listen(at).start().ok()
    });
    assert_eq!(address(&again.unwrap()), at);
}
