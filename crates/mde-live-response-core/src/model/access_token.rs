//! The secret: a bearer token that does not show itself.

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

    /// Whether it is the same token. Not offered to others: comparing takes time that tells something.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0
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
    ///
    /// Finds it as it stands, and with any of its characters escaped as JSON or a URL may do. A token of
    /// fewer than 8 characters stays: none is that short, and without it the answer would mean something
    /// else.
    pub(crate) fn scrub(&self, mut reply: Response<Vec<u8>>) -> Response<Vec<u8>> {
        if self.0.len() < Self::MIN_SCRUBBED {
            return reply;
        }
        for value in reply.headers_mut().values_mut() {
            if let Some(clean) = self.redact(value.as_bytes()) {
                *value = HeaderValue::from_bytes(&clean)
                    .unwrap_or_else(|_| HeaderValue::from_static(REDACTED));
            }
        }
        if let Some(clean) = self.redact(reply.body()) {
            reply.body_mut().zeroize();
            *reply.body_mut() = clean;
        }
        reply
    }

    const MIN_SCRUBBED: usize = 8;

    /// `None` where the token does not occur.
    fn redact(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut clean = Vec::new();
        let (mut kept, mut at) = (0, 0);
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let Some(found) = spelled(self.0.as_bytes(), rest) else {
                at += 1;
                continue;
            };
            clean.extend_from_slice(text.get(kept..at).unwrap_or_default());
            clean.extend_from_slice(REDACTED.as_bytes());
            at += found;
            kept = at;
        }
        if kept == 0 {
            return None;
        }
        clean.extend_from_slice(text.get(kept..).unwrap_or_default());
        Some(clean)
    }
}

const REDACTED: &str = "[redacted]";

/// Length of the token's spelling with which the text starts.
fn spelled(token: &[u8], text: &[u8]) -> Option<usize> {
    if text.starts_with(token) {
        return Some(token.len());
    }
    let mut len = 0;
    for c in token {
        len += spelled_char(*c, text.get(len..)?)?;
    }
    Some(len)
}

/// Length of the character's spelling with which the text starts: `c`, `%63`, `\u0063` or `\c`.
fn spelled_char(c: u8, text: &[u8]) -> Option<usize> {
    let is_hex_of_c = |digits: &[u8]| {
        let digits = str::from_utf8(digits).ok();
        digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) == Some(c)
    };
    match text {
        [b'%', high, low, ..] if is_hex_of_c(&[*high, *low]) => Some(3),
        [b'\\', b'u', b'0', b'0', high, low, ..] if is_hex_of_c(&[*high, *low]) => Some(6),
        [b'\\', next, ..] if *next == c => Some(2),
        [next, ..] if *next == c => Some(1),
        _ => None,
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
