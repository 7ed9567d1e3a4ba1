//! Reads a folder: its files for the library, and their texts.
//!
//! Each text comes from the first of: the manifest, the side file `NAME.json`, a PowerShell script's own help.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::fmt;
use std::fs;
use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use mde_live_response_core::error::{InvalidInput, shown};
use mde_live_response_core::library::FileContent;
use mde_live_response_core::{Error, FileName};

use crate::beside::open_inside;
use crate::described::{Entry, read_manifest, read_side_file};
use crate::side_by_side::side_by_side;
use crate::{Desired, DesiredFile, help};

/// Name of the manifest that a folder may have.
///
/// Our choice; some teams already use it.
pub const MANIFEST: &str = "librarymanifest.json";

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
            Problem::Outside(_) => "Replace the link by the file itself.".to_owned(),
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

/// Reads a folder and hashes its files, on all cores.
///
/// With a manifest (`librarymanifest.json`): exactly the files that it lists. Without one: all regular files except
/// hidden ones and side files, which are named `NAME.json` beside a file `NAME`. Subfolders are left out, because a
/// library has none. Links are followed within the folder only, those of the manifest and of side files too. The manifest
/// may have 64 MiB and a side file 1 MiB (our choice).
///
/// The texts of a file come from the first of: its entry in the manifest, its side file, and for PowerShell its
/// comment-based help, of which the first 64 KiB are read (our choice). Sizes are not checked: the upload refuses an
/// empty file and one over [`MAX_FILE_BYTES`](mde_live_response_core::library::MAX_FILE_BYTES).
///
/// # Errors
///
/// [`FolderError`] if anything cannot be read, has an unknown field, contradicts a file or cannot be sent.
pub fn read(folder: &Path) -> Result<Desired, FolderError> {
    if folder.is_file() {
        return Err(FolderError::new(folder, Problem::NotFolder));
    }
    let manifest = read_manifest(folder)?;
    let names: BTreeSet<_> = match &manifest {
        Some(entries) => entries.iter().map(|entry| entry.name().to_owned()).collect(),
        None => names_in(folder)?,
    };
    let names: Vec<_> = names.into_iter().collect();
    let read = |name: &String| {
        let listed = manifest.iter().flatten().find(|entry| entry.name() == name);
        let is_absent = || name.parse::<FileName>().is_ok() && !folder.join(name).exists();
        if listed.is_some() && is_absent() {
            return Err(FolderError::new(folder.join(name), Problem::Absent));
        }
        read_described(folder, name, listed, || open_inside(folder, name))
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(names.len());
    let mut is_over = false;
    let files = side_by_side(vec![(); threads], &names, read, |ended| {
        is_over |= ended.is_some_and(|(_, file)| file.is_err());
        !is_over
    });
    // The first error by name: every name before it was taken earlier, so it was read to its end.
    let files = files.into_iter().flatten().collect::<Result<Vec<_>, _>>()?;
    Desired::new(files).map_err(|invalid| FolderError::new(folder, Problem::Input(invalid)))
}

/// Reads and hashes a single file, with its texts.
///
/// The texts come from its side file `NAME.json` and its own help.
///
/// A manifest in its folder is not read. If the path itself is a link, it is followed out of the folder, too; if the side
/// file is one, it is not. Otherwise as [`read`].
///
/// # Errors
///
/// [`FolderError`] as for [`read`].
pub fn read_file(path: &Path) -> Result<DesiredFile, FolderError> {
    let input = |invalid| FolderError::new(path, Problem::Input(invalid));
    let name = FileName::from_path(path).map_err(input)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    read_described(folder, name.as_str(), None, || {
        FileContent::open(path).map_err(|error| FolderError::new(path, Problem::File(error.into())))
    })
}

/// Finds the files that a folder without a manifest holds for the library.
fn names_in(folder: &Path) -> Result<BTreeSet<String>, FolderError> {
    let unreadable = |cause| FolderError::new(folder, Problem::Io(cause));
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        // Hidden files first, because editors keep broken links there.
        let is_hidden = path.file_name().is_some_and(|it| it.as_encoded_bytes().starts_with(b"."));
        if is_hidden {
            continue;
        }
        let metadata =
            fs::metadata(&path).map_err(|cause| FolderError::new(&path, Problem::Io(cause)))?;
        if metadata.is_file() {
            let name = FileName::from_path(&path)
                .map_err(|invalid| FolderError::new(&path, Problem::Input(invalid)))?;
            names.insert(name.to_string());
        }
    }
    let is_side_file =
        |name: &String| name.strip_suffix(".json").is_some_and(|of| names.contains(of));
    Ok(names.iter().filter(|name| !is_side_file(name)).cloned().collect())
}

fn read_described(
    folder: &Path,
    name: &str,
    listed: Option<&Entry>,
    open: impl FnOnce() -> Result<FileContent, FolderError>,
) -> Result<DesiredFile, FolderError> {
    let path = folder.join(name);
    let input = |invalid| FolderError::new(&path, Problem::Input(invalid));
    let file_name = name.parse::<FileName>().map_err(input)?;
    let side_file = read_side_file(folder, name)?;
    let content = open()?;
    let mut file = DesiredFile::of_open_file(file_name, &path, &content)
        .map_err(|error| FolderError::new(&path, Problem::File(error.into())))?;
    let (manifest_path, side_path) = (folder.join(MANIFEST), folder.join(format!("{name}.json")));
    let help = help::read(name, &content);
    let entries = [(&manifest_path, listed), (&side_path, side_file.as_ref())];
    let entries = entries.into_iter().filter_map(|(path, entry)| Some((path, entry?)));
    for (path, entry) in entries.clone() {
        entry.check(path, name, file.sha256())?;
    }
    let mut entries = entries.map(|(_, entry)| entry);
    let description = entries.clone().find_map(|entry| entry.description.clone());
    if let Some(text) = description.or(help.synopsis) {
        file = file.with_description(text.try_into().map_err(input)?);
    }
    let parameters = match entries.find(|entry| entry.mentions_parameters()) {
        Some(entry) => entry.parameters().map(str::to_owned),
        None => help.parameters,
    };
    if let Some(text) = parameters {
        file = file.with_parameters(text.try_into().map_err(input)?);
    }
    Ok(file)
}
