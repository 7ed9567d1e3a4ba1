//! Connections under ureq's HTTP: TCP, TLS and the tunnel through a proxy.
//!
//! The only folder that names `ureq::unversioned`, which is outside of ureq's semver promise.
//!
//! * `connector` opens: resolve, connect, tunnel, TLS, all in the exchange's time;
//! * `link` is one open connection as ureq uses it, and hears an answer that comes early;
//! * `aside` runs what cannot be interrupted on a thread of its own;
//! * `channel` moves bytes over plain TCP or TLS, `socket` calls the kernel and never blocks for too long.

mod aside;
mod channel;
mod connector;
mod interim;
mod link;
mod resolve;
mod socket;
mod tls;
mod tunnel;

#[cfg(test)]
mod tests;

pub(crate) use connector::{Connector, NoResolver};
pub(crate) use resolve::{Lookup, system_lookup};
