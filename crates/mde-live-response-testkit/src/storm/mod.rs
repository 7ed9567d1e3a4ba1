//! A storm: threads that upload with one client to a service that fails in every known way, on a manual clock.
//!
//! The engine makes the plan, runs the threads, keeps the evidence and checks it. A [`Wire`] moves the bytes: through
//! memory, or through sockets.
//!
//! A seed replays its faults: each is a function of the seed, the file and how often that file was sent. With one
//! thread and a wire of memory, a seed replays everything. `STORM_SEED` runs one seed, `STORM_SEEDS` as many, from 1
//! on; without either it is one. `STORM_CALLS` sets how many calls of the API a seed makes; with too few, not every
//! fault comes.

mod checks;
mod evidence;
mod plan;
mod run;
mod service;
mod transport;

use std::sync::Arc;

use mde_live_response_core::http::Response;
use mde_live_response_core::transport::{Exchange, TransportError};

pub use evidence::Evidence;
pub use plan::Fault;
pub use run::Storm;
pub use service::{Order, Reply, Service};

/// Moves the bytes of an exchange between the client and a [`Service`].
pub trait Wire: std::fmt::Debug + Send + Sync {
    /// Sends the exchange, and does to it what the order's fault says.
    ///
    /// # Errors
    ///
    /// If there is no whole answer.
    fn send(
        &self,
        exchange: &mut Exchange<'_>,
        order: Arc<Order>,
    ) -> Result<Response<Vec<u8>>, TransportError>;
}

/// The storms to run, with this number of calls unless the environment sets another. Prints each seed.
pub fn storms(calls: u64) -> impl Iterator<Item = Storm> {
    let number = |name| {
        let text = std::env::var(name).ok()?;
        Some(text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
    };
    let seeds = match (number("STORM_SEED"), number("STORM_SEEDS")) {
        (Some(seed), _) => seed..=seed,
        (None, Some(seeds)) => 1..=seeds,
        (None, None) => 1..=1,
    };
    let calls = number("STORM_CALLS").unwrap_or(calls);
    seeds.map(move |seed| {
        println!("STORM_SEED={seed}");
        Storm { seed, calls }
    })
}
