//! Settings of a client.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::pace::{Pace, PaceStore, SERVICE_RATES};
use super::retry::Budget;
use super::token::Tokens;
use super::{Client, Clock, Credential, Inner, Observer, RetryPolicy, SystemClock};
use crate::model::{Endpoint, MAX_FILE_BYTES};
use crate::transport::{Limits, Transport};
use crate::wire::{OsRandom, Random};

/// What a client does when the service's rates leave no room for a call.
///
/// The service documents them: 100 calls a minute and 1,500 an hour, counted for each application in each tenant.
///
/// All clones of a client count together. Other clients and processes are known to it only where they share a
/// [`PaceStore`]; else what they take shows as the service's 429, which every policy handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Pacing {
    /// Waits for the earliest moment at which both windows have room, if the deadline allows; else ends the call at
    /// once, with [`Error::Throttled`](crate::Error::Throttled).
    #[default]
    Wait,
    /// Ends the call at once, with [`Error::Throttled`](crate::Error::Throttled) and, where it is known, the time to
    /// wait.
    FailFast,
    /// Does not count.
    Off,
}

/// Settings of a [`Client`], all with defaults: [`build`](Self::build) cannot fail.
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
                random: Box::new(OsRandom),
                observer: None,
                calls: AtomicU64::new(1),
                pacing: Pacing::Wait,
                pace: Pace::new(SERVICE_RATES),
                retry: RetryPolicy::DEFAULT,
                budget: Budget::new(RetryPolicy::DEFAULT.budget()),
                deadline: Limits::DEFAULT_TIME,
                max_file_bytes: MAX_FILE_BYTES,
                unverified_accepted: false,
                tokens_checked: false,
            },
        }
    }

    /// Sets when a call is sent again; [`RetryPolicy::DEFAULT`] unless set.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.inner.retry = policy;
        self.inner.budget = Budget::new(policy.budget());
        self
    }

    /// Sets what happens when the service's rates leave no room for a call; [`Pacing::Wait`] unless set.
    pub fn pacing(mut self, pacing: Pacing) -> Self {
        self.inner.pacing = pacing;
        self
    }

    /// Shares the pace with other clients, of this process or of others, by what they keep in common: calls then wait
    /// for a turn among all of them. Shared with nobody unless set.
    pub fn pace_store(mut self, store: impl PaceStore + 'static) -> Self {
        self.inner.pace.share(Box::new(store));
        self
    }

    /// Sets who is told of attempts, bytes, waits and results; nobody unless set.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.inner.observer = Some(Box::new(observer));
        self
    }

    /// Sets the clock; the system's unless set. For tests.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.inner.clock = Box::new(clock);
        self
    }

    /// Time for a call as a whole, all attempts and waits included; 300 s unless set, this library's choice. Each
    /// page of a list is a call. What a [`Credential`] takes for its token counts, but cannot be cut short.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.inner.deadline = deadline;
        self
    }

    /// Largest file that is sent, in bytes; [`MAX_FILE_BYTES`] unless set. A larger one ends the call with
    /// [`InputError::FileTooLarge`](crate::InputError::FileTooLarge) before anything is sent.
    pub fn max_file_bytes(mut self, bytes: u64) -> Self {
        self.inner.max_file_bytes = bytes;
        self
    }

    /// Whether an answer that names no SHA-256 counts as success; not unless set. The service's schema
    /// allows such an answer, and the returned entry then says nothing about the stored bytes.
    pub fn accept_unverified(mut self, accepted: bool) -> Self {
        self.inner.unverified_accepted = accepted;
        self
    }

    /// Whether a token is looked at before it is sent, and a call ended that the token's own words show to be in
    /// vain: other audience, no `Library.Manage`, expired ([`TokenClaims::check`](crate::TokenClaims::check)); not
    /// unless set. A token that cannot be read is sent. Without this, the same is said after the service has refused.
    pub fn check_tokens(mut self, check: bool) -> Self {
        self.inner.tokens_checked = check;
        self
    }

    /// Source of the randomness in requests; the operating system's unless set. For tests.
    pub fn random(mut self, random: impl Random + 'static) -> Self {
        self.inner.random = Box::new(random);
        self
    }

    /// The client.
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
            .field("max_file_bytes", &self.inner.max_file_bytes)
            .field("accept_unverified", &self.inner.unverified_accepted)
            .field("check_tokens", &self.inner.tokens_checked)
            .finish_non_exhaustive()
    }
}
