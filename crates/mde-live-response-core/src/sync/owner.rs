//! Who keeps a file: told by the last line of its description.

use std::fmt;
use std::str::FromStr;

use crate::model::{Description, InvalidText};

/// What the last line of a description starts with.
const MARKER: &str = "managed-by: ";

/// Who keeps a file, a repository say. A file is an owner's if the last line of its description is
/// `managed-by: OWNER`.
///
/// 1 to 100 characters, no control characters (U+2028 and U+2029 included), no white space at either end: this
/// library's choice.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::sync::Owner;
///
/// let owner: Owner = "response-scripts".parse()?;
/// assert!(owner.owns("Lists the DNS client cache\nmanaged-by: response-scripts"));
/// assert!(!owner.owns("managed-by: response-scripts\nand edited since"));
/// # Ok::<(), mde_live_response_core::sync::InvalidOwner>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner(String);

/// A text is no [`Owner`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "owner must be 1 to 100 characters, without control characters and without white space at either end"
)]
#[non_exhaustive]
pub struct InvalidOwner;

impl Owner {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a file with this description is this owner's.
    #[must_use]
    pub fn owns(&self, description: &str) -> bool {
        marked(description).is_some_and(|(_, owner)| owner == self.0)
    }

    /// A description without this owner's line, should it have one.
    pub(super) fn unmarked<'d>(&self, description: &'d str) -> &'d str {
        match marked(description) {
            Some((text, owner)) if owner == self.0 => text,
            _ => description,
        }
    }

    /// The description with this owner's line at its end, once.
    pub(super) fn mark(
        &self,
        description: Option<&Description>,
    ) -> Result<Description, InvalidText> {
        let text = self.unmarked(description.map(Description::as_str).unwrap_or_default());
        let between = if text.is_empty() { "" } else { "\n" };
        format!("{text}{between}{MARKER}{self}").try_into()
    }
}

/// A description without its owner's line, and the owner.
fn marked(description: &str) -> Option<(&str, &str)> {
    let description = description.trim_end_matches(['\r', '\n']);
    let (text, line) = description.rsplit_once('\n').unwrap_or(("", description));
    Some((text.strip_suffix('\r').unwrap_or(text), line.strip_prefix(MARKER)?))
}

impl FromStr for Owner {
    type Err = InvalidOwner;

    fn from_str(text: &str) -> Result<Self, InvalidOwner> {
        let is_good = (1..=100).contains(&text.chars().count())
            && text.trim() == text
            && !text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
        if is_good { Ok(Self(text.to_owned())) } else { Err(InvalidOwner) }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
