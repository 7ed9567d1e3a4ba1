//! What a user of the facade relies on, seen as a user does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod catalogue;
#[cfg(any(feature = "log", feature = "ureq"))]
mod child;
#[cfg(feature = "ureq")]
mod example;
#[cfg(feature = "log")]
mod logging;
#[cfg(all(feature = "ureq", target_os = "linux"))]
mod memory;
mod public_api;
#[cfg(feature = "ureq")]
mod redaction;
mod tidy;
#[cfg(feature = "ureq")]
mod upload;
mod vendor_page;
