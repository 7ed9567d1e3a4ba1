//! Everything that a call can end with other than success.
//!
//! [`Error`] is only a sum: each variant is a type of its own with the facts, and every message can stand
//! alone: to which file, what happened, what is known about the library's state.

mod answer;
mod auth;
mod context;
mod input;
mod mismatch;
mod response;
mod service;
mod source;
mod throttled;

use std::time::Duration;

use http::StatusCode;

pub use auth::{AuthError, AuthErrorKind};
pub use input::InputError;
pub use mismatch::{MismatchError, MismatchErrorKind};
pub use response::{ResponseError, ResponseErrorKind};
pub use service::{ServiceError, ServiceErrorKind};
pub use source::{SourceError, SourceErrorKind};
pub use throttled::ThrottledError;

pub(crate) use answer::FailureAnswer;
pub(crate) use context::Context;

use crate::model::InvalidToken;
use crate::model::{FileName, InvalidContentType, InvalidEndpoint, InvalidFileName, InvalidText};
use crate::transport::{Delivery, TransportError, TransportErrorKind};

/// Why a call did not succeed.
///
/// [`delivery`](Self::delivery) is the fact to decide on: it says what is known about the library's state.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::{Delivery, Error, FileName};
///
/// let error = Error::from("a/b.ps1".parse::<FileName>().unwrap_err());
/// assert_eq!(error.to_string(), "file name contains the path separator '/' at byte 1");
/// assert_eq!(error.delivery(), Delivery::NotDelivered);
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What the caller gave cannot be sent; nothing was.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The file could not be read, or changed while it was.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// No token, or one that the service refuses.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// No complete answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The service answered with a status other than success.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The service asks for a pause.
    #[error(transparent)]
    Throttled(#[from] ThrottledError),
    /// The service answered with success, but its answer does not describe a stored file.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// The service stored something else than what was sent.
    #[error(transparent)]
    Mismatch(#[from] MismatchError),
}

impl Error {
    /// What is known about the library's state.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        match self {
            Self::Input(_) => Delivery::NotDelivered,
            Self::Source(error) => error.context.delivery(Delivery::NotDelivered),
            Self::Auth(error) => error.context.delivery(Delivery::NotDelivered),
            Self::Throttled(error) => error.context.delivery(Delivery::NotDelivered),
            Self::Transport(error) => error.delivery(),
            Self::Service(error) => error.delivery(),
            Self::Response(error) => error.delivery(),
            Self::Mismatch(error) => error.delivery(),
        }
    }

    /// Status of the service's answer, when there was one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Auth(error) => error.status(),
            Self::Service(error) => Some(error.status()),
            Self::Throttled(error) => error.status(),
            Self::Response(error) => Some(error.status()),
            _ => None,
        }
    }

    /// The service's own code for what went wrong, such as `InvalidRequestBody`. Stable, unlike its message.
    #[must_use]
    pub fn service_code(&self) -> Option<&str> {
        match self {
            Self::Auth(error) => error.code(),
            Self::Service(error) => error.code(),
            Self::Throttled(error) => error.code(),
            Self::Response(error) => error.code(),
            _ => None,
        }
    }

    /// How long the service asks to wait before the next try: with 429 and 503 as a rule, but it may say so
    /// beside any refusal.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled(error) => error.retry_after(),
            Self::Service(error) => error.retry_after(),
            _ => None,
        }
    }

    /// Whether the service says that the library already holds a file of this name.
    ///
    /// True for status 409 and for the code `Conflict`, and where a listing showed it. Which answer the service gives is documented
    /// nowhere; some clients expect a 400, which cannot be told from any other refusal.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Service(error) => error.is_conflict(),
            Self::Mismatch(error) => matches!(error.kind(), MismatchErrorKind::Exists { .. }),
            _ => false,
        }
    }

    /// Whether the same call may succeed later without a change to what is sent.
    ///
    /// Says nothing about whether a repeat is harmless: see [`delivery`](Self::delivery).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Throttled(_) => true,
            Self::Transport(error) => !matches!(
                error.kind(),
                TransportErrorKind::Certificate
                    | TransportErrorKind::Proxy
                    | TransportErrorKind::Refused
                    | TransportErrorKind::ResponseTooLarge
            ),
            Self::Service(error) => error.is_passing(),
            // The service may have done it, and its word was lost on the way.
            Self::Response(error) => error.delivery() == Delivery::Unknown,
            Self::Input(_) | Self::Source(_) | Self::Auth(_) | Self::Mismatch(_) => false,
        }
    }

    /// What to do next, in a sentence.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response_core::{Delivery, Error, TransportError, TransportErrorKind};
    ///
    /// let error = TransportError::new(TransportErrorKind::Receive, Delivery::Unknown);
    /// let help = Error::from(error).help().unwrap();
    /// assert!(help.starts_with("look into the library"));
    /// ```
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let known = match self {
            Self::Input(_) => None,
            Self::Source(error) => error.help(),
            Self::Auth(error) => error.help(),
            Self::Transport(error) => transport_help(error.kind()),
            Self::Service(error) => error.help(),
            Self::Throttled(error) => Some(error.help()),
            Self::Response(error) => error.help(),
            Self::Mismatch(error) => Some(error.help()),
        };
        match self.delivery() {
            // After a mismatch there is nothing left to look for: somebody looked.
            Delivery::Unknown if !matches!(self, Self::Mismatch(_)) => Some(format!(
                "look into the library before another try: the file may be there{}",
                known.map(|known| format!("; {known}")).unwrap_or_default()
            )),
            _ => known,
        }
    }

    /// Says which file the call was about.
    pub(crate) fn about(mut self, file: &FileName) -> Self {
        if let Some(context) = self.context_mut() {
            context.set_file(file);
        }
        self
    }

    /// The call that the error ended; `None` when it ended before there was one.
    pub(crate) fn context_mut(&mut self) -> Option<&mut Context> {
        Some(match self {
            Self::Input(_) => return None,
            Self::Source(error) => &mut error.context,
            Self::Auth(error) => &mut error.context,
            Self::Transport(error) => &mut error.context,
            Self::Service(error) => &mut error.context,
            Self::Throttled(error) => &mut error.context,
            Self::Response(error) => &mut error.context,
            Self::Mismatch(error) => &mut error.context,
        })
    }
}

fn transport_help(kind: TransportErrorKind) -> Option<String> {
    let help = match kind {
        TransportErrorKind::Resolve => "check the host name and the network",
        TransportErrorKind::Connect => "check the host, the network and any firewall on the way",
        TransportErrorKind::Tls => "check that the host speaks TLS 1.2 or later",
        TransportErrorKind::Certificate => {
            "if a gateway of your company opens TLS, add its certificate to the transport's roots"
        }
        TransportErrorKind::Proxy => "check the proxy's address and what it permits",
        TransportErrorKind::Timeout(_) => "check the network, or allow more time",
        _ => return None,
    };
    Some(help.to_owned())
}

macro_rules! from_edge {
    ($($edge:ty),* $(,)?) => {
        $(impl From<$edge> for Error {
            fn from(error: $edge) -> Self {
                Self::Input(error.into())
            }
        })*
    };
}

from_edge!(InvalidFileName, InvalidText, InvalidContentType, InvalidEndpoint, InvalidToken);
