//! The error of a credential, and its conversion to a call's error.

use std::error::Error as StdError;
use std::fmt;

use http::StatusCode;

use crate::error::{Cause, Effect, Error, ErrorKind};
use crate::values::Shown;

/// The error of a credential that gives no token.
///
/// The call that needs the token ends with [`ErrorKind::NoToken`] and this error's message, code and help.
#[derive(Debug)]
pub struct CredentialError(Box<Facts>);

#[derive(Debug)]
struct Facts {
    message: String,
    status: Option<StatusCode>,
    code: Option<String>,
    description: Option<String>,
    correlation_id: Option<String>,
    help: Option<String>,
    source: Option<Cause>,
    /// The request for the token that failed.
    call: Option<Error>,
}

impl Facts {
    fn new(message: String) -> Self {
        Self {
            message,
            status: None,
            code: None,
            description: None,
            correlation_id: None,
            help: None,
            source: None,
            call: None,
        }
    }
}

impl CredentialError {
    /// Creates an error about a request for a token that failed.
    pub(super) fn of_call(message: String, call: Error) -> Self {
        Self(Box::new(Facts { call: Some(call), ..Facts::new(message) }))
    }

    /// Creates an error from its cause, which must not contain a secret.
    #[must_use]
    pub fn new(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::message("the credential gave no token").with_source(source)
    }

    /// Creates an error with a message, which must not contain a secret.
    #[must_use]
    pub fn message(message: impl Into<String>) -> Self {
        Self(Box::new(Facts::new(message.into())))
    }

    /// Sets the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Sets the status of the answer that refused the token.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Sets the issuer's code, such as `AADSTS7000215`.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Sets the issuer's own description of its refusal, which [`Error::message`] returns.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.0.description = Some(description.into());
        self
    }

    /// Sets the identifier that the issuer's support can look up.
    #[must_use]
    pub fn with_correlation_id(mut self, id: impl Into<String>) -> Self {
        self.0.correlation_id = Some(id.into());
        self
    }

    /// Sets the recommended next step.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// The issuer's code.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref().or_else(|| self.0.call.as_ref()?.code())
    }

    /// Recommended next step.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        self.0.help.clone().or_else(|| self.0.call.as_ref()?.help())
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.call {
            Some(call) if self.0.message.is_empty() => call.fmt(f),
            _ => Shown::path(&self.0.message).fmt(f),
        }
    }
}

impl StdError for CredentialError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match (&self.0.source, &self.0.call) {
            (Some(source), _) => Some(&**source),
            (None, Some(call)) => call.source(),
            (None, None) => None,
        }
    }
}

/// A request for a token that failed.
impl From<Error> for CredentialError {
    fn from(error: Error) -> Self {
        Self::of_call(String::new(), error)
    }
}

impl From<CredentialError> for Error {
    fn from(CredentialError(facts): CredentialError) -> Self {
        let Facts { message, status, code, description, correlation_id, help, source, call } =
            *facts;
        let shown = (!message.is_empty()).then(|| Shown::path(&message).to_string());
        let mut error = match call {
            Some(call) => {
                let help = help.or_else(|| call.help());
                call.into_no_token(shown).with_help(help)
            }
            None => Self::new(ErrorKind::NoToken, Effect::NotApplied)
                .with_help(help)
                .with_place(shown.unwrap_or_default()),
        };
        if status.is_some() || code.is_some() || description.is_some() || correlation_id.is_some() {
            let answer = error.answer_mut();
            answer.status = status.or(answer.status);
            answer.code = code.or(answer.code.take());
            answer.message = description.or(answer.message.take());
            answer.correlation_id = correlation_id.or(answer.correlation_id.take());
        }
        match source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}
