//! Which calls count, and when the next may begin: pure, on whatever clock its times are from.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::client::WaitReason;

/// At most so many calls in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) calls: usize,
    pub(crate) span: Duration,
    pub(crate) reason: WaitReason,
}

/// The calls that count.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// No call before this: the service said so.
    closed_until: Duration,
    /// Calls that have begun and not ended.
    running: Vec<Running>,
    /// When the others ended, in order.
    ended: VecDeque<Duration>,
}

#[derive(Debug)]
struct Running {
    id: String,
    /// When it has ended even if nobody said so: whoever made it may have been killed.
    at_latest: Duration,
}

/// A ledger as it is kept: times in milliseconds, rounded up, so that no slot frees too soon.
#[derive(Serialize, Deserialize)]
pub(super) struct Written {
    closed_until: u64,
    running: Vec<(String, u64)>,
    ended: Vec<u64>,
}

impl From<&Ledger> for Written {
    fn from(ledger: &Ledger) -> Self {
        let running = ledger.running.iter();
        Self {
            closed_until: millis(ledger.closed_until),
            running: running.map(|it| (it.id.clone(), millis(it.at_latest))).collect(),
            ended: ledger.ended.iter().map(|ended| millis(*ended)).collect(),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

impl Written {
    /// What came from outside may be in any order, of any length, and claim any time to come.
    pub(super) fn read(self, rates: &[Rate], now: Duration) -> Ledger {
        let far = now.saturating_add(longest_span(rates));
        let time = |millis| Duration::from_millis(millis).min(far);
        let mut ended: Vec<_> = self.ended.into_iter().map(time).collect();
        ended.sort_unstable();
        let most: usize = rates.iter().map(|rate| rate.calls).sum();
        ended.drain(..ended.len().saturating_sub(most));
        let running = self.running.into_iter().take(most);
        Ledger {
            closed_until: time(self.closed_until),
            running: running.map(|(id, at)| Running { id, at_latest: time(at) }).collect(),
            ended: ended.into(),
        }
    }
}

/// When a call may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Now,
    /// At this time; other calls can only make it later.
    At(Duration, WaitReason),
    /// Not before one of the running calls has ended.
    AfterRunning(WaitReason),
}

impl Ledger {
    pub(super) fn turn(&self, rates: &[Rate], now: Duration) -> Turn {
        let (mut at, mut reason) = (self.closed_until, WaitReason::Throttled);
        for rate in rates {
            let counting = self.ended.partition_point(|ended| *ended + rate.span <= now);
            let count = self.running.len() + self.ended.len() - counting;
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

    pub(super) fn begin(&mut self, id: &str, at_latest: Duration) {
        self.running.push(Running { id: id.to_owned(), at_latest });
    }

    /// A call that has ended, if it was not taken to have ended before.
    pub(super) fn end(&mut self, id: &str, now: Duration) {
        let before = self.running.len();
        self.running.retain(|running| running.id != id);
        if self.running.len() < before {
            self.insert(now);
        }
    }

    pub(super) fn close_until(&mut self, time: Duration) {
        self.closed_until = self.closed_until.max(time);
    }

    /// Brings it up to a time: who should have ended has, and what no window reaches is forgotten. What lies in the
    /// future has happened now at the latest, for a clock may have been set back.
    pub(super) fn settle(&mut self, rates: &[Rate], now: Duration) {
        let longest = longest_span(rates);
        let (over, running) = std::mem::take(&mut self.running)
            .into_iter()
            .partition::<Vec<_>, _>(|running| running.at_latest <= now);
        self.running = running;
        for running in over {
            self.insert(running.at_latest);
        }
        for ended in self.ended.iter_mut().rev().take_while(|ended| **ended > now) {
            *ended = now;
        }
        while self.ended.front().is_some_and(|ended| *ended + longest <= now) {
            self.ended.pop_front();
        }
    }

    fn insert(&mut self, ended: Duration) {
        let at = self.ended.partition_point(|other| *other <= ended);
        self.ended.insert(at, ended);
    }
}

pub(super) fn longest_span(rates: &[Rate]) -> Duration {
    rates.iter().map(|rate| rate.span).max().unwrap_or_default()
}
