//! What an application proves itself with.

use std::fmt;
use std::str::FromStr;

use http::Response;
use zeroize::Zeroizing;

use super::secret::Secret;

/// Secret of an application, as its registration shows it once.
///
/// Neither prints, compares nor serialises itself, and is wiped from memory with its last clone. An answer that
/// repeats it is shown without it, if it has 8 bytes or more.
#[derive(Clone)]
pub struct ClientSecret(Secret);

/// Why a text is no secret. The text is never shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSecret {
    /// There is no text, or only white space.
    #[error("secret is empty")]
    Empty,
    /// White space or a line end at either end, as left by reading a file.
    #[error("secret starts or ends with white space; trim what was read from a file")]
    Whitespace,
    /// A control character.
    #[error("secret contains a control character")]
    Control,
}

impl ClientSecret {
    /// A secret, as it is: any text without control characters, and without white space at its ends. Of any length:
    /// this library sets no limit.
    ///
    /// # Errors
    ///
    /// [`InvalidSecret`]: the text is empty, has white space at an end, or holds a control character. A text that was
    /// handed over is wiped even then.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response_core::ClientSecret;
    ///
    /// let secret = ClientSecret::new("a~client~secret")?;
    /// assert_eq!(format!("{secret:?}"), "ClientSecret(..)");
    /// # Ok::<(), mde_live_response_core::InvalidSecret>(())
    /// ```
    pub fn new(secret: impl Into<String>) -> Result<Self, InvalidSecret> {
        let secret = Zeroizing::new(secret.into());
        if secret.trim().is_empty() {
            return Err(InvalidSecret::Empty);
        }
        if secret.trim().len() != secret.len() {
            return Err(InvalidSecret::Whitespace);
        }
        if secret.chars().any(char::is_control) {
            return Err(InvalidSecret::Control);
        }
        Ok(Self(Secret::new(secret)))
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The reply without this secret.
    pub(crate) fn scrub(&self, reply: Response<Vec<u8>>) -> Response<Vec<u8>> {
        self.0.scrub(reply)
    }
}

impl FromStr for ClientSecret {
    type Err = InvalidSecret;

    fn from_str(secret: &str) -> Result<Self, InvalidSecret> {
        Self::new(secret)
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(..)")
    }
}
