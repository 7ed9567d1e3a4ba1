//! What the tests of several crates share. It is never published; every crate depends on it by path, for its tests only.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

mod foreign;
mod relay;
mod seed;
pub mod storm;
mod temp_dir;

pub use fastrand::Rng;
pub use foreign::program;
pub use relay::Relay;
pub use seed::rng;
pub use temp_dir::TempDir;
