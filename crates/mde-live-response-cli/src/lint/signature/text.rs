//! The text of a script, as UTF-16: the digest of a signature is that of UTF-16LE.

/// Characters of Windows-1252 for the bytes 0x80 to 0x9F. The others are those of Latin-1.
const WINDOWS_1252: [u16; 32] = [
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039,
    0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178,
];

/// Bytes that are searched for a zero, as git does, to tell text from other files.
const SNIFFED: usize = 8000;

pub(super) const CR: u16 = 0x0D;
pub(super) const LF: u16 = 0x0A;

/// A way to read a script's bytes. A BOM is part of the text, and so of its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Ascii,
    /// UTF-8 with a BOM.
    MarkedUtf8,
    Utf16Le,
    Utf16Be,
    /// UTF-8 without a BOM, with other characters than ASCII.
    Utf8,
    /// The code page of Windows in Western Europe and America. Others cannot be known from the file.
    Windows1252,
}

impl Reading {
    /// The ways to read these bytes, the most likely first.
    pub(super) fn of(bytes: &[u8]) -> Vec<Self> {
        match bytes {
            [0xFF, 0xFE, ..] => vec![Self::Utf16Le],
            [0xFE, 0xFF, ..] => vec![Self::Utf16Be],
            [0xEF, 0xBB, 0xBF, ..] => vec![Self::MarkedUtf8],
            _ if bytes.is_ascii() => vec![Self::Ascii],
            _ if str::from_utf8(bytes).is_ok() => vec![Self::Utf8, Self::Windows1252],
            _ => vec![Self::Windows1252],
        }
    }

    pub(super) fn decode(self, bytes: &[u8]) -> Vec<u16> {
        match self {
            Self::Ascii => bytes.iter().map(|byte| u16::from(*byte)).collect(),
            Self::MarkedUtf8 | Self::Utf8 => {
                String::from_utf8_lossy(bytes).encode_utf16().collect()
            }
            Self::Utf16Le => pairs(bytes, u16::from_le_bytes),
            Self::Utf16Be => pairs(bytes, u16::from_be_bytes),
            Self::Windows1252 => bytes.iter().map(|byte| windows_1252(*byte)).collect(),
        }
    }
}

fn windows_1252(byte: u8) -> u16 {
    let special = byte.checked_sub(0x80).and_then(|n| WINDOWS_1252.get(usize::from(n)));
    special.copied().unwrap_or_else(|| byte.into())
}

fn pairs(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<u16> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    // Half a unit is text, too.
    units.chain(rest.iter().map(|_| 0xFFFD)).collect()
}

/// Returns whether a script has other characters than ASCII, and no BOM that tells their encoding.
pub(in super::super) fn is_unmarked(bytes: &[u8]) -> bool {
    matches!(Reading::of(bytes).first(), Some(Reading::Utf8 | Reading::Windows1252))
}

/// How to end the lines of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnds {
    AsTheyAre,
    Lf,
    Crlf,
}

/// The units of a text, with these line ends.
pub(super) fn units(text: &[u16], ends: LineEnds) -> impl Iterator<Item = u16> {
    let next = text.iter().skip(1).map(Some).chain([None]);
    text.iter()
        .zip(next)
        .flat_map(move |(unit, next)| match (*unit, ends) {
            (CR, LineEnds::Lf | LineEnds::Crlf) if next == Some(&LF) => [None, None],
            (LF, LineEnds::Crlf) => [Some(CR), Some(LF)],
            (unit, _) => [Some(unit), None],
        })
        .flatten()
}

/// Returns whether a text has lines that end with LF and lines that end with CRLF. Other files have none.
pub(in super::super) fn has_mixed_ends(bytes: &[u8]) -> bool {
    let Some(reading) = Reading::of(bytes).into_iter().next_back() else { return false };
    let has_zero = bytes.iter().take(SNIFFED).any(|byte| *byte == 0);
    if has_zero && !matches!(reading, Reading::Utf16Le | Reading::Utf16Be) {
        return false;
    }
    let text = reading.decode(bytes);
    let is_at = |at: usize, unit| text.get(at) == Some(&unit);
    let has =
        |crlf| (0..text.len()).any(|at| is_at(at, LF) && (at > 0 && is_at(at - 1, CR)) == crlf);
    has(true) && has(false)
}
