//! What a client tells of its calls while they run.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::error::Error;
use crate::model::{CallKind, FileName};

/// Is told of every attempt, its bytes, every wait and every result of a client and its clones.
///
/// Told on the thread that makes the call, between two steps of it: what an observer takes counts on the call's
/// deadline, and its panic ends the call.
///
/// No event holds a secret; a token is taken out of an answer as [`AccessToken`](crate::AccessToken) says. None
/// holds a byte of a file by itself either, but an error quotes what was answered (a message, the start of a body):
/// a server that echoes the request gets bytes of the file in there, and so into a log.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::{Call, Event, Observer};
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
    /// Something happened in this call.
    fn event(&self, call: &Call<'_>, event: &Event<'_>);
}

impl<O: Observer + ?Sized> Observer for std::sync::Arc<O> {
    fn event(&self, call: &Call<'_>, event: &Event<'_>) {
        (**self).event(call, event);
    }
}

/// A call that events are about.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    pub(super) id: u64,
    pub(super) kind: CallKind,
    pub(super) file: Option<&'a FileName>,
}

impl<'a> Call<'a> {
    /// Number of the call among those of a client and its clones: the first is 1, and each page of a list is a call.
    /// What is done within a call, such as getting a token, has the number of that call and a kind of its own.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> CallKind {
        self.kind
    }

    /// The file it is about, where it is about one.
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

/// What happened in a call.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A request goes out.
    Attempt {
        /// Which attempt it is; the first is 1, and one that only a refused token ended does not count.
        number: u32,
    },
    /// So many bytes of the request's body were handed to the transport. For uploads only, once for every buffer
    /// that is filled.
    Sent {
        /// Bytes so far in this attempt.
        bytes: u64,
        /// Bytes of the whole body.
        of: u64,
    },
    /// An attempt failed. Whether there is another one shows in what comes next.
    Failed {
        /// Which attempt it is, counted as for [`Attempt`](Self::Attempt).
        number: u32,
        /// Why.
        error: &'a Error,
    },
    /// The call waits.
    Waiting {
        /// What for.
        reason: WaitReason,
        /// For how long, where that is known; something else may end it sooner or prolong it.
        time: Option<Duration>,
    },
    /// The store of the pace cannot be had ([`PaceStore`](crate::PaceStore)): this call goes by the client's own count,
    /// and does not tell of it again. The store learns of the call when it can be had again.
    PaceStoreFailed {
        /// Why.
        error: &'a io::Error,
    },
    /// The call succeeded.
    Succeeded,
    /// The call ended with this error.
    Ended {
        /// The error, as the caller gets it.
        error: &'a Error,
    },
}

/// Why a call waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WaitReason {
    /// The service documents 100 calls a minute, and they were made.
    MinuteLimit,
    /// The service documents 1,500 calls an hour, and they were made.
    HourLimit,
    /// The service refused another call of this client for its rate.
    Throttled,
    /// The service asks for a pause before this request is repeated.
    RetryAfter,
    /// A random pause before a repeat.
    Backoff,
    /// Another call is getting a token for all.
    Token,
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MinuteLimit => "minute limit",
            Self::HourLimit => "hourly limit",
            Self::Throttled => "the service refused an earlier call",
            Self::RetryAfter => "the service asks for it",
            Self::Backoff => "before another try",
            Self::Token => "another call gets a token",
        })
    }
}
