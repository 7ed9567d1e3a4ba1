//! Deterministic stand-ins for tests of code that uses `mde-live-response`.
//!
//! * [`MockTransport`] answers by a script and keeps what it was sent: for tests of one call.
//! * [`FakeLibrary`] is a whole library in memory. It keeps the service's rules, the odd ones included, and
//!   stands behind a [`Transport`](mde_live_response_core::Transport) by itself: for tests of an effect.
//! * [`ManualClock`] lets hours pass in no time.
//! * [`Form`] reads a request's body back, strictly, and shares no code with the encoder under test.
//!
//! No threads, no sleeping, no randomness, and no real clock unless one is given. Tokens are never shown.

#![forbid(unsafe_code)]
#![allow(clippy::panic, reason = "an assertion that fails, and a broken script, end the test")]

mod clock;
mod exchange;
mod form;
mod library;
mod shown;
mod transport;

pub use clock::{ManualClock, Registration};
pub use form::{Form, FormError, Part};
pub use library::{
    Action, Admitted, Application, Call, ExistsAnswer, FakeLibrary, FakeLibraryBuilder, FilePart,
    StoredFile, TokenCall, TooLargeAnswer, UploadCall, bearer_token,
};
pub use transport::{MockTransport, RecordedRequest, Reply};
