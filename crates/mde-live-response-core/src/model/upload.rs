//! One file on its way into the library.

use std::path::Path;

use super::{ContentType, Description, FileContent, FileName, ParametersDescription, Sha256Digest};
use crate::{Error, InputError};

/// Largest file the library accepts: 20 MiB, in bytes.
///
/// The service documents "20MB" without saying which megabyte; the larger reading is used, so that
/// no acceptable file is refused locally. `Client::builder(..).max_file_bytes(..)` sets another.
///
/// A file over 10 MB can be stored, but a live response session on macOS or Linux cannot fetch it: the service
/// documents that limit of the session's command `putfile`, and 300 MB of it on Windows.
pub const MAX_FILE_BYTES: u64 = 20 * 1024 * 1024;

/// What happens when the library already holds a file of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum IfExists {
    /// The service refuses the upload. This is also what the service does when it is told nothing.
    #[default]
    Fail,
    /// The service replaces the file, whoever put it there. There is no way back: the service offers
    /// neither download nor versions.
    Override,
}

/// A file to store in the library, with what is said about it.
///
/// A value: it can be sent any number of times, by any number of threads at once.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::{IfExists, Upload};
///
/// let upload = Upload::new("collect-dns.ps1".parse()?, b"Get-DnsClientCache\n")
///     .description("Collects the DNS client cache".parse()?)
///     .parameters("-Hours <n>".parse()?)
///     .if_exists(IfExists::Override);
/// assert_eq!(upload.content().len(), 19);
/// # Ok::<(), mde_live_response_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Upload {
    name: FileName,
    content: FileContent,
    content_type: Option<ContentType>,
    description: Option<Description>,
    parameters: Option<ParametersDescription>,
    if_exists: IfExists,
    empty_allowed: bool,
    expected: Option<Sha256Digest>,
}

impl Upload {
    /// A file of this name with these bytes. A text is refused by the compiler: it could be meant as the
    /// content (`.as_bytes()`) or as a path ([`from_path`](Self::from_path)).
    #[must_use]
    pub fn new(name: FileName, content: impl Into<FileContent>) -> Self {
        Self {
            name,
            content: content.into(),
            content_type: None,
            description: None,
            parameters: None,
            if_exists: IfExists::Fail,
            empty_allowed: false,
            expected: None,
        }
    }

    /// The file at a path, under the path's own last component. The file is opened here, once: every
    /// later use reads from this one handle. A symbolic link is followed, and the link's name is used;
    /// [`FileContent::open_without_following`] refuses one.
    ///
    /// # Errors
    ///
    /// * [`Error::Input`]: the path's last component is no [`FileName`].
    /// * [`Error::Source`]: the file cannot be opened, or is not a regular file.
    ///
    /// An empty file and one that is too large are refused when they are sent.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let name = FileName::from_path(path)
            .map_err(|problem| Error::Input(InputError::Path { path: path.to_owned(), problem }))?;
        Ok(Self::new(name, FileContent::open(path)?))
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

    /// Says what happens when the library already holds a file of this name; [`IfExists::Fail`] unless
    /// set.
    #[must_use]
    pub fn if_exists(mut self, if_exists: IfExists) -> Self {
        self.if_exists = if_exists;
        self
    }

    /// Sets the file's media type; guessed from the name unless set ([`ContentType::guess`]).
    #[must_use]
    pub fn content_type(mut self, content_type: ContentType) -> Self {
        self.content_type = Some(content_type);
        self
    }

    /// Allows a file of 0 bytes, which is refused otherwise: it is nearly always a mistake.
    #[must_use]
    pub fn allow_empty(mut self) -> Self {
        self.empty_allowed = true;
        self
    }

    /// Sends these bytes and no others: when the content turns out to have another SHA-256, the request is not completed
    /// and the call ends with [`SourceErrorKind::Changed`](crate::SourceErrorKind::Changed).
    #[must_use]
    pub fn expect_sha256(mut self, expected: Sha256Digest) -> Self {
        self.expected = Some(expected);
        self
    }

    /// The name under which the file will be stored.
    #[must_use]
    pub fn name(&self) -> &FileName {
        &self.name
    }

    /// The file's bytes.
    #[must_use]
    pub fn content(&self) -> &FileContent {
        &self.content
    }

    pub(crate) fn text_description(&self) -> Option<&Description> {
        self.description.as_ref()
    }

    pub(crate) fn text_parameters(&self) -> Option<&ParametersDescription> {
        self.parameters.as_ref()
    }

    pub(crate) fn existing(&self) -> IfExists {
        self.if_exists
    }

    /// The media type that was set; one that is guessed is of a table.
    pub(crate) fn given_media_type(&self) -> Option<&ContentType> {
        self.content_type.as_ref()
    }

    pub(crate) fn media_type(&self) -> ContentType {
        self.content_type.clone().unwrap_or_else(|| ContentType::guess(&self.name))
    }

    pub(crate) fn expected_sha256(&self) -> Option<Sha256Digest> {
        self.expected
    }

    pub(crate) fn is_empty_allowed(&self) -> bool {
        self.empty_allowed
    }
}
