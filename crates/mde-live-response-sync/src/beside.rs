//! Reads files beside files: the manifest and side files.
//!
//! They are not trusted: only regular files are read, none from outside the folder, and none over a limit.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mde_live_response_core::error::{InvalidInput, Problem as InputProblem};
use mde_live_response_core::library::FileContent;

use crate::FolderError;
use crate::folder_error::Problem;

/// A kind of such files.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// Largest size in bytes. Ours.
    pub(crate) max: u64,
}

/// Reads a file of a folder, if it exists.
pub(crate) fn read(root: &Path, path: &Path, kind: &Kind) -> Result<Option<Vec<u8>>, FolderError> {
    let error = |problem| FolderError::new(path, problem);
    match fs::symlink_metadata(path) {
        Ok(_) => {}
        // `NAME.json` may be longer than the file system allows.
        Err(cause) if is_absent(&cause) => return Ok(None),
        Err(cause) => return Err(error(Problem::Io(cause))),
    }
    let content = open_inside(root, path)?;
    if content.len() > kind.max {
        let problem = InputProblem::TooLong { len: content.len(), max: kind.max };
        return Err(error(Problem::Input(InvalidInput::new(kind.name, problem))));
    }
    start(&content, kind.max).map(Some).map_err(|cause| error(Problem::Io(cause)))
}

fn is_absent(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename)
}

/// Opens a file of a folder or of its subfolders. A link must not lead out of the folder `root`.
pub(crate) fn open_inside(root: &Path, path: &Path) -> Result<FileContent, FolderError> {
    let target = target_inside(root, path)?;
    // A link that replaces the file after the check is not followed. One that replaces a subfolder in this moment is.
    FileContent::open_without_following(target)
        .map_err(|cause| FolderError::new(path, Problem::File(cause.into())))
}

/// Returns the path to open: that of the file, or the target of a link. A missing file shows when it is opened.
pub(crate) fn target_inside(root: &Path, path: &Path) -> Result<PathBuf, FolderError> {
    // A subfolder may have become a link. Without a link, a real path is not needed: some drives of Windows have none.
    let mut below_root = path.ancestors().take_while(|it| *it != root);
    if !below_root.any(Path::is_symlink) {
        return Ok(path.to_owned());
    }
    let real = |path: &Path| {
        fs::canonicalize(path).map_err(|cause| FolderError::new(path, Problem::Io(cause)))
    };
    let target = real(path)?;
    // The parent of a relative path may be empty.
    if target.starts_with(real(&Path::new(".").join(root))?) {
        Ok(target)
    } else {
        Err(FolderError::new(path, Problem::Outside(target)))
    }
}

/// Reads the first bytes of a file, at most `max` and at most its length when it was opened.
pub(crate) fn start(content: &FileContent, max: u64) -> io::Result<Vec<u8>> {
    let len = usize::try_from(max.min(content.len())).unwrap_or(usize::MAX);
    let mut bytes = vec![0; len];
    let mut read = 0;
    while let Some(rest) = bytes.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match content.read_at(rest, read as u64)? {
            0 => break,
            n => read += n,
        }
    }
    bytes.truncate(read);
    Ok(bytes)
}
