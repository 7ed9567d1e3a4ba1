//! What the transport does to a server, and what it makes of what a server does: every row of
//! `tests/catalogue.md` that needs real sockets, over plain http and over TLS.
//!
//! Loopback only. Nothing here measures time: where a deadline must pass, the test asserts what it led to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod breaks;
mod cancelling;
mod certificates;
mod connecting;
mod early_answers;
mod framing;
mod interim;
mod keep_alive;
mod processes;
mod proxies;
mod redirects;
mod requests;
mod server;
mod server_itself;
mod sources;
mod support;
mod waiting;
