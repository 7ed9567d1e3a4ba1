//! `lrlib` as a program: what it prints, how it ends, and what the library holds afterwards.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod adopting;
mod credentials;
mod folder_rules;
mod formats;
mod guards;
mod hostile;
mod lint;
mod many_tenants;
mod network;
#[cfg(unix)]
mod pipelines;
mod probe;
mod saved_plans;
#[cfg(unix)]
mod signals;
mod single_files;
mod support;
mod syncing;
#[cfg(unix)]
mod terminal;
mod usage;
