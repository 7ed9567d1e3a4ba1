//! What the command `lrlib` is made of.

#![forbid(unsafe_code)]

mod command;
mod pace_file;
mod side_by_side;
mod source;

pub use command::run;
pub use pace_file::PaceFile;
pub use side_by_side::side_by_side;
pub use source::{FolderError, MANIFEST, read_file, read_folder};
