//! Where randomness comes from: one function over the operating system's generator.

use std::fmt;
use std::io;

/// A source of random bytes. [`OsRandom`] unless a test puts its own in its place.
pub trait Random: fmt::Debug + Send + Sync {
    /// Fills the buffer with random bytes.
    ///
    /// # Errors
    ///
    /// [`RandomError`] when there are none to be had.
    fn fill(&self, buf: &mut [u8]) -> Result<(), RandomError>;
}

/// No randomness to be had. Nothing weaker is used in its place.
#[derive(Debug, thiserror::Error)]
#[error("no random bytes to be had")]
pub struct RandomError {
    source: io::Error,
}

impl RandomError {
    /// An error with its cause.
    #[must_use]
    pub fn new(source: io::Error) -> Self {
        Self { source }
    }

    pub(crate) fn repeating() -> Self {
        Self::new(io::Error::other("the source draws the same bytes over and over"))
    }
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, buf: &mut [u8]) -> Result<(), RandomError> {
        getrandom::fill(buf).map_err(|error| RandomError::new(error.into()))
    }
}
