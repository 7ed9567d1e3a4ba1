//! A stored file.

use std::fmt;

use serde::Serialize;

use super::Sha256Digest;

/// A stored file, as the service describes it.
///
/// Only the name is always present. A field is `None` if the service leaves it out, sends `null`, or sends another type
/// than its schema says. Unknown fields are ignored. Serialises with the service's field names.
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

    /// SHA-256 of the file's bytes, if the service reported it.
    #[must_use]
    pub fn sha256(&self) -> Option<&Sha256Digest> {
        self.sha256.as_ref()
    }

    /// Description of the file.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Time at which a file of this name was first stored.
    #[must_use]
    pub fn creation_time(&self) -> Option<&Timestamp> {
        self.creation_time.as_ref()
    }

    /// Time at which the file was last stored.
    #[must_use]
    pub fn last_updated_time(&self) -> Option<&Timestamp> {
        self.last_updated_time.as_ref()
    }

    /// User or application that stored the file.
    #[must_use]
    pub fn created_by(&self) -> Option<&str> {
        self.created_by.as_deref()
    }

    /// Whether the script takes parameters, according to the service.
    #[must_use]
    pub fn has_parameters(&self) -> Option<bool> {
        self.has_parameters
    }

    /// Returns whether a listing confirmed the upload.
    ///
    /// The client lists the library if the answer to the upload was lost.
    #[must_use]
    pub fn is_resolved(&self) -> bool {
        self.is_resolved
    }

    /// Description of the script's parameters.
    #[must_use]
    pub fn parameters_description(&self) -> Option<&str> {
        self.parameters_description.as_deref()
    }
}

/// A point in time as the service wrote it, such as `2026-01-31T09:30:00.1234567Z`.
///
/// Kept as text, because an unreadable time must not turn a stored file into a failed upload. The feature `jiff` adds
/// `to_jiff`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
// P27
pub struct Timestamp(pub(crate) String);

impl Timestamp {
    /// The text as the service sent it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Converts the time.
    ///
    /// # Errors
    ///
    /// The error of `jiff` if the text is not an RFC 3339 time, or is outside its years -9999 to 9999.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::LibraryFile;
    ///
    /// /// Seconds since 1970 at which the file was first stored.
    /// fn stored_at(file: &LibraryFile) -> Option<i64> {
    ///     Some(file.creation_time()?.to_jiff().ok()?.as_second())
    /// }
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
