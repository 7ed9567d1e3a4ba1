//! Finds the files that a folder without a manifest holds for the library.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use mde_live_response_core::FileName;

use crate::beside::target_inside;
use crate::folder_error::Problem;
use crate::skipped::{SkipReason, Skipped};
use crate::{Choice, FolderError, MANIFEST};

/// Settings of `lrlib`.
const SETTINGS: &str = "lrlib.toml";

/// A file for the library.
#[derive(Debug)]
pub(crate) struct Found {
    /// The folder or subfolder that holds it.
    pub(crate) folder: PathBuf,
    pub(crate) name: String,
}

/// A path, and what the system knows of its target.
type Entry = (PathBuf, io::Result<Metadata>);

/// A walk through a folder. Each subfolder is read once, because no link to a folder is followed.
pub(crate) struct Walk<'a> {
    root: &'a Path,
    is_recursive: bool,
    filter: &'a dyn Fn(&str) -> Choice,
    /// Folders to read, the first path first.
    left: BTreeSet<PathBuf>,
    found: Vec<Found>,
    skipped: Vec<Skipped>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(
        root: &'a Path,
        is_recursive: bool,
        filter: &'a dyn Fn(&str) -> Choice,
    ) -> Self {
        let left = BTreeSet::from([root.to_owned()]);
        Self { root, is_recursive, filter, left, found: Vec::new(), skipped: Vec::new() }
    }

    /// Returns the files and what was skipped, each in the order of their paths.
    pub(crate) fn run(mut self) -> Result<(Vec<Found>, Vec<Skipped>), FolderError> {
        while let Some(folder) = self.left.pop_first() {
            self.read(&folder)?;
        }
        self.skipped.sort_by(|a, b| a.path().cmp(b.path()));
        self.check_names()?;
        Ok((self.found, self.skipped))
    }

    fn read(&mut self, folder: &Path) -> Result<(), FolderError> {
        let unreadable = |cause| FolderError::new(folder, Problem::Io(cause));
        let mut entries: Vec<Entry> = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            // Hidden files first, because editors keep broken links there.
            if !name_of(&path).starts_with('.') {
                let metadata = fs::metadata(&path);
                entries.push((path, metadata));
            }
        }
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        let is_file = |(_, metadata): &&Entry| metadata.as_ref().is_ok_and(Metadata::is_file);
        let names = entries.iter().filter(is_file).map(|(path, _)| name_of(path));
        let files: HashMap<_, _> = names.map(|name| (FileName::folded(&name), name)).collect();
        for (path, metadata) in entries {
            if metadata.as_ref().is_ok_and(Metadata::is_dir) {
                self.meet_folder(path)?;
                continue;
            }
            let name = name_of(&path);
            let described =
                FileName::folded(&name).strip_suffix(".json").and_then(|of| files.get(of));
            let is_side_file = described.is_some_and(|of| name == format!("{of}.json"));
            let is_own_settings = name == SETTINGS && folder == self.root;
            if is_side_file || is_own_settings {
                continue;
            }
            if described.is_some() || is_settings(&name) {
                let skipped = Skipped::new(self.relative(&path), SkipReason::Settings);
                self.skipped.push(skipped);
            } else {
                self.meet_file(&path, name, metadata)?;
            }
        }
        Ok(())
    }

    fn meet_folder(&mut self, path: PathBuf) -> Result<(), FolderError> {
        let shown = self.relative(&path) + "/";
        let reason = if (self.filter)(&shown) == Choice::Exclude {
            SkipReason::Excluded
        } else if !self.is_recursive {
            SkipReason::Subfolder
        } else if path.is_symlink() {
            // The files of a target within the folder are read there.
            target_inside(self.root, &path)?;
            SkipReason::LinkToFolder
        } else {
            self.left.insert(path);
            return Ok(());
        };
        self.skipped.push(Skipped::new(shown, reason));
        Ok(())
    }

    fn meet_file(
        &mut self,
        path: &Path,
        name: String,
        metadata: io::Result<Metadata>,
    ) -> Result<(), FolderError> {
        let shown = self.relative(path);
        let reason = match (self.filter)(&shown) {
            Choice::Include => None,
            Choice::Exclude => Some(SkipReason::Excluded),
            Choice::Default => SkipReason::of_name(&name),
        };
        let error = |problem| FolderError::new(path, problem);
        if let Some(reason) = reason {
            self.skipped.push(Skipped::new(shown, reason));
        } else if !metadata.map_err(|cause| error(Problem::Io(cause)))?.is_file() {
            self.skipped.push(Skipped::new(shown, SkipReason::NotRegular));
        } else {
            FileName::from_path(path).map_err(|invalid| error(Problem::Input(invalid)))?;
            let folder = path.parent().unwrap_or(self.root).to_owned();
            self.found.push(Found { folder, name });
        }
        Ok(())
    }

    /// The path from the folder, with `/` on every system.
    fn relative(&self, path: &Path) -> String {
        let parts = path.strip_prefix(self.root).unwrap_or(path).components();
        let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
        parts.join("/")
    }

    /// Checks that the library can tell the files apart by their names.
    fn check_names(&self) -> Result<(), FolderError> {
        let mut seen = HashMap::new();
        for Found { folder, name } in &self.found {
            let path = folder.join(name);
            if let Some(first) = seen.insert(FileName::folded(name), path.clone()) {
                return Err(FolderError::new(path, Problem::SameName(first)));
            }
        }
        Ok(())
    }
}

/// Returns whether a file of this name never belongs to a library.
fn is_settings(name: &str) -> bool {
    [MANIFEST, SETTINGS].iter().any(|it| it.eq_ignore_ascii_case(name))
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
