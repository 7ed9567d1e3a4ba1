//! The kinds of calls.

use std::fmt;

/// The kind of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum CallKind {
    /// Storing a file.
    #[default]
    Upload,
    /// Listing the library's files.
    List,
    /// Deleting a file.
    Delete,
    /// Getting a token, before or within another call.
    Token,
}

impl CallKind {
    /// Returns whether the call is meant to change the library.
    pub(crate) const fn changes_library(self) -> bool {
        matches!(self, Self::Upload | Self::Delete)
    }
}

impl fmt::Display for CallKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Upload => "upload",
            Self::List => "list",
            Self::Delete => "delete",
            Self::Token => "token",
        })
    }
}
