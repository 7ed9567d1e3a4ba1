//! Who the caller is: tokens, and where they come from.

use std::error::Error as StdError;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use http::{HeaderValue, Response};
use zeroize::{Zeroize, Zeroizing};

/// A bearer token.
///
/// Neither prints, compares nor serialises itself, and is wiped from memory with its last clone. That does
/// not reach copies that others make: the HTTP library holds one for as long as it handles a request.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::AccessToken;
///
/// let token = AccessToken::new("an-access-token")?;
/// assert_eq!(format!("{token:?}"), "AccessToken(..)");
/// # Ok::<(), mde_live_response_core::InvalidToken>(())
/// ```
#[derive(Clone)]
pub struct AccessToken(Arc<Zeroizing<String>>);

/// Why a text is no token. The text is never shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidToken {
    /// There is no text, or only white space.
    #[error("token is empty")]
    Empty,
    /// White space or a line end at either end, as left by reading a file.
    #[error("token starts or ends with white space; trim what was read from a file")]
    Whitespace,
    /// The text starts with the word `Bearer`, which is not a part of the token.
    #[error("token starts with `Bearer`; give the token alone")]
    Scheme,
    /// A character other than visible ASCII.
    #[error("token contains a character other than visible ASCII")]
    Character,
}

impl AccessToken {
    /// A token of visible ASCII characters, without the word `Bearer` before it.
    ///
    /// # Errors
    ///
    /// [`InvalidToken`]; a text that was handed over is wiped even then.
    pub fn new(token: impl Into<String>) -> Result<Self, InvalidToken> {
        let token = Zeroizing::new(token.into());
        check(&token)?;
        Ok(Self(Arc::new(token)))
    }

    pub(crate) fn header(&self) -> HeaderValue {
        let mut text = Zeroizing::new(String::with_capacity("Bearer ".len() + self.0.len()));
        text.push_str("Bearer ");
        text.push_str(&self.0);
        #[expect(clippy::expect_used, reason = "a token is visible ASCII")]
        let mut header = HeaderValue::from_str(&text).expect("visible ASCII");
        header.set_sensitive(true);
        header
    }

    /// The reply without this token: a server that echoes what it was sent must not bring it into a text.
    pub(crate) fn scrub(&self, mut reply: Response<Vec<u8>>) -> Response<Vec<u8>> {
        for needle in self.spellings() {
            for value in reply.headers_mut().values_mut() {
                if let Some(clean) = replace(value.as_bytes(), needle.as_bytes()) {
                    *value = HeaderValue::from_bytes(&clean)
                        .unwrap_or_else(|_| HeaderValue::from_static(REDACTED));
                }
            }
            if let Some(clean) = replace(reply.body(), needle.as_bytes()) {
                reply.body_mut().zeroize();
                *reply.body_mut() = clean;
            }
        }
        reply
    }

    /// The token as it stands, and as JSON or a URL may spell it.
    fn spellings(&self) -> Vec<Zeroizing<String>> {
        let plain: &str = &self.0;
        let escapes: [&[(&str, &str)]; 5] = [
            &[],
            &[("/", "\\/")],
            &[("+", "\\u002B")],
            &[("+", "\\u002b")],
            &[("%", "%25"), ("+", "%2B"), ("/", "%2F"), ("=", "%3D"), ("~", "%7E")],
        ];
        let mut spellings = Vec::with_capacity(escapes.len());
        for table in escapes {
            let mut spelling = plain.to_owned();
            for (from, to) in table {
                spelling = spelling.replace(from, to);
            }
            spellings.push(Zeroizing::new(spelling));
        }
        spellings
    }
}

const REDACTED: &str = "[redacted]";

/// `None` where the needle does not occur.
fn replace(text: &[u8], needle: &[u8]) -> Option<Vec<u8>> {
    let mut clean = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.windows(needle.len()).position(|window| window == needle) {
        let (before, found) = rest.split_at(at);
        clean.extend_from_slice(before);
        clean.extend_from_slice(REDACTED.as_bytes());
        rest = found.get(needle.len()..).unwrap_or_default();
    }
    if rest.len() == text.len() {
        return None;
    }
    clean.extend_from_slice(rest);
    Some(clean)
}

fn check(token: &str) -> Result<(), InvalidToken> {
    if token.trim().is_empty() {
        return Err(InvalidToken::Empty);
    }
    if token.trim().len() != token.len() {
        return Err(InvalidToken::Whitespace);
    }
    if token.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer ")) {
        return Err(InvalidToken::Scheme);
    }
    if !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(InvalidToken::Character);
    }
    Ok(())
}

impl FromStr for AccessToken {
    type Err = InvalidToken;

    fn from_str(token: &str) -> Result<Self, InvalidToken> {
        Self::new(token)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(..)")
    }
}

/// Gives the token for a call. An [`AccessToken`] is the simplest: always the same.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::{AccessToken, Credential, CredentialError};
///
/// /// A token that another program keeps fresh in a file.
/// #[derive(Debug)]
/// struct TokenFile(std::path::PathBuf);
///
/// impl Credential for TokenFile {
///     fn token(&self) -> Result<AccessToken, CredentialError> {
///         let text = std::fs::read_to_string(&self.0).map_err(CredentialError::new)?;
///         AccessToken::new(text.trim_end()).map_err(CredentialError::new)
///     }
/// }
/// ```
pub trait Credential: fmt::Debug + Send + Sync {
    /// The token for the next call. Its [`Debug`](fmt::Debug) must not show it.
    ///
    /// # Errors
    ///
    /// [`CredentialError`] when there is no token; the call then ends without being sent.
    fn token(&self) -> Result<AccessToken, CredentialError>;
}

impl Credential for AccessToken {
    fn token(&self) -> Result<AccessToken, CredentialError> {
        Ok(self.clone())
    }
}

impl<C: Credential + ?Sized> Credential for Arc<C> {
    fn token(&self) -> Result<AccessToken, CredentialError> {
        (**self).token()
    }
}

impl<C: Credential + ?Sized> Credential for Box<C> {
    fn token(&self) -> Result<AccessToken, CredentialError> {
        (**self).token()
    }
}

/// A credential gave no token.
#[derive(Debug, thiserror::Error)]
#[error("no token to be had")]
pub struct CredentialError {
    source: Box<dyn StdError + Send + Sync>,
}

impl CredentialError {
    /// An error with its cause, which must not hold a secret.
    #[must_use]
    pub fn new(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: source.into() }
    }
}
