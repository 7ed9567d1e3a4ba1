//! A folder as what a library should hold: its files, and what is said of them.
//!
//! Texts come from, in this order: the manifest, the file `NAME.json` beside a file, a PowerShell script's own help.

mod help;
mod manifest;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mde_live_response_core::sync::{Desired, DesiredFile, DuplicateName};
use mde_live_response_core::{
    Error, FileName, InputError, InvalidFileName, InvalidText, Sha256Digest,
};

use manifest::{Entry, Parameters};

/// Name of the manifest that a folder may have: this library's choice, one that was found in use.
pub const MANIFEST: &str = "librarymanifest.json";

/// A folder does not say what a library should hold.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// The folder, or what describes its files, cannot be read.
    #[error("{}: cannot be read", visible(path))]
    Unreadable {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// A manifest, or a file beside a file, is not what it should be.
    #[error("{}: {problem}", visible(path))]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, and where.
        problem: String,
    },
    /// What is said of a file contradicts itself, or the file.
    #[error("{}: `{name}`: {problem}", visible(path))]
    Contradiction {
        /// Where it is said.
        path: PathBuf,
        /// Of which file.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// A link leads out of the folder: what it leads to was not put there to be published.
    #[error(
        "{}: a link that leads out of the folder, to {}; put the file itself there",
        visible(path),
        visible(target)
    )]
    Outside {
        /// Which link.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// A text cannot be sent.
    #[error("{}: {problem}", visible(path))]
    Text {
        /// Of which file.
        path: PathBuf,
        /// Why.
        problem: InvalidText,
    },
    /// A file cannot be in the library, or cannot be read.
    #[error(transparent)]
    File(#[from] Error),
    /// Two files have the same name.
    #[error(transparent)]
    Duplicate(#[from] DuplicateName),
}

/// A path for a person to read.
fn visible(path: &Path) -> String {
    without_control(&path.display().to_string())
}

/// A text from outside, for a person to read.
fn without_control(text: &str) -> String {
    let escaped =
        |c: char| if c.is_control() { c.escape_debug().to_string() } else { c.to_string() };
    text.chars().map(escaped).collect()
}

/// Reads a folder, and hashes its files.
///
/// With a manifest (`librarymanifest.json`), exactly the files that it lists. Without one, all regular files but hidden
/// ones and those named `NAME.json` beside a file `NAME`; folders within are left out, for a library has none. Links
/// are followed within the folder only.
///
/// A PowerShell script's help is looked for in its first 64 KiB, this library's choice. That a file is empty, or
/// larger than 20 MiB ([`MAX_FILE_BYTES`](mde_live_response_core::MAX_FILE_BYTES)), is not looked at here: the
/// upload refuses it.
///
/// # Errors
///
/// [`FolderError`]: something cannot be read, or is not what it should be. A field that is not known is an error that
/// names it.
pub fn read_folder(dir: &Path) -> Result<Desired, FolderError> {
    let manifest = manifest::read(&dir.join(MANIFEST))?;
    let files = match &manifest {
        Some(entries) => entries.iter().map(|entry| entry.name().to_owned()).collect(),
        None => files_of(dir)?,
    };
    let files = files.into_iter().map(|name| {
        check_inside(dir, &name)?;
        let of_manifest = manifest.iter().flatten().find(|entry| entry.name() == name);
        read_described(dir, &name, of_manifest)
    });
    Ok(Desired::new(files.collect::<Result<Vec<_>, _>>()?)?)
}

/// Names of the files that a folder without a manifest holds for the library.
fn files_of(dir: &Path) -> Result<BTreeSet<String>, FolderError> {
    let unreadable = |cause| FolderError::Unreadable { path: dir.to_owned(), cause };
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default();
        // Not even looked at: editors keep links there that lead nowhere.
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let metadata = fs::metadata(&path)
            .map_err(|cause| FolderError::Unreadable { path: path.clone(), cause })?;
        if metadata.is_file() {
            let name = name.to_str().ok_or_else(|| {
                let problem = InvalidFileName::NotUtf8;
                Error::from(InputError::Path { path: path.clone(), problem })
            })?;
            names.insert(name.to_owned());
        }
    }
    let is_beside = |name: &String| name.strip_suffix(".json").is_some_and(|of| names.contains(of));
    Ok(names.iter().filter(|name| !is_beside(name)).cloned().collect())
}

/// Refuses a link that leads out of the folder. What is not there at all shows when it is read.
fn check_inside(dir: &Path, name: &str) -> Result<(), FolderError> {
    let path = dir.join(name);
    if !fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink()) {
        return Ok(());
    }
    let real = |path: &Path| {
        let unreadable = |cause| FolderError::Unreadable { path: path.to_owned(), cause };
        fs::canonicalize(path).map_err(unreadable)
    };
    let target = real(&path)?;
    if target.starts_with(real(dir)?) { Ok(()) } else { Err(FolderError::Outside { path, target }) }
}

/// Without the byte order mark that some editors put before UTF-8.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

/// Reads a single file, and hashes it, with what is said of it in the file `NAME.json` beside it and by its own help.
///
/// A manifest in its folder is not looked at. Links are followed wherever they lead. For the rest it is as for
/// [`read_folder`]: help from the first 64 KiB, and neither emptiness nor size are looked at.
///
/// # Errors
///
/// [`FolderError`], as for [`read_folder`], but neither `Outside` nor `Duplicate`.
pub fn read_file(path: &Path) -> Result<DesiredFile, FolderError> {
    let name = FileName::from_path(path)
        .map_err(|problem| Error::from(InputError::Path { path: path.to_owned(), problem }))?;
    read_described(path.parent().unwrap_or(Path::new("")), name.as_str(), None)
}

fn read_described(
    dir: &Path,
    name: &str,
    listed: Option<&Entry>,
) -> Result<DesiredFile, FolderError> {
    name.parse::<FileName>()
        .map_err(|problem| Error::from(InputError::Path { path: dir.join(name), problem }))?;
    let path = dir.join(name);
    let beside_path = dir.join(format!("{name}.json"));
    let beside = manifest::read_beside(&beside_path, name)?;
    let mut file = DesiredFile::from_path(&path)?;
    let (manifest_path, help) = (dir.join(MANIFEST), help::read(&path));
    if let Some(entry) = listed {
        check(entry, &manifest_path, name, file.sha256())?;
    }
    if let Some(entry) = &beside {
        check(entry, &beside_path, name, file.sha256())?;
    }
    let said = || listed.into_iter().chain(&beside);
    let text = |problem| FolderError::Text { path: path.clone(), problem };
    let description = said().find_map(|entry| entry.description.clone()).or(help.synopsis);
    if let Some(description) = description {
        file = file.description(description.try_into().map_err(text)?);
    }
    let parameters = said().map(Entry::parameters).find(|it| *it != Parameters::Unsaid);
    let parameters = match parameters {
        Some(Parameters::Described(text)) => Some(text),
        Some(_) => None,
        None => help.parameters,
    };
    if let Some(parameters) = parameters {
        file = file.parameters(parameters.try_into().map_err(text)?);
    }
    Ok(file)
}

fn check(entry: &Entry, path: &Path, name: &str, sha256: &Sha256Digest) -> Result<(), FolderError> {
    let problem = entry.problem(sha256);
    problem.map_or(Ok(()), |problem| {
        Err(FolderError::Contradiction { path: path.to_owned(), name: name.to_owned(), problem })
    })
}
