//! The service answered with a status other than success.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::StatusCode;

use super::answer::{FailureAnswer, answer_accessors};
use super::context::{Context, Escaped};
use crate::transport::Delivery;

/// What kind of refusal the service gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServiceErrorKind {
    /// The service points elsewhere (3xx). Never followed: it would take the token along.
    Redirected,
    /// The service refuses the request (4xx, but for what has a kind or an error of its own: 401, 403, 407, 408, 413,
    /// 429).
    Rejected,
    /// The service refuses the request for its size (413).
    TooLarge,
    /// The service failed, or gave up waiting (5xx but for a 503 with a time to wait, 408).
    Server,
}

/// The service answered with a status other than success.
///
/// # Examples
///
/// ```
/// # use mde_live_response_mock::{MockTransport, Reply};
/// use mde_live_response_core::{
///     AccessToken, Client, Delivery, Endpoint, Error, ServiceErrorKind, Upload,
/// };
///
/// # let refusal = Reply::error(400, "InvalidRequestBody");
/// # let elsewhere = Reply::status(302).header("location", "https://portal.example/").body("Sign in");
/// # let transport = MockTransport::new().reply(refusal).reply(elsewhere);
/// let token = AccessToken::new("an-access-token")?;
/// let client = Client::builder(Endpoint::COMMERCIAL, token, transport).build();
///
/// let upload = Upload::new("a.ps1".parse()?, b"Get-Date\n");
/// let Err(Error::Service(refused)) = client.upload(&upload) else { unreachable!() };
/// assert_eq!(refused.kind(), ServiceErrorKind::Rejected);
/// assert_eq!((refused.status().as_u16(), refused.code()), (400, Some("InvalidRequestBody")));
/// assert_eq!(refused.message(), Some("scripted by a test"));
/// assert!(refused.target().is_some()); // for the service's support
/// assert_eq!((refused.retry_after(), refused.delivery()), (None, Delivery::NotDelivered));
///
/// let Err(Error::Service(led_away)) = client.upload(&upload) else { unreachable!() };
/// assert_eq!(led_away.kind(), ServiceErrorKind::Redirected);
/// assert_eq!((led_away.redirect_host(), led_away.excerpt()), (Some("portal.example"), "Sign in"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ServiceError {
    kind: ServiceErrorKind,
    answer: Box<FailureAnswer>,
    redirect_host: Option<String>,
    pub(super) context: Context,
}

impl ServiceError {
    pub(crate) fn new(kind: ServiceErrorKind, answer: FailureAnswer) -> Self {
        Self { kind, answer: Box::new(answer), redirect_host: None, context: Context::default() }
    }

    pub(crate) fn redirected(answer: FailureAnswer, host: Option<String>) -> Self {
        Self { redirect_host: host, ..Self::new(ServiceErrorKind::Redirected, answer) }
    }

    #[expect(clippy::unnecessary_wraps, reason = "the form that the shared accessors take")]
    fn answer(&self) -> Option<&FailureAnswer> {
        Some(&self.answer)
    }

    /// What kind of refusal it is.
    #[must_use]
    pub fn kind(&self) -> ServiceErrorKind {
        self.kind
    }

    /// Status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.answer.status
    }

    answer_accessors!();

    /// How long the service asks to wait; `None` when it does not say, or says it in no form that HTTP knows.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.answer.retry_after
    }

    /// Start of the answer's body, without control characters, when it is not the documented JSON; at most
    /// 300 characters, this library's choice. It is what was answered, whatever that is.
    #[must_use]
    pub fn excerpt(&self) -> &str {
        &self.answer.excerpt
    }

    /// Host that a redirect points to; `None` when it is the same host, or cannot be read.
    #[must_use]
    pub fn redirect_host(&self) -> Option<&str> {
        self.redirect_host.as_deref()
    }

    /// What is known about the library's state: a service that says 4xx or 3xx has stored nothing; one that
    /// fails with 5xx may have, and so may an earlier attempt whose outcome is unknown.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        self.context.delivery(self.last_delivery())
    }

    fn last_delivery(&self) -> Delivery {
        match self.kind {
            ServiceErrorKind::Server if self.answer.status != StatusCode::REQUEST_TIMEOUT => {
                Delivery::Unknown
            }
            _ => Delivery::NotDelivered,
        }
    }

    pub(super) fn is_conflict(&self) -> bool {
        self.answer.status == StatusCode::CONFLICT || self.code() == Some("Conflict")
    }

    pub(super) fn is_passing(&self) -> bool {
        matches!(self.answer.status.as_u16(), 408 | 500 | 502 | 503 | 504)
    }

    pub(super) fn help(&self) -> Option<String> {
        let help = match self.kind {
            ServiceErrorKind::Redirected => "check the base URL: this service never redirects",
            ServiceErrorKind::Server => return None,
            ServiceErrorKind::TooLarge => "send a smaller file",
            ServiceErrorKind::Rejected if self.is_conflict() => {
                "the name is taken: choose another, or override the file if it is yours"
            }
            ServiceErrorKind::Rejected if self.answer.status == StatusCode::NOT_FOUND => {
                "check the base URL: neither its host nor its path should give 404"
            }
            // How the service says that a name is taken is documented nowhere, and 400 is what clients expect.
            ServiceErrorKind::Rejected if self.answer.status == StatusCode::BAD_REQUEST => {
                "correct what the service names; if the name may be taken, list the library, and override the \
                 file only if it is yours"
            }
            ServiceErrorKind::Rejected => "correct what the service names; a repeat will not help",
        };
        Some(help.to_owned())
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            ServiceErrorKind::Redirected => "the service redirects",
            ServiceErrorKind::Rejected => "the service rejects the request",
            ServiceErrorKind::TooLarge => "the service finds the file too large",
            ServiceErrorKind::Server => "the service failed",
        };
        write!(f, "{}{what}", self.context)?;
        if let Some(host) = &self.redirect_host {
            write!(f, " to {}", Escaped { text: host, max: 100 })?;
        }
        write!(f, " ({}){}", self.answer, self.context.ending(self.last_delivery()))
    }
}

impl StdError for ServiceError {}
