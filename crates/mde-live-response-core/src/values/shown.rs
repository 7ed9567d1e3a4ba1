//! Text from outside, made safe for a terminal and a log.

use std::fmt::{self, Write};

/// Text with invisible characters escaped, cut at a length.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown<'a> {
    text: &'a str,
    max: usize,
}

impl<'a> Shown<'a> {
    /// At most `max` characters.
    pub(crate) fn cut(text: &'a str, max: usize) -> Self {
        Self { text, max }
    }

    /// The whole text.
    pub(crate) fn path(text: &'a str) -> Self {
        Self { text, max: usize::MAX }
    }
}

/// Escapes text from outside for a terminal or a log.
///
/// The result is one line, in which everything invisible is escaped.
///
/// # Examples
///
/// ```
/// use mde_live_response::error::shown;
///
/// assert_eq!(shown("a\u{1b}[2J\n\"b\"").to_string(), r#"a\u{1b}[2J\n"b""#);
/// ```
#[must_use]
pub fn shown(text: &str) -> impl fmt::Display {
    Shown::path(text)
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, c) in self.text.chars().enumerate() {
            if n == self.max {
                return f.write_char('…');
            }
            match c {
                // `escape_debug` also escapes what changes the direction of text; quotes and separators are harmless.
                '"' | '\'' | '\\' => f.write_char(c)?,
                _ => write!(f, "{}", c.escape_debug())?,
            }
        }
        Ok(())
    }
}
