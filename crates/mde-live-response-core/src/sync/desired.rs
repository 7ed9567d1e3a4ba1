//! What a library should hold.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::error::{Error, InputError};
use crate::model::{
    Description, FileContent, FileName, ParametersDescription, Sha256Digest, Upload, folded,
};

/// A file that the library should hold, with what is said of it.
///
/// Knows the SHA-256 of its bytes, and keeps no file open: a library may have more files than a process may have
/// handles. When it is uploaded, other bytes than were hashed are not. That it is empty or too large is no error
/// before that: [`Client::upload`](crate::Client::upload) refuses it then.
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
    /// A file of this name with these bytes, which are hashed now.
    ///
    /// # Errors
    ///
    /// [`Error::Source`]: they cannot be read, or are not what they were when the content was opened.
    pub fn new(name: FileName, content: impl Into<FileContent>) -> Result<Self, Error> {
        let content = content.into();
        Ok(Self::of(name, &content, Source::Content(content.clone()))?)
    }

    /// The file at a path, under its last component, read and hashed now.
    ///
    /// # Errors
    ///
    /// * [`Error::Input`]: the last component is no [`FileName`].
    /// * [`Error::Source`]: the file cannot be read, is no regular file, or changed while it was read.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let name = FileName::from_path(path)
            .map_err(|problem| InputError::Path { path: path.to_owned(), problem })?;
        Ok(Self::of(name, &FileContent::open(path)?, Source::Path(path.to_owned()))?)
    }

    fn of(
        name: FileName,
        content: &FileContent,
        source: Source,
    ) -> Result<Self, crate::error::SourceError> {
        let (size, sha256) = (content.len(), content.sha256()?);
        Ok(Self { name, source, size, sha256, description: None, parameters: None })
    }

    /// Says what the file is for.
    #[must_use]
    pub fn description(mut self, description: Description) -> Self {
        self.description = Some(description);
        self
    }

    /// Says which parameters the script takes, and thereby that it takes some.
    #[must_use]
    pub fn parameters(mut self, parameters: ParametersDescription) -> Self {
        self.parameters = Some(parameters);
        self
    }

    /// Its name in the library.
    #[must_use]
    pub fn name(&self) -> &FileName {
        &self.name
    }

    /// Its size, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// SHA-256 of its bytes.
    #[must_use]
    pub fn sha256(&self) -> &Sha256Digest {
        &self.sha256
    }

    /// What it is for, without the owner's line.
    #[must_use]
    pub fn text_description(&self) -> Option<&Description> {
        self.description.as_ref()
    }

    /// Which parameters it takes.
    #[must_use]
    pub fn text_parameters(&self) -> Option<&ParametersDescription> {
        self.parameters.as_ref()
    }

    /// An upload of just these bytes.
    pub(super) fn upload(&self, description: Description) -> Result<Upload, Error> {
        let content = match &self.source {
            Source::Path(path) => FileContent::open(path)?,
            Source::Content(content) => content.clone(),
        };
        let upload = Upload::new(self.name.clone(), content)
            .description(description)
            .expect_sha256(self.sha256);
        Ok(match &self.parameters {
            Some(parameters) => upload.parameters(parameters.clone()),
            None => upload,
        })
    }
}

/// All that a library should hold of an owner, each name once.
#[derive(Debug, Clone, Default)]
pub struct Desired {
    files: Vec<DesiredFile>,
}

/// Two files of one library have the same name, or names that differ by letter case alone: whether the service tells
/// those apart is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{first}` and `{second}` are the same name, by letter case at most")]
#[non_exhaustive]
pub struct DuplicateName {
    /// One of them.
    pub first: FileName,
    /// The other.
    pub second: FileName,
}

impl Desired {
    /// These files, in the order of their names.
    ///
    /// # Errors
    ///
    /// [`DuplicateName`] when a name comes twice, in any letter case.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response_core::sync::{Desired, DesiredFile};
    ///
    /// let one = DesiredFile::new("a.ps1".parse()?, b"Get-Date\n")?;
    /// let other = DesiredFile::new("A.ps1".parse()?, b"Get-Process\n")?;
    /// let error = Desired::new([one, other]).unwrap_err();
    /// assert_eq!(error.to_string(), "`A.ps1` and `a.ps1` are the same name, by letter case at most");
    /// # Ok::<(), mde_live_response_core::Error>(())
    /// ```
    pub fn new(files: impl IntoIterator<Item = DesiredFile>) -> Result<Self, DuplicateName> {
        let mut files: Vec<_> = files.into_iter().collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        let mut seen = HashMap::new();
        for file in &files {
            if let Some(first) = seen.insert(folded(file.name.as_str()), &file.name) {
                return Err(DuplicateName { first: first.clone(), second: file.name.clone() });
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
