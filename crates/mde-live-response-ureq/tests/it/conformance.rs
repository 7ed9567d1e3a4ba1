//! The transport keeps its contract to the last rule.

use mde_live_response_emulator::conformance::{Level, Peer, Speech, check};
use mde_live_response_ureq::UreqTransport;

use crate::support::transport;

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
}
