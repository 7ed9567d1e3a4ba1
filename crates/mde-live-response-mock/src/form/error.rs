//! The place where a request stops being a form, and the reason.

use std::error::Error as StdError;
use std::fmt;

/// A request that is not a form by the rules of [`Form::decode`](super::Form::decode).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormError {
    place: Place,
    what: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Header(&'static str),
    Body(usize),
}

impl FormError {
    pub(crate) fn header(name: &'static str, what: impl Into<String>) -> Self {
        Self { place: Place::Header(name), what: what.into() }
    }

    pub(super) fn body(at: usize, what: impl Into<String>) -> Self {
        Self { place: Place::Body(at), what: what.into() }
    }

    /// Position of the fault in the body, in bytes. `None` if a header of the request is at fault.
    #[must_use]
    pub fn at(&self) -> Option<usize> {
        match self.place {
            Place::Header(_) => None,
            Place::Body(at) => Some(at),
        }
    }
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Header(name) => write!(f, "header {name}: {}", self.what),
            Place::Body(at) => write!(f, "byte {at} of the body: {}", self.what),
        }
    }
}

impl StdError for FormError {}
