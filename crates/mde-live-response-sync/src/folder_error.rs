//! The error of a folder that cannot be read.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use mde_live_response_core::Error;
use mde_live_response_core::error::{InvalidInput, shown};

use crate::MANIFEST;

/// The error of a folder that cannot be read.
///
/// # Examples
///
/// ```
/// use mde_live_response::sync;
/// use std::path::Path;
///
/// let error = sync::read(Path::new("no-such-folder")).unwrap_err();
/// assert_eq!(error.path(), Path::new("no-such-folder"));
/// ```
#[derive(Debug)]
pub struct FolderError {
    path: PathBuf,
    problem: Problem,
}

#[derive(Debug)]
pub(crate) enum Problem {
    /// The folder or a file with texts cannot be read.
    Io(io::Error),
    NotFolder,
    /// The manifest lists a file that does not exist.
    Absent,
    /// A manifest or a side file is malformed, or contradicts the file.
    Entry(String),
    /// A link leads out of the folder. Its target was not put there to be published.
    Outside(PathBuf),
    /// The file at this other path has the same name, letter case aside.
    SameName(PathBuf),
    /// A name or a text cannot be sent.
    Input(InvalidInput),
    /// The file itself cannot be read.
    File(Error),
}

impl FolderError {
    pub(crate) fn new(path: impl Into<PathBuf>, problem: Problem) -> Self {
        Self { path: path.into(), problem }
    }

    /// The file or folder with the problem.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Recommended next step.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match &self.problem {
            Problem::Io(_) => {
                "Check that the path exists, and that this user may read it.".to_owned()
            }
            Problem::NotFolder => "Give the path of the folder.".to_owned(),
            Problem::Absent => "Add the file, or remove its entry.".to_owned(),
            Problem::Entry(_) => "Correct this file.".to_owned(),
            Problem::Outside(_) => "Replace the link by its target.".to_owned(),
            Problem::SameName(_) => {
                "Rename one of the two files, or exclude it: the library has no folders, and may not tell letter cases apart.".to_owned()
            }
            Problem::Input(invalid) => invalid.help().to_owned(),
            Problem::File(error) => return error.help(),
        })
    }
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |path: &Path| shown(&path.to_string_lossy()).to_string();
        let path = text(&self.path);
        match &self.problem {
            Problem::Io(_) => write!(f, "{path}: cannot be read"),
            Problem::NotFolder => write!(f, "{path}: this is a file, not a folder"),
            Problem::Absent => {
                write!(f, "{path}: {MANIFEST} lists this file, but it does not exist")
            }
            Problem::Entry(problem) => write!(f, "{path}: {}", shown(problem)),
            Problem::Outside(target) => {
                write!(f, "{path}: the link leads out of the folder, to {}", text(target))
            }
            Problem::SameName(other) if other.file_name() == self.path.file_name() => {
                write!(f, "{path}: {} has the same name", text(other))
            }
            Problem::SameName(other) => {
                write!(
                    f,
                    "{path}: its name differs from that of {} only in letter case",
                    text(other)
                )
            }
            Problem::Input(invalid) => write!(f, "{path}: {invalid}"),
            Problem::File(error) => error.fmt(f),
        }
    }
}

impl StdError for FolderError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.problem {
            Problem::Io(cause) => Some(cause),
            Problem::File(error) => error.source(),
            _ => None,
        }
    }
}
