//! What users of `lrlib` and of its library rely on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod folders;
mod hostile;
mod many_tenants;
mod pace_file;
mod single_files;
mod support;
mod syncing;
mod usage;
