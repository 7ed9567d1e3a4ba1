//! When to send again: one pure rule over what happened.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::observer::WaitReason;
use crate::error::{AuthErrorKind, Error};
use crate::transport::{Delivery, TransportErrorKind};

/// When a call is sent again, and how often.
///
/// A call is repeated only when that is harmless: when nothing can have come of the attempt, or when doing it
/// twice is the same as doing it once (an upload that overrides, a list, a delete). Between attempts the
/// wait is the larger of what the service asks for and a random part of a growing backoff.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::RetryPolicy;
///
/// let patient = RetryPolicy::DEFAULT.with_attempts(5);
/// assert_eq!(patient.attempts(), 5);
/// assert_eq!(RetryPolicy::NONE.attempts(), 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    attempts: u32,
    first_backoff: Duration,
    longest_backoff: Duration,
    longest_asked: Duration,
    budget: u32,
    unknown_resolved: bool,
}

impl RetryPolicy {
    /// Three attempts; backoff from 0.5 s, doubling to 20 s; at most 60 s where the service asks for a wait;
    /// a budget of 500. All are this library's choice.
    pub const DEFAULT: Self = Self {
        attempts: 3,
        first_backoff: Duration::from_millis(500),
        longest_backoff: Duration::from_secs(20),
        longest_asked: Duration::from_secs(60),
        budget: 500,
        unknown_resolved: true,
    };

    /// Every request is sent once, and an unknown outcome is returned as such. A refused token is still replaced,
    /// once.
    pub const NONE: Self = Self { attempts: 1, unknown_resolved: false, ..Self::DEFAULT };

    /// Sets how often a request is sent at most: 3 times unless set; 1 at least, also for 0. A request that only a
    /// refused token ended does not count.
    #[must_use]
    pub const fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = if attempts == 0 { 1 } else { attempts };
        self
    }

    /// Sets the backoff: a random time up to the first before the first repeat, up to twice as much before the
    /// next, and so on up to the longest. 0.5 s and 20 s unless set, this library's choice.
    #[must_use]
    pub const fn with_backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.first_backoff = first;
        self.longest_backoff = longest;
        self
    }

    /// Sets the longest wait that the service may ask for; a longer one ends the call. 60 s unless set, this
    /// library's choice.
    #[must_use]
    pub const fn with_longest_asked(mut self, longest: Duration) -> Self {
        self.longest_asked = longest;
        self
    }

    /// Sets the budget that all clones of a client share: a repeat costs 5, one after a time-out 10, and a
    /// success gives back what its repeats cost, or 1. An outage empties it, and calls then end at once. 500 unless
    /// set; all of these are this library's choice.
    #[must_use]
    pub const fn with_budget(mut self, budget: u32) -> Self {
        self.budget = budget;
        self
    }

    /// Sets whether an unknown outcome of an upload that must not replace anything is resolved: by listing the
    /// library once. The same bytes under the name are success, other bytes an error of their own, and if the name
    /// is absent the upload is sent again. It is unless set, but for [`NONE`](Self::NONE).
    #[must_use]
    pub const fn resolve_unknown(mut self, resolve: bool) -> Self {
        self.unknown_resolved = resolve;
        self
    }

    /// Whether an unknown outcome is resolved by listing the library.
    #[must_use]
    pub const fn resolves_unknown(&self) -> bool {
        self.unknown_resolved
    }

    /// How often a request is sent at most.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// What all clones of a client may spend on repeats before a success gives some of it back.
    #[must_use]
    pub const fn budget(&self) -> u32 {
        self.budget
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Whether doing a call twice is the same as doing it once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    Always,
    OnlyIfNotDelivered,
}

/// What is known when an attempt has failed.
#[derive(Debug)]
pub(crate) struct Failed<'a> {
    pub(crate) error: &'a Error,
    pub(crate) repeat: Repeat,
    /// Attempts so far, this one included; one that only a refused token ended does not count.
    pub(crate) attempts: u32,
    /// Whether a refused token was replaced before.
    pub(crate) renewed: bool,
    pub(crate) time_left: Duration,
    pub(crate) budget: u32,
}

/// What to do after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Return the error.
    GiveUp,
    /// Return the error, and say that it was the budget that ended the call.
    BudgetSpent,
    /// Ask for another token, and send again at once.
    RenewToken,
    /// Wait this long, for this reason, and send again, for this price.
    Wait { time: Duration, reason: WaitReason, cost: u32 },
}

/// Price of a repeat.
const COST: u32 = 5;
/// Price of a repeat after a time-out, which says more of the service's state than a quick refusal.
const COST_AFTER_TIMEOUT: u32 = 10;

/// The rule. `random` gives a number from 0 to 1, and is asked only when there may be a wait.
pub(crate) fn decide(
    policy: &RetryPolicy,
    failed: &Failed<'_>,
    random: impl FnOnce() -> f64,
) -> Decision {
    if is_refused_token(failed.error) && !failed.renewed {
        return Decision::RenewToken;
    }
    // An attempt whose outcome is unknown ends a call that must not be done twice: no later one can hide it.
    let is_harmless =
        failed.repeat == Repeat::Always || failed.error.delivery() == Delivery::NotDelivered;
    if !failed.error.is_retryable() || !is_harmless || failed.attempts >= policy.attempts {
        return Decision::GiveUp;
    }
    let asked = failed.error.retry_after().unwrap_or_default();
    let backoff = policy.backoff(failed.attempts, random());
    let time = asked.max(backoff);
    let reason = if asked > backoff { WaitReason::RetryAfter } else { WaitReason::Backoff };
    if asked > policy.longest_asked || time > failed.time_left {
        return Decision::GiveUp;
    }
    let cost = if is_timeout(failed.error) { COST_AFTER_TIMEOUT } else { COST };
    if cost > failed.budget { Decision::BudgetSpent } else { Decision::Wait { time, reason, cost } }
}

impl RetryPolicy {
    /// Full jitter: any time from none to the backoff of this attempt.
    fn backoff(&self, attempts: u32, random: f64) -> Duration {
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
        let longest = self.first_backoff.saturating_mul(doubled).min(self.longest_backoff);
        longest.mul_f64(random.clamp(0.0, 1.0))
    }
}

fn is_refused_token(error: &Error) -> bool {
    matches!(error, Error::Auth(error) if error.kind() == AuthErrorKind::Unauthorized)
}

fn is_timeout(error: &Error) -> bool {
    matches!(error, Error::Transport(error) if matches!(error.kind(), TransportErrorKind::Timeout(_)))
}

/// What all clones of a client may spend on repeats.
#[derive(Debug)]
pub(crate) struct Budget {
    left: AtomicU32,
    most: u32,
}

impl Budget {
    pub(crate) fn new(most: u32) -> Self {
        Self { left: AtomicU32::new(most), most }
    }

    pub(crate) fn left(&self) -> u32 {
        self.left.load(Ordering::Relaxed)
    }

    /// Takes a price out, or as much as another thread has left of it.
    pub(crate) fn spend(&self, cost: u32) {
        self.change(|left| left.saturating_sub(cost));
    }

    /// A success gives back what the call's repeats cost, or 1.
    pub(crate) fn give_back(&self, spent: u32) {
        self.change(|left| left.saturating_add(spent.max(1)).min(self.most));
    }

    fn change(&self, change: impl Fn(u32) -> u32) {
        // Cannot fail: there always is a next value.
        let _ =
            self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(change(left)));
    }
}
