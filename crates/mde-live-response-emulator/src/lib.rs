//! A local HTTP server that emulates the live response library, for tests.
//!
//! [`Emulator`] puts a [`FakeLibrary`] behind a real HTTP/1.1 server. Use it to test a program in any language, or a
//! transport, over a real socket; for unit tests in Rust, the crate `mde-live-response-mock` is enough. The library has
//! the service's known rules; this crate adds HTTP, and an optional directory that keeps the files.
//!
//! Like a gateway, it answers before the body if it refuses a call by its head (token, rate limit, length). The
//! connection then closes in two steps, so that a client that is still sending receives the answer and not a reset.
//!
//! Tests can order [faults](Fault), look at a [journal](Emulator::journal) of the requests, and [reset](Emulator::reset) the
//! library. Tests in other languages do so under `/_emulator/`; the guide page "Test a program in any language" shows it.
//!
//! It speaks plain HTTP, and its token protects nothing: use it for tests only. The binary `mde-emulator` is the same
//! for programs in other languages. The module `conformance` (feature `conformance`) tests transports.

#![forbid(unsafe_code)]

#[cfg(feature = "conformance")]
pub mod conformance;
mod control;
mod emulator;
mod faults;
mod journal;
mod linger;
mod seed;
mod server;
mod service;
mod state;

pub use emulator::{Emulator, EmulatorBuilder};
pub use faults::{Call, Fault};
pub use journal::{SeenField, SeenRequest};
pub use mde_live_response_mock::{Application, ExistsAnswer, FakeLibrary};
