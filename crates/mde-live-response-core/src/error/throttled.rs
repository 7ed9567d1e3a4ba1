//! The service asks for a pause.

use std::error::Error as StdError;
use std::fmt;

use http::StatusCode;

use super::answer::{FailureAnswer, answer_accessors};
use super::subject::Subject;

/// The service asks for a pause: 429, or 503 with a time to wait. Nothing was stored.
#[derive(Debug)]
pub struct ThrottledError {
    answer: Box<FailureAnswer>,
    pub(super) subject: Subject,
}

impl ThrottledError {
    pub(crate) fn new(answer: FailureAnswer) -> Self {
        Self { answer: Box::new(answer), subject: Subject::default() }
    }

    /// Status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.answer.status
    }

    answer_accessors!();

    pub(super) fn help(&self) -> String {
        match self.answer.retry_after {
            Some(_) => "wait as long as the service asks, then try again",
            None => "the service does not say for how long: wait a minute or more, then try again",
        }
        .to_owned()
    }
}

impl fmt::Display for ThrottledError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}the service asks for a pause", self.subject)?;
        if let Some(wait) = self.answer.retry_after {
            write!(f, " of {} s", wait.as_millis().div_ceil(1000))?;
        }
        write!(f, " ({}); nothing was stored", self.answer)
    }
}

impl StdError for ThrottledError {}
