//! The command line, the environment and `lrlib.toml`.

pub(crate) mod args;
pub(crate) mod options;
pub(crate) mod settings;
pub(crate) mod small_file;
