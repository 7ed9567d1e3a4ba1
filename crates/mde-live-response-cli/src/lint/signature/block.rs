//! The signature block at the end of a script.
//!
//! ```text
//! Get-Date<CR><LF># SIG # Begin signature block<CR><LF># MIIF...<CR><LF># SIG # End signature block<CR><LF>
//! ```
//!
//! Windows signs all that stands before the line end in front of the block, and looks for exactly these line ends.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Wrong;
use super::text::{CR, LF};

const BEGIN: &str = "# SIG # Begin signature block";
const END: &str = "# SIG # End signature block";

/// Largest signature in Base64, in characters. Ours; signatures with a time stamp have about 20,000.
const MAX_BASE64: usize = 1024 * 1024;

#[derive(Debug)]
pub(super) struct Block<'t> {
    content: &'t [u16],
    base64: String,
    is_crlf: bool,
}

impl<'t> Block<'t> {
    /// Finds the block of a script.
    pub(super) fn find(text: &'t [u16]) -> Result<Option<Self>, Wrong> {
        let mut lines = Lines { text, at: 0 };
        let mut before = Line::default();
        let begin = loop {
            match lines.next() {
                Some(line) if line.starts_with(BEGIN) => break line,
                Some(line) if line.starts_with(END) => return Err(Wrong::NoBegin),
                Some(line) => before = line,
                None => return Ok(None),
            }
        };
        let content_end = begin.start.saturating_sub(before.end.len());
        let content = text.get(..content_end).unwrap_or_default();
        let mut is_crlf = before.end == [CR, LF] && begin.end == [CR, LF];
        if begin.text.len() != BEGIN.len() {
            return Err(Wrong::NotBase64);
        }
        let mut base64 = String::new();
        let end =
            loop {
                let line = lines.next().ok_or(Wrong::Cut)?;
                if line.starts_with(END) {
                    break line;
                }
                let payload =
                    line.text.strip_prefix([0x23, 0x20].as_slice()).ok_or(Wrong::NotBase64)?;
                base64.extend(payload.iter().map(|unit| {
                    u8::try_from(*unit).map_or(char::REPLACEMENT_CHARACTER, char::from)
                }));
                if base64.len() > MAX_BASE64 {
                    return Err(Wrong::NotBase64);
                }
                is_crlf &= line.end == [CR, LF];
            };
        // Windows accepts one or two characters of line ends here.
        let rest = text.get(end.start.saturating_add(END.len())..).unwrap_or_default();
        match rest {
            [] => Err(Wrong::Cut),
            [CR | LF] | [CR | LF, CR | LF] => Ok(Some(Self { content, base64, is_crlf })),
            _ => Err(Wrong::NotLast),
        }
    }

    /// The signed text.
    pub(super) fn content(&self) -> &'t [u16] {
        self.content
    }

    /// Returns whether the lines end as Windows and all signing tools write them.
    pub(super) fn is_crlf(&self) -> bool {
        self.is_crlf
    }

    pub(super) fn decode(&self) -> Result<Vec<u8>, Wrong> {
        STANDARD.decode(&self.base64).map_err(|_| Wrong::NotBase64)
    }
}

/// A line without its end, and its end: LF, CRLF or nothing.
#[derive(Debug, Default)]
struct Line<'t> {
    start: usize,
    text: &'t [u16],
    end: &'t [u16],
}

impl Line<'_> {
    fn starts_with(&self, ascii: &str) -> bool {
        let start = self.text.get(..ascii.len()).unwrap_or_default();
        !start.is_empty() && start.iter().copied().eq(ascii.bytes().map(u16::from))
    }
}

struct Lines<'t> {
    text: &'t [u16],
    at: usize,
}

impl<'t> Iterator for Lines<'t> {
    type Item = Line<'t>;

    fn next(&mut self) -> Option<Line<'t>> {
        let start = self.at;
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let length = rest.iter().position(|unit| *unit == LF).map_or(rest.len(), |at| at + 1);
        self.at = start + length;
        let line = rest.get(..length).unwrap_or_default();
        let text = line.strip_suffix(&[LF]).unwrap_or(line);
        let text =
            if text.len() < line.len() { text.strip_suffix(&[CR]).unwrap_or(text) } else { text };
        Some(Line { start, text, end: line.get(text.len()..).unwrap_or_default() })
    }
}
