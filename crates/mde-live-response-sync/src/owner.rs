//! The owner of a file, named in the last line of its description.

use std::fmt;
use std::str::FromStr;

use mde_live_response_core::error::{InvalidInput, Problem};
use mde_live_response_core::library::Description;

/// Start of a description's last line.
const MARKER: &str = "managed-by: ";

/// Longest name of an owner, in characters. Our choice.
const MAX_CHARS: usize = 100;

/// Owner of a file, for example a repository.
///
/// The last line of the file's description is `managed-by: OWNER`.
///
/// 1 to 100 characters, without control characters (U+2028 and U+2029 included) and without white space at either end.
///
/// # Examples
///
/// ```
/// use mde_live_response::sync::Owner;
///
/// let owner: Owner = "response-scripts".parse()?;
/// assert!(owner.owns("Lists the DNS client cache\nmanaged-by: response-scripts"));
/// assert!(!owner.owns("managed-by: response-scripts\nand edited since"));
/// # Ok::<(), mde_live_response::error::InvalidInput>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner(String);

impl Owner {
    /// The owner's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether a file with this description belongs to this owner.
    #[must_use]
    pub fn owns(&self, description: &str) -> bool {
        marked(description).is_some_and(|(_, owner)| owner == self.0)
    }

    /// Returns the owner that a description names, if any.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::sync::Owner;
    ///
    /// let owner = Owner::of("Lists the DNS client cache\nmanaged-by: response-scripts").unwrap();
    /// let described = owner.mark(Some(&"Lists processes".parse()?))?;
    /// assert_eq!(described.as_ref(), "Lists processes\nmanaged-by: response-scripts");
    /// # Ok::<(), mde_live_response::error::InvalidInput>(())
    /// ```
    #[must_use]
    pub fn of(description: &str) -> Option<Self> {
        marked(description).and_then(|(_, owner)| owner.parse().ok())
    }

    /// Returns a description without its owner's line, if it has one.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::sync::Owner;
    ///
    /// assert_eq!(Owner::strip("Lists processes\nmanaged-by: response-scripts"), "Lists processes");
    /// assert_eq!(Owner::strip("Lists processes"), "Lists processes");
    /// ```
    #[must_use]
    pub fn strip(description: &str) -> &str {
        marked(description).map_or(description, |(text, _)| text)
    }

    /// Returns a description without this owner's line.
    pub(crate) fn unmarked<'d>(&self, description: &'d str) -> &'d str {
        match marked(description) {
            Some((text, owner)) if owner == self.0 => text,
            _ => description,
        }
    }

    /// Returns a description with this owner's line at its end, once.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] if the line makes the description too long.
    pub fn mark(&self, description: Option<&Description>) -> Result<Description, InvalidInput> {
        let text = self.unmarked(description.map(Description::as_str).unwrap_or_default());
        let between = if text.is_empty() { "" } else { "\n" };
        format!("{text}{between}{MARKER}{self}").try_into()
    }
}

/// Splits a description into its text and its owner.
fn marked(description: &str) -> Option<(&str, &str)> {
    let description = description.trim_end_matches(['\r', '\n']);
    let (text, line) = description.rsplit_once('\n').unwrap_or(("", description));
    Some((text.strip_suffix('\r').unwrap_or(text), line.strip_prefix(MARKER)?))
}

impl FromStr for Owner {
    type Err = InvalidInput;

    fn from_str(name: &str) -> Result<Self, InvalidInput> {
        let error = |problem| Err(InvalidInput::new("owner", problem));
        let (first, last) = (name.chars().next(), name.chars().next_back());
        if let Some(edge) = [first, last].into_iter().flatten().find(|c| c.is_whitespace()) {
            return error(Problem::Edge(edge));
        }
        let is_refused = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        if let Some((at, c)) = name.char_indices().find(|(_, c)| is_refused(*c)) {
            return error(Problem::Character(c)).map_err(|error| error.with_position(at));
        }
        match name.chars().count() {
            0 => error(Problem::Empty),
            1..=MAX_CHARS => Ok(Self(name.to_owned())),
            _ => error(Problem::Form("at most 100 characters")),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
