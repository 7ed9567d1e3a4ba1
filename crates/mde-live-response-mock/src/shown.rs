//! Long, binary or hostile values, made safe for messages.

use std::fmt::{self, Write};

/// Longest text in a message, in characters.
const MAX_CHARACTERS: usize = 60;
/// Most bytes of a binary value in a message.
const MAX_BYTES: usize = 24;

/// A text on one line, with invisible characters escaped, and cut.
pub(crate) fn text(text: &str) -> String {
    let mut shown = String::new();
    for (n, c) in text.chars().enumerate() {
        if n == MAX_CHARACTERS {
            shown.push('…');
            break;
        }
        match c {
            '\'' | '"' => shown.push(c),
            _ => shown.extend(c.escape_debug()),
        }
    }
    shown
}

/// Length and start of a value: as quoted text, or in hex.
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, ", bytes(self.0.len()))?;
        if let Ok(value) = str::from_utf8(self.0) {
            return write!(f, "\"{}\"", text(value));
        }
        f.write_str("0x")?;
        for byte in self.0.iter().take(MAX_BYTES) {
            write!(f, "{byte:02x}")?;
        }
        if self.0.len() > MAX_BYTES { f.write_char('…') } else { Ok(()) }
    }
}

/// A message: a title, then labelled rows.
///
/// Further lines of a row are indented like its first.
pub(crate) fn report<'r>(title: &str, rows: impl IntoIterator<Item = (&'r str, String)>) -> String {
    let rows: Vec<_> = rows.into_iter().collect();
    let width = rows.iter().map(|(label, _)| label.len() + 1).max().unwrap_or(0);
    let mut report = format!("mock transport: {title}");
    for (label, value) in rows {
        let mut start = format!("{label}:");
        for line in value.lines() {
            // Writing to a `String` cannot fail.
            let _ = write!(report, "\n  {start:width$} {line}");
            start.clear();
        }
    }
    report
}

/// `1 reply`, `2 replies`.
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// `1 byte`, `2 bytes`.
pub(crate) fn bytes(n: usize) -> String {
    count(n, "byte", "bytes")
}

/// The closest name, if it is nearly the same.
///
/// The two may differ in letter case and at most two edits, fewer in a short name.
pub(crate) fn near_miss<'n>(
    name: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    let lower = name.to_lowercase();
    let near = names.into_iter().map(|it| (edits(&lower, &it.to_lowercase()), it));
    near.filter(|(edits, _)| *edits <= 2 && 2 * edits < name.len()).min().map(|(_, it)| it)
}

/// Number of edits that lead from one text to the other.
///
/// An edit inserts, removes or changes a character.
fn edits(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (n, a) in from.chars().enumerate() {
        let (mut left, mut diagonal) = (n + 1, n);
        for (b, above) in to.chars().zip(row.iter_mut().skip(1)) {
            let change = diagonal + usize::from(a != b);
            diagonal = *above;
            left = change.min(left + 1).min(*above + 1);
            *above = left;
        }
        row.first_mut().into_iter().for_each(|first| *first = n + 1);
    }
    row.pop().unwrap_or_default()
}
