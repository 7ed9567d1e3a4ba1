//! The transport keeps its contract to the last rule, and its own limits beyond it.

use mde_live_response_core::http::Request;
use mde_live_response_core::transport::{Exchange, Transport};
use mde_live_response_emulator::conformance::{Level, Peer, check, check_early_answers};
use mde_live_response_ureq::UreqTransport;

use crate::support::*;

fn built(_: &Peer) -> UreqTransport {
    transport().build()
}

#[test]
fn the_contract_is_kept_over_plain_http() {
    check(Level::Complete, Speech::Plain, built).assert_ok();
}

#[test]
fn the_contract_is_kept_over_tls() {
    check(Level::Complete, Speech::Tls, built).assert_ok();
    check(Level::Usable, Speech::Tls12, built).assert_ok();
}

#[test]
fn a_hundred_of_a_hundred_early_answers_are_heard() {
    both(|speech| check_early_answers(100, speech, built).assert_ok());
}

/// The head has at most 64 KiB and 100 lines, and 32 interim answers before it. The line before a chunk has at most 20 bytes.
#[test]
fn an_answer_within_the_limits_is_read_and_one_beyond_is_a_protocol_fault() {
    let interim = |n| [&b"HTTP/1.1 100 Continue\r\n\r\n".repeat(n), &*stored()].concat();
    let head = |headers: String| reply("200 OK", &headers, &entity());
    let lines = |n| head("X-Line: x\r\n".repeat(n));
    let long = |kib: usize| head(format!("X-Line: {}\r\n", "x".repeat(kib * 1024)));
    let chunk = |extension: &str| {
        let (len, entity) = (entity().len(), entity());
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        format!("{head}{len:x}{extension}\r\n{entity}\r\n0\r\n\r\n").into_bytes()
    };
    for (within, beyond) in [
        (interim(32), interim(33)),
        (lines(90), lines(101)),
        (long(32), long(64)),
        (chunk(";a=b"), chunk(&format!(";a={}", "b".repeat(32)))),
    ] {
        both(|speech| {
            assert_eq!(answered(speech, within.clone()), STORED);
            assert_eq!(answered(speech, beyond.clone()), unknown(Kind::Protocol));
        });
    }
}

/// With `Expect`, a server could wait for ever. Chunks would be a second length.
#[test]
fn a_request_that_cannot_be_sent_as_given_is_refused() {
    let server = Server::start(Speech::Plain, []);
    let of = |method| Request::builder().method(method).uri(server.url());
    for request in [
        of("POST").header("expect", "100-continue"),
        of("POST").header("transfer-encoding", "chunked"),
        of("GET"),
        of("DELETE"),
        of("HEAD"),
    ] {
        let mut exchange = Exchange::new(request.body(&b"grant=one"[..]).unwrap()).unwrap();
        let error = transport().build().send(&mut exchange).unwrap_err();
        assert_eq!((error.kind(), error.effect()), (Kind::Unsupported, Some(Effect::NotApplied)));
    }
    assert_eq!(server.finish().len(), 0);
}
