//! Limits of one exchange.

use std::time::Duration;

use super::CancelToken;

/// Time and size limits of one exchange.
///
/// Times are durations and not instants, so that they mean the same to a socket and to a test with its own clock.
#[derive(Debug, Clone)]
pub struct Limits {
    time_left: Option<Duration>,
    silence: Option<Duration>,
    max_answer: u64,
    cancel: Option<CancelToken>,
}

impl Limits {
    /// Default time for an exchange: 300 s. Ours: it lets 20 MiB pass at 0.6 Mbit/s.
    pub const DEFAULT_TIME: Duration = Duration::from_secs(300);

    /// Default silence limit: 60 s. Ours: long enough for a slow service, and short enough to leave time for another
    /// attempt.
    pub const DEFAULT_SILENCE: Duration = Duration::from_secs(60);

    /// Default size limit of an answer's body: 1 MiB, in bytes. Ours.
    pub const DEFAULT_MAX_ANSWER: u64 = 1024 * 1024;

    /// Creates the default limits.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            time_left: Some(Self::DEFAULT_TIME),
            silence: Some(Self::DEFAULT_SILENCE),
            max_answer: Self::DEFAULT_MAX_ANSWER,
            cancel: None,
        }
    }

    /// Sets the time for the whole exchange. `None`: no limit.
    ///
    /// It includes the name lookup and the last byte of the answer.
    #[must_use]
    pub const fn with_time_left(mut self, time_left: Option<Duration>) -> Self {
        self.time_left = time_left;
        self
    }

    /// Sets the longest time in which no byte moves. `None`: no limit.
    #[must_use]
    pub const fn with_silence(mut self, silence: Option<Duration>) -> Self {
        self.silence = silence;
        self
    }

    /// Sets the largest body of an answer, in bytes.
    #[must_use]
    pub const fn with_max_answer(mut self, bytes: u64) -> Self {
        self.max_answer = bytes;
        self
    }

    /// Sets the token that cancels the exchange.
    #[must_use]
    pub fn with_cancel(mut self, cancel: Option<CancelToken>) -> Self {
        self.cancel = cancel;
        self
    }

    /// Time left for the whole exchange. `None`: no limit.
    #[must_use]
    pub const fn time_left(&self) -> Option<Duration> {
        self.time_left
    }

    /// Longest time in which no byte moves. `None`: no limit.
    #[must_use]
    pub const fn silence(&self) -> Option<Duration> {
        self.silence
    }

    /// Largest body of an answer, in bytes.
    #[must_use]
    pub const fn max_answer(&self) -> u64 {
        self.max_answer
    }

    /// The token that cancels the exchange.
    #[must_use]
    pub const fn cancel(&self) -> Option<&CancelToken> {
        self.cancel.as_ref()
    }

    /// Returns whether the exchange was cancelled.
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
