//! The media type of the file part.

use std::fmt;
use std::str::FromStr;

use crate::FileName;

/// Media type of a file, such as `text/plain`: two tokens and nothing else.
///
/// Each has 1 to 127 letters, digits or ``!#$&^_.+-``, as RFC 6838 allows; parameters are not taken. The service
/// stores no media type and accepts any; it matters only to what stands between.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ContentType(String);

/// A text is not of the form `type/subtype`, each of 1 to 127 letters, digits or ``!#$&^_.+-``. Shows its first 100
/// characters, this library's choice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("content type {given:?} is not of the form type/subtype")]
pub struct InvalidContentType {
    given: String,
}

impl ContentType {
    /// The media type that a name's extension stands for, else `application/octet-stream`.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response_core::{ContentType, FileName};
    ///
    /// let name: FileName = "notes.txt".parse()?;
    /// assert_eq!(ContentType::guess(&name).as_str(), "text/plain");
    /// # Ok::<(), mde_live_response_core::InvalidFileName>(())
    /// ```
    #[must_use]
    pub fn guess(name: &FileName) -> Self {
        let guess = mime_guess::from_path(name.as_str()).first_raw();
        guess.and_then(|guess| guess.parse().ok()).unwrap_or_else(Self::octet_stream)
    }

    fn octet_stream() -> Self {
        Self("application/octet-stream".to_owned())
    }

    /// The media type as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The characters of a media type's names, as RFC 6838 restricts them.
fn is_token(text: &str) -> bool {
    (1..=127).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
}

impl FromStr for ContentType {
    type Err = InvalidContentType;

    fn from_str(text: &str) -> Result<Self, InvalidContentType> {
        match text.split_once('/') {
            Some((kind, subtype)) if is_token(kind) && is_token(subtype) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(InvalidContentType { given: text.chars().take(100).collect() }),
        }
    }
}

impl TryFrom<String> for ContentType {
    type Error = InvalidContentType;

    fn try_from(text: String) -> Result<Self, InvalidContentType> {
        text.parse()
    }
}

impl TryFrom<&str> for ContentType {
    type Error = InvalidContentType;

    fn try_from(text: &str) -> Result<Self, InvalidContentType> {
        text.parse()
    }
}

impl AsRef<str> for ContentType {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
