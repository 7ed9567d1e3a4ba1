//! Where a body stops being a form, and why.

use std::error::Error as StdError;
use std::fmt;

/// A request that is no form by the strict rules of [`Form::decode`](super::Form::decode).
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
    pub(super) fn header(name: &'static str, what: impl Into<String>) -> Self {
        Self { place: Place::Header(name), what: what.into() }
    }

    pub(super) fn body(at: usize, what: impl Into<String>) -> Self {
        Self { place: Place::Body(at), what: what.into() }
    }

    /// Where in the body the broken piece starts, in bytes; `None` when a header of the request is at fault.
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
