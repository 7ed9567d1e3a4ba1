//! A storm over memory.

use std::io::{self, Read};
use std::sync::Arc;

use mde_live_response_core::http::Response;
use mde_live_response_core::transport::{Exchange, TransportError, TransportErrorKind as Kind};
use mde_live_response_testkit::storm::{
    Evidence, Fault, Kept, Order, Reply, Seen, Service, Storm, Wire, storms,
};

/// Calls of the API: over the hour's limit, so that both windows fill.
const CALLS: u64 = if cfg!(debug_assertions) { 2_500 } else { 10_000 };

/// Seeds that once failed.
const KEPT: [Kept; 0] = [];

#[derive(Debug)]
struct Memory(Arc<Service>);

impl Wire for Memory {
    /// Sets no effect on its errors: the client derives it from the bytes that were read.
    fn send(
        &self,
        exchange: &mut Exchange<'_>,
        order: Arc<Order>,
    ) -> Result<Response<Vec<u8>>, TransportError> {
        let broken = |kind| Err(TransportError::new(kind));
        match order.fault() {
            Fault::ResetBefore => return broken(Kind::Send),
            Fault::ResetDuring => {
                let half = exchange.decisive_from() / 2;
                io::copy(&mut exchange.take(half), &mut io::sink()).unwrap();
                return broken(Kind::Send);
            }
            _ => {}
        }
        let (library, head) = (self.0.library().clone(), exchange.take_head());
        let mut body = Vec::new();
        if order.reads_body() {
            exchange.read_to_end(&mut body).unwrap();
        }
        let ask = move || match library.begin(&head) {
            Ok(accepted) => accepted.finish(&body),
            Err(refusal) => refusal,
        };
        match self.0.serve(&order, Box::new(ask)) {
            Reply::Answer(answer) => Ok(answer),
            Reply::Half(answer) => Ok(answer.map(|body| body[..body.len() / 2].to_vec())),
            Reply::Nothing => broken(Kind::Receive),
        }
    }
}

fn run(storm: Storm, threads: u64) -> Evidence {
    let service = Service::new();
    storm.run(threads, &service, "https://storm.example", Memory(Arc::clone(&service)))
}

#[test]
fn in_a_storm_of_eight_threads_every_result_is_true() {
    let mut seen = Seen::default();
    for storm in storms(CALLS, &KEPT) {
        let evidence = run(storm, 8);
        evidence.check();
        seen.add(&evidence);
    }
    seen.check();
}

#[test]
fn with_one_thread_a_seed_replays_a_storm_exactly() {
    for storm in storms(CALLS, &KEPT) {
        let storm = Storm { calls: storm.calls / 10, ..storm };
        let first = run(storm, 1);
        assert!(first.calls() as u64 >= storm.calls);
        first.check_same(&run(storm, 1));
    }
}
