//! How errors name the file, and how they show text from outside.

use std::fmt::{self, Write};

use crate::model::FileName;

/// The file that an error is about, as the start of its message.
#[derive(Debug, Default)]
pub(crate) struct Subject(Option<FileName>);

impl Subject {
    pub(crate) fn file(name: &FileName) -> Self {
        Self(Some(name.clone()))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(name) => write!(f, "`{name}`: "),
            None => Ok(()),
        }
    }
}

/// Text from outside, safe on a terminal and in a log: cut at a length in characters, everything escaped
/// that is not plainly visible.
pub(crate) struct Escaped<'a> {
    pub(crate) text: &'a str,
    pub(crate) max: usize,
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, c) in self.text.chars().enumerate() {
            if n == self.max {
                return f.write_char('…');
            }
            match c {
                // `escape_debug` also covers what changes the direction of text; quotes need no escape.
                '"' | '\'' => f.write_char(c)?,
                _ => write!(f, "{}", c.escape_debug())?,
            }
        }
        Ok(())
    }
}
