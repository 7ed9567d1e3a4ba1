//! The client over `CurlTransport`, against the emulator and against a server that does what a script says.
//!
//! `seam` is the point of it all: the same faults through `UreqTransport` and through this one, side by side. The
//! scripted server and the words for an outcome are those of the tests of `mde-live-response-ureq`.
//!
//! Loopback only. Nothing here measures time: where a deadline must pass, the test asserts what it led to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod library;
mod pairs;
mod reuse;
mod seam;
mod wire;

#[allow(dead_code, reason = "shared with the tests of another crate, which use all of it")]
#[path = "../../../../crates/mde-live-response-ureq/tests/it/server/mod.rs"]
mod server;

#[allow(dead_code, reason = "shared with the tests of another crate, which use all of it")]
#[path = "../../../../crates/mde-live-response-ureq/tests/it/support.rs"]
mod support;
