//! A gate that one thread opens and others wait at. Stays open.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// How long a test and its server wait for each other before the test fails. No test comes near it.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    pub(crate) fn is_open(&self) -> bool {
        *self.0.0.lock().unwrap()
    }

    /// Waits until the gate is open.
    #[track_caller]
    pub(crate) fn pass(&self) {
        assert!(self.opens_within(PATIENCE), "nobody opened the gate in {PATIENCE:?}");
    }

    /// Returns whether the gate opens in this time.
    pub(super) fn opens_within(&self, time: Duration) -> bool {
        let open = self.0.0.lock().unwrap();
        *self.0.1.wait_timeout_while(open, time, |open| !*open).unwrap().0
    }

    /// Waits without a limit.
    pub(super) fn wait(&self) {
        let open = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(open, |open| !*open).unwrap());
    }
}
