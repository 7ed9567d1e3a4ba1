//! A storm whose client reaches the service through an intermediary: `storm_through SEED URL PORT STATUSES [CA]`.
//!
//! The intermediary listens at `URL` and must lead to `PORT`, where this program listens. `STATUSES` are those that the
//! intermediary must give by itself, separated by commas. `CA` is a file with the certificate authority of the
//! intermediary. `.ci/extended intermediaries` starts all of it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "it fails by panicking")]

use std::{env, fs, panic, process};

use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::storm::{FarEnd, Service, Sockets, Storm};
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
    let mut next = |what| arguments.next().expect(what);
    let seed = next("a seed").parse().expect("a number");
    let (url, port) = (next("a URL"), next("a port").parse().expect("a port"));
    let statuses = next("statuses");
    let mut transport = UreqTransport::builder();
    if let Some(file) = arguments.next() {
        let authorities = Certificate::all_from_pem(&fs::read(file).unwrap()).unwrap();
        transport = transport.roots(Roots::Certificates(authorities));
    }
    let service = Service::new();
    let emulator = Emulator::builder().library(service.library().clone()).start().unwrap();
    let wire = Sockets::new(transport.build());
    let _relay = FarEnd::new(emulator.base_url(), &service, &wire).patient().start(port);
    let answers = wire.answers();
    let evidence = Storm { seed, calls: CALLS, large: LARGE }.run(8, &service, &url, wire);
    let answers = answers.lock().unwrap();
    println!("{} calls; answers: {answers:?}", evidence.calls());
    println!("uploads: {:?}", evidence.outcomes());
    evidence.check();
    for status in statuses.split(',').filter(|it| !it.is_empty()) {
        let own = format!("between {status}");
        assert!(answers.contains_key(&own), "the intermediary itself gave no {status}");
    }
}
