//! A pause is due before the next call.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::StatusCode;

use super::answer::{FailureAnswer, answer_accessors};
use super::context::Context;
use crate::transport::Delivery;

/// A pause is due before the next call: the service asks for one (429, or 503 with a time to wait), or this
/// client's own pace leaves no turn in time ([`Pacing`](crate::Pacing)). The attempt that ended so did nothing; what
/// earlier ones left open is in [`Error::delivery`](crate::Error::delivery).
///
/// # Examples
///
/// ```
/// # use mde_live_response_mock::{MockTransport, Reply};
/// use mde_live_response_core::{AccessToken, Client, Endpoint, Error, Pacing};
/// use std::time::Duration;
///
/// # let reply = Reply::error(429, "TooManyRequests").header("retry-after", "3600");
/// # let transport = MockTransport::new().reply(reply);
/// let token = AccessToken::new("an-access-token")?;
/// let client = Client::builder(Endpoint::COMMERCIAL, token, transport).pacing(Pacing::FailFast).build();
///
/// let Some(Err(Error::Throttled(asked))) = client.list().next() else { unreachable!() };
/// assert!(!asked.is_local());
/// assert_eq!(asked.status().map(|status| status.as_u16()), Some(429));
/// assert_eq!((asked.code(), asked.message()), (Some("TooManyRequests"), Some("scripted by a test")));
/// assert!(asked.target().is_some()); // for the service's support
/// assert_eq!(asked.retry_after(), Some(Duration::from_secs(3600)));
///
/// // From now on the client keeps the pause by itself.
/// let Some(Err(Error::Throttled(own))) = client.list().next() else { unreachable!() };
/// assert!(own.is_local());
/// assert!(own.status().is_none() && own.code().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ThrottledError {
    by: By,
    pub(super) context: Context,
}

#[derive(Debug)]
enum By {
    Service(Box<FailureAnswer>),
    Pace(Option<Duration>),
}

impl ThrottledError {
    pub(crate) fn by_service(answer: FailureAnswer) -> Self {
        Self { by: By::Service(Box::new(answer)), context: Context::default() }
    }

    /// The client's own pace; with the time until a turn can come, where that is known.
    pub(crate) fn by_pace(wait: Option<Duration>) -> Self {
        Self { by: By::Pace(wait), context: Context::default() }
    }

    fn answer(&self) -> Option<&FailureAnswer> {
        match &self.by {
            By::Service(answer) => Some(answer),
            By::Pace(_) => None,
        }
    }

    /// Whether it was this client's own pace, and nothing was sent.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self.by, By::Pace(_))
    }

    /// Status of the service's answer; `None` for the client's own pace.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.answer().map(|answer| answer.status)
    }

    answer_accessors!();

    /// How long to wait before the next call: what the service asks for, in any form that HTTP knows, or when
    /// this client's pace has a turn again. `None` when that is not known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.by {
            By::Service(answer) => answer.retry_after,
            By::Pace(wait) => *wait,
        }
    }

    pub(super) fn help(&self) -> String {
        match &self.by {
            By::Service(answer) if answer.retry_after.is_none() => {
                "the service does not say for how long: wait a minute or more, then try again"
            }
            By::Service(_) => "wait as long as the service asks, then try again",
            By::Pace(_) => "wait, allow more time, or call less often",
        }
        .to_owned()
    }
}

impl fmt::Display for ThrottledError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.retry_after().map(|wait| wait.as_millis().div_ceil(1000));
        write!(f, "{}", self.context)?;
        match (&self.by, seconds) {
            (By::Service(answer), Some(s)) => {
                write!(f, "the service asks for a pause of {s} s ({answer})")?;
            }
            (By::Service(answer), None) => write!(f, "the service asks for a pause ({answer})")?,
            (By::Pace(_), Some(s)) => {
                write!(f, "the calls of the last minute and hour leave no turn for {s} s")?;
            }
            (By::Pace(_), None) => f.write_str("running calls leave no turn in time")?,
        }
        write!(f, "{}", self.context.ending(Delivery::NotDelivered))
    }
}

impl StdError for ThrottledError {}
