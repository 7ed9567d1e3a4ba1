//! The two texts that may accompany a file.

use std::fmt;
use std::str::FromStr;

/// Why a text is no [`Description`] or [`ParametersDescription`]. Positions count bytes from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidText {
    /// The text is longer than the limit.
    #[error("{field} has {len} bytes, at most {max} are allowed")]
    TooLong {
        /// Which text: `description` or `parameters description`.
        field: &'static str,
        /// Its length, in bytes of UTF-8.
        len: usize,
        /// Largest length, in bytes.
        max: usize,
    },
    /// The text holds a control character other than CR, LF and TAB.
    #[error("{field} contains the control character {found:?} at byte {at}")]
    Control {
        /// Which text: `description` or `parameters description`.
        field: &'static str,
        /// The character.
        found: char,
        /// Its position.
        at: usize,
    },
}

fn check(field: &'static str, text: &str, max: usize) -> Result<(), InvalidText> {
    if text.len() > max {
        return Err(InvalidText::TooLong { field, len: text.len(), max });
    }
    match text.char_indices().find(|(_, c)| c.is_control() && !matches!(c, '\r' | '\n' | '\t')) {
        Some((at, found)) => Err(InvalidText::Control { field, found, at }),
        None => Ok(()),
    }
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        ///
        /// Any text without control characters other than CR, LF and TAB. It is sent as given: line ends
        /// stay as they are, and an empty text is sent as an empty text.
        ///
        /// The service documents no largest length; the limit of 4 MiB is this library's choice, for it is the
        /// default one for a form field of the framework that such services are commonly built with.
        /// [`with_max_bytes`](Self::with_max_bytes) sets another.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// Longest text by default: 4 MiB, in bytes of UTF-8, this library's choice.
            pub const MAX_BYTES: usize = 4 * 1024 * 1024;

            /// Like the ordinary conversion, with a limit of the caller's choice, in bytes.
            ///
            /// # Errors
            ///
            /// [`InvalidText`] when the text is longer, or holds a control character other than CR, LF and TAB.
            pub fn with_max_bytes(text: impl Into<String>, max: usize) -> Result<Self, InvalidText> {
                let text = text.into();
                check($field, &text, max)?;
                Ok(Self(text))
            }

            /// The text as given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidText;

            fn from_str(text: &str) -> Result<Self, InvalidText> {
                Self::with_max_bytes(text, Self::MAX_BYTES)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidText;

            fn try_from(text: String) -> Result<Self, InvalidText> {
                Self::with_max_bytes(text, Self::MAX_BYTES)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidText;

            fn try_from(text: &str) -> Result<Self, InvalidText> {
                text.parse()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text! {
    /// What a file in the library is for.
    Description, "description"
}

text! {
    /// Which parameters a script in the library takes. Giving one says that the script has parameters.
    ParametersDescription, "parameters description"
}
