//! Reads a folder: its files for the library, and their texts.
//!
//! Each text comes from the first of: the manifest, the side file `NAME.json`, a PowerShell script's own help.

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use mde_live_response_core::FileName;
use mde_live_response_core::library::FileContent;

use crate::beside::open_inside;
use crate::described::{Entry, read_manifest, read_side_file};
use crate::folder_error::Problem;
use crate::side_by_side::side_by_side;
use crate::walk::{Found, Walk};
use crate::{Desired, DesiredFile, FolderError, Skipped, help};

/// Name of the manifest that a folder may have.
///
/// Our choice; some teams already use it.
pub const MANIFEST: &str = "librarymanifest.json";

/// A folder to read, and which of its files belong to the library.
///
/// With a manifest (`librarymanifest.json`): exactly the files that it lists, from the folder itself. Subfolders and the
/// filter do not matter then, and nothing counts as skipped.
///
/// Without a manifest, all regular files except:
///
/// * hidden files, whose names start with a dot;
/// * side files, which are named `NAME.json` beside a file `NAME`;
/// * `lrlib.toml` and manifests;
/// * subfolders, unless [`with_subfolders`](Self::with_subfolders) is set;
/// * documents, backups and tests ([`SkipReason`](crate::SkipReason) lists their names), unless the filter includes them;
/// * files that the filter excludes.
///
/// Links to files are followed within the folder only, those of the manifest and of side files too. The manifest may have
/// 64 MiB and a side file 1 MiB (our choice).
///
/// The texts of a file come from the first of: its entry in the manifest, its side file, and for PowerShell its
/// comment-based help, of which the first 64 KiB are read (our choice). Sizes are not checked: the upload refuses an
/// empty file and one over [`MAX_FILE_BYTES`](mde_live_response_core::library::MAX_FILE_BYTES).
///
/// # Examples
///
/// ```no_run
/// use mde_live_response::sync::{Choice, Folder};
///
/// let folder = Folder::new("library").with_subfolders(true).with_filter(|path| match path {
///     "drafts/" => Choice::Exclude,
///     "README.txt" => Choice::Include,
///     _ => Choice::Default,
/// });
/// let contents = folder.read()?;
/// for skipped in contents.skipped() {
///     println!("skipped {}: {:?}", skipped.path(), skipped.reason());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Folder {
    path: PathBuf,
    is_recursive: bool,
    filter: Box<dyn Fn(&str) -> Choice + Send + Sync>,
}

/// Decision of a filter about a file or a subfolder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Choice {
    /// The rules of [`Folder`] decide.
    Default,
    /// The file is read, even if its name is that of a document, a backup or a test. For a subfolder: as `Default`.
    Include,
    /// The file is skipped, or the subfolder with everything in it.
    Exclude,
}

impl Folder {
    /// Creates a folder to read, without its subfolders and without a filter.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), is_recursive: false, filter: Box::new(|_| Choice::Default) }
    }

    /// Sets whether files of subfolders are read too. Default: no.
    ///
    /// The library has no folders, so a file's name is the last component of its path, and each name may occur once.
    /// Hidden subfolders and links to folders are never read. A link to a folder elsewhere is an error.
    #[must_use]
    pub fn with_subfolders(mut self, is_recursive: bool) -> Self {
        self.is_recursive = is_recursive;
        self
    }

    /// Sets a filter, in place of an earlier one.
    ///
    /// It gets the path of each file and subfolder, but not of hidden files, side files, `lrlib.toml` and manifests. A path
    /// starts at the folder, has `/` on every system, and ends in `/` for a subfolder.
    #[must_use]
    pub fn with_filter(mut self, filter: impl Fn(&str) -> Choice + Send + Sync + 'static) -> Self {
        self.filter = Box::new(filter);
        self
    }

    /// Reads the folder and hashes its files, on all cores.
    ///
    /// # Errors
    ///
    /// [`FolderError`] if anything cannot be read, has an unknown field, contradicts a file or cannot be sent, or if two
    /// names are equal or differ only in letter case.
    pub fn read(&self) -> Result<Contents, FolderError> {
        let root = self.path.as_path();
        if root.is_file() {
            return Err(FolderError::new(root, Problem::NotFolder));
        }
        let manifest = read_manifest(root)?;
        let (files, skipped) = match &manifest {
            Some(entries) => (listed_in(root, entries), Vec::new()),
            None => Walk::new(root, self.is_recursive, &*self.filter).run()?,
        };
        let read = |Found { folder, name }: &Found| {
            let listed = manifest.iter().flatten().find(|entry| entry.name() == name);
            let path = folder.join(name);
            if listed.is_some() && name.parse::<FileName>().is_ok() && !path.exists() {
                return Err(FolderError::new(path, Problem::Absent));
            }
            read_described(root, folder, name, listed, || open_inside(root, &path))
        };
        let threads = thread::available_parallelism().map_or(1, NonZero::get).min(files.len());
        let mut is_over = false;
        let files = side_by_side(vec![(); threads], &files, read, |ended| {
            is_over |= ended.is_some_and(|(_, file)| file.is_err());
            !is_over
        });
        // The first error by path: every path before it was taken earlier, so it was read to its end.
        let files = files.into_iter().flatten().collect::<Result<Vec<_>, _>>()?;
        let desired = Desired::new(files)
            .map_err(|invalid| FolderError::new(root, Problem::Input(invalid)))?;
        Ok(Contents { desired, skipped })
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folder")
            .field("path", &self.path)
            .field("is_recursive", &self.is_recursive)
            .finish_non_exhaustive()
    }
}

/// The files of a folder: those for the library, and those that were skipped.
#[derive(Debug, Clone)]
pub struct Contents {
    desired: Desired,
    skipped: Vec<Skipped>,
}

impl Contents {
    /// The files for the library.
    #[must_use]
    pub fn desired(&self) -> &Desired {
        &self.desired
    }

    /// Returns the files for the library alone.
    #[must_use]
    pub fn into_desired(self) -> Desired {
        self.desired
    }

    /// The skipped files and subfolders, in the order of their paths.
    ///
    /// Without hidden ones, side files and the folder's own `lrlib.toml`.
    #[must_use]
    pub fn skipped(&self) -> impl ExactSizeIterator<Item = &Skipped> {
        self.skipped.iter()
    }
}

/// Reads a folder and hashes its files, on all cores.
///
/// Short for `Folder::new(folder).read()`, without the skipped files. [`Folder`] has the rules.
///
/// # Errors
///
/// [`FolderError`] as for [`Folder::read`].
pub fn read(folder: &Path) -> Result<Desired, FolderError> {
    Folder::new(folder).read().map(Contents::into_desired)
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
    read_described(folder, folder, name.as_str(), None, || {
        FileContent::open(path).map_err(|error| FolderError::new(path, Problem::File(error.into())))
    })
}

/// The files that a manifest lists, in the order of their names.
fn listed_in(root: &Path, entries: &[Entry]) -> Vec<Found> {
    let names: BTreeSet<_> = entries.iter().map(Entry::name).collect();
    let found = |name: &str| Found { folder: root.to_owned(), name: name.to_owned() };
    names.into_iter().map(found).collect()
}

fn read_described(
    root: &Path,
    folder: &Path,
    name: &str,
    listed: Option<&Entry>,
    open: impl FnOnce() -> Result<FileContent, FolderError>,
) -> Result<DesiredFile, FolderError> {
    let path = folder.join(name);
    let input = |invalid| FolderError::new(&path, Problem::Input(invalid));
    let file_name = name.parse::<FileName>().map_err(input)?;
    let side_file = read_side_file(root, folder, name)?;
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
