//! An input as pieces.

/// The pieces of an input, from the first on. What is not there is empty.
pub(crate) struct Pieces<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Pieces<'a> {
    pub(crate) fn of(input: &'a [u8]) -> Self {
        Self { rest: Some(input) }
    }

    pub(crate) fn next(&mut self) -> &'a [u8] {
        let Some(rest) = self.rest else { return &[] };
        match rest.iter().position(|byte| *byte == 0x1E) {
            Some(at) => {
                self.rest = Some(&rest[at + 1..]);
                &rest[..at]
            }
            None => self.rest.take().unwrap_or_default(),
        }
    }

    /// The next piece as a text, or nothing where it is none.
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        str::from_utf8(self.next()).ok()
    }

    /// All that is left, whatever is in it.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest.unwrap_or_default()
    }
}

/// The text with every occurrence of `what` replaced.
pub(crate) fn replaced(text: &[u8], what: &str, by: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(what.len()).position(|window| window == what.as_bytes()) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(by);
        rest = &rest[at + what.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}

#[test]
fn pieces_end() {
    let mut pieces = Pieces::of(b"a\x1E\x1Eb\x1Ec");
    assert_eq!([pieces.next(), pieces.next()], [&b"a"[..], b""]);
    assert_eq!(pieces.rest(), b"b\x1Ec");
    let mut one = Pieces::of(b"a");
    assert_eq!([one.next(), one.next(), one.rest()], [&b"a"[..], b"", b""]);
}

#[test]
fn every_occurrence_is_replaced() {
    assert_eq!(replaced(b"@T@x@T@@T", "@T@", b"1"), b"1x1@T");
}
