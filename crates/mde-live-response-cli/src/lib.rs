//! What the command `lrlib` is made of.

#![forbid(unsafe_code)]

mod pace_file;
mod source;

pub use pace_file::PaceFile;
pub use source::{FolderError, MANIFEST, read_folder};
