//! The entry of a stored file.

use std::time::SystemTime;

use mde_live_response_core::library::Sha256Digest;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::timestamp;

/// A stored file without its bytes. Serialises as the service's `LibraryFiles` entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
// P26
pub struct StoredFile {
    /// Name of the file, the library's key.
    pub file_name: String,
    /// SHA-256 of the bytes in lower-case hex digits. The service's schema allows null.
    pub sha256: Option<String>,
    /// Description of the file.
    pub description: Option<String>,
    /// Time when a file of this name was first stored, with seven fraction digits.
    pub creation_time: String,
    /// Time when the file was last stored, with six fraction digits. The service writes both forms.
    pub last_updated_time: String,
    /// Application or person that stored the file.
    pub created_by: Option<String>,
    /// The upload's `HasParameters`.
    pub has_parameters: bool,
    /// Description of the script's parameters.
    pub parameters_description: Option<String>,
}

impl StoredFile {
    /// Creates an entry for these bytes, without texts and parameters.
    #[must_use]
    pub fn new(name: impl Into<String>, content: &[u8], now: SystemTime) -> Self {
        Self {
            file_name: name.into(),
            sha256: Some(sha256(content)),
            description: None,
            creation_time: timestamp::text(now, 7), // P27
            last_updated_time: timestamp::text(now, 6),
            created_by: None,
            has_parameters: false,
            parameters_description: None,
        }
    }
}

fn sha256(content: &[u8]) -> String {
    Sha256Digest::from(<[u8; 32]>::from(Sha256::digest(content))).to_string()
}
