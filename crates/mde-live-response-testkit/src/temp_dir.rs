//! A folder for a test.

use std::fs;
use std::path::{Path, PathBuf};

/// A folder that is removed with the test.
#[derive(Debug)]
pub struct TempDir(tempfile::TempDir);

impl TempDir {
    /// An empty folder.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "it creates a folder")]
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with these files.
    #[must_use]
    pub fn with<const N: usize>(files: [(&str, &str); N]) -> Self {
        let dir = Self::new();
        for (name, content) in files {
            dir.write(name, content);
        }
        dir
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Its path, for a command line.
    #[must_use]
    pub fn arg(&self) -> &str {
        self.path().to_str().unwrap()
    }

    /// Writes a file into it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// Writes a file into it, and returns its path for a command line.
    pub fn write_arg(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        self.write(name, content).into_os_string().into_string().unwrap()
    }
}
