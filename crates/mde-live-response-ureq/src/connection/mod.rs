//! Connections under ureq's HTTP: TCP, TLS and the tunnel through a proxy.
//!
//! The only folder that names `ureq::unversioned`, which ureq's semver promise does not cover.
//!
//! * `connector` opens connections: resolve, connect, tunnel, TLS, all within the exchange's limits;
//! * `link` is one open connection as ureq uses it, and hears early answers;
//! * `resolve` and `connect` run calls that cannot be interrupted on extra threads;
//! * `channel` moves bytes over plain TCP or TLS;
//! * `socket` calls the kernel, never blocks for too long, and notes that bytes moved.

mod channel;
mod connect;
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
