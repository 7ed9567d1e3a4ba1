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
        let mut places = Places::default();
        for value in reply.headers_mut().values_mut() {
            if let Some(clean) = self.redact(value.as_bytes(), &mut places) {
                *value = HeaderValue::from_bytes(&clean)
                    .unwrap_or_else(|_| HeaderValue::from_static(REDACTED));
            }
        }
        if let Some(clean) = self.redact(reply.body(), &mut places) {
            reply.body_mut().zeroize();
            *reply.body_mut() = clean;
        }
        reply
    }

    const MIN_SCRUBBED: usize = 8;

    /// `None` where it does not occur.
    fn redact(&self, text: &[u8], places: &mut Places) -> Option<Vec<u8>> {
        let mut clean = Vec::new();
        let (mut kept, mut at) = (0, 0);
        // Nearly every place is ruled out by how it begins.
        let begins = [self.0.as_bytes().first().copied().unwrap_or_default(), b'\\', b'%', b'+'];
        while let Some(rest) = text.get(at..) {
            let Some(next) = rest.iter().position(|byte| begins.contains(byte)) else { break };
            at += next;
            let Some(found) = spelled(&self.0, rest.get(next..).unwrap_or_default(), places) else {
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

/// How far different ways to read a text have come. Kept from one text to the next, for it is asked at every place.
#[derive(Default)]
struct Places {
    ends: Vec<usize>,
    further: Vec<usize>,
}

/// Length of the secret's spelling with which the text starts; the longest, where there are several.
fn spelled(secret: &str, text: &[u8], places: &mut Places) -> Option<usize> {
    if text.starts_with(secret.as_bytes()) {
        return Some(secret.len());
    }
    let Places { ends, further } = places;
    ends.clear();
    ends.push(0);
    // A character such as `%` can begin its own escape: every way to read the text is followed.
    for c in secret.chars() {
        further.clear();
        for end in ends.iter() {
            for len in spellings(c, text.get(*end..)?) {
                if !further.contains(&(end + len)) {
                    further.push(end + len);
                }
            }
        }
        std::mem::swap(ends, further);
        if ends.is_empty() {
            return None;
        }
    }
    ends.iter().copied().max()
}

/// Lengths of the character's spellings with which the text starts: as it stands, JSON's `\c` and `\u0063`, a URL's
/// `%63`, a form's `+`.
fn spellings(c: char, text: &[u8]) -> impl Iterator<Item = usize> {
    let mut bytes = [0; 4];
    let bytes = c.encode_utf8(&mut bytes).as_bytes();
    let plain = text.starts_with(bytes).then_some(bytes.len());
    let rest = text.strip_prefix(b"\\").filter(|_| c.is_ascii());
    let escaped = rest.filter(|rest| rest.starts_with(bytes)).map(|_| 2);
    let space = (c == ' ' && text.starts_with(b"+")).then_some(1);
    [plain, escaped, in_units(c, text), in_percent(bytes, text), space].into_iter().flatten()
}

/// `\u0063`; two of them for a character that needs two.
fn in_units(c: char, text: &[u8]) -> Option<usize> {
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

/// `%63`, for every byte.
fn in_percent(bytes: &[u8], text: &[u8]) -> Option<usize> {
    let mut len = 0;
    for byte in bytes {
        let digits = text.get(len..)?.strip_prefix(b"%")?.get(..2)?;
        let number = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
        if number != *byte {
            return None;
        }
        len += 3;
    }
    Some(len)
}
