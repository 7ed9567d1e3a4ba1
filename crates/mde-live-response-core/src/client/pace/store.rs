//! A pace that several clients share, in one process or in many: the ledger as bytes, and who keeps them.

use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};

use super::ledger::{Ledger, Rate, Written};

/// Keeps the calls that count on the service's rates where other clients find them: other runs of a program, other
/// processes of a machine. For one application in one tenant, for that is how the service counts.
///
/// What is kept is a text without a secret, in a form of this library's own. Its size follows from the rates that
/// the service documents (100 calls a minute, 1,500 an hour): some 25 KiB when both are used up, and some 100 KiB at
/// most, for no more than 1,600 calls that run and as many that have ended are read back.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::PaceStore;
/// use std::io;
/// use std::sync::Mutex;
///
/// /// Shares a pace between the clients of one process.
/// #[derive(Debug, Default)]
/// struct InMemory(Mutex<Vec<u8>>);
///
/// impl PaceStore for InMemory {
///     fn update(&self, change: &mut dyn FnMut(&[u8]) -> Vec<u8>) -> io::Result<()> {
///         let mut kept = self.0.lock().map_err(|_| io::Error::other("poisoned"))?;
///         *kept = change(&kept);
///         Ok(())
///     }
/// }
/// ```
pub trait PaceStore: fmt::Debug + Send + Sync {
    /// Hands out what is kept, nothing at first, and keeps what is returned; nobody else does the same meanwhile.
    /// Does not wait for whoever is at it. `change` is called once, while what is kept is held: it also looks at the
    /// clock.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) when somebody else is at it just now: it is tried again every 5 ms.
    /// After any other error, and after 2 s of this one, the call goes by the client's own count, and its observer
    /// is told. Both times are this library's choice: whoever holds a store for longer has stopped in the middle of
    /// it.
    fn update(&self, change: &mut dyn FnMut(&[u8]) -> Vec<u8>) -> io::Result<()>;
}

impl<S: PaceStore + ?Sized> PaceStore for std::sync::Arc<S> {
    fn update(&self, change: &mut dyn FnMut(&[u8]) -> Vec<u8>) -> io::Result<()> {
        (**self).update(change)
    }
}

const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Kept {
    format: u32,
    ledger: Written,
}

/// Changes the ledger that a store keeps. What cannot be read counts as empty: the service's own 429 says the rest.
pub(super) fn update<T>(
    store: &dyn PaceStore,
    rates: &[Rate],
    change: impl FnOnce(&mut Ledger) -> T,
) -> io::Result<T> {
    let mut change = Some(change);
    let mut outcome = None;
    store.update(&mut |bytes| {
        let kept = serde_json::from_slice(bytes).ok().filter(|kept: &Kept| kept.format == FORMAT);
        let mut ledger = kept.map(|kept| kept.ledger.read(rates)).unwrap_or_default();
        if let Some(change) = change.take() {
            outcome = Some(change(&mut ledger));
        }
        serde_json::to_vec(&Kept { format: FORMAT, ledger: (&ledger).into() }).unwrap_or_default()
    })?;
    outcome.ok_or_else(|| io::Error::other("the store did not hand out what it keeps"))
}
