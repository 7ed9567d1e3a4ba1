//! Text from outside on a terminal, and tables of it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::{self, IsTerminal};

use mde_live_response_core::error;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Fits text from outside on one line of this many columns. Characters without width count as one column.
pub(super) fn shown(text: &str, columns: usize) -> String {
    let (mut line, mut width) = (error::shown(text).to_string(), 0_usize);
    let cut = line.char_indices().find(|(_, c)| {
        width += c.width().unwrap_or(0).max(1);
        width > columns
    });
    if let Some((at, _)) = cut {
        line.truncate(at);
        line.push('…');
    }
    line
}

/// The first line of a text.
pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// A number of files, in words.
pub(super) fn files(count: usize) -> String {
    format!("{count} file{}", if count == 1 { "" } else { "s" })
}

/// Turns `alreadyDone` into `already done`.
pub(super) fn words(word: &str) -> String {
    let mut words = String::new();
    for c in word.chars() {
        if c.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}

/// Counts equal words: `2 created, 1 unknown`.
pub(super) fn counted(words: impl Iterator<Item = String>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    let counts: Vec<_> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    counts.join(", ")
}

/// Rows under a head, each column as wide as its widest cell. Empty without rows.
pub(super) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut widths = head.map(UnicodeWidthStr::width);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let mut table = String::new();
    let head = head.map(str::to_owned);
    for row in std::iter::once(&head).chain(rows) {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            let padding = width.saturating_sub(cell.width());
            let _ = write!(line, "{cell}{:padding$}  ", ""); // a `String` takes everything
        }
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}

/// Returns whether words on standard output may be coloured.
pub(super) fn has_colours() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb
}
