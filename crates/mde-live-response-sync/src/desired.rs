//! The files that a library should hold.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use mde_live_response_core::error::{InvalidInput, Problem, SourceError};
use mde_live_response_core::library::{
    Description, FileContent, ParametersDescription, Sha256Digest,
};
use mde_live_response_core::{FileName, Upload};

/// A file that a library should hold, with its texts.
///
/// Knows the SHA-256 of its bytes and keeps no file open, because a library may have more files than a process may have
/// handles. Only the bytes that were hashed are ever uploaded. An empty file and one that is too large are refused when
/// they are uploaded.
#[derive(Debug, Clone)]
pub struct DesiredFile {
    name: FileName,
    source: Source,
    size: u64,
    sha256: Sha256Digest,
    description: Option<Description>,
    parameters: Option<ParametersDescription>,
}

#[derive(Debug, Clone)]
enum Source {
    Path(PathBuf),
    Content(FileContent),
}

impl DesiredFile {
    /// Creates a file of this name and hashes its bytes.
    ///
    /// # Errors
    ///
    /// [`SourceError`] if the content cannot be read, or changed after it was opened.
    pub fn new(name: FileName, content: impl Into<FileContent>) -> Result<Self, SourceError> {
        let content = content.into();
        Self::hashed(name, &content, Source::Content(content.clone()))
    }

    /// Reads and hashes the file at a path.
    ///
    /// Its name is the path's last component. [`read_file`](crate::read_file) also reads its texts.
    ///
    /// # Errors
    ///
    /// [`SourceError`] as for [`Upload::from_path`], and if the file changed while it was read.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, SourceError> {
        let path = path.as_ref();
        let file = Upload::from_path(path)?;
        Self::of_open_file(file.name().clone(), path, file.content())
    }

    /// Hashes a file that is open. It is opened again by its path when it is uploaded.
    pub(crate) fn of_open_file(
        name: FileName,
        path: &Path,
        content: &FileContent,
    ) -> Result<Self, SourceError> {
        Self::hashed(name, content, Source::Path(path.to_owned()))
    }

    fn hashed(name: FileName, content: &FileContent, source: Source) -> Result<Self, SourceError> {
        let (size, sha256) = (content.len(), content.sha256()?);
        Ok(Self { name, source, size, sha256, description: None, parameters: None })
    }

    /// Sets the description, without the owner's line.
    #[must_use]
    pub fn with_description(mut self, description: Description) -> Self {
        self.description = Some(description);
        self
    }

    /// Sets the description of the script's parameters, and `HasParameters`.
    #[must_use]
    pub fn with_parameters(mut self, parameters: ParametersDescription) -> Self {
        self.parameters = Some(parameters);
        self
    }

    /// Name in the library.
    #[must_use]
    pub fn name(&self) -> &FileName {
        &self.name
    }

    /// Path of the file. `None` if its bytes were given.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.source {
            Source::Path(path) => Some(path),
            Source::Content(_) => None,
        }
    }

    /// Size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// SHA-256 of the bytes.
    #[must_use]
    pub fn sha256(&self) -> &Sha256Digest {
        &self.sha256
    }

    /// Description, without the owner's line.
    #[must_use]
    pub fn description(&self) -> Option<&Description> {
        self.description.as_ref()
    }

    /// Description of the script's parameters.
    #[must_use]
    pub fn parameters(&self) -> Option<&ParametersDescription> {
        self.parameters.as_ref()
    }

    /// Creates an upload of exactly the hashed bytes, with these texts.
    ///
    /// # Errors
    ///
    /// [`SourceError`] if the file cannot be opened any more. Other bytes fail when they are uploaded.
    pub fn to_upload(&self) -> Result<Upload, SourceError> {
        let content = match &self.source {
            Source::Path(path) => FileContent::open(path)?,
            Source::Content(content) => content.clone(),
        };
        let mut upload = Upload::new(self.name.clone(), content).expect_sha256(self.sha256);
        if let Some(description) = &self.description {
            upload = upload.with_description(description.clone());
        }
        if let Some(parameters) = &self.parameters {
            upload = upload.with_parameters(parameters.clone());
        }
        Ok(upload)
    }
}

/// All files that a library should hold, each name once.
#[derive(Debug, Clone, Default)]
pub struct Desired {
    files: Vec<DesiredFile>,
}

impl Desired {
    /// Collects files, in the order of their names.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] with [`Problem::Duplicate`] if two names are equal or differ only in letter case. It is not known
    /// whether the service tells such names apart.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::sync::{Desired, DesiredFile};
    ///
    /// let lower = DesiredFile::new("a.ps1".parse()?, b"Get-Date\n")?;
    /// let upper = DesiredFile::new("A.ps1".parse()?, b"Get-Process\n")?;
    /// assert!(Desired::new([lower, upper]).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(files: impl IntoIterator<Item = DesiredFile>) -> Result<Self, InvalidInput> {
        let mut files: Vec<_> = files.into_iter().collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        let mut seen = HashMap::new();
        for DesiredFile { name, .. } in &files {
            if let Some(first) = seen.insert(FileName::folded(name.as_str()), name) {
                let (first, second) = (first.to_string(), name.to_string());
                let problem = Problem::Duplicate { first, second };
                return Err(InvalidInput::new("file name", problem));
            }
        }
        Ok(Self { files })
    }

    /// The files, in the order of their names.
    #[must_use]
    pub fn files(&self) -> impl ExactSizeIterator<Item = &DesiredFile> {
        self.files.iter()
    }
}
