//! The command `lrlib`, as the function [`run`].
//!
//! Programs use the crate `mde-live-response` instead. `lrlib --help` and the README describe the command.

#![forbid(unsafe_code)]

mod command;

pub use command::run;
