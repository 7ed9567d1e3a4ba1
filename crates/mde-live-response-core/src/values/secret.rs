//! Text that is never shown, and is removed from answers.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use http::{HeaderValue, Response};
use zeroize::{Zeroize, Zeroizing};

use super::{InvalidInput, Problem};

/// A secret, such as a client secret or a signed assertion.
///
/// It has no `Display`, `Serialize` or `PartialEq`, and its `Debug` does not show it. It is wiped from memory with its
/// last clone; copies made by the HTTP and TLS layers are not.
///
/// # Examples
///
/// ```
/// use mde_live_response::auth::Secret;
///
/// let secret = Secret::new("a~client~secret")?;
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// # Ok::<(), mde_live_response::error::InvalidInput>(())
/// ```
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Creates a secret from a text.
    ///
    /// The text has no control characters, and no white space at either end.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`], which does not show the text. The text is wiped even then.
    pub fn new(secret: impl Into<String>) -> Result<Self, InvalidInput> {
        let secret = Zeroizing::new(secret.into());
        check(&secret, "secret")?;
        if secret.contains(char::is_control) {
            return Err(InvalidInput::new("secret", Problem::SecretCharacter));
        }
        Ok(Self(Arc::new(secret)))
    }

    pub(super) fn from_checked(text: Zeroizing<String>) -> Self {
        Self(Arc::new(text))
    }

    /// The text itself, for the request that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Not public: the time that a comparison takes reveals something.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// Replaces this secret by `[redacted]` in an answer's headers and body.
    ///
    /// Finds the secret as it is, and with any of its characters escaped as JSON, a URL or a form may do. A secret of
    /// fewer than 8 bytes stays: real ones are longer, and removing a short one would garble the answer.
    #[must_use]
    pub fn scrub(&self, mut answer: Response<Vec<u8>>) -> Response<Vec<u8>> {
        if self.0.len() < Self::MIN_SCRUBBED {
            return answer;
        }
        let mut places = Places::default();
        for value in answer.headers_mut().values_mut() {
            if let Some(clean) = self.redact(value.as_bytes(), &mut places) {
                *value = HeaderValue::from_bytes(&clean)
                    .unwrap_or_else(|_| HeaderValue::from_static(REDACTED));
            }
        }
        if let Some(clean) = self.redact(answer.body(), &mut places) {
            answer.body_mut().zeroize();
            *answer.body_mut() = clean;
        }
        answer
    }

    const MIN_SCRUBBED: usize = 8;

    /// `None` where it does not occur.
    fn redact(&self, text: &[u8], places: &mut Places) -> Option<Vec<u8>> {
        let mut clean = Vec::new();
        let (mut kept, mut at) = (0, 0);
        let [first, second, ..] = *self.0.as_bytes() else { return None };
        while let Some(rest) = text.get(at..) {
            let Some(next) = first_pair(rest, |a, b| may_begin([first, second], *a, *b)) else {
                break;
            };
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

impl FromStr for Secret {
    type Err = InvalidInput;

    fn from_str(secret: &str) -> Result<Self, InvalidInput> {
        Self::new(secret)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Checks the rules that secrets and tokens share.
///
/// They are not empty, and have no white space at either end.
pub(super) fn check(text: &str, field: &'static str) -> Result<(), InvalidInput> {
    if text.trim().is_empty() {
        return Err(InvalidInput::new(field, Problem::Empty));
    }
    let edges = [text.chars().next(), text.chars().next_back()];
    match edges.into_iter().flatten().find(|edge| edge.is_whitespace()) {
        Some(edge) => Err(InvalidInput::new(field, Problem::Edge(edge))),
        None => Ok(()),
    }
}

const REDACTED: &str = "[redacted]";

/// Returns whether a secret with these first bytes, or an escaped form of it, can begin with `a` and `b`.
///
/// Rules out most positions of a text.
fn may_begin([first, second]: [u8; 2], a: u8, b: u8) -> bool {
    is_escape(a) | ((a == first) & ((b == second) | is_escape(b)))
}

/// Returns whether a character's escape can begin with this byte.
fn is_escape(byte: u8) -> bool {
    // Counted, because branches would prevent vector instructions.
    u8::from(byte == b'\\') + u8::from(byte == b'%') + u8::from(byte == b'+') == 1
}

/// Each byte with the next one.
fn pairs(text: &[u8]) -> impl Iterator<Item = (&u8, &u8)> {
    text.iter().zip(text.get(1..).unwrap_or_default())
}

/// Position of the first two adjacent bytes that `is_it` accepts.
fn first_pair(text: &[u8], is_it: impl Fn(&u8, &u8) -> bool) -> Option<usize> {
    const BLOCK: usize = 64;
    let mut at = 0;
    // Without branches inside a block, so that the compiler can use vector instructions.
    while let Some(block) = text.get(at..=at + BLOCK) {
        if pairs(block).fold(false, |found, (a, b)| found | is_it(a, b)) {
            break;
        }
        at += BLOCK;
    }
    pairs(text.get(at..)?).position(|(a, b)| is_it(a, b)).map(|n| at + n)
}

/// Positions that different readings of a text have reached. Kept between texts to avoid an allocation for each.
#[derive(Default)]
struct Places {
    ends: Vec<usize>,
    further: Vec<usize>,
}

/// Length of the longest spelling of the secret at the text's start.
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
                let reached = end + len;
                if !further.contains(&reached) {
                    further.push(reached);
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

/// Lengths of the character's spellings at the text's start.
///
/// The spellings are the character itself, JSON's `\c` and `\u0063`, a URL's `%63`, a form's `+`.
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

#[cfg(test)]
mod tests {
    use super::{first_pair, may_begin};

    #[test]
    fn the_first_pair_is_found_in_and_after_a_block() {
        for before in 0..200 {
            let text = "a".repeat(before) + "bca";
            let position = |pair: [u8; 2]| first_pair(text.as_bytes(), |a, b| [*a, *b] == pair);
            assert_eq!((position(*b"bc"), position(*b"cb")), (Some(before), None));
        }
    }

    /// Nor is any position searched in vain that the first two bytes rule out.
    #[test]
    fn a_position_is_searched_if_its_first_two_bytes_permit_it() {
        let is_escape = |byte| b"\\%+".contains(&byte);
        for [first, second] in [*b"ab", *b"aa", *b"%a", *b"a%", *b"++"] {
            for (a, b) in (0..=255).flat_map(|a| (0..=255).map(move |b| (a, b))) {
                let is_plain = a == first && (b == second || is_escape(b));
                assert_eq!(may_begin([first, second], a, b), is_escape(a) || is_plain, "{a}, {b}");
            }
        }
    }
}
