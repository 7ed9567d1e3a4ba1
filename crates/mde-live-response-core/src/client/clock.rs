//! Time: the only way in which this library lets it pass.

use std::fmt;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Tells the time and waits for it. [`SystemClock`] unless a test puts its own in its place.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Time since some fixed point. Never goes back, and does not care for what the system's clock is set to.
    fn now(&self) -> Duration;

    /// The time of day, for what others have written down: dates of answers.
    fn time_of_day(&self) -> SystemTime;

    /// Waits until `ready` says so, or until [`now`](Self::now) has reached `until`; `None` waits for
    /// `ready` alone. Returns what `ready` said last.
    ///
    /// `ready` is asked at once, and again whenever [`notify`](Self::notify) was called and when the time has
    /// come. It must not call the clock but for `now`.
    fn wait(&self, until: Option<Duration>, ready: &mut dyn FnMut() -> bool) -> bool;

    /// Has everybody who waits ask again. Whoever calls this holds no lock that a `ready` takes.
    fn notify(&self);

    /// Waits for some time.
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
    /// A clock that starts now.
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
        // The lock guards nothing but the moment between asking and waiting: poison has no meaning here.
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
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
        drop(self.asking.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }
}
