//! A file's bytes: in memory, or an open file, read by position.
//!
//! The only place in this crate that touches the file system.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::shown::Shown;
use super::{InvalidInput, Sha256Digest};

/// The error of a file that cannot be read, or that changed.
///
/// # Examples
///
/// ```
/// use mde_live_response::Upload;
/// use mde_live_response::error::SourceProblem;
///
/// let error = Upload::from_path("no-such-folder/a.ps1").unwrap_err();
/// assert_eq!(error.problem(), &SourceProblem::NotFound);
/// assert_eq!(error.to_string(), "no-such-folder/a.ps1: there is no such file");
/// ```
#[derive(Debug)]
pub struct SourceError {
    pub(crate) problem: SourceProblem,
    pub(crate) path: Option<PathBuf>,
    pub(crate) source: Option<io::Error>,
}

/// Reason why a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceProblem {
    /// There is no such file.
    NotFound,
    /// Permission to read it is denied.
    PermissionDenied,
    /// It is a directory.
    Directory,
    /// It is a pipe, socket or device, or a symbolic link that is not allowed.
    NotRegular,
    /// It changed after it was opened. Its length or modification time differs, it ends too early, or its bytes are not
    /// those of [`Upload::expect_sha256`](super::Upload::expect_sha256).
    Changed,
    /// Reading it failed.
    Io,
    /// The last component of its path is not a [`FileName`](super::FileName).
    Name(InvalidInput),
}

impl SourceError {
    pub(super) fn new(problem: SourceProblem, path: Option<&Path>) -> Self {
        Self { problem, path: path.map(Path::to_owned), source: None }
    }

    fn io(cause: io::Error, path: Option<&Path>) -> Self {
        let problem = match cause.kind() {
            io::ErrorKind::NotFound => SourceProblem::NotFound,
            io::ErrorKind::PermissionDenied => SourceProblem::PermissionDenied,
            _ => SourceProblem::Io,
        };
        Self { source: Some(cause), ..Self::new(problem, path) }
    }

    /// Reason why the file cannot be read.
    #[must_use]
    pub fn problem(&self) -> &SourceProblem {
        &self.problem
    }

    /// The path as it was given; `None` for bytes in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

impl fmt::Display for SourceProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "there is no such file",
            Self::PermissionDenied => "permission to read the file is denied",
            Self::Directory => "this is a directory, not a file",
            Self::NotRegular => "this is not a regular file",
            Self::Changed => "the file changed before all of it was sent",
            Self::Io => "reading the file failed",
            Self::Name(invalid) => return invalid.fmt(f),
        })
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{}: ", Shown::path(&path.to_string_lossy()))?;
        }
        self.problem.fmt(f)
    }
}

impl StdError for SourceError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

/// Buffer size for hashing without sending, in bytes.
const READ: usize = 256 * 1024;

/// A file's bytes. Cheap to clone; several threads can read it at once, any number of times.
///
/// A file is opened once and read by position from that handle. If its length or modification time changes before it is
/// sent whole, the upload fails with [`SourceProblem::Changed`] and the request is not completed. A change that leaves
/// both unchanged is sent as read, and verified as sent.
#[derive(Clone)]
pub struct FileContent(Arc<dyn PositionedRead>);

/// Bytes that can be read at any position, more than once.
pub(crate) trait PositionedRead: Send + Sync {
    /// Length in bytes, fixed when the content was made.
    fn len(&self) -> u64;

    /// Reads some bytes at a position; 0 only at the end.
    fn read_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize>;

    /// Returns whether the source is unchanged since it was opened.
    fn is_unchanged(&self) -> io::Result<bool>;

    /// Path of the source, for messages.
    fn path(&self) -> Option<&Path>;
}

