//! A storm over sockets: a relay stands between the client and the emulator.

mod applying;

use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::storm::{FarEnd, Kept, Seen, Service, Sockets, storms};
use mde_live_response_ureq::UreqTransport;

/// Calls of the API: enough for every fault.
const CALLS: u64 = 1_000;

/// Seeds that once failed.
const KEPT: [Kept; 0] = [];

#[test]
fn in_a_storm_over_sockets_every_word_is_true() {
    let mut seen = Seen::default();
    for storm in storms(CALLS, &KEPT) {
        let service = Service::new();
        let emulator = Emulator::builder().library(service.library().clone()).start().unwrap();
        let wire = Sockets::new(UreqTransport::new());
        let relay = FarEnd::new(emulator.base_url(), &service, &wire).start(0);
        let evidence = storm.run(8, &service, &relay.url(), wire);
        relay.stop();
        evidence.check();
        seen.add(&evidence);
    }
    seen.check();
}
