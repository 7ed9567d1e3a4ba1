//! What one exchange may take: a request extension that a transport must honour.

use std::time::Duration;

use super::CancelToken;

/// Time and size limits of one exchange, and whether it is still wanted.
///
/// Travels as an extension of the request; [`Limits::of`] reads it. The time is a duration and not an
/// instant, so that it means the same to a socket and to a test with a clock of its own.
#[derive(Debug, Clone)]
pub struct Limits {
    time_left: Option<Duration>,
    max_response: u64,
    cancel: Option<CancelToken>,
}

impl Limits {
    /// Time for an exchange whose request says nothing: 300 s, this library's choice.
    pub const DEFAULT_TIME: Duration = Duration::from_secs(300);

    /// Largest response body for a single entity or an error: 1 MiB, in bytes, this library's choice.
    pub const DEFAULT_MAX_RESPONSE: u64 = 1024 * 1024;

    /// Limits of a request that carries none: [`Self::DEFAULT_TIME`] and [`Self::DEFAULT_MAX_RESPONSE`].
    #[must_use]
    pub const fn new() -> Self {
        Self {
            time_left: Some(Self::DEFAULT_TIME),
            max_response: Self::DEFAULT_MAX_RESPONSE,
            cancel: None,
        }
    }

    /// Sets the time left for the whole exchange, from resolving the name to the last byte of the answer;
    /// `None` waits for as long as the peer likes.
    #[must_use]
    pub const fn with_time_left(mut self, time_left: Option<Duration>) -> Self {
        self.time_left = time_left;
        self
    }

    /// Sets the largest response body, in bytes.
    #[must_use]
    pub const fn with_max_response(mut self, bytes: u64) -> Self {
        self.max_response = bytes;
        self
    }

    /// Sets the token by which the exchange can be ended from another thread.
    #[must_use]
    pub fn with_cancel(mut self, cancel: Option<CancelToken>) -> Self {
        self.cancel = cancel;
        self
    }

    /// The limits that a request carries, or the default ones.
    #[must_use]
    pub fn of<B>(request: &http::Request<B>) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_default()
    }

    /// Time left for the whole exchange; `None` means no limit.
    #[must_use]
    pub const fn time_left(&self) -> Option<Duration> {
        self.time_left
    }

    /// Largest response body, in bytes.
    #[must_use]
    pub const fn max_response(&self) -> u64 {
        self.max_response
    }

    /// The token by which the exchange can be ended; `None`: it cannot.
    #[must_use]
    pub const fn cancel(&self) -> Option<&CancelToken> {
        self.cancel.as_ref()
    }

    /// Whether the exchange is to end now.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancel.as_ref().is_some_and(CancelToken::is_cancelled)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
