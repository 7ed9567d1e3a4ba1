//! Files and subfolders that a folder has, but not for the library.

/// A file or subfolder that is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    path: String,
    reason: SkipReason,
}

/// Reason why a file or subfolder is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SkipReason {
    /// The filter says [`Choice::Exclude`](crate::Choice::Exclude).
    Excluded,
    /// It is a subfolder, and [`Folder::with_subfolders`](crate::Folder::with_subfolders) is not set.
    Subfolder,
    /// It is a link to a folder.
    LinkToFolder,
    /// It describes the repository: `README`, `LICENSE`, `LICENCE`, `COPYING`, `NOTICE`, `CHANGELOG`, `CONTRIBUTING`,
    /// `SECURITY`, `CODE_OF_CONDUCT` or `CODEOWNERS`, alone or with `.md`, `.markdown`, `.txt`, `.rst` or `.adoc`.
    Document,
    /// It is a copy that an editor or a merge left: `*~`, `#*#`, `*.bak`, `*.old`, `*.orig`, `*.rej`, `*.swp` or `*.tmp`.
    Backup,
    /// It tests a script: `*.Tests.ps1`, as Pester names them.
    Test,
    /// It is a manifest or `lrlib.toml` in a subfolder, or one of these or a side file in another letter case.
    ///
    /// It is not read, or only by systems that do not tell letter cases apart.
    Settings,
    /// It is a pipe, a socket or a device.
    NotRegular,
}

impl Skipped {
    pub(crate) fn new(path: String, reason: SkipReason) -> Self {
        Self { path, reason }
    }

    /// Path from the folder, with `/` on every system, and at the end of a subfolder.
    ///
    /// U+FFFD replaces what is not Unicode.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Reason why it is not read.
    #[must_use]
    pub fn reason(&self) -> SkipReason {
        self.reason
    }
}

const DOCUMENTS: [&str; 10] = [
    "README",
    "LICENSE",
    "LICENCE",
    "COPYING",
    "NOTICE",
    "CHANGELOG",
    "CONTRIBUTING",
    "SECURITY",
    "CODE_OF_CONDUCT",
    "CODEOWNERS",
];
const OF_DOCUMENTS: [&str; 5] = [".md", ".markdown", ".txt", ".rst", ".adoc"];
const OF_BACKUPS: [&str; 7] = ["~", ".bak", ".old", ".orig", ".rej", ".swp", ".tmp"];

impl SkipReason {
    /// Returns why files of this name are skipped by default. Letter case does not count.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        let stem = OF_DOCUMENTS.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
        let is_marked = name.len() > 1 && name.starts_with('#') && name.ends_with('#');
        if DOCUMENTS.iter().any(|document| document.eq_ignore_ascii_case(stem)) {
            Some(Self::Document)
        } else if is_marked || OF_BACKUPS.iter().any(|end| name.ends_with(end)) {
            Some(Self::Backup)
        } else if name.ends_with(".tests.ps1") {
            Some(Self::Test)
        } else {
            None
        }
    }
}
