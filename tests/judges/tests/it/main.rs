//! What core's encoder writes, read back by foreign parsers, and a foreign HTTP client as transport.
//!
//! Each judge must return the exact name, texts and bytes of every case. Where one has a fault of its own, a test shows it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod as_a_client;
mod by_multer;
mod by_multipart;
mod cases;
#[path = "../../../../examples/custom_transport.rs"]
mod custom_transport;
mod transport;
