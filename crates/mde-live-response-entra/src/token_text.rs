//! An access token as text, from a file or a program.

use std::error::Error as StdError;
use std::time::{Duration, SystemTime};

use mde_live_response_core::AccessToken;
use mde_live_response_core::auth::IssuedToken;

/// Longest text, in bytes. Ours: far more than a token needs.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// Makes a token of a text with at most one line end at its end. It expires when its claims say so.
pub(crate) fn issued(
    text: &[u8],
    now: SystemTime,
) -> Result<IssuedToken, Box<dyn StdError + Send + Sync>> {
    // The error of `from_utf8` would contain the text.
    let text = str::from_utf8(text).map_err(|_| "it is not UTF-8")?;
    Ok(until_its_claims(AccessToken::new(without_line_end(text))?, now))
}

/// Gives a token the lifetime that its claims name.
pub(crate) fn until_its_claims(token: AccessToken, now: SystemTime) -> IssuedToken {
    match token.claims().and_then(|claims| claims.expires_at()) {
        Some(at) => IssuedToken::expiring(token, at.duration_since(now).unwrap_or(Duration::ZERO)),
        None => token.into(),
    }
}

/// Drops one line end (LF or CRLF) at the end.
pub(crate) fn without_line_end(text: &str) -> &str {
    match text.strip_suffix('\n') {
        Some(line) => line.strip_suffix('\r').unwrap_or(line),
        None => text,
    }
}
