//! The text between the parts of a form.

use std::fmt;
use std::str::FromStr;

use super::{Random, RandomError};

/// Boundary of a multipart body: 1 to 70 ASCII letters and digits, so that it never needs quotes and never
/// starts with a dash. RFC 2046 sets the length, and allows more characters.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::wire::Boundary;
///
/// assert!("7d1b3f".parse::<Boundary>().is_ok());
/// assert!("--7d1b3f".parse::<Boundary>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Boundary(String);

/// A text is not 1 to 70 ASCII letters and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("boundary is not 1 to 70 letters and digits")]
#[non_exhaustive]
pub struct InvalidBoundary;

impl Boundary {
    /// Random bytes in a drawn boundary: 20, so 160 bits and 40 hex digits.
    const RANDOM_BYTES: usize = 20;

    /// Draws a boundary of 40 hex digits: 160 random bits, this library's choice.
    ///
    /// # Errors
    ///
    /// [`RandomError`] when the source of randomness fails. There is no weaker fallback.
    pub fn draw(random: &dyn Random) -> Result<Self, RandomError> {
        let mut bytes = [0; Self::RANDOM_BYTES];
        random.fill(&mut bytes)?;
        let digits = bytes.into_iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        Ok(Self(digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()))
    }

    /// The boundary as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Boundary {
    type Err = InvalidBoundary;

    fn from_str(text: &str) -> Result<Self, InvalidBoundary> {
        let fits =
            (1..=70).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidBoundary) }
    }
}

impl fmt::Display for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
