//! The live response library on a loopback socket, for tests and trials of code that uploads to it.
//!
//! [`Emulator`] puts a [`FakeLibrary`] behind a real HTTP/1.1 server. The library keeps every rule of the service,
//! including those for forms; this crate adds HTTP, the rule of one `Host`, and an optional directory that keeps the
//! files.
//!
//! A call that is refused by its head (token, rate limit, length) is answered before its body is read, as gateways do.
//! The connection then closes in two steps, so that a client that is still sending receives the answer instead of a
//! reset.
//!
//! Plain HTTP and a token that protects nothing: for tests only. The binary `mde-emulator` is the same for programs in
//! other languages.

#![forbid(unsafe_code)]

#[cfg(feature = "conformance")]
pub mod conformance;
mod emulator;
mod linger;
mod server;
mod service;
mod state;

pub use emulator::{Emulator, EmulatorBuilder};
pub use mde_live_response_mock::{Application, FakeLibrary};
