//! Everything that a call can end with other than success.
//!
//! [`Error`] is only a sum: each variant is a type of its own with the facts, and every message can stand
//! alone: to which file, what happened, what is known about the library's state.

mod answer;
mod auth;
mod cancelled;
mod context;
mod input;
mod mismatch;
mod response;
mod service;
mod source;
mod throttled;

use std::time::{Duration, SystemTime};

use http::StatusCode;

pub use auth::{AuthError, AuthErrorKind};
pub use cancelled::CancelledError;
pub use input::InputError;
pub use mismatch::{MismatchError, MismatchErrorKind};
pub use response::{ResponseError, ResponseErrorKind};
pub use service::{ServiceError, ServiceErrorKind};
pub use source::{SourceError, SourceErrorKind};
pub use throttled::ThrottledError;

pub(crate) use answer::FailureAnswer;
pub(crate) use context::Context;

use crate::client::{CredentialError, InvalidApplication};
use crate::model::{
    AccessToken, CallKind, FileName, InvalidContentType, InvalidEndpoint, InvalidFileName,
    InvalidSecret, InvalidSha256, InvalidText, InvalidToken,
};
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
    Transport(TransportError),
    /// The service answered with a status other than success.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// A pause is due: the service asks for one, or this client's own pace leaves no turn in time.
    #[error(transparent)]
    Throttled(#[from] ThrottledError),
    /// The service answered with success, but its answer is not what the call should give.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// The library holds something else than what was sent.
    #[error(transparent)]
    Mismatch(#[from] MismatchError),
    /// The call was cancelled from another thread.
    #[error(transparent)]
    Cancelled(#[from] CancelledError),
}

impl Error {
    /// What is known about the library's state, after all attempts of the call.
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
            Self::Cancelled(error) => error.delivery(),
        }
    }

    /// Status of the service's answer, with `Auth`, `Service`, `Throttled` and `Response`, where there was one.
    /// `None` for a status that is not the service's word: 407, and what is outside of 200 to 599.
    ///
    /// # Examples
    ///
    /// An answer, and what the methods from here to [`is_retryable`](Self::is_retryable) say of it:
    ///
    /// ```
    /// # use mde_live_response_mock::{MockTransport, Reply};
    /// use mde_live_response_core::{AccessToken, Client, Delivery, Endpoint, RetryPolicy};
    /// use std::time::Duration;
    ///
    /// # let reply = Reply::error(429, "TooManyRequests").header("retry-after", "30");
    /// # let transport = MockTransport::new().reply(reply);
    /// let token = AccessToken::new("an-access-token")?;
    /// let client =
    ///     Client::builder(Endpoint::COMMERCIAL, token, transport).retry(RetryPolicy::NONE).build();
    ///
    /// let error = client.delete(&"a.ps1".parse()?).unwrap_err();
    /// assert_eq!(error.status().map(|status| status.as_u16()), Some(429));
    /// assert_eq!(error.service_code(), Some("TooManyRequests"));
    /// assert!(error.target().is_some()); // for the service's support
    /// assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
    /// assert!(error.is_retryable() && !error.is_conflict());
    /// assert_eq!(error.delivery(), Delivery::NotDelivered);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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

    /// The service's own code for what went wrong, such as `InvalidRequestBody`; from Microsoft Entra `AADSTS...`.
    /// Programs decide on it: of its messages the service documents that they may change.
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

    /// An identifier that the service's support can look up, where it gave one with its refusal; from Microsoft
    /// Entra the correlation ID.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        match self {
            Self::Auth(error) => error.target(),
            Self::Service(error) => error.target(),
            Self::Throttled(error) => error.target(),
            _ => None,
        }
    }

    /// How long to wait before the next try. The service asks for it: with 429 and 503 as a rule, but it may say so
    /// beside any refusal. Or it is the time until this client's own pace has a turn
    /// ([`ThrottledError::is_local`] tells which). `None` when it is not known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled(error) => error.retry_after(),
            Self::Service(error) => error.retry_after(),
            Self::Auth(error) => error.call_error()?.retry_after(),
            _ => None,
        }
    }

    /// Whether the service says that the library already holds a file of this name.
    ///
    /// True for status 409 and for the code `Conflict`, and where a listing showed it. Which answer the service
    /// gives is documented nowhere; some clients expect a 400, which cannot be told from any other refusal.
    ///
    /// Where [`delivery`](Self::delivery) is unknown, an earlier attempt may have arrived after all: the file may
    /// then be this call's own.
    ///
    /// # Examples
    ///
    /// ```
    /// # use mde_live_response_mock::{ExistsAnswer, FakeLibrary};
    /// use mde_live_response_core::{AccessToken, Client, Delivery, Endpoint, Upload};
    ///
    /// # let transport = FakeLibrary::builder().exists_answer(ExistsAnswer::Conflict409).build();
    /// # transport.insert("a.ps1", b"Get-Process\n");
    /// let token = AccessToken::new("an-access-token")?;
    /// let client = Client::builder(Endpoint::COMMERCIAL, token, transport).build();
    ///
    /// let error = client.upload(&Upload::new("a.ps1".parse()?, b"Get-Date\n")).unwrap_err();
    /// assert!(error.is_conflict() && !error.is_retryable());
    /// assert_eq!(error.delivery(), Delivery::NotDelivered); // so the file is somebody else's
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// * `Throttled`: always.
    /// * `Transport`: all kinds but `Certificate`, `Proxy`, `Refused`, `ResponseTooLarge` and `Cancelled`.
    /// * `Service`: with status 408, 500, 502, 503 or 504.
    /// * `Response`: where the outcome is unknown, so of a list never.
    /// * `Auth`: only where a request for a token ended with one of these.
    /// * `Input`, `Source`, `Mismatch`, `Cancelled`: never.
    ///
    /// Which ones is this library's choice. Says nothing about whether a repeat is harmless: see
    /// [`delivery`](Self::delivery).
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response_core::{Delivery, Error, TransportError, TransportErrorKind};
    ///
    /// let of = |kind| Error::from(TransportError::new(kind, Delivery::NotDelivered));
    /// assert!(of(TransportErrorKind::Connect).is_retryable());
    /// assert!(!of(TransportErrorKind::Certificate).is_retryable());
    /// ```
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
                    | TransportErrorKind::Cancelled
            ),
            Self::Service(error) => error.is_passing(),
            Self::Auth(error) => error.call_error().is_some_and(Self::is_retryable),
            // The service may have done it, and its word was lost on the way.
            Self::Response(error) => error.delivery() == Delivery::Unknown,
            Self::Input(_) | Self::Source(_) | Self::Mismatch(_) | Self::Cancelled(_) => false,
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
            Self::Input(_) | Self::Cancelled(_) => None,
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
                "look into the library before another try: it may have been done{}",
                known.map(|known| format!("; {known}")).unwrap_or_default()
            )),
            _ => known,
        }
    }

    /// Adds what the refused token shows by itself.
    pub(crate) fn explained_by(
        mut self,
        token: &AccessToken,
        audience: &str,
        now: SystemTime,
    ) -> Self {
        if let Self::Auth(error) = &mut self {
            let problem = token.claims().and_then(|claims| claims.check(audience, now).err());
            error.set_problem(problem);
        }
        self
    }

    /// Says what the call was about.
    pub(crate) fn about(mut self, call: CallKind, file: Option<&FileName>) -> Self {
        if let Some(context) = self.context_mut() {
            context.set_call(call, file);
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
            Self::Cancelled(error) => &mut error.context,
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

/// A transport that was told to stop did what it was told: that is no fault of it.
impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        match error.kind() {
            TransportErrorKind::Cancelled => CancelledError::new(error.delivery()).into(),
            _ => Self::Transport(error),
        }
    }
}

/// A call within the call may have ended for a reason that is its own.
impl From<CredentialError> for Error {
    fn from(error: CredentialError) -> Self {
        match error.into_call_error() {
            Ok(error @ Self::Auth(_)) => error,
            // Whatever came of the request for a token, the call itself had not begun.
            Ok(Self::Cancelled(_)) => CancelledError::new(Delivery::NotDelivered).into(),
            Ok(error) => AuthError::credential(CredentialError::new(error)).into(),
            Err(error) => AuthError::credential(error).into(),
        }
    }
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

from_edge!(
    InvalidApplication,
    InvalidContentType,
    InvalidEndpoint,
    InvalidFileName,
    InvalidSecret,
    InvalidSha256,
    InvalidText,
    InvalidToken,
);
