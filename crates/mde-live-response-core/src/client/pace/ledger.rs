//! Which calls count, and when the next may begin: pure, on whatever clock its times are from.

use std::collections::VecDeque;
use std::num::ParseIntError;
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

/// A name for a call that no other process gives to one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct CallId(pub(super) u128);

impl From<CallId> for String {
    fn from(id: CallId) -> Self {
        format!("{:x}", id.0)
    }
}

impl TryFrom<String> for CallId {
    type Error = ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        u128::from_str_radix(&text, 16).map(Self)
    }
}

/// The calls that count.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// No call in it: the service said so.
    closed: Span,
    /// Calls that have begun and not ended. Each has ended at the end of its span even if nobody said so: whoever made
    /// it may have been killed.
    running: Vec<(CallId, Span)>,
    /// When the others ended, in order.
    ended: VecDeque<Duration>,
}

/// From when until when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Duration,
    pub(super) until: Duration,
}

impl Span {
    /// The same length of time, begun now at the latest: who says otherwise wrote it before a clock was set back.
    fn begun(self, now: Duration) -> Self {
        let ahead = self.from.saturating_sub(now);
        Self { from: self.from.saturating_sub(ahead), until: self.until.saturating_sub(ahead) }
    }
}

/// A ledger as it is kept: times in milliseconds, an end rounded up, so that no slot frees too soon.
#[derive(Serialize, Deserialize)]
pub(super) struct Written {
    closed: (u64, u64),
    running: Vec<(CallId, u64, u64)>,
    ended: Vec<u64>,
}

impl From<&Ledger> for Written {
    fn from(ledger: &Ledger) -> Self {
        let running = ledger.running.iter();
        Self {
            closed: (millis(ledger.closed.from), millis_up(ledger.closed.until)),
            running: running
                .map(|(id, span)| (*id, millis(span.from), millis_up(span.until)))
                .collect(),
            ended: ledger.ended.iter().map(|ended| millis_up(*ended)).collect(),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn millis_up(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

impl Written {
    /// What came from outside may be in any order, of any length, and claim any time to come: no span is believed to be
    /// longer than the longest window.
    pub(super) fn read(self, rates: &[Rate]) -> Ledger {
        let longest = longest_span(rates);
        let span = |from, until| {
            let from = Duration::from_millis(from);
            Span { from, until: Duration::from_millis(until).min(from.saturating_add(longest)) }
        };
        let most = most_calls(rates);
        let mut ended: Vec<_> = self.ended.into_iter().map(Duration::from_millis).collect();
        ended.sort_unstable();
        ended.drain(..ended.len().saturating_sub(most));
        let running = self.running.into_iter().take(most);
        Ledger {
            closed: span(self.closed.0, self.closed.1),
            running: running.map(|(id, from, until)| (id, span(from, until))).collect(),
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
        let (mut at, mut reason) = (self.closed.until, WaitReason::Throttled);
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

    pub(super) fn begin(&mut self, id: CallId, span: Span) {
        self.running.push((id, span));
    }

    /// A call that has ended, if it was not taken to have ended before.
    pub(super) fn end(&mut self, id: CallId, at: Duration) {
        let before = self.running.len();
        self.running.retain(|(running, _)| *running != id);
        if self.running.len() < before {
            self.insert(at);
        }
    }

    pub(super) fn close(&mut self, span: Span) {
        if self.closed.until < span.until {
            self.closed = span;
        }
    }

    /// Brings it up to a time: who should have ended has, and what no window reaches is forgotten.
    pub(super) fn settle(&mut self, rates: &[Rate], now: Duration) {
        let longest = longest_span(rates);
        self.bring_back(now);
        let (over, running) = std::mem::take(&mut self.running)
            .into_iter()
            .partition::<Vec<_>, _>(|(_, span)| span.until <= now);
        self.running = running;
        for (_, span) in over {
            self.insert(span.until);
        }
        while self.ended.front().is_some_and(|ended| *ended + longest <= now) {
            self.ended.pop_front();
        }
    }

    /// What lies in the future was written before a clock was set back: the last of it has happened now, what came
    /// before it as much earlier as it had. So nothing counts for a shorter time than it should, and nothing for longer
    /// than the clock was set back.
    fn bring_back(&mut self, now: Duration) {
        self.closed = self.closed.begun(now);
        for (_, span) in &mut self.running {
            *span = span.begun(now);
        }
        let ahead = self.ended.back().map(|last| last.saturating_sub(now)).unwrap_or_default();
        if ahead > Duration::ZERO {
            for ended in self.ended.iter_mut().rev().take_while(|ended| **ended > now) {
                *ended = ended.saturating_sub(ahead);
            }
            self.ended.make_contiguous().sort_unstable();
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

/// Most calls that can count at once.
pub(super) fn most_calls(rates: &[Rate]) -> usize {
    rates.iter().map(|rate| rate.calls).sum()
}
