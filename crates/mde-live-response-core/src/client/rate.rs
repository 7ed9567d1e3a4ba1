//! The client-side rate limit: never more calls than the service takes.
//!
//! Exact, not approximate. The service counts the calls of the last minute and of the last hour. When exactly a call
//! arrives there is unknown, so a call counts from its start until the window's length after its end.

use std::collections::VecDeque;
use std::time::Duration;

use super::clock::Clock;
use super::observer::{Event, WaitReason};
use super::task::Task;
use crate::error::{Effect, Error, ErrorKind};
use crate::exchange::{Mutex, MutexGuard, lock};

/// At most this many calls in this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rate {
    calls: usize,
    window: Duration,
    reason: WaitReason,
}

/// The documented limits: 100 calls a minute and 1,500 an hour. The longest window is last.
const RATES: [Rate; 2] = [
    Rate { calls: 100, window: Duration::from_secs(60), reason: WaitReason::MinuteLimit }, // P16
    Rate { calls: 1_500, window: Duration::from_secs(3_600), reason: WaitReason::HourLimit }, // P17
];

/// The calls of a client and all its clones.
#[derive(Debug)]
pub(super) struct RateWindow {
    rates: [Rate; 2],
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// No call before this time, because the service said so.
    closed_until: Duration,
    running: usize,
    /// When the other calls ended, in order.
    ended: VecDeque<Duration>,
    /// Counts the calls that have ended. After each, waiting calls look again.
    changes: u64,
}

/// When the next call may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Now,
    /// At this time, or later because of other calls.
    At(Duration, WaitReason),
    /// Not before one of the running calls has ended.
    AfterRunning(WaitReason),
}

/// A counted call. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Slot<'a> {
    window: &'a RateWindow,
    clock: &'a dyn Clock,
}

impl Default for RateWindow {
    fn default() -> Self {
        Self { rates: RATES, state: Mutex::default() }
    }
}

impl RateWindow {
    /// Waits until a call may start, at the latest at `until`. Fails at once if that is impossible.
    pub(super) fn take<'a>(&'a self, task: &Task<'a>, until: Duration) -> Result<Slot<'a>, Error> {
        let clock = task.clock();
        let mut told = None;
        loop {
            let mut state = self.lock();
            // Read under the lock, so that no recorded end is later than this time.
            let now = clock.now();
            let (next, seen) = (state.next(now, &self.rates), state.changes);
            if next == Next::Now {
                state.running += 1;
                return Ok(Slot { window: self, clock });
            }
            drop(state);
            let (wake, reason, time) = match next {
                Next::At(at, reason) if at <= until => (at, reason, Some(at.saturating_sub(now))),
                Next::AfterRunning(reason) if now < until => (until, reason, None),
                Next::At(at, _) => return Err(full(Some(at.saturating_sub(now)))),
                _ => return Err(full(None)),
            };
            if told != Some((wake, reason)) {
                task.tell(&Event::Waiting { reason, time });
                told = Some((wake, reason));
            }
            task.wait(wake, &mut || self.lock().changes != seen)?;
        }
    }

    /// Closes the window for this time, because the service refused a call.
    ///
    /// At most for the longest window: after that none of our calls can be the reason, and a wrong number must not stop
    /// the client.
    pub(super) fn close_for(&self, wait: Duration, clock: &dyn Clock) {
        let [_, Rate { window: longest, .. }] = self.rates;
        let mut state = self.lock();
        let until = clock.now().saturating_add(wait.min(longest));
        // Waiting calls look again when the refused call frees its slot.
        state.closed_until = state.closed_until.max(until);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn full(wait: Option<Duration>) -> Error {
    Error::new(ErrorKind::Throttled { local: true }, Effect::NotApplied).with_wait(wait)
}

impl State {
    fn next(&mut self, now: Duration, rates: &[Rate; 2]) -> Next {
        let [_, Rate { window: longest, .. }] = *rates;
        while self.ended.front().is_some_and(|ended| ended.saturating_add(longest) <= now) {
            self.ended.pop_front();
        }
        let (mut at, mut reason) = (self.closed_until, WaitReason::Throttled);
        for rate in rates {
            let frees = |ended: &Duration| ended.saturating_add(rate.window);
            // As many ended calls must leave the window before there is room for one more. The first may have left.
            let must_leave = (self.running + self.ended.len() + 1).saturating_sub(rate.calls);
            if must_leave == 0 {
                continue;
            }
            match self.ended.get(must_leave - 1).map(frees) {
                Some(free) if free > at => (at, reason) = (free, rate.reason),
                Some(_) => {}
                None => return Next::AfterRunning(rate.reason),
            }
        }
        if at <= now { Next::Now } else { Next::At(at, reason) }
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut state = self.window.lock();
        let now = self.clock.now();
        state.running = state.running.saturating_sub(1);
        state.ended.push_back(now);
        state.changes += 1;
        drop(state);
        self.clock.notify();
    }
}

#[cfg(test)]
mod tests;
