//! Cancelling calls from another thread.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use super::lock::{AtomicBool, Mutex, MutexGuard, lock};

/// Cancels calls from another thread.
///
/// A handle: clones are the same token. It cancels all calls of the clients that it was given to with
/// [`Client::cancelled_by`](crate::Client::cancelled_by), for good. A call that is being sent or waits ends with
/// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled), and [`Error::effect`](crate::Error::effect) says whether the
/// library may have changed. A call that has succeeded stays a success.
///
/// # Examples
///
/// ```
/// use mde_live_response::policy::CancelToken;
/// use mde_live_response::{AccessToken, Endpoint, ErrorKind, Upload};
///
/// let cancel = CancelToken::new();
/// let token = AccessToken::new("an-access-token")?;
/// let endpoint = Endpoint::parse("http://127.0.0.1:8080")?;
/// let client = mde_live_response::client(endpoint, token).cancelled_by(&cancel);
/// cancel.cancel(); // usually from another thread
///
/// let upload = Upload::new("a.ps1".parse()?, b"Get-Date\n");
/// let error = client.upload(&upload).unwrap_err();
/// assert_eq!(error.kind(), &ErrorKind::Cancelled);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct CancelToken {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    cancelled: AtomicBool,
    waiting: Mutex<Vec<Weak<dyn Wake>>>,
}

/// A waiting client, which checks the token when woken.
pub(crate) trait Wake: Send + Sync {
    fn wake(&self);
}

impl CancelToken {
    /// Creates a token that is not cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels the calls. Later calls are cancelled, too.
    pub fn cancel(&self) {
        self.state.cancelled.store(true, Ordering::SeqCst);
        let waiting: Vec<_> = self.waiting().iter().filter_map(Weak::upgrade).collect();
        for waiting in waiting {
            waiting.wake();
        }
    }

    /// Returns whether [`cancel`](Self::cancel) was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.state.cancelled.load(Ordering::SeqCst)
    }

    /// Registers a client to wake on cancel.
    pub(crate) fn wakes(&self, waiting: Weak<dyn Wake>) {
        let mut all = self.waiting();
        all.retain(|other| other.strong_count() != 0 && !other.ptr_eq(&waiting));
        all.push(waiting);
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Weak<dyn Wake>>> {
        lock(&self.state.waiting)
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken")
            .field("cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}
