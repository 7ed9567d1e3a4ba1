//! The name under which a file is stored.
//!
//! One rule, checked once: what passes needs no escaping in a header, means the same to every multipart
//! parser we know of, and names a plain file on every operating system that a response may run on.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// Name under which a file is stored in the library.
///
/// 1 to 255 bytes of UTF-8. Refused are:
///
/// * `"`, `/`, `\` and `: * ? < > |`, control characters (U+2028 and U+2029 included), characters that
///   only change the direction of text, and U+FEFF;
/// * `%` followed by two hex digits, and `;` and `&` (unless asked for, see
///   [`permitting_separators`](Self::permitting_separators)): some servers decode or cut there;
/// * white space at either end, a dot at the end, `.` and `..`;
/// * names that Windows gives to devices (`CON`, `nul.ps1`, `COM1.txt`, …), in any letter case.
///
/// The service documents "letters, digits, and symbols such as `-`, `_`, `.`" and no length; the rest of
/// this rule, and the length, are this library's choice. Nothing is changed: neither trimmed nor brought
/// to a Unicode normal form. A name typed on one system may therefore differ in its bytes from the same
/// name typed on another (`é` as one character or as two); use composed characters (NFC) throughout.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::{FileName, InvalidFileName};
///
/// let name: FileName = "collect-dns.ps1".parse()?;
/// assert_eq!(name.as_str(), "collect-dns.ps1");
///
/// let refused = "tools/collect.ps1".parse::<FileName>().unwrap_err();
/// assert_eq!(refused, InvalidFileName::Separator { found: '/', at: 5 });
/// # Ok::<(), InvalidFileName>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(String);

/// Why a text is not a [`FileName`]. Positions count bytes from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidFileName {
    /// The name is empty.
    #[error("file name is empty")]
    Empty,
    /// The name is longer than [`FileName::MAX_BYTES`].
    #[error("file name has {len} bytes, at most {max} are allowed")]
    TooLong {
        /// Length of the name, in bytes of UTF-8.
        len: usize,
        /// Largest length, in bytes.
        max: usize,
    },
    /// The name is `.` or `..`.
    #[error("file name is {name:?}, which names a directory")]
    Directory {
        /// The name.
        name: String,
    },
    /// The name holds a path separator; give a path to [`FileName::from_path`] instead.
    #[error("file name contains the path separator {found:?} at byte {at}")]
    Separator {
        /// `/` or `\`.
        found: char,
        /// Its position.
        at: usize,
    },
    /// The name holds a control character or a line break.
    #[error("file name contains the control character {found:?} at byte {at}")]
    Control {
        /// The character.
        found: char,
        /// Its position.
        at: usize,
    },
    /// The name holds a double quote.
    #[error("file name contains a double quote at byte {at}")]
    Quote {
        /// Its position.
        at: usize,
    },
    /// The name holds a character that Windows reserves.
    #[error("file name contains the reserved character {found:?} at byte {at}")]
    Reserved {
        /// The character.
        found: char,
        /// Its position.
        at: usize,
    },
    /// The name holds a character that only changes the direction of text, or a byte order mark.
    #[error("file name contains the invisible character {found:?} at byte {at}")]
    Invisible {
        /// The character.
        found: char,
        /// Its position.
        at: usize,
    },
    /// The name holds `%` and two hex digits, which some servers decode.
    #[error("file name contains a percent escape at byte {at}")]
    PercentEscape {
        /// Position of the percent sign.
        at: usize,
    },
    /// The name holds `;` or `&`, at which some servers cut; see
    /// [`FileName::permitting_separators`].
    #[error("file name contains {found:?} at byte {at}, where some servers cut a name")]
    Ambiguous {
        /// `;` or `&`.
        found: char,
        /// Its position.
        at: usize,
    },
    /// The name starts or ends with white space, or ends with a dot.
    #[error("file name starts or ends with {found:?}")]
    Edge {
        /// The character at the edge.
        found: char,
    },
    /// Windows gives this name to a device.
    #[error("file name {name:?} is the name of a device on Windows")]
    Device {
        /// The name.
        name: String,
    },
    /// The last component of a path is not UTF-8.
    #[error("file name is not UTF-8")]
    NotUtf8,
    /// A path has no last component, such as `/` or `..`.
    #[error("path ends in no file name")]
    NoFileName,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Separators {
    Refused,
    Permitted,
}

impl FileName {
    /// Longest name: 255 bytes of UTF-8 (and so at most 255 UTF-16 units), what common file systems allow. This
    /// library's choice: the service documents no length.
    pub const MAX_BYTES: usize = 255;

