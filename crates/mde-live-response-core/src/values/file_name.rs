//! The name under which a file is stored.
//!
//! One rule, checked once: a name that passes needs no escaping in a header, means the same to every multipart parser
//! that we tested, and is a plain file name on every operating system that a response may run on.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::{InvalidInput, Problem};

/// Name under which a file is stored in the library.
///
/// 1 to 255 bytes of UTF-8. Refused are:
///
/// * `"`, `/`, `\` and `: * ? < > |`, control characters (U+2028 and U+2029 included), characters that only change the
///   direction of text, and invisible ones (U+200B to U+200D, U+2060, U+FEFF);
/// * `%` followed by two hex digits, because some servers decode it;
/// * `;` and `&`, because some servers cut the name there ([`permitting_separators`](Self::permitting_separators)
///   allows them);
/// * white space at either end, a dot at the end, `.` and `..`;
/// * names that Windows gives to devices (`CON`, `nul.ps1`, `COM1.txt`, …), in any letter case.
///
/// The service documents "letters, digits, and symbols such as `-`, `_`, `.`" and no length. The rest of this rule is
/// ours: it is the set of names on which the 29 multipart parsers that we compared agree.
///
/// The name is kept as it is, without trimming or Unicode normalisation. So `é` as one character and `é` as two are
/// different names; use composed characters (NFC) throughout.
///
/// # Examples
///
/// ```
/// use mde_live_response::FileName;
///
/// let name: FileName = "collect-dns.ps1".parse()?;
/// assert_eq!(name.as_str(), "collect-dns.ps1");
///
/// let refused = "tools/collect.ps1".parse::<FileName>().unwrap_err();
/// assert_eq!(refused.at(), Some(5));
/// # Ok::<(), mde_live_response::error::InvalidInput>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
// P37
pub struct FileName(String);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Separators {
    Refused,
    Permitted,
}

impl FileName {
    /// Longest name: 255 bytes of UTF-8, which common file systems allow. The service documents no length.
    pub const MAX_BYTES: usize = 255;

    /// Converts a name that may contain `;` and `&`.
    ///
    /// At least two multipart parsers in use cut or decode a name there. Use this only for a name that must be kept.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] if the name breaks any other part of the rule.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::FileName;
    ///
    /// assert!("r;d.ps1".parse::<FileName>().is_err());
    /// assert!(FileName::permitting_separators("r;d.ps1").is_ok());
    /// ```
    pub fn permitting_separators(name: impl Into<String>) -> Result<Self, InvalidInput> {
        let name = name.into();
        check(&name, Separators::Permitted)?;
        Ok(Self(name))
    }

    /// Converts the last component of a path.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] if the path has no last component, as `/` or `..`, or if that component is not a file name.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::FileName;
    ///
    /// assert_eq!(FileName::from_path("tools/collect.ps1")?.as_str(), "collect.ps1");
    /// assert!(FileName::from_path("tools/..").is_err());
    /// # Ok::<(), mde_live_response::error::InvalidInput>(())
    /// ```
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, InvalidInput> {
        let name = path.as_ref().file_name().ok_or(error(Problem::Empty))?;
        name.to_str().ok_or(error(Problem::NotUtf8))?.parse()
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Folds the letter case of a name, to compare names.
    ///
    /// Folds by way of upper case, so that letters with two lower-case forms are equal (`σ` and `ς`, `ß` and `ss`):
    /// refusing one name too many is better than replacing the wrong file.
    #[must_use]
    pub fn folded(name: &str) -> String {
        name.to_uppercase().to_lowercase()
    }
}

fn error(problem: Problem) -> InvalidInput {
    InvalidInput::new("file name", problem)
}

fn check(name: &str, separators: Separators) -> Result<(), InvalidInput> {
    if name.is_empty() {
        return Err(error(Problem::Empty));
    }
    if name.len() > FileName::MAX_BYTES {
        let (len, max) = (name.len() as u64, FileName::MAX_BYTES as u64);
        return Err(error(Problem::TooLong { len, max }));
    }
    for (at, found) in name.char_indices() {
        if !is_allowed(found, separators) {
            return Err(error(Problem::Character(found)).with_position(at));
        }
        if found == '%' && is_percent_escape(name.as_bytes(), at) {
            return Err(error(Problem::PercentEscape).with_position(at));
        }
    }
    if name == "." || name == ".." {
        return Err(error(Problem::Reserved(name.to_owned())));
    }
    let edges = [name.chars().next(), name.chars().next_back()];
    if let Some(edge) = edges.into_iter().flatten().find(|edge| edge.is_whitespace()) {
        return Err(error(Problem::Edge(edge)));
    }
    if name.ends_with('.') {
        return Err(error(Problem::Edge('.')));
    }
    if is_device(name) {
        return Err(error(Problem::Reserved(name.to_owned())));
    }
    Ok(())
}

/// Encoded words (`=?utf-8?B?...?=`) need no rule of their own, because `?` is refused.
fn is_allowed(c: char, separators: Separators) -> bool {
    let is_invisible = matches!(
        c,
        // Line separators, marks and overrides of direction, and characters without width.
        '\u{2028}'
            | '\u{2029}'
            | '\u{061C}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'
            | '\u{2066}'..='\u{2069}'
            | '\u{FEFF}'
    );
    match c {
        '"' | '/' | '\\' | ':' | '*' | '?' | '<' | '>' | '|' => false,
        ';' | '&' => separators == Separators::Permitted,
        _ => !is_invisible && !c.is_control(),
    }
}

fn is_percent_escape(name: &[u8], at: usize) -> bool {
    matches!(name.get(at + 1..at + 3), Some([high, low])
        if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

/// Returns whether Windows gives this name to a device.
///
/// Windows looks only at the text before the first dot, without trailing spaces, in any letter case.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end_matches(' ');
    let is = |device: &str| stem.eq_ignore_ascii_case(device);
    if ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].into_iter().any(is) {
        return true;
    }
    let number = stem
        .split_at_checked(3)
        .filter(|(port, _)| port.eq_ignore_ascii_case("COM") || port.eq_ignore_ascii_case("LPT"));
    let mut number = number.map(|(_, number)| number).unwrap_or_default().chars();
    matches!((number.next(), number.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
}

impl FromStr for FileName {
    type Err = InvalidInput;

    fn from_str(name: &str) -> Result<Self, InvalidInput> {
        check(name, Separators::Refused)?;
        Ok(Self(name.to_owned()))
    }
}

impl TryFrom<String> for FileName {
    type Error = InvalidInput;

    fn try_from(name: String) -> Result<Self, InvalidInput> {
        check(&name, Separators::Refused)?;
        Ok(Self(name))
    }
}

impl TryFrom<&str> for FileName {
    type Error = InvalidInput;

    fn try_from(name: &str) -> Result<Self, InvalidInput> {
        name.parse()
    }
}

impl AsRef<str> for FileName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
