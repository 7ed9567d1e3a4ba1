//! A file as the library describes it.

use std::fmt;

use serde::Serialize;

use super::Sha256Digest;

/// A stored file, as the service describes it.
///
/// Only the name is certain to be there; whatever else the service leaves out, sends as `null` or sends in
/// another type than its schema says is `None`. Fields that this library does not know are ignored.
/// Serialises with the service's own field names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LibraryFile {
    pub(crate) file_name: String,
    pub(crate) sha256: Option<Sha256Digest>,
    pub(crate) description: Option<String>,
    pub(crate) creation_time: Option<Timestamp>,
    pub(crate) last_updated_time: Option<Timestamp>,
    pub(crate) created_by: Option<String>,
    pub(crate) has_parameters: Option<bool>,
    pub(crate) parameters_description: Option<String>,
    #[serde(skip)]
    pub(crate) is_resolved: bool,
}

impl LibraryFile {
    /// Name of the file: the library's key.
    #[must_use]
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// SHA-256 of the file's bytes; `None` when the service did not say.
    #[must_use]
    pub fn sha256(&self) -> Option<&Sha256Digest> {
        self.sha256.as_ref()
    }

    /// What the file is for.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// When a file of this name was first stored; `None` when the service did not say.
    #[must_use]
    pub fn creation_time(&self) -> Option<&Timestamp> {
        self.creation_time.as_ref()
    }

    /// When the file was last stored; `None` when the service did not say.
    #[must_use]
    pub fn last_updated_time(&self) -> Option<&Timestamp> {
        self.last_updated_time.as_ref()
    }

    /// Who stored the file.
    #[must_use]
    pub fn created_by(&self) -> Option<&str> {
        self.created_by.as_deref()
    }

    /// Whether the service holds the file to take parameters.
    #[must_use]
    pub fn has_parameters(&self) -> Option<bool> {
        self.has_parameters
    }

    /// Whether the answer to the upload was lost, and a listing afterwards showed the file with the bytes that
    /// were sent.
    #[must_use]
    pub fn is_resolved(&self) -> bool {
        self.is_resolved
    }

    /// Which parameters the script takes.
    #[must_use]
    pub fn parameters_description(&self) -> Option<&str> {
        self.parameters_description.as_deref()
    }
}

/// A point in time in the service's own words, such as `2026-01-31T09:30:00.1234567Z`.
///
/// Kept as text: the service writes six, seven or no fraction digits, and a time that cannot be read is no
/// reason to call an upload failed. The feature `jiff` adds `to_jiff`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Timestamp(pub(crate) String);

impl Timestamp {
    /// The text as the service sent it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The point in time.
    ///
    /// # Errors
    ///
    /// What `jiff` says of a text that is no RFC 3339 time, or lies outside of its years -9999 to 9999.
    ///
    /// # Examples
    ///
    /// ```
    /// # use mde_live_response_mock::FakeLibrary;
    /// use mde_live_response_core::{AccessToken, Client, Endpoint};
    ///
    /// # let transport = FakeLibrary::new();
    /// # transport.insert("a.ps1", b"Get-Date\n");
    /// let token = AccessToken::new("an-access-token")?;
    /// let client = Client::builder(Endpoint::COMMERCIAL, token, transport).build();
    ///
    /// let file = client.list().next().unwrap()?;
    /// let stored = file.creation_time().unwrap();
    /// assert_eq!(stored.as_str(), "2026-01-01T00:00:00.0000000Z");
    /// assert_eq!(stored.to_jiff()?.as_second(), 1_767_225_600);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "jiff")]
    pub fn to_jiff(&self) -> Result<jiff::Timestamp, jiff::Error> {
        self.0.parse()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
