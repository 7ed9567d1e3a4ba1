//! Settings of a client.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::rate::RateWindow;
use super::token::Tokens;
use super::{Client, Clock, Credential, Inner, Observer, RetryPolicy, SystemClock};
use crate::exchange::{Limits, Transport};
use crate::values::{Endpoint, MAX_FILE_BYTES};

/// Behaviour of a client whose rate limit is reached.
///
/// The service documents 100 calls a minute and 1,500 an hour, for each application in each tenant. A client counts its
/// own calls and those of its clones. Calls of other clients show as the service's 429.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Pacing {
    /// Waits until both windows have room. If the deadline does not allow that, the call fails at once with
    /// [`ErrorKind::Throttled`](crate::ErrorKind::Throttled).
    #[default]
    Wait,
    /// The call fails at once with [`ErrorKind::Throttled`](crate::ErrorKind::Throttled).
    FailFast,
    /// Does not count calls.
    Off,
}

/// Settings of a [`Client`]. All have defaults, so [`build`](Self::build) cannot fail.
#[must_use]
pub struct ClientBuilder {
    inner: Inner,
}

impl ClientBuilder {
    pub(super) fn new(
        endpoint: Endpoint,
        credential: Box<dyn Credential>,
        transport: Box<dyn Transport>,
    ) -> Self {
        Self {
            inner: Inner {
                endpoint,
                tokens: Tokens::new(credential),
                transport,
                clock: Box::new(SystemClock::new()),
                random: Box::new(|bytes| Ok(getrandom::fill(bytes)?)),
                observer: None,
                calls: AtomicU64::new(1),
                pacing: Pacing::Wait,
                rate: RateWindow::default(),
                retry: RetryPolicy::DEFAULT,
                deadline: Limits::DEFAULT_TIME,
                silence: Limits::DEFAULT_SILENCE,
                max_file_bytes: MAX_FILE_BYTES,
                unverified_accepted: false,
                tokens_checked: false,
            },
        }
    }

    /// Sets when to retry. Default: [`RetryPolicy::DEFAULT`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.inner.retry = policy;
        self
    }

    /// Sets what happens when the rate limit is reached. Default: [`Pacing::Wait`].
    pub fn pacing(mut self, pacing: Pacing) -> Self {
        self.inner.pacing = pacing;
        self
    }

    /// Sets the receiver of attempts, bytes, waits and results. Default: none.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.inner.observer = Some(Box::new(observer));
        self
    }

    /// Sets the clock. Default: the system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.inner.clock = Box::new(clock);
        self
    }

    /// Sets the time for a call, with all its attempts and waits. Default: 300 s.
    ///
    /// Each page of a list is a call. A slow [`Credential`] uses up this time but is not interrupted.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.inner.deadline = deadline;
        self
    }

    /// Sets the longest time of an attempt in which no byte moves. Default: 60 s.
    pub fn silence_limit(mut self, limit: Duration) -> Self {
        self.inner.silence = limit;
        self
    }

    /// Sets the largest file, in bytes. Default: [`MAX_FILE_BYTES`]. A larger one is refused before anything is sent.
    pub fn max_file_bytes(mut self, bytes: u64) -> Self {
        self.inner.max_file_bytes = bytes;
        self
    }

    /// Sets whether an answer without a SHA-256 counts as success. Default: no.
    ///
    /// The service's schema allows such an answer. It says nothing about the stored bytes.
    pub fn accept_unverified(mut self, accepted: bool) -> Self {
        self.inner.unverified_accepted = accepted;
        self
    }

    /// Sets whether to check a token's claims before a call. Default: no.
    ///
    /// The call fails early if the claims show that the service will refuse the token.
    ///
    /// The checked claims are audience, `Library.Manage` and expiry
    /// ([`TokenClaims::check`](crate::auth::TokenClaims::check)). A token without readable claims is sent.
    pub fn check_tokens(mut self, check: bool) -> Self {
        self.inner.tokens_checked = check;
        self
    }

    /// Sets the source of random bytes. Default: the operating system's. For tests.
    pub fn random(
        mut self,
        random: impl Fn(&mut [u8]) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.inner.random = Box::new(random);
        self
    }

    /// Builds the client.
    #[must_use]
    pub fn build(self) -> Client {
        Client { inner: Arc::new(self.inner), cancel: None }
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("endpoint", &self.inner.endpoint)
            .field("retry", &self.inner.retry)
            .field("pacing", &self.inner.pacing)
            .field("deadline", &self.inner.deadline)
            .field("silence_limit", &self.inner.silence)
            .field("max_file_bytes", &self.inner.max_file_bytes)
            .field("accept_unverified", &self.inner.unverified_accepted)
            .field("check_tokens", &self.inner.tokens_checked)
            .finish_non_exhaustive()
    }
}