    /// A name as by the ordinary conversion, but with `;` and `&` allowed.
    ///
    /// At least two multipart parsers in use cut or decode a name there; opt in only for a name that must
    /// be kept.
    ///
    /// # Errors
    ///
    /// [`InvalidFileName`] when the name breaks any other part of the rule.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response_core::FileName;
    ///
    /// assert!("r;d.ps1".parse::<FileName>().is_err());
    /// assert!(FileName::permitting_separators("r;d.ps1").is_ok());
    /// ```
    pub fn permitting_separators(name: impl Into<String>) -> Result<Self, InvalidFileName> {
        let name = name.into();
        check(&name, Separators::Permitted)?;
        Ok(Self(name))
    }

    /// The last component of a path.
    ///
    /// # Errors
    ///
    /// [`InvalidFileName::NoFileName`] for a path such as `/` or `..`, [`InvalidFileName::NotUtf8`], or any
    /// other reason for which that component is no file name.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response_core::{FileName, InvalidFileName};
    ///
    /// assert_eq!(FileName::from_path("tools/collect.ps1")?.as_str(), "collect.ps1");
    /// assert_eq!(FileName::from_path("tools/.."), Err(InvalidFileName::NoFileName));
    /// # Ok::<(), InvalidFileName>(())
    /// ```
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, InvalidFileName> {
        path.as_ref()
            .file_name()
            .ok_or(InvalidFileName::NoFileName)?
            .to_str()
            .ok_or(InvalidFileName::NotUtf8)?
            .parse()
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check(name: &str, separators: Separators) -> Result<(), InvalidFileName> {
    if name.is_empty() {
        return Err(InvalidFileName::Empty);
    }
    if name.len() > FileName::MAX_BYTES {
        return Err(InvalidFileName::TooLong { len: name.len(), max: FileName::MAX_BYTES });
    }
    if name == "." || name == ".." {
        return Err(InvalidFileName::Directory { name: name.to_owned() });
    }
    for (at, found) in name.char_indices() {
        check_char(found, at, separators)?;
        if found == '%' && is_percent_escape(name.as_bytes(), at) {
            return Err(InvalidFileName::PercentEscape { at });
        }
    }
    let edges = [name.chars().next(), name.chars().next_back()];
    if let Some(found) = edges.into_iter().flatten().find(|edge| edge.is_whitespace()) {
        return Err(InvalidFileName::Edge { found });
    }
    if name.ends_with('.') {
        return Err(InvalidFileName::Edge { found: '.' });
    }
    if is_device(name) {
        return Err(InvalidFileName::Device { name: name.to_owned() });
    }
    Ok(())
}

/// Encoded words (`=?utf-8?B?...?=`) need no rule of their own: they hold the reserved `?`.
fn check_char(found: char, at: usize, separators: Separators) -> Result<(), InvalidFileName> {
    match found {
        '"' => Err(InvalidFileName::Quote { at }),
        '/' | '\\' => Err(InvalidFileName::Separator { found, at }),
        ':' | '*' | '?' | '<' | '>' | '|' => Err(InvalidFileName::Reserved { found, at }),
        ';' | '&' if separators == Separators::Refused => {
            Err(InvalidFileName::Ambiguous { found, at })
        }
        '\u{2028}' | '\u{2029}' => Err(InvalidFileName::Control { found, at }),
        _ if found.is_control() => Err(InvalidFileName::Control { found, at }),
        '\u{061C}'
        | '\u{200E}'
        | '\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}'
        | '\u{FEFF}' => Err(InvalidFileName::Invisible { found, at }),
        _ => Ok(()),
    }
}

fn is_percent_escape(name: &[u8], at: usize) -> bool {
    matches!(name.get(at + 1..at + 3), Some([high, low])
        if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

/// What names have in common that differ by letter case alone. By way of upper case, for letters with two lower ones
/// (`σ` and `ς`, `ß` and `ss`): better one name too few than somebody's file replaced.
pub(crate) fn folded(name: &str) -> String {
    name.to_uppercase().to_lowercase()
}

/// Windows looks only at what stands before the first dot, without trailing spaces, in any letter case.
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
    type Err = InvalidFileName;

    fn from_str(name: &str) -> Result<Self, InvalidFileName> {
        check(name, Separators::Refused)?;
        Ok(Self(name.to_owned()))
    }
}

impl TryFrom<String> for FileName {
    type Error = InvalidFileName;

    fn try_from(name: String) -> Result<Self, InvalidFileName> {
        check(&name, Separators::Refused)?;
        Ok(Self(name))
    }
}

impl TryFrom<&str> for FileName {
    type Error = InvalidFileName;

    fn try_from(name: &str) -> Result<Self, InvalidFileName> {
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
