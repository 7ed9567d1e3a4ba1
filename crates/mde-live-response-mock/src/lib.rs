//! Deterministic test doubles for code that uses `mde-live-response`.
//!
//! * [`MockTransport`] gives scripted replies and records the requests: use it to test single calls and failures.
//! * [`FakeLibrary`] is a whole library in memory with the service's rules: use it to test results.
//! * [`ManualClock`] lets hours pass in no time.
//! * [`Form`] decodes a request's body strictly, and shares no code with the encoder under test.
//!
//! It uses no sockets, threads, sleeps or randomness, and no real clock unless you set one. Tokens are never shown. Add
//! it to `[dev-dependencies]` beside `mde-live-response`; for a real socket, use the crate
//! `mde-live-response-emulator`.
//!
//! # Examples
//!
//! ```
//! use mde_live_response::Upload;
//! use mde_live_response_mock::{MockTransport, Reply};
//!
//! let upload = Upload::new("collect-dns.ps1".parse()?, b"Get-DnsClientCache")
//!     .with_description("Collects the DNS client cache".parse()?);
//!
//! let mock = MockTransport::new()
//!     .reply(Reply::error(429, "TooManyRequests").header("retry-after", "30"))
//!     .reply(Reply::library_file("collect-dns.ps1"));
//! let client = mock.client(); // manual clock and a test token included: never sleeps
//!
//! client.upload(&upload)?;
//! let [first, second] = mock.requests();
//! assert_eq!(first.form(), second.form());
//! second.assert_text("Description", "Collects the DNS client cache");
//! mock.assert_done();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![allow(clippy::panic, reason = "a failed assertion and a broken script end the test")]

mod clock;
mod exchange;
mod form;
mod library;
mod lock;
mod shown;
mod transport;

pub use clock::{ManualClock, Registration};
pub use form::{Form, FormError, Part};
pub use library::{
    Accepted, Application, ExistsAnswer, FakeLibrary, FakeLibraryBuilder, StoredFile,
    TooLargeAnswer,
};
pub use transport::{MockTransport, RecordedRequest, Reply};
