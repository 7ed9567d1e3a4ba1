//! The file could not be read.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::context::{Context, Escaped};
use crate::transport::Delivery;

/// Why a file could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceErrorKind {
    /// There is no such file.
    NotFound,
    /// It may not be read.
    PermissionDenied,
    /// It is a directory.
    Directory,
    /// It is a pipe, a socket, a device, or a symbolic link where none is wanted.
    NotRegular,
    /// Its length or modification time is no longer what it was when it was opened, it ends before that length, or
    /// its bytes are not those of [`Upload::expect_sha256`](crate::Upload::expect_sha256).
    Changed,
    /// Reading it failed.
    Io,
}

impl SourceErrorKind {
    pub(crate) fn of(cause: &io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            _ => Self::Io,
        }
    }
}

/// The file could not be read, or changed while it was sent. Its request was never completed.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::{Error, SourceErrorKind, Upload};
/// use std::path::Path;
///
/// let Err(Error::Source(error)) = Upload::from_path("no-such-folder/a.ps1") else { unreachable!() };
/// assert_eq!(error.kind(), SourceErrorKind::NotFound);
/// assert_eq!(error.path(), Some(Path::new("no-such-folder/a.ps1")));
/// ```
#[derive(Debug)]
pub struct SourceError {
    kind: SourceErrorKind,
    path: Option<PathBuf>,
    source: Option<io::Error>,
    pub(super) context: Context,
}

impl SourceError {
    pub(crate) fn new(kind: SourceErrorKind, path: Option<PathBuf>) -> Self {
        Self { kind, path, source: None, context: Context::default() }
    }

    pub(crate) fn with_source(mut self, source: io::Error) -> Self {
        self.source = Some(source);
        self
    }

    /// Why the file could not be read.
    #[must_use]
    pub fn kind(&self) -> SourceErrorKind {
        self.kind
    }

    /// Where the file is, as the path was given; `None` for bytes in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    pub(super) fn help(&self) -> Option<String> {
        (self.kind == SourceErrorKind::Changed)
            .then(|| "let whoever writes the file finish, open it anew and upload again".to_owned())
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            SourceErrorKind::NotFound => "there is no such file",
            SourceErrorKind::PermissionDenied => "the file may not be read",
            SourceErrorKind::Directory => "this is a directory, not a file",
            SourceErrorKind::NotRegular => "this is not a regular file",
            SourceErrorKind::Changed => "the file changed after it was opened",
            SourceErrorKind::Io => "reading the file failed",
        };
        write!(f, "{}{what}", self.context)?;
        if let Some(path) = &self.path {
            write!(f, " ({})", Escaped { text: &path.to_string_lossy(), max: usize::MAX })?;
        }
        // The others speak for themselves: there is nothing that could have been sent.
        match self.kind {
            SourceErrorKind::Changed | SourceErrorKind::Io => {
                write!(f, "{}", self.context.ending(Delivery::NotDelivered))
            }
            _ => Ok(()),
        }
    }
}

impl StdError for SourceError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
