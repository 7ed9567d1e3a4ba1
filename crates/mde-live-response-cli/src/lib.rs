//! What the command `lrlib` is made of.

#![forbid(unsafe_code)]

mod pace_file;

pub use pace_file::PaceFile;
