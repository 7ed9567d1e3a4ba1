//! The transport against scripted servers, over plain HTTP and over TLS.
//!
//! Loopback only. No test measures time: where a limit must pass, the test asserts the outcome.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::wildcard_imports,
    clippy::enum_glob_use,
    reason = "scripts read as lists of steps"
)]

mod breaks;
mod cancelling;
mod certificates;
mod conformance;
mod connecting;
mod early_answers;
mod framing;
mod interim;
mod keep_alive;
mod processes;
mod proxies;
mod redirects;
mod refusals;
mod requests;
mod server;

mod sources;
mod support;
mod waiting;
