//! A gate that one thread opens and others wait at. Stays open.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Time that peer and client wait for each other: 30 s. Ours: every case needs far less.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A gate between a [`Peer`](super::Peer) and the code that uses it. A handle: clones are the same gate.
///
/// [`Step::Open`](super::Step::Open) and [`Step::Await`](super::Step::Await) are the peer's side of it.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Creates a closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the gate, for good.
    pub fn open(&self) {
        *self.state() = true;
        self.0.1.notify_all();
    }

    /// Returns whether the gate is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self.state()
    }

    /// Waits until the gate is open.
    ///
    /// # Panics
    ///
    /// If it does not open within 30 s.
    #[track_caller]
    pub fn pass(&self) {
        assert!(self.opens_within(PATIENCE), "the gate was not opened within {PATIENCE:?}");
    }

    /// Returns whether the gate opens in this time.
    pub(crate) fn opens_within(&self, time: Duration) -> bool {
        let waited = self.0.1.wait_timeout_while(self.state(), time, |open| !*open);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn state(&self) -> MutexGuard<'_, bool> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
