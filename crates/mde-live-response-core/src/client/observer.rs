//! Reports of a client about its calls while they run.

use std::fmt;
use std::time::Duration;

use crate::error::Error;
use crate::values::{CallKind, FileName};

/// Receives every event of a client and its clones.
///
/// Events are attempts, byte counts, waits and results.
///
/// The client calls it on the thread that makes the call. Its time counts against the call's deadline, and its panic
/// ends the call.
///
/// Events contain no secrets. An error can quote the answer, so a server that echoes the request can bring bytes of the
/// file into a log.
///
/// # Examples
///
/// ```
/// use mde_live_response::policy::{Call, Event, Observer};
///
/// struct Waits;
///
/// impl Observer for Waits {
///     fn event(&self, call: &Call<'_>, event: &Event<'_>) {
///         if let Event::Waiting { reason, time: Some(time) } = event {
///             eprintln!("{call}: waiting {} s: {reason}", time.as_secs());
///         }
///     }
/// }
/// ```
pub trait Observer: Send + Sync {
    /// Receives one event of a call.
    fn event(&self, call: &Call<'_>, event: &Event<'_>);
}

impl<O: Observer + ?Sized> Observer for std::sync::Arc<O> {
    fn event(&self, call: &Call<'_>, event: &Event<'_>) {
        (**self).event(call, event);
    }
}

/// The call that an event is about.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    pub(super) id: u64,
    pub(super) kind: CallKind,
    pub(super) file: Option<&'a FileName>,
}

impl<'a> Call<'a> {
    /// Number of the call within a client and its clones, from 1. Each page of a list is a call.
    ///
    /// A part of a call, such as getting a token, has the number of that call and its own kind.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The kind of the call.
    #[must_use]
    pub fn kind(&self) -> CallKind {
        self.kind
    }

    /// The file that the call is about.
    #[must_use]
    pub fn file(&self) -> Option<&'a FileName> {
        self.file
    }
}

/// As in a log: `upload collect-dns.ps1`.
impl fmt::Display for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.file {
            Some(file) => write!(f, "{} {file}", self.kind),
            None => write!(f, "{}", self.kind),
        }
    }
}

/// One step of a call.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An attempt starts.
    Attempt {
        /// Number of the attempt, from 1. One that ends with a refused token does not count.
        number: u32,
    },
    /// The transport has read this much of the request's body. For uploads only.
    Sent {
        /// Bytes read in this attempt.
        bytes: u64,
        /// Bytes of the whole body.
        of: u64,
    },
    /// An attempt failed. The next event shows whether another one follows.
    Failed {
        /// Number of the attempt, as in [`Attempt`](Self::Attempt).
        number: u32,
        /// Its error.
        error: &'a Error,
    },
    /// The call waits.
    Waiting {
        /// Reason of the wait.
        reason: WaitReason,
        /// Expected time, if it is known.
        time: Option<Duration>,
    },
    /// The call succeeded.
    Succeeded,
    /// The call failed.
    Ended {
        /// The error that the caller gets.
        error: &'a Error,
    },
}

/// Reason of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WaitReason {
    /// The documented 100 calls a minute were made.
    MinuteLimit,
    /// The documented 1,500 calls an hour were made.
    HourLimit,
    /// The service refused another call of this client for its rate.
    Throttled,
    /// The service asks for a wait before the retry.
    RetryAfter,
    /// Random backoff before the retry.
    Backoff,
    /// Another call is getting a token for all.
    Token,
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MinuteLimit => "rate limit per minute",
            Self::HourLimit => "rate limit per hour",
            Self::Throttled => "the service throttled an earlier call",
            Self::RetryAfter => "the service asks for it",
            Self::Backoff => "backoff",
            Self::Token => "another call is getting a token",
        })
    }
}
