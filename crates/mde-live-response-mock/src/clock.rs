//! A clock that a test moves, or that moves by itself when everybody waits.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use mde_live_response_core::Clock;

use crate::library::start;

/// A clock on which waiting takes no time.
///
/// A handle: clones share the same time, which starts at 2026-01-01T00:00:00Z. When every registered thread
/// waits ([`register`](Self::register)), the clock jumps to the earliest time that one of them waits for.
/// Without any registration, the first thread that waits makes it jump: enough for a test of one thread.
///
/// The time goes up to 2^64 - 1 ns (584 years), and stands still there.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::Clock;
/// use mde_live_response_mock::ManualClock;
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// clock.sleep(Duration::from_secs(3600));
/// assert_eq!(clock.now(), Duration::from_secs(3600));
/// ```
#[derive(Clone)]
pub struct ManualClock {
    inner: Arc<Inner>,
}

struct Inner {
    /// Kept apart from the rest, so that the time can be told while somebody asks.
    now_nanos: AtomicU64,
    waiters: Mutex<Waiters>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiters {
    registered: usize,
    /// Changes whenever everybody has to ask again.
    round: u64,
    /// Who waits in this round, and until when.
    waiting: Vec<Option<Duration>>,
}

impl ManualClock {
    /// A clock at its start.
    #[must_use]
    pub fn new() -> Self {
        Self {
            inner: Arc::new(Inner {
                now_nanos: AtomicU64::new(0),
                waiters: Mutex::default(),
                changed: Condvar::new(),
            }),
        }
    }

    /// The latest that it can tell, some 584 years after its start: whoever waits for more waits until then.
    const END: Duration = Duration::from_nanos(u64::MAX);

    /// Counts one more thread among those that have to wait before the clock jumps, until the returned value
    /// is dropped. Register all before the first starts.
    ///
    /// # Panics
    ///
    /// Not here; but where all registered threads wait and none of them for a time, none will ever go on. Then the
    /// [`wait`](Clock::wait) of the last of them panics, or, where it was the last to end, the drop of its
    /// [`Registration`].
    pub fn register(&self) -> Registration {
        self.lock().registered += 1;
        Registration { clock: self.clone() }
    }

    /// Moves the time forward.
    pub fn advance(&self, time: Duration) {
        let mut waiters = self.lock();
        self.set(self.now().saturating_add(time));
        self.next_round(&mut waiters);
    }

    fn set(&self, now: Duration) {
        let nanos = u64::try_from(now.min(Self::END).as_nanos()).unwrap_or(u64::MAX);
        self.inner.now_nanos.store(nanos, Ordering::SeqCst);
    }

    fn next_round(&self, waiters: &mut Waiters) {
        waiters.round += 1;
        waiters.waiting.clear();
        self.inner.changed.notify_all();
    }

    /// Jumps if nobody is left who could do anything but wait.
    fn jump_if_all_wait(&self, waiters: &mut Waiters) {
        if waiters.waiting.is_empty() || waiters.waiting.len() < waiters.registered {
            return;
        }
        match waiters.waiting.iter().flatten().min() {
            Some(earliest) => {
                self.set((*earliest).max(self.now()));
                self.next_round(waiters);
            }
            // Unregistered threads may still bring what these wait for.
            None if waiters.registered == 0 => {}
            None => {
                panic!("manual clock: all threads wait for something that none of them will do")
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiters> {
        self.inner.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.inner.now_nanos.load(Ordering::SeqCst))
    }

    fn time_of_day(&self) -> SystemTime {
        start() + self.now()
    }

    /// Waits until `ready` says so or the clock shows `until`, and makes the clock jump if everybody waits.
    ///
    /// # Panics
    ///
    /// If all [registered](Self::register) threads wait, and none of them for a time.
    fn wait(&self, until: Option<Duration>, ready: &mut dyn FnMut() -> bool) -> bool {
        let until = until.map(|until| until.min(Self::END));
        let mut waiters = self.lock();
        loop {
            if ready() {
                return true;
            }
            if until.is_some_and(|until| until <= self.now()) {
                return false;
            }
            let round = waiters.round;
            waiters.waiting.push(until);
            self.jump_if_all_wait(&mut waiters);
            while waiters.round == round {
                let woken = self.inner.changed.wait(waiters);
                waiters = woken.unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn notify(&self) {
        let mut waiters = self.lock();
        self.next_round(&mut waiters);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualClock").field("now", &self.now()).finish_non_exhaustive()
    }
}

/// One thread that a [`ManualClock`] waits for, until this is dropped.
///
/// # Panics
///
/// When it is dropped, if all other registered threads wait then, and none of them for a time.
#[derive(Debug)]
#[must_use = "the thread counts only while this is kept"]
pub struct Registration {
    clock: ManualClock,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut waiters = self.clock.lock();
        waiters.registered -= 1;
        // A thread that panics already has said what went wrong; a second panic would end the process.
        if waiters.registered > 0 && !std::thread::panicking() {
            self.clock.jump_if_all_wait(&mut waiters);
        }
    }
}
