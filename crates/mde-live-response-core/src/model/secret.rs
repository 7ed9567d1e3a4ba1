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
    /// Finds it as it stands, and with any of its characters escaped as JSON, a URL or a form may do. A secret
    /// of fewer than 8 bytes stays: none is that short, and without it the answer would mean something else.
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
            let Some(found) = spelled(&self.0, rest) else {
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
fn spelled(secret: &str, text: &[u8]) -> Option<usize> {
    if text.starts_with(secret.as_bytes()) {
        return Some(secret.len());
    }
    let mut len = 0;
    for c in secret.chars() {
        len += spelled_char(c, text.get(len..)?)?;
    }
    Some(len)
}

/// Length of the character's spelling with which the text starts: JSON's by number, a form's space, or its bytes.
fn spelled_char(c: char, text: &[u8]) -> Option<usize> {
    if let Some(len) = numbered_char(c, text) {
        return Some(len);
    }
    if c == ' ' && text.starts_with(b"+") {
        return Some(1);
    }
    let mut len = 0;
    for b in c.encode_utf8(&mut [0; 4]).bytes() {
        len += spelled_byte(b, text.get(len..)?)?;
    }
    Some(len)
}

/// JSON's `\u0063`; two of them for a character that needs two.
fn numbered_char(c: char, text: &[u8]) -> Option<usize> {
    let mut len = 0;
    for unit in c.encode_utf16(&mut [0; 2]) {
        let digits = text.get(len..)?.strip_prefix(b"\\u")?.get(..4)?;
        let number = u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
        if number != *unit {
            return None;
        }
        len += 6;
    }
    Some(len)
}

/// `c`, a URL's `%63`, or `\c`.
fn spelled_byte(b: u8, text: &[u8]) -> Option<usize> {
    match text {
        [b'%', high, low, ..] if is_hex_of(b, [*high, *low]) => Some(3),
        [b'\\', next, ..] if *next == b => Some(2),
        [next, ..] if *next == b => Some(1),
        _ => None,
    }
}

fn is_hex_of(b: u8, digits: [u8; 2]) -> bool {
    let digits = str::from_utf8(&digits).ok();
    digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) == Some(b)
}
