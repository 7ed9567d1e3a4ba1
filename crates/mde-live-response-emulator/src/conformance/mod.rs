//! Tests a [`Transport`] with scripted faults over real sockets.
//!
//! The errors of your transport decide whether the client reports an upload as not stored or as unknown. This suite
//! checks them. [`check`] starts a [`Peer`] on loopback for each case, sends requests to it through the transport, and
//! compares the outcome and the received bytes with the contract of [`Transport`]. Needs the feature `conformance`.
//!
//! # Levels
//!
//! [`Level::Usable`] has the rules for every transport. The client's results are true only if it keeps them:
//!
//! * send each request once and as given, and follow no redirect;
//! * return every status with its headers and its body, also 204 and 304, which have none;
//! * report no success for an answer that was cut, and no answer that is larger than the limit;
//! * never complete a request whose source failed;
//! * report an effect that is right or higher. Error kinds are not compared.
//!
//! [`Level::Complete`] adds the rules for a careful transport. Kinds and effects are exact:
//!
//! * hear an answer that comes before the request was sent whole, and skip interim answers (1xx);
//! * refuse answers whose end is ambiguous, heads without end, and bytes that are not HTTP;
//! * keep a connection only if that is safe;
//! * return a refusal although its body stalls;
//! * keep the deadline, the silence limit and a cancel, also if the peer trickles;
//! * take a TLS connection without `close_notify` for cut.
//!
//! # Examples
//!
//! ```
//! use mde_live_response::http::Response;
//! use mde_live_response::transport::{Exchange, Transport, TransportError, TransportErrorKind};
//! use mde_live_response_emulator::conformance::{Level, Speech, check};
//!
//! /// Always fails.
//! #[derive(Debug)]
//! struct Broken;
//!
//! impl Transport for Broken {
//!     fn send(&self, _: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
//!         Err(TransportError::new(TransportErrorKind::Connect))
//!     }
//! }
//!
//! let report = check(Level::Usable, Speech::Plain, |_peer| Broken);
//! assert!(!report.findings().is_empty());
//! println!("{report}"); // in a test: `report.assert_ok()`
//! ```
//!
//! The level "usable" takes seconds, and "complete" about half a minute; a transport that waits too long can need minutes.
//!
//! For TLS, the transport must trust [`Peer::authority_pem`]. To see that it refuses a bad certificate, start a [`Peer`] with
//! [`Speech::TlsAs`] and expect the kind `Certificate`.
//!
//! # Reading a finding
//!
//! A [`Finding`] names the broken rule of the contract, the case that shows it, and the expected and the seen outcome:
//!
//! ```text
//! rule: no redirect is followed
//! case: upload 19 bytes;
//!   peer: ReadHead, ReadBody, Send(60 bytes: "HTTP/1.1 302 Elsewhere\r\nContent-Length: 0\r\nLocation: /other"), Close
//! expected: status 302, effect NotApplied
//! seen: failure Receive, effect Unknown
//! ```
//!
//! "status" is an answer, "failure" is the lack of one with its
//! [kind](mde_live_response_core::transport::TransportErrorKind), and "error" is any other error of the client. At
//! [`Level::Usable`] every kind is right, and so is a higher effect.
//!
//! # Exceptions
//!
//! Windows drops received bytes when a reset follows. There, an early answer whose connection is then reset may be
//! lost, and its request counts as not applied.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test double fails by panicking"
)]

mod case;
mod cases;
mod content;
mod exceptions;
mod expected;
mod peer;
mod report;
mod run;

pub use peer::{Connection, Gate, Identity, Peer, Script, Speech, Step};
pub use report::{Finding, Report};

use mde_live_response_core::transport::Transport;

use peer::PATIENCE;

/// Part of the contract that a transport must keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// The client's results are true.
    Usable,
    /// Every rule of the contract, with exact kinds and effects.
    Complete,
}

/// Tests a transport with all cases of this level.
///
/// `transport` creates a new transport for each case. It must trust the peer's authority if the peer speaks TLS. A call
/// that does not end within a minute becomes a finding; after three of them, the remaining cases are skipped.
pub fn check<T: Transport + 'static>(
    level: Level,
    speech: Speech,
    transport: impl Fn(&Peer) -> T + Sync,
) -> Report {
    run::run(cases::all(), level, speech, PATIENCE * 2, transport)
}

/// Tests that early answers to uploads of 20 MiB are heard.
///
/// Answers this many uploads before their body, with each of several refusals.
///
/// [`check`] does this ten times at [`Level::Complete`].
pub fn check_early_answers<T: Transport + 'static>(
    times: usize,
    speech: Speech,
    transport: impl Fn(&Peer) -> T + Sync,
) -> Report {
    run::run(cases::heard(times), Level::Complete, speech, PATIENCE * 2, transport)
}
