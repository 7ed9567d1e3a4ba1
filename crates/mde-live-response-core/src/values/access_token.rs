//! The bearer token that goes with every request.

use std::fmt;
use std::str::FromStr;

use http::{HeaderValue, Response};
use zeroize::Zeroizing;

use super::secret::{self, Secret};
use super::{InvalidInput, Problem, TokenClaims};

/// A bearer token.
///
/// It has no `Display`, `Serialize` or `PartialEq`, and its `Debug` does not show it. It is wiped from memory with its
/// last clone; copies made by the HTTP and TLS layers are not. An answer that repeats the token is shown without it
/// if the token has 8 bytes or more.
///
/// # Examples
///
/// ```
/// use mde_live_response::AccessToken;
///
/// let token = AccessToken::new("an-access-token")?;
/// assert_eq!(format!("{token:?}"), "AccessToken(..)");
/// # Ok::<(), mde_live_response::error::InvalidInput>(())
/// ```
#[derive(Clone)]
pub struct AccessToken(Secret);

impl AccessToken {
    /// Creates a token from visible ASCII characters.
    ///
    /// The text does not include the word `Bearer`, and may have any length.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`], which does not show the token. The text is wiped even then.
    pub fn new(token: impl Into<String>) -> Result<Self, InvalidInput> {
        let token = Zeroizing::new(token.into());
        check(&token)?;
        Ok(Self(Secret::from_checked(token)))
    }

    /// Not public: the time that a comparison takes reveals something.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.0.is_same(&other.0)
    }

    /// Reads the token's own claims, unverified: audience, permissions, expiry.
    ///
    /// Returns `None` for a token that is not a JSON Web Token, or whose claims do not have the types that Microsoft
    /// Entra gives them.
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

    /// Replaces this token by `[redacted]` in an answer's headers and body.
    ///
    /// The client does so before it reads an answer; call this in a client of your own. See [`Secret::scrub`].
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::{AccessToken, http};
    ///
    /// let token = AccessToken::new("an-access-token")?;
    /// let echo = http::Response::new(b"refused: an%2Daccess-token".to_vec());
    /// assert_eq!(token.scrub(echo).body(), b"refused: [redacted]");
    /// # Ok::<(), mde_live_response::error::InvalidInput>(())
    /// ```
    #[must_use]
    pub fn scrub(&self, answer: Response<Vec<u8>>) -> Response<Vec<u8>> {
        self.0.scrub(answer)
    }
}

fn check(token: &str) -> Result<(), InvalidInput> {
    let error = |problem| InvalidInput::new("token", problem);
    secret::check(token, "token")?;
    let scheme = token.split(char::is_whitespace).next().unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Err(error(Problem::Form("given alone, without the word Bearer")));
    }
    if token.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(error(Problem::SecretCharacter))
    }
}

impl FromStr for AccessToken {
    type Err = InvalidInput;

    fn from_str(token: &str) -> Result<Self, InvalidInput> {
        Self::new(token)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(..)")
    }
}
