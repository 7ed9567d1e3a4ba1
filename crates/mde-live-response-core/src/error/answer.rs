//! The parts of an answer that an error keeps.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::values::Shown;

/// Longest message that is shown, in characters; the accessor has it whole.
const MAX_SHOWN: usize = 300;

/// Facts from an answer.
///
/// The status and, if the body is the documented JSON, its code, message and correlation ID; otherwise an excerpt.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    /// `None` if a credential reports its own refusal.
    pub(crate) status: Option<StatusCode>,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) content_type: Option<String>,
    /// Host and port that answered.
    pub(crate) host: Option<String>,
    pub(crate) excerpt: String,
    pub(crate) retry_after: Option<Duration>,
    /// Host of a redirect, if it is another one.
    pub(crate) redirect: Option<String>,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text| Shown::cut(text, MAX_SHOWN);
        if let Some(status) = self.status {
            write!(f, "{}", status.as_u16())?;
        }
        if let Some(code) = &self.code {
            write!(f, " {}", shown(code))?;
        } else if let Some(host) = &self.host {
            // Without a code it may be another server than the service.
            write!(f, " from {}", shown(host))?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {}", shown(message))?;
        } else if !self.excerpt.is_empty() {
            if let Some(content_type) = &self.content_type {
                write!(f, ", {}", Shown::cut(content_type, 100))?;
            }
            write!(f, ": {}", shown(&self.excerpt))?;
        }
        if let Some(id) = &self.correlation_id {
            write!(f, ", correlation ID {}", shown(id))?;
        }
        Ok(())
    }
}
