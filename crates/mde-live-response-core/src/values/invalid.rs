//! The one error for text that cannot be used.

use std::error::Error as StdError;
use std::fmt;

use super::{input_help, sizes};

/// Text, a path or a file size that cannot be used.
///
/// Every conversion of this crate fails with this type. It shows nothing of a secret, not even its length.
///
/// # Examples
///
/// ```
/// use mde_live_response::FileName;
/// use mde_live_response::error::Problem;
///
/// let refused = "tools/collect.ps1".parse::<FileName>().unwrap_err();
/// assert_eq!(refused.to_string(), "file name contains '/' at byte 5");
/// assert_eq!((refused.problem(), refused.at()), (&Problem::Character('/'), Some(5)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidInput {
    field: &'static str,
    problem: Problem,
    at: Option<usize>,
}

/// Problem of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// It is empty, or only white space.
    Empty,
    /// It is not set, for example an environment variable.
    Missing,
    /// It is too long, or a file is too large. Both numbers are bytes.
    TooLong {
        /// Its length.
        len: u64,
        /// The largest length allowed.
        max: u64,
    },
    /// It contains a character that is not allowed; [`InvalidInput::at`] has its position.
    Character(char),
    /// It contains a character that is not allowed. Neither the character nor its position is shown, because the text
    /// is secret.
    SecretCharacter,
    /// It starts or ends with this character.
    Edge(char),
    /// It contains `%` and two hex digits, which some servers decode.
    PercentEscape,
    /// It is reserved: a device of Windows, `.` or `..`.
    Reserved(String),
    /// Two inputs that must differ are equal, or differ only in letter case.
    Duplicate {
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// It is not UTF-8.
    NotUtf8,
    /// It does not have this form.
    Form(&'static str),
    /// It is a URL with another scheme than `https`.
    NotHttps,
    /// It is a plain `http` URL whose host is not a loopback address, written as a number.
    NotLoopback,
}

impl InvalidInput {
    /// Creates an error about a field, such as `file name`.
    #[must_use]
    pub fn new(field: &'static str, problem: Problem) -> Self {
        Self { field, problem, at: None }
    }

    /// Adds the position of the problem, in bytes from 0.
    #[must_use]
    pub fn with_position(mut self, at: usize) -> Self {
        self.at = Some(at);
        self
    }

    /// The input that cannot be used, such as `file name` or `AZURE_TENANT_ID`.
    #[must_use]
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// The problem.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Position of the problem, in bytes from 0, when it has one.
    #[must_use]
    pub fn at(&self) -> Option<usize> {
        self.at
    }

    /// Recommended next step.
    #[must_use]
    pub fn help(&self) -> &'static str {
        input_help::of(self.field, &self.problem)
    }
}

impl fmt::Display for InvalidInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field)?;
        match &self.problem {
            Problem::Empty => f.write_str(" is empty"),
            Problem::Missing => f.write_str(" is not set"),
            Problem::TooLong { len, max } => {
                let (len, max) = sizes(*len, *max);
                write!(f, " has {len}; at most {max} are allowed")
            }
            Problem::Character(found) => write!(f, " contains {found:?}"),
            Problem::SecretCharacter => f.write_str(" contains a character that is not allowed"),
            Problem::Edge(found) => write!(f, " starts or ends with {found:?}"),
            Problem::PercentEscape => f.write_str(" contains a percent escape"),
            Problem::Reserved(name) => write!(f, " {name:?} is reserved"),
            Problem::Duplicate { first, second } if first == second => {
                write!(f, " {first:?} occurs twice")
            }
            Problem::Duplicate { first, second } => {
                write!(f, " {second:?} differs from {first:?} only in letter case")
            }
            Problem::NotUtf8 => f.write_str(" is not UTF-8"),
            Problem::Form(form) => write!(f, " must be {form}"),
            Problem::NotHttps => f.write_str(" must start with https://"),
            Problem::NotLoopback => {
                f.write_str(" uses plain http, which is only allowed for 127.0.0.0/8 and [::1]")
            }
        }?;
        match self.at {
            Some(at) => write!(f, " at byte {at}"),
            None => Ok(()),
        }
    }
}

impl StdError for InvalidInput {}
