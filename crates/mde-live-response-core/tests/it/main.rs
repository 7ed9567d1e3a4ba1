//! The rows of `tests/catalogue.md` that one attempt can show, and that need no socket.
//!
//! Each test's name starts with the number of its row.

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
mod content;
mod deleting;
mod endpoint;
mod entity;
mod entity_fields;
mod entra;
mod files;
mod files_changing;
mod form;
mod listing;
mod names;
mod net;
mod observing;
mod pacing;
mod pacing_shared;
mod properties;
mod redirects;
mod renewal;
mod resolving;
mod retries;
mod secrets;
mod statuses;
mod storm;
mod support;
mod sync;
mod texts;
mod waits;
