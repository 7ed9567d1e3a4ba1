//! When to retry: one pure rule.

use std::time::Duration;

use super::observer::WaitReason;
use crate::exchange::Effect;

/// When and how often the client retries a call.
///
/// The client retries only if that is harmless: if the attempt cannot have taken effect, or if doing the call twice is
/// the same as doing it once (an upload that overrides, a list, a delete). It waits as long as the service asks, or a
/// random part of a growing backoff, whichever is longer.
///
/// # Examples
///
/// ```
/// use mde_live_response::policy::RetryPolicy;
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
    unknown_resolved: bool,
}

impl RetryPolicy {
    /// Three attempts, with a backoff from 0.5 s to 20 s. Ours.
    ///
    /// Waits for at most 60 s if the service asks for a wait.
    pub const DEFAULT: Self = Self {
        attempts: 3,
        first_backoff: Duration::from_millis(500),
        longest_backoff: Duration::from_secs(20),
        longest_asked: Duration::from_secs(60),
        unknown_resolved: true,
    };

    /// One attempt; an unknown outcome is returned as such. A refused token is still replaced once.
    pub const NONE: Self = Self { attempts: 1, unknown_resolved: false, ..Self::DEFAULT };

    /// Sets the largest number of attempts. 0 counts as 1. An attempt that ended with a refused token does not count.
    #[must_use]
    pub const fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = if attempts == 0 { 1 } else { attempts };
        self
    }

    /// Sets the backoff, a random time before each further attempt.
    ///
    /// Up to `first` before the second attempt, up to twice as much before each further one, and at most `longest`.
    #[must_use]
    pub const fn with_backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.first_backoff = first;
        self.longest_backoff = longest;
        self
    }

    /// Sets the longest wait that the service may ask for. A longer one ends the call.
    #[must_use]
    pub const fn with_longest_asked(mut self, longest: Duration) -> Self {
        self.longest_asked = longest;
        self
    }

    /// Sets whether the client resolves an unknown outcome by listing the library.
    ///
    /// Only for an upload with [`IfExists::Fail`], because the client simply repeats the other calls.
    ///
    /// If the list has the file with the sent bytes and texts, the upload succeeded. If it has another file of this
    /// name, the error is [`ErrorKind::NameTaken`]. Otherwise the client uploads again. The list and that upload each
    /// have as many attempts as the first upload.
    ///
    /// [`IfExists::Fail`]: crate::IfExists::Fail
    /// [`ErrorKind::NameTaken`]: crate::ErrorKind::NameTaken
    #[must_use]
    pub const fn with_unknown_resolved(mut self, resolved: bool) -> Self {
        self.unknown_resolved = resolved;
        self
    }

    /// Returns whether the client resolves an unknown outcome by listing the library.
    #[must_use]
    pub const fn resolves_unknown(&self) -> bool {
        self.unknown_resolved
    }

    /// Largest number of attempts.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Returns whether the client waits as long as the service asks, and has time left then.
    pub(super) fn waits(&self, asked: Duration, time_left: Duration) -> bool {
        asked <= self.longest_asked && asked < time_left
    }

    /// Full jitter: any time from 0 to the backoff of this attempt.
    fn backoff(&self, attempts: u32, random: f64) -> Duration {
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
        let longest = self.first_backoff.saturating_mul(doubled).min(self.longest_backoff);
        let part = longest.as_secs_f64() * random;
        // As a float, the longest `Duration` is rounded up to one that is too long.
        Duration::try_from_secs_f64(part).map_or(longest, |part| part.min(longest))
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Facts about a failed attempt.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of one moment")]
pub(super) struct Failed {
    /// Effect of this attempt.
    pub(super) effect: Effect,
    /// Whether the service refused the token.
    pub(super) is_refused_token: bool,
    /// Whether the same call may succeed later.
    pub(super) is_retryable: bool,
    /// The wait that the service asks for.
    pub(super) asked: Option<Duration>,
    /// Whether doing the call twice is the same as doing it once.
    pub(super) is_repeatable: bool,
    /// Number of attempts, this one included. One with a refused token does not count.
    pub(super) attempts: u32,
    /// Whether a refused token was replaced before.
    pub(super) is_renewed: bool,
    pub(super) time_left: Duration,
}

/// Decision after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    GiveUp,
    /// Get another token and retry at once.
    RenewToken,
    /// Wait and retry.
    Wait {
        time: Duration,
        reason: WaitReason,
    },
}

/// The rule. `random` returns a number from 0 to 1; it is called only if there may be a wait.
pub(super) fn decide(
    policy: &RetryPolicy,
    failed: &Failed,
    random: impl FnOnce() -> f64,
) -> Decision {
    if failed.is_refused_token && !failed.is_renewed {
        return Decision::RenewToken;
    }
    // An attempt with an unknown outcome ends a call that must not be done twice: no later attempt can hide it.
    let is_harmless = failed.is_repeatable || failed.effect == Effect::NotApplied;
    if !failed.is_retryable || !is_harmless || failed.attempts >= policy.attempts {
        return Decision::GiveUp;
    }
    let asked = failed.asked.unwrap_or_default();
    let backoff = policy.backoff(failed.attempts, random());
    let time = asked.max(backoff);
    let reason = if asked > backoff { WaitReason::RetryAfter } else { WaitReason::Backoff };
    if asked > policy.longest_asked || time > failed.time_left {
        return Decision::GiveUp;
    }
    Decision::Wait { time, reason }
}

#[cfg(test)]
mod tests;
