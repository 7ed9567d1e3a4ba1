//! The pace by a store: turns among all who share it, and what it has to be told.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use super::ledger::{CallId, Ledger, Span, Turn, most_calls};
use super::news::{Moment, News};
use super::{Own, Pace, PaceStore, at_latest, store};
use crate::client::Clock;
use crate::client::task::Task;
use crate::error::Error;

/// How soon to try again where somebody else is at the store.
const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// How long to try: whoever holds a store for longer has stopped in the middle of it.
const BUSY_LIMIT: Duration = Duration::from_secs(2);

/// How often to try when a call is over: its caller waits for it no more than three pauses.
const TRIES_AFTERWARDS: u32 = 4;

/// How many calls are known that do without the store: more than run at once.
const MOST_WITHOUT_STORE: usize = 256;

impl Pace {
    /// The store, but for a call that has found it failing before.
    pub(super) fn store_for(&self, task: &Task<'_>) -> Option<&dyn PaceStore> {
        let store = self.store.as_deref()?;
        (!self.lock().without_store.contains(&task.call.id())).then_some(store)
    }

    pub(super) fn do_without_store(&self, task: &Task<'_>) {
        let mut own = self.lock();
        own.without_store.push_back(task.call.id());
        if own.without_store.len() > MOST_WITHOUT_STORE {
            own.without_store.pop_front();
        }
    }

    /// The turn by the store's ledger. Waits a little for a store that is busy.
    pub(super) fn try_shared(
        &self,
        task: &Task<'_>,
        store: &dyn PaceStore,
        id: CallId,
    ) -> Result<io::Result<(Turn, Duration)>, Error> {
        let clock = task.clock();
        let give_up = clock.now().saturating_add(BUSY_LIMIT).min(task.until);
        loop {
            let looked = self.update(store, clock, |ledger, moment| {
                let Moment { now, today } = moment;
                let turn = match ledger.turn(&self.rates, today) {
                    Turn::At(at, reason) => Turn::At(moment.on_clock(at), reason),
                    other => other,
                };
                if turn == Turn::Now {
                    let left = at_latest(task).saturating_sub(now);
                    ledger.begin(id, Span { from: today, until: today.saturating_add(left) });
                }
                (turn, now)
            });
            match looked {
                Err(error) if is_busy(&error) && clock.now() < give_up => {}
                Err(error) => return Ok(Err(error)),
                Ok((turn, now)) => {
                    if turn == Turn::Now {
                        let span = Span { from: now, until: Duration::MAX };
                        self.lock().ledger.begin(id, span);
                    }
                    return Ok(Ok((turn, now)));
                }
            }
            task.wait(clock.now().saturating_add(BUSY_PAUSE), &mut || false)?;
        }
    }

    /// Tells the store what is new, if it can be had now; else with the next call.
    pub(super) fn tell_store(&self, clock: &dyn Clock) {
        let Some(store) = self.store.as_deref() else { return };
        for left in (0..TRIES_AFTERWARDS).rev() {
            match self.update(store, clock, |_, _| ()) {
                Err(error) if is_busy(&error) && left > 0 => clock.sleep(BUSY_PAUSE),
                _ => return,
            }
        }
    }

    /// Changes the store's ledger, which knows all news by then. Times are told while the store is held, so that those
    /// of all who come to it stand in order.
    fn update<T>(
        &self,
        store: &dyn PaceStore,
        clock: &dyn Clock,
        change: impl FnOnce(&mut Ledger, Moment) -> T,
    ) -> io::Result<T> {
        let mut told = VecDeque::new();
        let updated = store::update(store, &self.rates, |ledger| {
            told = std::mem::take(&mut self.lock().news);
            let moment = Moment::of(clock);
            for news in &told {
                news.apply(ledger, moment);
            }
            ledger.settle(&self.rates, moment.today);
            change(ledger, moment)
        });
        if updated.is_err() {
            let mut own = self.lock();
            let newer = std::mem::replace(&mut own.news, told);
            for news in newer {
                self.add_news(&mut own, news);
            }
        }
        updated
    }

    /// No more than can count, begin and end of each: a store may never be had.
    pub(super) fn add_news(&self, own: &mut Own, news: News) {
        if self.store.is_none() {
            return;
        }
        own.news.push_back(news);
        if own.news.len() > 2 * most_calls(&self.rates) {
            own.news.pop_front();
        }
    }
}

fn is_busy(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}
