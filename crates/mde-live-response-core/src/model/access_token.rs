//! The bearer token that goes with every request, and does not show itself.

use std::fmt;
use std::str::FromStr;

use http::{HeaderValue, Response};
use zeroize::Zeroizing;

use super::secret::Secret;
use super::token_claims::TokenClaims;

/// A bearer token.
///
/// Neither prints, compares nor serialises itself, and is wiped from memory with its last clone. That does
/// not reach copies that others make: the HTTP library holds one for as long as it handles a request. An answer that
/// repeats it is shown without it, if it has 8 bytes or more.
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
pub struct AccessToken(Secret);

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
    /// A token of visible ASCII characters, without the word `Bearer` before it. Of any length: neither the service's
    /// documentation nor this library sets a limit.
    ///
    /// # Errors
    ///
    /// [`InvalidToken`]: the text is empty, has white space at an end, starts with `Bearer`, or holds anything else than
    /// visible ASCII. A text that was handed over is wiped even then.
    pub fn new(token: impl Into<String>) -> Result<Self, InvalidToken> {
        let token = Zeroizing::new(token.into());
        check(&token)?;
        Ok(Self(Secret::new(token)))
    }

    /// Whether it is the same token. Not offered to others: comparing takes time that tells something.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.0.is_same(&other.0)
    }

    /// What the token says of itself, unverified: audience, permissions, expiry. `None` for a token that is no JSON
    /// Web Token, or whose claims are not of the types that Microsoft Entra gives them.
    #[must_use]
    pub fn claims(&self) -> Option<TokenClaims> {
        TokenClaims::read(self.0.expose())
    }

    pub(crate) fn header(&self) -> HeaderValue {
        let token = self.0.expose();
        let mut text = Zeroizing::new(String::with_capacity("Bearer ".len() + token.len()));
        text.push_str("Bearer ");
        text.push_str(token);
        #[expect(clippy::expect_used, reason = "a token is visible ASCII")]
        let mut header = HeaderValue::from_str(&text).expect("visible ASCII");
        header.set_sensitive(true);
        header
    }

    /// The reply without this token: in headers and body, as it stands and in any mixture of JSON's and a URL's escapes,
    /// `[redacted]` takes its place. A token of fewer than 8 bytes stays. A [`Client`](crate::Client) does so by itself;
    /// this is for a client of one's own over [`wire`](crate::wire).
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response_core::{AccessToken, http};
    ///
    /// let token = AccessToken::new("an-access-token")?;
    /// let echo = http::Response::new(b"refused: an%2Daccess-token".to_vec());
    /// assert_eq!(token.scrub(echo).body(), b"refused: [redacted]");
    /// # Ok::<(), mde_live_response_core::InvalidToken>(())
    /// ```
    #[must_use]
    pub fn scrub(&self, reply: Response<Vec<u8>>) -> Response<Vec<u8>> {
        self.0.scrub(reply)
    }
}

fn check(token: &str) -> Result<(), InvalidToken> {
    if token.trim().is_empty() {
        return Err(InvalidToken::Empty);
    }
    if token.trim().len() != token.len() {
        return Err(InvalidToken::Whitespace);
    }
    let scheme = token.split(char::is_whitespace).next().unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") {
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
