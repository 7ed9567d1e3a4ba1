//! Small text files: settings, globs, saved plans.

use std::error::Error as _;
use std::fs;
use std::io;
use std::path::Path;

use mde_live_response_core::error::{SourceError, SourceProblem};
use mde_live_response_core::library::FileContent;

/// Reads a text file of a repository, if there is one.
///
/// A link is refused, because it could lead out of the repository. A pipe is refused without waiting.
pub(crate) fn in_repository(path: &Path, max: u64) -> Result<Option<String>, String> {
    if fs::symlink_metadata(path).is_err() {
        return Ok(None);
    }
    let content = FileContent::open_without_following(path).map_err(|why| problem(&why))?;
    text(&content, max).map(Some)
}

/// Reads a text file that the command line names. A link is followed.
pub(crate) fn named(path: &Path, max: u64) -> Result<String, String> {
    text(&FileContent::open(path).map_err(|why| problem(&why))?, max)
}

/// Describes the problem without the path, which the caller names.
fn problem(why: &SourceError) -> String {
    match why.problem() {
        SourceProblem::NotFound => "there is no such file",
        SourceProblem::PermissionDenied => "this user may not read it",
        SourceProblem::Directory => "it is a folder",
        SourceProblem::NotRegular => "it is a link, a pipe or a device",
        // Such as a lock of another program.
        _ => match why.source() {
            Some(cause) => return format!("it cannot be read: {cause}"),
            None => "it cannot be read",
        },
    }
    .to_owned()
}

/// Reads UTF-8 of at most `max` bytes, without the byte order mark that some editors write.
fn text(content: &FileContent, max: u64) -> Result<String, String> {
    if content.len() > max {
        return Err(format!("{} bytes are more than {max}", content.len()));
    }
    let bytes = bytes(content).map_err(|why| why.to_string())?;
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    Ok(text.strip_prefix('\u{FEFF}').map(str::to_owned).unwrap_or(text))
}

/// Reads the whole content. A file that became shorter meanwhile ends early.
pub(crate) fn bytes(content: &FileContent) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(content.len()).map_err(io::Error::other)?];
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
