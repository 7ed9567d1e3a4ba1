//! A text that does not show itself, and that an answer must not show either.

use std::sync::Arc;

use http::{HeaderValue, Response};
use zeroize::{Zeroize, Zeroizing};

/// A secret text, wiped from memory with its last clone. Neither prints nor compares itself for others.
#[derive(Clone)]
pub(crate) struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    pub(crate) fn new(text: Zeroizing<String>) -> Self {
        Self(Arc::new(text))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Not offered to others: comparing takes time that tells something.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// The reply without this secret: a server that echoes what it was sent must not bring it into a text.
    ///
    /// Finds it as it stands, and with any of its characters escaped as JSON or a URL may do. A secret of
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

    /// `None` where it does not occur.
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

/// Length of the secret's spelling with which the text starts.
fn spelled(secret: &[u8], text: &[u8]) -> Option<usize> {
    if text.starts_with(secret) {
        return Some(secret.len());
    }
    let mut len = 0;
    for c in secret {
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
