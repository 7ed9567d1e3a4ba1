//! The pace of calls: never more than the service takes.
//!
//! Exact, not approximate: the service counts the calls of the last minute and of the last hour, and so does
//! this. A call takes its slot when it begins, and frees it a minute (an hour) after it *ended*: at which
//! moment in between the service counts it is not known here.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::clock::Clock;
use super::observer::{Event, WaitReason};
use super::task::Task;
use crate::error::{Error, ThrottledError};

/// At most so many calls in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) calls: usize,
    pub(crate) span: Duration,
    pub(crate) reason: WaitReason,
}

/// What the service documents: 100 calls a minute and 1,500 an hour.
pub(crate) const SERVICE_RATES: [Rate; 2] = [
    Rate { calls: 100, span: Duration::from_secs(60), reason: WaitReason::MinuteLimit },
    Rate { calls: 1_500, span: Duration::from_secs(3_600), reason: WaitReason::HourLimit },
];

/// The calls of a client and all its clones.
#[derive(Debug)]
pub(crate) struct Pace {
    rates: Vec<Rate>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Calls that have begun and not ended.
    running: usize,
    /// When the others ended, in order, as far back as the longest window goes.
    ended: VecDeque<Duration>,
    /// No call before this: the service said so.
    closed_until: Duration,
    /// Counts whatever can move somebody's turn.
    changes: u64,
}

/// When a call may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Now,
    /// At this time; other calls can only make it later.
    At(Duration, WaitReason),
    /// Not before one of the running calls has ended.
    AfterRunning(WaitReason),
}

/// A call that counts. It has ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Slot<'a> {
    pace: &'a Pace,
    clock: &'a dyn Clock,
}

impl Pace {
    pub(crate) fn new(rates: impl Into<Vec<Rate>>) -> Self {
        Self { rates: rates.into(), state: Mutex::default() }
    }

    /// Waits for a turn, which must come at `until` or before. Says so at once when it cannot.
    pub(crate) fn take<'a>(&'a self, task: &Task<'a>, until: Duration) -> Result<Slot<'a>, Error> {
        let clock = task.clock();
        let mut told = None;
        loop {
            let now = clock.now();
            let (turn, seen) = self.try_take(now);
            let (wake, reason, time) = match turn {
                Turn::Now => return Ok(Slot { pace: self, clock }),
                Turn::At(at, _) if at > until => {
                    return Err(ThrottledError::by_pace(Some(at.saturating_sub(now))).into());
                }
                Turn::AfterRunning(_) if now >= until => {
                    return Err(ThrottledError::by_pace(None).into());
                }
                Turn::At(at, reason) => (at, reason, Some(at.saturating_sub(now))),
                Turn::AfterRunning(reason) => (until, reason, None),
            };
            if told.replace((wake, reason)) != Some((wake, reason)) {
                task.tell(&Event::Waiting { reason, time });
            }
            task.wait(wake, &mut || self.lock().changes != seen)?;
        }
    }

    /// The service refused a call for its rate: none for so long from now on. Never for longer than its longest
    /// window: after that no call of ours can be the reason, and a number that is wrong must not end all calls.
    pub(crate) fn close_for(&self, wait: Duration, now: Duration) {
        let wait = wait.min(self.longest_span());
        let mut state = self.lock();
        state.closed_until = state.closed_until.max(now.saturating_add(wait));
        state.changes += 1;
    }

    fn try_take(&self, now: Duration) -> (Turn, u64) {
        let mut state = self.lock();
        let turn = state.turn(&self.rates, now);
        if turn == Turn::Now {
            state.running += 1;
        }
        (turn, state.changes)
    }

    fn end(&self, clock: &dyn Clock) {
        let longest = self.longest_span();
        let mut state = self.lock();
        // Under the lock: the times stand in order, whichever thread comes first.
        let now = clock.now();
        state.running -= 1;
        state.ended.push_back(now);
        while state.ended.front().is_some_and(|ended| *ended + longest <= now) {
            state.ended.pop_front();
        }
        state.changes += 1;
    }

    fn longest_span(&self) -> Duration {
        self.rates.iter().map(|rate| rate.span).max().unwrap_or_default()
    }

    /// Every change is done under one lock, so that a panic elsewhere leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn turn(&self, rates: &[Rate], now: Duration) -> Turn {
        let (mut at, mut reason) = (self.closed_until, WaitReason::Throttled);
        for rate in rates {
            let counting = self.ended.partition_point(|ended| *ended + rate.span <= now);
            let count = self.running + self.ended.len() - counting;
            let Some(must_free) = (count + 1).checked_sub(rate.calls) else { continue };
            if must_free == 0 {
                continue;
            }
            match self.ended.get(counting + must_free - 1) {
                Some(ended) if *ended + rate.span > at => {
                    (at, reason) = (*ended + rate.span, rate.reason);
                }
                Some(_) => {}
                None => return Turn::AfterRunning(rate.reason),
            }
        }
        if at <= now { Turn::Now } else { Turn::At(at, reason) }
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.pace.end(self.clock);
        self.clock.notify();
    }
}