impl FileContent {
    /// Opens a regular file, following symbolic links. Never blocks on a pipe or a device.
    ///
    /// # Errors
    ///
    /// [`SourceError`] if the file does not exist, cannot be read, or is a directory, pipe, socket or device.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SourceError> {
        open(path.as_ref(), Links::Followed)
    }

    /// Opens a regular file, and refuses a link as the last component.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`SourceProblem::NotRegular`] for a symbolic link.
    pub fn open_without_following(path: impl AsRef<Path>) -> Result<Self, SourceError> {
        open(path.as_ref(), Links::Refused)
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Returns whether the length is 0.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Computes the SHA-256 of the bytes in one pass.
    ///
    /// # Errors
    ///
    /// [`SourceError`] if the file cannot be read or changed after it was opened.
    pub fn sha256(&self) -> Result<Sha256Digest, SourceError> {
        let (mut hash, mut position) = (Sha256::new(), 0);
        let mut buf = vec![0; READ];
        loop {
            match self.read_at(&mut buf, position) {
                Ok(0) => break,
                Ok(n) => {
                    hash.update(buf.get(..n).unwrap_or_default());
                    position += n as u64;
                }
                Err(cause) => return Err(self.io_error(cause)),
            }
        }
        if position != self.len() {
            return Err(self.error(SourceProblem::Changed));
        }
        self.check_unchanged()?;
        Ok(<[u8; 32]>::from(hash.finalize()).into())
    }

    /// Reads some bytes at a position; 0 only at the end.
    ///
    /// # Errors
    ///
    /// [`io::Error`] if the file cannot be read. A read that a signal interrupted is repeated.
    pub fn read_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize> {
        loop {
            match self.0.read_at(buf, position) {
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    pub(crate) fn check_unchanged(&self) -> Result<(), SourceError> {
        match self.0.is_unchanged() {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.error(SourceProblem::Changed)),
            Err(cause) => Err(self.io_error(cause)),
        }
    }

    /// Creates an error about this content.
    pub(crate) fn error(&self, problem: SourceProblem) -> SourceError {
        SourceError::new(problem, self.0.path())
    }

    /// Creates an error about this content from one of the operating system.
    pub(crate) fn io_error(&self, cause: io::Error) -> SourceError {
        SourceError::io(cause, self.0.path())
    }

    #[cfg(test)]
    pub(crate) fn from_source(source: impl PositionedRead + 'static) -> Self {
        Self(Arc::new(source))
    }
}

impl fmt::Debug for FileContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileContent")
            .field("len", &self.len())
            .field("path", &self.0.path())
            .finish_non_exhaustive()
    }
}

impl From<Vec<u8>> for FileContent {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Memory(bytes.into())))
    }
}

impl From<&'static [u8]> for FileContent {
    fn from(bytes: &'static [u8]) -> Self {
        Self(Arc::new(Memory(bytes.into())))
    }
}

impl<const N: usize> From<&'static [u8; N]> for FileContent {
    fn from(bytes: &'static [u8; N]) -> Self {
        Self::from(bytes.as_slice())
    }
}

struct Memory(Cow<'static, [u8]>);

impl PositionedRead for Memory {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize> {
        let start = usize::try_from(position).unwrap_or(usize::MAX);
        let mut rest = self.0.get(start..).unwrap_or_default();
        io::Read::read(&mut rest, buf)
    }

    fn is_unchanged(&self) -> io::Result<bool> {
        Ok(true)
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Links {
    Followed,
    Refused,
}

struct OpenFile {
    file: File,
    path: PathBuf,
    len: u64,
    modified: Option<SystemTime>,
}

fn open(path: &Path, links: Links) -> Result<FileContent, SourceError> {
    let error = |problem| SourceError::new(problem, Some(path));
    let io_error = |cause| SourceError::io(cause, Some(path));
    // Checked first, because merely opening a device can have an effect.
    let seen = match links {
        Links::Followed => fs::metadata(path),
        Links::Refused => fs::symlink_metadata(path),
    };
    check_regular(&seen.map_err(io_error)?).map_err(error)?;
    let file = open_options(links).open(path).map_err(io_error)?;
    let opened = file.metadata().map_err(io_error)?;
    check_regular(&opened).map_err(error)?;
    Ok(FileContent(Arc::new(OpenFile {
        file,
        path: path.to_owned(),
        len: opened.len(),
        modified: opened.modified().ok(),
    })))
}

fn check_regular(metadata: &Metadata) -> Result<(), SourceProblem> {
    if metadata.is_dir() {
        Err(SourceProblem::Directory)
    } else if metadata.is_file() {
        Ok(())
    } else {
        Err(SourceProblem::NotRegular)
    }
}

/// Options that never block, and never follow a link unasked. The path may have changed after the check.
#[cfg(unix)]
fn open_options(links: Links) -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;

    let follow = if links == Links::Refused { libc::O_NOFOLLOW } else { 0 };
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_NONBLOCK | follow);
    options
}

#[cfg(windows)]
fn open_options(_: Links) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    options
}

impl PositionedRead for OpenFile {
    fn len(&self) -> u64 {
        self.len
    }

    #[cfg(unix)]
    fn read_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.file, buf, position)
    }

    #[cfg(windows)]
    fn read_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.file, buf, position)
    }

    fn is_unchanged(&self) -> io::Result<bool> {
        let now = self.file.metadata()?;
        Ok(now.len() == self.len && now.modified().ok() == self.modified)
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.path)
    }
}
