//! A storm whose client reaches the service through an intermediary: `storm_through SEED URL PORT CA FACTS`.
//!
//! The intermediary listens at `URL` and must lead to `PORT`, where this program listens. `CA` is a file with the
//! certificate authority for TLS. `FACTS` are the statuses that must come from the intermediary itself, separated by commas, and
//! `repeats` if it must break the rules of HTTP so. `.ci/extended intermediaries` starts all of it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "it fails by panicking")]

use std::{env, fs, panic, process};

use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::storm::{FarEnd, Seen, Service, Sockets, Storm};
use mde_live_response_ureq::{Certificate, Roots, UreqTransport};

const CALLS: u64 = 1_500;

/// More than the buffers of an intermediary and of a socket.
const LARGE: usize = 1024 * 1024;

fn main() {
    // A panic of any thread ends the program: the intermediary keeps its connections, so no thread is waited for.
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        print(panic);
        process::exit(101);
    }));
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().expect("five arguments");
    let (seed, url, port) = (next().parse().unwrap(), next(), next().parse().unwrap());
    let (authorities, facts) = (fs::read(next()).unwrap(), next());
    let authorities = Certificate::all_from_pem(&authorities).unwrap();
    let transport = UreqTransport::builder().roots(Roots::Certificates(authorities)).build();
    let storm = Storm { seed, calls: CALLS, large: LARGE, repeats: facts.contains("repeats") };

    let service = Service::new();
    let emulator = Emulator::builder().library(service.library().clone()).start().unwrap();
    let wire = Sockets::new(transport);
    let _relay = FarEnd::new(emulator.base_url(), &service, &wire).patient().start(port);
    let answers = wire.answers();
    let evidence = storm.run(8, &service, &url, wire);
    let answers = answers.lock().unwrap();
    println!("{} calls; answers: {answers:?}", evidence.calls());
    println!("uploads: {:?}", evidence.outcomes());
    evidence.check();
    let mut all = Seen::default();
    all.add(&evidence);
    all.check();
    for fact in facts.split(',') {
        let came = answers.keys().any(|it| it.replace("between ", "") == fact);
        assert!(came, "this did not come from the intermediary itself: {fact}");
    }
}
