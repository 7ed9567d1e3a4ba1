//! Deterministic stand-ins for tests of code that uses `mde-live-response`.
//!
//! * [`FakeLibrary`] is a whole library in memory. It keeps the service's rules, the odd ones included, and
//!   stands behind a [`Transport`](mde_live_response_core::Transport) by itself.
//!
//! No threads, no sleeping, no randomness, and no real clock unless one is given. What was sent is read by a
//! strict decoder that shares no code with the encoder under test.

#![forbid(unsafe_code)]

mod library;

pub use library::{
    Action, Admitted, Call, ExistsAnswer, FakeLibrary, FakeLibraryBuilder, FilePart, StoredFile,
    TooLargeAnswer, UploadCall, bearer_token,
};
