//! The pace of calls: never more than the service takes.
//!
//! Exact, not approximate: the service counts the calls of the last minute and of the last hour, and so does
//! this. A call takes its slot when it begins, and frees it a minute (an hour) after it *ended*: at which
//! moment in between the service counts it is not known here.

mod ledger;
mod news;
mod shared;
mod store;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use store::PaceStore;

use super::clock::Clock;
use super::observer::{Event, WaitReason};
use super::task::Task;
use crate::error::{Error, ThrottledError};
use ledger::{CallId, Ledger, Rate, Span, Turn, longest_span};
use news::{Moment, News};

/// What the service documents: 100 calls a minute and 1,500 an hour.
pub(crate) const SERVICE_RATES: [Rate; 2] = [
    Rate { calls: 100, span: Duration::from_secs(60), reason: WaitReason::MinuteLimit },
    Rate { calls: 1_500, span: Duration::from_secs(3_600), reason: WaitReason::HourLimit },
];

/// How soon to look again for the end of another process's calls: nobody tells of it.
const POLL: Duration = Duration::from_millis(250);

/// How long after its deadline a call of a process that was killed is taken to have ended.
const GRACE: Duration = Duration::from_secs(30);

/// A time to wait for that differs by less is not worth telling again.
const SAME_WAIT: Duration = Duration::from_millis(100);

/// The calls of a client and all its clones, and of whoever shares a store with them.
#[derive(Debug)]
pub(crate) struct Pace {
    rates: Vec<Rate>,
    own: Mutex<Own>,
    store: Option<Box<dyn PaceStore>>,
}

/// What this client knows by itself. Where there is a store, the store's ledger decides as long as it can be had.
#[derive(Debug, Default)]
struct Own {
    ledger: Ledger,
    /// Counts whatever can move somebody's turn.
    changes: u64,
    /// What the store has not been told yet, in order.
    news: VecDeque<News>,
    /// The last calls for which the store could not be had, by their number.
    without_store: VecDeque<u64>,
}

/// A call that counts. It has ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Slot<'a> {
    pace: &'a Pace,
    clock: &'a dyn Clock,
    id: CallId,
}

impl Pace {
    pub(crate) fn new(rates: impl Into<Vec<Rate>>) -> Self {
        Self { rates: rates.into(), own: Mutex::default(), store: None }
    }

    pub(crate) fn share(&mut self, store: Box<dyn PaceStore>) {
        self.store = Some(store);
    }

    /// Waits for a turn, which must come at `until` or before. Says so at once when it cannot.
    pub(crate) fn take<'a>(&'a self, task: &Task<'a>, until: Duration) -> Result<Slot<'a>, Error> {
        let clock = task.clock();
        let id = Moment::of(clock).name_call();
        let mut told = None;
        loop {
            let seen = self.lock().changes;
            let (turn, now, poll) = self.look(task, id)?;
            let (wake, reason, time) = match turn {
                Turn::Now => return Ok(Slot { pace: self, clock, id }),
                Turn::At(at, _) if at > until => {
                    return Err(ThrottledError::by_pace(Some(at.saturating_sub(now))).into());
                }
                Turn::AfterRunning(_) if now >= until => {
                    return Err(ThrottledError::by_pace(None).into());
                }
                Turn::At(at, reason) => (at, reason, Some(at.saturating_sub(now))),
                Turn::AfterRunning(reason) => (now.saturating_add(poll).min(until), reason, None),
            };
            let waiting = (time.map(|_| wake), reason);
            if !told.is_some_and(|told| is_same_wait(told, waiting)) {
                task.tell(&Event::Waiting { reason, time });
                told = Some(waiting);
            }
            task.wait(wake, &mut || self.lock().changes != seen)?;
        }
    }

    /// The turn, the time at which that was so, both on the client's clock, and how soon to look again where nobody can
    /// tell. A turn that is now has been taken.
    fn look(&self, task: &Task<'_>, id: CallId) -> Result<(Turn, Duration, Duration), Error> {
        if let Some(store) = self.store_for(task) {
            match self.try_shared(task, store, id)? {
                Ok((turn, now)) => return Ok((turn, now, POLL)),
                Err(error) => {
                    self.do_without_store(task);
                    task.tell(&Event::PaceStoreFailed { error: &error });
                }
            }
        }
        let (turn, now) = self.try_own(task, id);
        Ok((turn, now, Duration::MAX))
    }

    /// The service refused a call for its rate: none for so long from now on. Never for longer than its longest
    /// window: after that no call of ours can be the reason, and a number that is wrong must not end all calls.
    pub(crate) fn close_for(&self, wait: Duration, clock: &dyn Clock) {
        let wait = wait.min(longest_span(&self.rates));
        let mut own = self.lock();
        let now = clock.now();
        let span = Span { from: now, until: now.saturating_add(wait) };
        own.ledger.close(span);
        own.changes += 1;
        self.add_news(&mut own, News::Closed { span });
        drop(own);
        self.tell_store(clock);
    }

    fn try_own(&self, task: &Task<'_>, id: CallId) -> (Turn, Duration) {
        let mut own = self.lock();
        // Under the lock, here as elsewhere: no end lies in anybody's future.
        let now = task.clock().now();
        own.ledger.settle(&self.rates, now);
        let turn = own.ledger.turn(&self.rates, now);
        if turn == Turn::Now {
            own.ledger.begin(id, Span { from: now, until: Duration::MAX });
            let span = Span { from: now, until: at_latest(task) };
            self.add_news(&mut own, News::Began { id, span });
        }
        (turn, now)
    }

    fn end(&self, id: CallId, clock: &dyn Clock) {
        let mut own = self.lock();
        // Under the lock: the times stand in order, whichever thread comes first.
        let at = clock.now();
        own.ledger.end(id, at);
        own.changes += 1;
        self.add_news(&mut own, News::Ended { id, at });
        drop(own);
        clock.notify();
        self.tell_store(clock);
    }

    /// Every change is done under one lock, so that a panic elsewhere leaves nothing half done. Nobody who holds it
    /// goes to the store: who holds the store takes it.
    fn lock(&self) -> MutexGuard<'_, Own> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a call has ended even if nobody said so, on the client's clock.
fn at_latest(task: &Task<'_>) -> Duration {
    task.until.saturating_add(GRACE)
}

type Wait = (Option<Duration>, WaitReason);

/// A store's times are of the day: on the client's clock they are never twice quite the same.
fn is_same_wait((told, why): Wait, (until, reason): Wait) -> bool {
    why == reason
        && match (told, until) {
            (Some(told), Some(until)) => told.abs_diff(until) < SAME_WAIT,
            (told, until) => told == until,
        }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.pace.end(self.id, self.clock);
    }
}
