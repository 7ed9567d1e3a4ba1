//! A storm: threads that upload with one client to a service that fails in every known way, on a manual clock.
//!
//! The engine makes the plan, runs the threads, keeps the evidence and checks it. A [`Wire`] moves the bytes: through
//! memory, or through sockets.
//!
//! A seed replays its faults: each is a function of the seed, the file and how often that file was sent. With one
//! thread and a wire of memory, a seed replays everything.

mod checks;
mod evidence;
mod far;
mod plan;
mod run;
mod seeds;
mod seen;
mod service;
mod sockets;
mod transport;

use std::sync::Arc;

use mde_live_response_core::http::Response;
use mde_live_response_core::transport::{Exchange, TransportError};

pub use evidence::Evidence;
pub use far::FarEnd;
pub use plan::Fault;
pub use run::Storm;
pub use seeds::{Kept, storms};
pub use seen::Seen;
pub use service::{Order, Reply, Service};
pub use sockets::Sockets;

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
