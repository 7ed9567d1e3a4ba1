//! No token, or one that the service refuses.

use std::error::Error as StdError;
use std::fmt;

use http::StatusCode;

use super::answer::{FailureAnswer, answer_accessors};
use super::context::Context;
use crate::client::CredentialError;
use crate::transport::Delivery;

/// How authentication failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthErrorKind {
    /// The credential gave no token.
    Credential,
    /// The service refuses the token: 401.
    Unauthorized,
    /// The token is good, but not for this: 403.
    Forbidden,
}

/// No token, or one that the service refuses. Nothing was stored.
#[derive(Debug)]
pub struct AuthError {
    cause: Cause,
    pub(super) context: Context,
}

#[derive(Debug)]
enum Cause {
    Credential(CredentialError),
    Refused { answer: Box<FailureAnswer>, audience: String },
}

impl AuthError {
    pub(crate) fn credential(error: CredentialError) -> Self {
        Self { cause: Cause::Credential(error), context: Context::default() }
    }

    /// For an answer of 401 or 403.
    pub(crate) fn refused(answer: FailureAnswer, audience: &str) -> Self {
        let cause = Cause::Refused { answer: Box::new(answer), audience: audience.to_owned() };
        Self { cause, context: Context::default() }
    }

    fn answer(&self) -> Option<&FailureAnswer> {
        match &self.cause {
            Cause::Credential(_) => None,
            Cause::Refused { answer, .. } => Some(answer),
        }
    }

    /// How authentication failed.
    #[must_use]
    pub fn kind(&self) -> AuthErrorKind {
        match self.status() {
            None => AuthErrorKind::Credential,
            Some(StatusCode::FORBIDDEN) => AuthErrorKind::Forbidden,
            Some(_) => AuthErrorKind::Unauthorized,
        }
    }

    /// Status of the service's answer; `None` when the credential gave no token.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.answer().map(|answer| answer.status)
    }

    answer_accessors!();

    pub(super) fn help(&self) -> Option<String> {
        let Cause::Refused { audience, .. } = &self.cause else { return None };
        Some(match self.kind() {
            AuthErrorKind::Forbidden => format!(
                "check that the token is for the audience {audience}, and that the application has the \
                 permission Library.Manage"
            ),
            _ => "get a new token: this one is expired, revoked or not for this service".to_owned(),
        })
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.context)?;
        match (&self.cause, self.kind()) {
            (Cause::Credential(_), _) => f.write_str("the credential gave no token")?,
            (Cause::Refused { answer, .. }, AuthErrorKind::Forbidden) => {
                write!(f, "the service does not permit this with this token ({answer})")?;
            }
            (Cause::Refused { answer, .. }, _) => {
                write!(f, "the service refuses the token ({answer})")?;
            }
        }
        write!(f, "{}", self.context.ending(Delivery::NotDelivered))
    }
}

impl StdError for AuthError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.cause {
            // The wrapper would only say again that there is no token.
            Cause::Credential(error) => error.source(),
            Cause::Refused { .. } => None,
        }
    }
}
