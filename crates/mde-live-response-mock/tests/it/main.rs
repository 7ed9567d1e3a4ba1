//! What users of the mock rely on: its messages, its strictness, and the library's rules.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at its first surprise"
)]

mod assertions;
mod clock;
mod common;
mod forms;
mod library;
mod login;
mod rates;
mod redaction;
mod transport;
