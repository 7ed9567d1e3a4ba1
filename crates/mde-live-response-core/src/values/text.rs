//! The two texts that may accompany a file.

use std::fmt;
use std::str::FromStr;

use super::{InvalidInput, Problem};

fn check(field: &'static str, text: &str, max: usize) -> Result<(), InvalidInput> {
    let error = |problem| InvalidInput::new(field, problem);
    if text.len() > max {
        return Err(error(Problem::TooLong { len: text.len() as u64, max: max as u64 }));
    }
    match text.char_indices().find(|(_, c)| c.is_control() && !matches!(c, '\r' | '\n' | '\t')) {
        Some((at, found)) => Err(error(Problem::Character(found)).with_position(at)),
        None => Ok(()),
    }
}

/// Returns whether two texts are equal except for carriage returns.
///
/// Intermediaries may add or drop them.
#[must_use]
pub fn same_text(one: &str, other: &str) -> bool {
    one.chars().filter(|c| *c != '\r').eq(other.chars().filter(|c| *c != '\r'))
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        ///
        /// Any text without control characters other than CR, LF and TAB. It is sent unchanged: line ends stay as they
        /// are, and an empty text is sent as an empty text.
        ///
        /// The length limit is [`MAX_BYTES`](Self::MAX_BYTES) unless [`with_max_bytes`](Self::with_max_bytes) sets
        /// another.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// Longest text by default: 4 MiB, in bytes of UTF-8.
            ///
            /// The service documents no limit. We chose ASP.NET Core's default limit for a form field.
            pub const MAX_BYTES: usize = 4 * 1024 * 1024;

            /// Converts a text with another length limit, in bytes.
            ///
            /// # Errors
            ///
            /// [`InvalidInput`] if the text is longer, or contains a control character other than CR, LF and TAB.
            pub fn with_max_bytes(text: impl Into<String>, max: usize) -> Result<Self, InvalidInput> {
                let text = text.into();
                check($field, &text, max)?;
                Ok(Self(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidInput;

            fn from_str(text: &str) -> Result<Self, InvalidInput> {
                Self::with_max_bytes(text, Self::MAX_BYTES)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidInput;

            fn try_from(text: String) -> Result<Self, InvalidInput> {
                Self::with_max_bytes(text, Self::MAX_BYTES)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidInput;

            fn try_from(text: &str) -> Result<Self, InvalidInput> {
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
    /// Description of a file in the library.
    Description, "description"
}

text! {
    /// Description of the parameters that a script takes. Giving one also sets `HasParameters`.
    ParametersDescription, "parameters description"
}
