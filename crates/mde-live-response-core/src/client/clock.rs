//! Time: all waiting of this crate goes through a clock.

use std::any::Any;
use std::fmt;
use std::sync::PoisonError;
use std::time::{Duration, Instant, SystemTime};

use crate::exchange::{Condvar, Mutex, lock};

/// Tells the time and waits for it. The default is [`SystemClock`]; tests use their own.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Time since a fixed point. Monotonic: setting the system's clock does not change it.
    fn now(&self) -> Duration;

    /// The time of day, for dates in answers.
    fn time_of_day(&self) -> SystemTime;

    /// Waits until `ready` returns true or [`now`](Self::now) reaches `until`. `None` waits for `ready` alone. Returns
    /// the last result of `ready`.
    ///
    /// Calls `ready` at once, after each [`notify`](Self::notify), and at the end. `ready` may call only `now` of this
    /// clock.
    fn wait(&self, until: Option<Duration>, ready: &mut dyn FnMut() -> bool) -> bool;

    /// Wakes all waiters so that they re-check `ready`. Do not hold a lock that `ready` takes.
    fn notify(&self);

    /// Counts one more thread that waits on this clock, until the returned value is dropped.
    ///
    /// For clocks that must know their threads, because they jump when all of them wait. By default it does nothing.
    #[must_use = "the thread counts only while this is kept"]
    fn register(&self) -> Box<dyn Any + Send> {
        Box::new(())
    }

    /// Waits for a time.
    fn sleep(&self, time: Duration) {
        self.wait(Some(self.now().saturating_add(time)), &mut || false);
    }
}

/// The system's monotonic clock.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
    asking: Mutex<()>,
    changed: Condvar,
}

impl SystemClock {
    /// Creates a clock that starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: Instant::now(), asking: Mutex::new(()), changed: Condvar::new() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn time_of_day(&self) -> SystemTime {
        SystemTime::now()
    }

    fn wait(&self, until: Option<Duration>, ready: &mut dyn FnMut() -> bool) -> bool {
        // The lock guards only the moment between checking and waiting, so poison has no meaning.
        let mut asking = lock(&self.asking);
        loop {
            if ready() {
                return true;
            }
            asking = match until.map(|until| until.saturating_sub(self.now())) {
                Some(Duration::ZERO) => return false,
                Some(left) => {
                    let woken = self.changed.wait_timeout(asking, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(asking).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn notify(&self) {
        drop(lock(&self.asking));
        self.changed.notify_all();
    }
}
