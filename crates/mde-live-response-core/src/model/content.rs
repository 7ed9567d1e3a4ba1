//! A file's bytes: held in memory, or one open regular file that is read by position.
//!
//! The only place in this crate that touches the file system.

use std::borrow::Cow;
use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::Sha256Digest;
use crate::error::{SourceError, SourceErrorKind};

/// Bytes that are read at once where a content is only hashed.
const READ: usize = 256 * 1024;

/// A file's bytes, as a value: cheap to clone, and readable any number of times by any number of threads at
/// once.
///
/// A file is opened once and read by position from that handle. Its length and modification time are those
/// at opening; when either is found to be another while the file is sent, the upload ends with
/// [`SourceErrorKind::Changed`] before the request is complete. A change that leaves both as they were is
/// sent as read, and verified as sent.
#[derive(Clone)]
pub struct FileContent(Arc<dyn PositionedRead>);

/// Bytes that can be read at any position, more than once.
pub(crate) trait PositionedRead: Send + Sync {
    /// Length in bytes, fixed when the content was made.
    fn len(&self) -> u64;

    /// Reads some bytes at a position; 0 only at the end.
    fn read_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize>;

    /// What `read_at` cannot see: whether the source is still as it was when it was opened.
    fn is_unchanged(&self) -> io::Result<bool>;

    /// Where the bytes come from, for messages.
    fn path(&self) -> Option<&Path>;
}

impl FileContent {
    /// Opens a regular file, following symbolic links. Never blocks on a pipe or a device.
    ///
    /// # Errors
    ///
    /// [`SourceError`]: the file does not exist, may not be read, or is a directory, pipe, socket or device.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SourceError> {
        open(path.as_ref(), Links::Followed)
    }

    /// Opens a regular file, and refuses a symbolic link as the path's last component.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`SourceErrorKind::NotRegular`] for a symbolic link.
    pub fn open_without_following(path: impl AsRef<Path>) -> Result<Self, SourceError> {
        open(path.as_ref(), Links::Refused)
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// SHA-256 of the bytes, read in one pass.
    ///
    /// # Errors
    ///
    /// [`SourceError`]: the file cannot be read, or is not what it was when it was opened
    /// ([`SourceErrorKind::Changed`]).
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
            return Err(self.error(SourceErrorKind::Changed));
        }
        self.check_unchanged()?;
        Ok(<[u8; 32]>::from(hash.finalize()).into())
    }

    /// Reads at a position, and again when a signal came between.
    pub(crate) fn read_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize> {
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
            Ok(false) => Err(self.error(SourceErrorKind::Changed)),
            Err(cause) => Err(self.io_error(cause)),
        }
    }

    /// An error about this content.
    pub(crate) fn error(&self, kind: SourceErrorKind) -> SourceError {
        SourceError::new(kind, self.0.path().map(Path::to_owned))
    }

    /// An error about this content that the operating system gave.
    pub(crate) fn io_error(&self, cause: io::Error) -> SourceError {
        self.error(SourceErrorKind::of(&cause)).with_source(cause)
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
    let error = |kind: SourceErrorKind| SourceError::new(kind, Some(path.to_owned()));
    let io_error = |cause: io::Error| error(SourceErrorKind::of(&cause)).with_source(cause);
    // Looked at first, because merely opening a device can do something.
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

fn check_regular(metadata: &Metadata) -> Result<(), SourceErrorKind> {
    if metadata.is_dir() {
        Err(SourceErrorKind::Directory)
    } else if metadata.is_file() {
        Ok(())
    } else {
        Err(SourceErrorKind::NotRegular)
    }
}

/// The path may have become a pipe or a link since it was looked at: never block, never follow unasked.
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
