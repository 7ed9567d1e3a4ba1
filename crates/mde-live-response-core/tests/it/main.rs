//! The client's rules: retries, waits, tokens, cancel, and what each call makes of an answer. No test opens a socket.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod auth;
mod cancelling;
mod claims;
mod clock;
mod deleting;
mod limits;
mod listing;
mod messages;
mod net;
mod observing;
mod pacing;
mod redirects;
mod renewal;
mod resolving;
mod retries;
mod storm;
mod support;
mod token_requests;
mod values;
mod waits;
