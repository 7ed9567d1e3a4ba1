//! Texts from outside on a terminal, and tables of them.

use std::fmt::Write;
use std::io::{self, IsTerminal};

use unicode_width::UnicodeWidthStr;

/// Text from outside on one line: whatever could move a cursor or hide is written as an escape. Longer than so many
/// columns it is cut, and what takes no room counts as one.
pub(super) fn shown(text: &str, columns: usize) -> String {
    let (mut line, mut width) = (String::new(), 0_usize);
    for c in text.chars() {
        let before = line.len();
        match c {
            '"' | '\'' | '\\' => line.push(c),
            _ => {
                let _ = write!(line, "{}", c.escape_debug()); // a `String` takes everything
            }
        }
        width += line.get(before..).map_or(1, |added| added.width().max(1));
        if width > columns {
            line.truncate(before);
            line.push('…');
            break;
        }
    }
    line
}

/// The first line of a text.
pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// How many files, in words.
pub(super) fn files(count: usize) -> String {
    format!("{count} file{}", if count == 1 { "" } else { "s" })
}

/// Rows under a head, each column as wide as its widest cell. Empty without rows.
pub(super) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = head.map(UnicodeWidthStr::width);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let mut table = String::new();
    let head = head.map(str::to_owned);
    for row in std::iter::once(&head).chain(rows).take(if rows.is_empty() { 0 } else { usize::MAX })
    {
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

/// Whether words may be coloured on standard output.
pub(super) fn has_colours() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb
}
