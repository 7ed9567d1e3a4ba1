//! The pace of an application's calls in a file, shared by all processes of a machine.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use mde_live_response_core::PaceStore;

/// Most bytes that are read: far more than is ever written.
const MAX_BYTES: u64 = 1024 * 1024;

/// A [`PaceStore`] in a file. For one application in one tenant: others count for themselves, and need a file of their
/// own.
///
/// The file is made when it is needed, and its folders with it, and locked for as long as a change to it takes: a
/// process that is killed locks nobody out. On Unix a new file is its owner's alone to read and write; elsewhere it
/// has the rights that its folder gives. It is written in place, for a file that took its place would not be locked;
/// one that a crash has left broken counts as empty, and so does whatever else is there. It holds no secret. For a
/// local disk: locks of drives in a network differ.
///
/// 1 MiB of it is read at most, this library's choice and far more than is ever written: a longer file counts as
/// empty.
///
/// # Examples
///
/// ```no_run
/// # use mde_live_response_mock::MockTransport;
/// use mde_live_response_cli::PaceFile;
/// use mde_live_response_core::{AccessToken, Client, Endpoint};
///
/// # let transport = MockTransport::new();
/// let token = AccessToken::new("an-access-token")?;
/// let client = Client::builder(Endpoint::COMMERCIAL, token, transport)
///     .pace_store(PaceFile::new("/var/lib/lrlib/pace.json"))
///     .build();
/// # Ok::<(), mde_live_response_core::InvalidToken>(())
/// ```
#[derive(Debug)]
pub struct PaceFile {
    path: PathBuf,
}

impl PaceFile {
    /// The file at this path, whether it is there or not.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn open(&self) -> io::Result<File> {
        if let Some(parent) = self.path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.path)
    }

    fn change(&self, change: &mut dyn FnMut(&[u8]) -> Vec<u8>) -> io::Result<()> {
        let file = self.open()?;
        if !file.metadata()?.is_file() {
            // A pipe, say, from which a read might never come back.
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let mut locked = Locked::new(file)?;
        let mut kept = Vec::new();
        (&mut locked.file).take(MAX_BYTES).read_to_end(&mut kept)?;
        let changed = change(&kept);
        locked.file.rewind()?;
        locked.file.write_all(&changed)?;
        locked.file.set_len(changed.len() as u64)
    }
}

impl PaceStore for PaceFile {
    /// Changes what the file holds, under its lock.
    ///
    /// # Errors
    ///
    /// * `WouldBlock`: another process or thread has it locked.
    /// * `InvalidInput`: the path is not a regular file's.
    /// * What the operating system says when the file cannot be made, opened, locked, read or written.
    fn update(&self, change: &mut dyn FnMut(&[u8]) -> Vec<u8>) -> io::Result<()> {
        self.change(change).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
        })
    }
}

/// A file that nobody else has locked.
struct Locked {
    file: File,
}

impl Locked {
    fn new(file: File) -> io::Result<Self> {
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // Closing would do, unless a process that is just being started holds a copy of the handle.
        let _ = self.file.unlock();
    }
}
