//! The wish that a call end now, spoken by one thread and heard by another.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Ends calls from another thread: those of every client that was given it
/// ([`Client::cancelled_by`](crate::Client::cancelled_by)), at once and for good.
///
/// A handle: clones are the same token. A call that is being sent or waits ends with
/// [`Error::Cancelled`](crate::Error::Cancelled), which says what is known of the library's state; one that has
/// succeeded stays a success.
///
/// # Examples
///
/// ```
/// # use mde_live_response_mock::MockTransport;
/// use mde_live_response_core::{AccessToken, CancelToken, Client, Endpoint, Error, Upload};
///
/// # let transport = MockTransport::new();
/// let token = AccessToken::new("an-access-token")?;
/// let client = Client::builder(Endpoint::COMMERCIAL, token, transport).build();
///
/// let cancel = CancelToken::new();
/// let client = client.cancelled_by(&cancel);
/// cancel.cancel(); // as a rule from another thread
///
/// let upload = Upload::new("a.ps1".parse()?, b"Get-Date\n");
/// assert!(matches!(client.upload(&upload), Err(Error::Cancelled(_))));
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

/// Somebody who waits, and looks at the token when woken.
pub(crate) trait Wake: Send + Sync {
    fn wake(&self);
}

impl CancelToken {
    /// A token of which nobody has made use.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the calls. Once is enough, and for ever.
    pub fn cancel(&self) {
        self.state.cancelled.store(true, Ordering::SeqCst);
        let waiting: Vec<_> = self.waiting().iter().filter_map(Weak::upgrade).collect();
        for waiting in waiting {
            waiting.wake();
        }
    }

    /// Whether [`cancel`](Self::cancel) was called. A transport looks at it ten times a second or more.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.state.cancelled.load(Ordering::SeqCst)
    }

    /// Has it woken when the token is cancelled.
    pub(crate) fn wakes(&self, waiting: Weak<dyn Wake>) {
        let mut all = self.waiting();
        all.retain(|other| other.strong_count() > 0 && !other.ptr_eq(&waiting));
        all.push(waiting);
    }

    /// Every change is a single step: a panic elsewhere leaves nothing half done.
    fn waiting(&self) -> MutexGuard<'_, Vec<Weak<dyn Wake>>> {
        self.state.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken")
            .field("cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}
