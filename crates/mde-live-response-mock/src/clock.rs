//! A clock that a test moves, or that jumps during waits.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use mde_live_response_core::policy::Clock;

use crate::library::start;
use crate::lock::lock;

/// A clock on which waiting takes no time.
///
/// A handle: clones share the same time, which starts at 2026-01-01T00:00:00Z. When every registered thread
/// waits ([`register`](Self::register)), the clock jumps to the earliest time that one of them waits for.
/// Without a registration, it jumps as soon as one thread waits: enough for a test of one thread.
///
/// The time ends at 2^64 - 1 ns (584 years) and stands still there.
///
/// # Examples
///
/// ```
/// use mde_live_response::policy::Clock;
/// use mde_live_response_mock::ManualClock;
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// clock.sleep(Duration::from_secs(3600)); // what a client does between two attempts
/// assert_eq!(clock.now(), Duration::from_secs(3600));
/// ```
#[derive(Clone, Default)]
pub struct ManualClock {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Kept apart from the rest, so that `now` needs no lock while `ready` runs.
    now_nanos: AtomicU64,
    waiters: Mutex<Waiters>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiters {
    registered: usize,
    /// Changes when all waiting threads must call `ready` again.
    round: u64,
    /// Times until which threads wait in this round.
    waiting: Vec<Option<Duration>>,
}

impl ManualClock {
    /// A clock at its start.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The last time that the clock can show. A longer wait ends here.
    const END: Duration = Duration::from_nanos(u64::MAX);

    /// Registers one more thread.
    ///
    /// The clock jumps only when all registered threads wait.
    ///
    /// The registration ends when the returned value is dropped. Register all threads before the first one starts. Do
    /// not register a thread that calls `sync::apply`: it registers the threads that it starts, and waits for them.
    ///
    /// If all registered threads wait and none of them for a time, none would ever continue. Then the
    /// [`wait`](Clock::wait) of the last one panics or, if another thread ended last, the drop of its [`Registration`].
    pub fn register(&self) -> Registration {
        self.lock().registered += 1;
        Registration { clock: self.clone() }
    }

    /// Time since the clock's start.
    #[must_use]
    pub fn now(&self) -> Duration {
        Duration::from_nanos(self.inner.now_nanos.load(Ordering::SeqCst))
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

    /// Jumps if all registered threads wait.
    fn jump_if_all_wait(&self, waiters: &mut Waiters) {
        if waiters.waiting.is_empty() || waiters.waiting.len() < waiters.registered {
            return;
        }
        match waiters.waiting.iter().flatten().min() {
            Some(earliest) => {
                self.set((*earliest).max(self.now()));
                self.next_round(waiters);
            }
            // Unregistered threads may still make `ready` true.
            None if waiters.registered == 0 => {}
            // A panicking thread has reported its problem already; a second panic would end the process.
            None if std::thread::panicking() => {}
            None => {
                panic!("manual clock: all registered threads wait, and none of them for a time")
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiters> {
        lock(&self.inner.waiters)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        self.now()
    }

    fn time_of_day(&self) -> SystemTime {
        start() + self.now()
    }

    /// Waits until `ready` returns true or the clock shows `until`. Makes the clock jump if every thread waits.
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

    fn register(&self) -> Box<dyn Any + Send> {
        Box::new(Self::register(self))
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualClock").field("now", &self.now()).finish_non_exhaustive()
    }
}

/// The registration of one thread with a [`ManualClock`], until it is dropped.
///
/// # Panics
///
/// When it is dropped, if all other registered threads wait and none of them for a time.
#[derive(Debug)]
#[must_use = "the thread counts only while this is kept"]
pub struct Registration {
    clock: ManualClock,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut waiters = self.clock.lock();
        waiters.registered -= 1;
        self.clock.jump_if_all_wait(&mut waiters);
    }
}
