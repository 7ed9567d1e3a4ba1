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

mod certificates;
mod conformance;
mod connecting;
mod processes;
mod proxies;
mod proxy_variables;
mod sending;
mod server;

mod support;
