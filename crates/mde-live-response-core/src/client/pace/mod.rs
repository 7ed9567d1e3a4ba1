//! The pace of calls: never more than the service takes.
//!
//! Exact, not approximate: the service counts the calls of the last minute and of the last hour, and so does
//! this. A call takes its slot when it begins, and frees it a minute (an hour) after it *ended*: at which
//! moment in between the service counts it is not known here.

mod ledger;
mod store;

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use store::PaceStore;

use super::clock::Clock;
use super::observer::{Event, WaitReason};
use super::task::Task;
use crate::error::{Error, ThrottledError};
use ledger::{Ledger, Rate, Turn, longest_span};
use store::since_1970;

/// What the service documents: 100 calls a minute and 1,500 an hour.
pub(crate) const SERVICE_RATES: [Rate; 2] = [
    Rate { calls: 100, span: Duration::from_secs(60), reason: WaitReason::MinuteLimit },
    Rate { calls: 1_500, span: Duration::from_secs(3_600), reason: WaitReason::HourLimit },
];

/// How soon to look again for the end of another process's calls: nobody tells of it.
const POLL: Duration = Duration::from_millis(250);

/// How soon to try again where somebody else is at the store.
const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// How long to try: whoever holds a store for longer has stopped in the middle of it.
const BUSY_LIMIT: Duration = Duration::from_secs(2);

/// How long after its deadline a call of a process that was killed is taken to have ended.
const GRACE: Duration = Duration::from_secs(30);

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
    /// What the store has not been told yet.
    news: Vec<News>,
}

/// What happened to the pace, at times since 1970.
#[derive(Debug)]
enum News {
    Ended { id: String, at: Duration },
    Closed { until: Duration },
}

/// A call that counts. It has ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Slot<'a> {
    pace: &'a Pace,
    clock: &'a dyn Clock,
    id: String,
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
        let id = store::call_id(clock.time_of_day());
        let (mut store, mut told) = (self.store.as_deref(), None);
        loop {
            let now = clock.now();
            let seen = self.lock().changes;
            let (turn, poll) = match store {
                Some(shared) => match self.try_shared(task, shared, &id)? {
                    Ok(turn) => (turn, POLL),
                    Err(error) => {
                        task.tell(&Event::PaceStoreFailed { error: &error });
                        store = None;
                        continue;
                    }
                },
                None => (self.try_own(&id, now), Duration::MAX),
            };
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
            let until_known = time.map(|_| wake);
            if told.replace((until_known, reason)) != Some((until_known, reason)) {
                task.tell(&Event::Waiting { reason, time });
            }
            task.wait(wake, &mut || self.lock().changes != seen)?;
        }
    }

    /// The service refused a call for its rate: none for so long from now on. Never for longer than its longest
    /// window: after that no call of ours can be the reason, and a number that is wrong must not end all calls.
    pub(crate) fn close_for(&self, wait: Duration, clock: &dyn Clock) {
        let wait = wait.min(longest_span(&self.rates));
        let mut own = self.lock();
        own.ledger.close_until(clock.now().saturating_add(wait));
        own.changes += 1;
        if self.store.is_some() {
            own.news.push(News::Closed { until: since_1970(clock.time_of_day()) + wait });
        }
        drop(own);
        self.tell_store(clock);
    }

    fn try_own(&self, id: &str, now: Duration) -> Turn {
        let mut own = self.lock();
        own.ledger.settle(&self.rates, now);
        let turn = own.ledger.turn(&self.rates, now);
        if turn == Turn::Now {
            own.ledger.begin(id, Duration::MAX);
        }
        turn
    }

    /// The turn by the store's ledger, its time on the client's clock. Waits a little for a store that is busy.
    fn try_shared(
        &self,
        task: &Task<'_>,
        store: &dyn PaceStore,
        id: &str,
    ) -> Result<io::Result<Turn>, Error> {
        let clock = task.clock();
        let give_up = clock.now().saturating_add(BUSY_LIMIT).min(task.until);
        loop {
            let (now, today) = (clock.now(), since_1970(clock.time_of_day()));
            let news = std::mem::take(&mut self.lock().news);
            let turn = store::update(store, &self.rates, today, |ledger| {
                for news in &news {
                    news.apply(ledger);
                }
                let turn = ledger.turn(&self.rates, today);
                if turn == Turn::Now {
                    ledger.begin(id, today.saturating_add(task.time_left()).saturating_add(GRACE));
                }
                turn
            });
            match turn {
                Ok(Turn::At(at, reason)) => {
                    return Ok(Ok(Turn::At(now + at.saturating_sub(today), reason)));
                }
                Ok(Turn::Now) => {
                    self.lock().ledger.begin(id, Duration::MAX);
                    return Ok(Ok(Turn::Now));
                }
                Ok(later) => return Ok(Ok(later)),
                Err(error) => {
                    self.keep(news);
                    if error.kind() != io::ErrorKind::WouldBlock || now >= give_up {
                        return Ok(Err(error));
                    }
                }
            }
            task.wait(now.saturating_add(BUSY_PAUSE), &mut || false)?;
        }
    }

    fn end(&self, id: &str, clock: &dyn Clock) {
        let mut own = self.lock();
        // Under the lock: the times stand in order, whichever thread comes first.
        own.ledger.end(id, clock.now());
        own.changes += 1;
        if self.store.is_some() {
            let at = since_1970(clock.time_of_day());
            own.news.push(News::Ended { id: id.to_owned(), at });
        }
        drop(own);
        self.tell_store(clock);
    }

    /// Tells the store what is new, if it can be had at once; else with the next call.
    fn tell_store(&self, clock: &dyn Clock) {
        let Some(store) = &self.store else { return };
        let news = std::mem::take(&mut self.lock().news);
        let today = since_1970(clock.time_of_day());
        let told = store::update(&**store, &self.rates, today, |ledger| {
            for news in &news {
                news.apply(ledger);
            }
        });
        if told.is_err() {
            self.keep(news);
        }
    }

    /// News that the store could not be told. No more than can count: a store may never be had.
    fn keep(&self, mut news: Vec<News>) {
        let mut own = self.lock();
        news.append(&mut own.news);
        let most: usize = self.rates.iter().map(|rate| rate.calls).sum();
        news.drain(..news.len().saturating_sub(most));
        own.news = news;
    }

    /// Every change is done under one lock, so that a panic elsewhere leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, Own> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl News {
    fn apply(&self, ledger: &mut Ledger) {
        match self {
            Self::Ended { id, at } => ledger.end(id, *at),
            Self::Closed { until } => ledger.close_until(*until),
        }
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.pace.end(&self.id, self.clock);
        self.clock.notify();
    }
}
