//! A folder as the desired state of a library: what is read, planned, done and left alone. No test opens a socket.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod any_folder;
mod applying;
mod beside;
mod folders;
mod help;
mod planning;
mod properties;
mod rules;
mod side_by_side;
mod support;
