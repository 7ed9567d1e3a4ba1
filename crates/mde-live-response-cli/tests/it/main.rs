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
mod files_of_windows;
mod folder_rules;
mod formats;
mod guards;
mod hostile;
mod interrupts;
mod lint;
#[cfg(windows)]
mod locked_files;
mod many_tenants;
mod network;
#[cfg(unix)]
mod pipelines;
mod probe;
mod saved_plans;
mod signals;
mod single_files;
mod support;
mod syncing;
#[cfg(unix)]
mod terminal;
mod usage;
