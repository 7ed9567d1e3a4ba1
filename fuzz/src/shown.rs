//! What an error shows.

use std::error::Error;
use std::fmt::Write;

/// The error and all of its causes, as a person may come to see them.
///
/// # Panics
///
/// When a message holds a control character: what a server or a file says must not move a terminal's cursor.
pub(crate) fn shown(error: &(dyn Error + 'static)) -> String {
    let mut shown = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let message = error.to_string();
        assert!(!message.chars().any(char::is_control), "control character in {message:?}");
        let _ = write!(shown, "{message} {error:?} ");
        next = error.source();
    }
    shown
}
