//! The live response library on a loopback socket, for tests and trials of code that uploads to it.
//!
//! [`Emulator`] puts a [`FakeLibrary`] behind a real HTTP/1.1 server. Every rule of the service stands in
//! the library; this crate reads HTTP and forms (with `multer`, a parser that shares no code with
//! the encoder of `mde-live-response`) and writes the answers. Where a form is at fault it answers as the
//! service does, and goes on serving.
//!
//! A call that is refused by its head alone (token, rates, length) is answered before its body is read, as
//! gateways do. The connection is then closed in two steps, so that a client that is still sending gets
//! the answer and not a reset.
//!
//! Plain HTTP, no TLS, and a token that protects nothing: not for anything but tests. The binary
//! `mde-emulator` is the same for programs in other languages.

#![forbid(unsafe_code)]

mod emulator;
mod form;
mod linger;
mod routes;
mod server;
mod state;

pub use emulator::{Emulator, EmulatorBuilder};
pub use mde_live_response_mock::{Application, FakeLibrary};
