//! The command `lrlib`, as a function.

#![forbid(unsafe_code)]

mod command;

pub use command::run;
