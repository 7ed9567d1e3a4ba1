//! What a call is for.

use std::fmt;

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum CallKind {
    /// Storing a file.
    #[default]
    Upload,
    /// Listing the library's files.
    List,
    /// Removing a file.
    Delete,
    /// Getting a token, before or within another call.
    Token,
}

impl CallKind {
    /// Whether the call is meant to change the library.
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
