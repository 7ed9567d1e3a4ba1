//! The emulator as clients see it: over sockets, by `curl`, and as a program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod binary;
mod clients;
#[cfg(feature = "conformance")]
mod conformance;
mod control;
mod early;
mod killed;
mod malformed;
#[cfg(feature = "conformance")]
mod peer;
mod program;
mod serving;
mod state;
mod storm;
mod support;
mod tokens;
