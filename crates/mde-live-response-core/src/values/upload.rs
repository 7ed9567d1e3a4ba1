//! One file to upload.

use std::path::Path;

use super::{
    Description, FileContent, FileName, ParametersDescription, Sha256Digest, SourceError,
    SourceProblem,
};

/// Largest file the library accepts: 20 MiB, in bytes.
///
/// The service documents "20MB" without defining the unit. We use the larger reading, so no acceptable file is refused
/// locally. `Client::builder(..).max_file_bytes(..)` sets another limit.
///
/// The library stores files over 10 MB, but a live response session on macOS or Linux cannot fetch them.
pub const MAX_FILE_BYTES: u64 = 20 * 1024 * 1024; // P15

/// Behaviour of the service if the name is already taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum IfExists {
    /// The service refuses the upload. This is the service's own default.
    #[default]
    Fail,
    /// The service overwrites the file, even if another user stored it. There is no undo: the service has neither
    /// download nor versions.
    Override,
}

/// A file to store in the library, with its texts.
///
/// It can be sent any number of times, by several threads at once.
///
/// # Examples
///
/// ```
/// use mde_live_response::{IfExists, Upload};
///
/// let upload = Upload::new("collect-dns.ps1".parse()?, b"Get-DnsClientCache\n")
///     .with_description("Collects the DNS client cache".parse()?)
///     .with_parameters("-Hours <n>".parse()?)
///     .with_if_exists(IfExists::Override);
/// assert_eq!(upload.content().len(), 19);
/// # Ok::<(), mde_live_response::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Upload {
    name: FileName,
    content: FileContent,
    description: Option<Description>,
    parameters: Option<ParametersDescription>,
    if_exists: IfExists,
    empty_allowed: bool,
    expected: Option<Sha256Digest>,
}

impl Upload {
    /// Creates an upload of these bytes under this name.
    ///
    /// A `&str` does not compile here, because it could be meant as content (`.as_bytes()`) or as a path
    /// ([`from_path`](Self::from_path)).
    #[must_use]
    pub fn new(name: FileName, content: impl Into<FileContent>) -> Self {
        Self {
            name,
            content: content.into(),
            description: None,
            parameters: None,
            if_exists: IfExists::Fail,
            empty_allowed: false,
            expected: None,
        }
    }

    /// Creates an upload of the file at a path.
    ///
    /// Its name is the path's last component.
    ///
    /// The file is opened here once, and every later use reads from this handle. A symbolic link is followed, and the
    /// link's name is used; [`FileContent::open_without_following`] refuses links.
    ///
    /// # Errors
    ///
    /// [`SourceError`] if the file cannot be opened, is not a regular file, or its name is not a [`FileName`]. An empty
    /// file and one that is too large are refused when they are sent.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, SourceError> {
        let path = path.as_ref();
        let name = FileName::from_path(path)
            .map_err(|invalid| SourceError::new(SourceProblem::Name(invalid), Some(path)))?;
        Ok(Self::new(name, FileContent::open(path)?))
    }

    /// Sets the description.
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

    /// Sets what happens if the name is already taken. Default: [`IfExists::Fail`].
    #[must_use]
    pub fn with_if_exists(mut self, if_exists: IfExists) -> Self {
        self.if_exists = if_exists;
        self
    }

    /// Allows a file of 0 bytes. Default: refused, because it is nearly always a mistake.
    #[must_use]
    pub fn allow_empty(mut self) -> Self {
        self.empty_allowed = true;
        self
    }

    /// Sends the file only if its bytes have this SHA-256.
    ///
    /// With other bytes the request is not completed, and the call fails with
    /// [`SourceProblem::Changed`].
    #[must_use]
    pub fn expect_sha256(mut self, expected: Sha256Digest) -> Self {
        self.expected = Some(expected);
        self
    }

    /// Name under which the file will be stored.
    #[must_use]
    pub fn name(&self) -> &FileName {
        &self.name
    }

    /// The file's bytes.
    #[must_use]
    pub fn content(&self) -> &FileContent {
        &self.content
    }

    /// Description of the file.
    #[must_use]
    pub fn description(&self) -> Option<&Description> {
        self.description.as_ref()
    }

    /// Description of the script's parameters.
    #[must_use]
    pub fn parameters(&self) -> Option<&ParametersDescription> {
        self.parameters.as_ref()
    }

    /// Behaviour if the name is already taken.
    #[must_use]
    pub fn if_exists(&self) -> IfExists {
        self.if_exists
    }

    pub(crate) fn expected_sha256(&self) -> Option<Sha256Digest> {
        self.expected
    }

    pub(crate) fn is_empty_allowed(&self) -> bool {
        self.empty_allowed
    }
}
