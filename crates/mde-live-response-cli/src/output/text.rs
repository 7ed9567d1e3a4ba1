//! Text from outside on a terminal.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};

use mde_live_response_core::error;
use unicode_width::UnicodeWidthChar;

/// Fits text from outside on one line of this many columns. Characters without width count as one column.
pub(crate) fn shown(text: &str, columns: usize) -> String {
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
pub(crate) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// A number of files, in words.
pub(crate) fn files(count: usize) -> String {
    format!("{count} file{}", if count == 1 { "" } else { "s" })
}

/// Quotes a name for a command line, so that it can be copied.
pub(crate) fn command_word(name: &str) -> String {
    let is_plain =
        |c: char| c.is_alphanumeric() || "-_./:".contains(c) || cfg!(windows) && c == '\\';
    if name.chars().all(is_plain) && !name.starts_with('-') {
        name.to_owned()
    } else if cfg!(windows) {
        format!("\"{name}\"")
    } else {
        format!("'{}'", name.replace('\'', r"'\''"))
    }
}

/// Turns `alreadyDone` into `already done`.
pub(crate) fn words(word: &str) -> String {
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
pub(crate) fn counted(words: impl Iterator<Item = String>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    let counts: Vec<_> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    counts.join(", ")
}

/// Returns whether words on standard output may be coloured.
pub(crate) fn has_colours() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb()
}

/// Returns whether the terminal cannot move its cursor or show colours.
pub(crate) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Width of standard output, if it is a terminal.
pub(crate) fn columns() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
}
