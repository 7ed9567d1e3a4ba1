//! What a failed answer says: shared by every error that the service spoke.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

use super::context::Escaped;

/// Longest message shown, in characters; the accessor has it whole.
const MAX_SHOWN: usize = 300;

/// Status and, where the answer is the documented JSON, code, message and target; else a short excerpt.
#[derive(Debug, Clone)]
pub(crate) struct FailureAnswer {
    pub(crate) status: StatusCode,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) excerpt: String,
    pub(crate) retry_after: Option<Duration>,
}

impl fmt::Display for FailureAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text| Escaped { text, max: MAX_SHOWN };
        write!(f, "{}", self.status.as_u16())?;
        if let Some(code) = &self.code {
            write!(f, " {}", shown(code))?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {}", shown(message))?;
        } else if !self.excerpt.is_empty() {
            write!(f, ": {}", shown(&self.excerpt))?;
        }
        if let Some(target) = &self.target {
            write!(f, " (support id {})", shown(target))?;
        }
        Ok(())
    }
}

/// The accessors of every error that has, or may have, a [`FailureAnswer`]: its private `answer()` tells.
macro_rules! answer_accessors {
    () => {
        /// The service's own code, such as `InvalidRequestBody`, or `AADSTS...` from Microsoft Entra. `None` where
        /// there was no answer, or one in another form than the documented JSON.
        #[must_use]
        pub fn code(&self) -> Option<&str> {
            self.answer()?.code.as_deref()
        }

        /// The service's message: free text that may change, and may hold anything. As sent and uncut, but for the
        /// token, which is taken out of it; an answer has 1 MiB at most
        /// ([`Limits::DEFAULT_MAX_RESPONSE`](crate::Limits::DEFAULT_MAX_RESPONSE)), of a list 64 MiB.
        #[must_use]
        pub fn message(&self) -> Option<&str> {
            self.answer()?.message.as_deref()
        }

        /// An identifier that the service's support can look up; from Microsoft Entra the correlation ID.
        #[must_use]
        pub fn target(&self) -> Option<&str> {
            self.answer()?.target.as_deref()
        }
    };
}

pub(crate) use answer_accessors;
