//! The client: the only place with policy.

mod builder;
mod clock;
mod credential;
mod credential_error;
mod list;
mod observer;
mod rate;
mod retry;
mod run;
mod task;
mod token;
mod upload;

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

pub use builder::{ClientBuilder, Pacing};
pub use clock::{Clock, SystemClock};
pub use credential::{Credential, IssuedToken, TokenExchange, TokenRequest, credential_fn};
pub use credential_error::CredentialError;
pub use list::List;
pub use observer::{Call, Event, Observer, WaitReason};
pub use retry::RetryPolicy;

use crate::error::Error;
use crate::exchange::{CancelToken, Transport, Wake};
use crate::operation::DeleteRequest;
use crate::values::{CallKind, Deleted, Endpoint, FileName, LibraryFile, Upload};
use rate::RateWindow;
use task::Task;
use token::Tokens;

/// A client of one live response library.
///
/// Cheap to clone; clones share everything.
///
/// A panic of the credential, the transport, the observer or a progress callback propagates to the caller and does not
/// poison the client.
///
/// # Examples
///
/// ```no_run
/// use mde_live_response::{AccessToken, Endpoint, Upload};
///
/// let token = AccessToken::new(std::env::var("MDE_TOKEN")?)?;
/// let client = mde_live_response::client(Endpoint::COMMERCIAL, token);
///
/// let stored = client.upload(&Upload::from_path("collect-dns.ps1")?)?;
/// println!("stored {}", stored.file_name());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
// P25
pub struct Client {
    inner: Arc<Inner>,
    cancel: Option<CancelToken>,
}

type Random = dyn Fn(&mut [u8]) -> io::Result<()> + Send + Sync;

struct Inner {
    endpoint: Endpoint,
    tokens: Tokens,
    transport: Box<dyn Transport>,
    clock: Box<dyn Clock>,
    random: Box<Random>,
    observer: Option<Box<dyn Observer>>,
    calls: AtomicU64,
    pacing: Pacing,
    rate: RateWindow,
    retry: RetryPolicy,
    deadline: Duration,
    silence: Duration,
    max_file_bytes: u64,
    unverified_accepted: bool,
    tokens_checked: bool,
}

impl Inner {
    fn next_call(&self) -> u64 {
        self.calls.fetch_add(1, Ordering::Relaxed)
    }

    /// A random number from 0 to 1. Without randomness 1: a longer wait is harmless.
    fn fraction(&self) -> f64 {
        let mut bytes = [0; 4];
        match (self.random)(&mut bytes) {
            Ok(()) => f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX),
            Err(_) => 1.0,
        }
    }
}

/// Waiting calls of this client check whether they were cancelled.
impl Wake for Inner {
    fn wake(&self) {
        self.clock.notify();
    }
}

impl Client {
    /// Starts a client for a service, with a credential and a transport. Nothing is sent before the first call.
    pub fn builder(
        endpoint: Endpoint,
        credential: impl Credential + 'static,
        transport: impl Transport + 'static,
    ) -> ClientBuilder {
        ClientBuilder::new(endpoint, Box::new(credential), Box::new(transport))
    }

    /// Uploads a file and returns the stored entry.
    ///
    /// Retries when that is safe (see [`RetryPolicy`]), with the same bytes. Returns `Ok` only after the service has
    /// reported the SHA-256 of the sent bytes. If the answer to an upload with [`IfExists::Fail`] is lost, the client
    /// lists the library to find out whether the file was stored.
    ///
    /// [`IfExists::Fail`]: crate::IfExists::Fail
    ///
    /// # Errors
    ///
    /// [`Error::effect`] tells whether the library may have changed; [`Error::kind`] tells why the upload failed.
    pub fn upload(&self, upload: &Upload) -> Result<LibraryFile, Error> {
        let task = Task::begin(self, CallKind::Upload, Some(upload.name()));
        task.end(upload::upload(&task, upload))
    }

    /// Lists the library's files, in the service's order.
    ///
    /// Each page is a separate call, with its own retries and deadline. The client requests a page when the files of
    /// the one before were taken, and follows links to the service's own origin only. At most 100 pages of 64 MiB; the
    /// service documents no paging.
    ///
    /// # Errors
    ///
    /// An error is the last item. Nothing changed in the library.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::{Client, Error};
    ///
    /// fn print_names(client: &Client) -> Result<(), Error> {
    ///     for file in client.list() {
    ///         println!("{}", file?.file_name());
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn list(&self) -> List<'_> {
        List::new(self)
    }

    /// Deletes a file. There is no undo: the service has neither download nor versions.
    ///
    /// A missing file is not an error.
    ///
    /// # Errors
    ///
    /// [`Error::effect`] tells whether the file may be deleted; [`Error::kind`] tells why the call failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::library::Deleted;
    /// use mde_live_response::{Client, Error};
    ///
    /// fn delete_old_script(client: &Client) -> Result<(), Error> {
    ///     if client.delete(&"collect-dns.ps1".parse()?)? == Deleted::WasAbsent {
    ///         println!("there was no such file");
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn delete(&self, name: &FileName) -> Result<Deleted, Error> {
        let task = Task::begin(self, CallKind::Delete, Some(name));
        task.end(run::run(&task, &DeleteRequest::new(name)).map_err(|failure| failure.error))
    }

    /// Returns this client with another cancel token.
    ///
    /// The returned client shares everything else with this one.
    #[must_use]
    pub fn cancelled_by(&self, cancel: &CancelToken) -> Self {
        let weak: Weak<Inner> = Arc::downgrade(&self.inner);
        cancel.wakes(weak);
        Self { inner: Arc::clone(&self.inner), cancel: Some(cancel.clone()) }
    }

    /// Returns whether this client's cancel token was cancelled. Then every call fails.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancel.as_ref().is_some_and(CancelToken::is_cancelled)
    }

    /// The clock of this client.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    /// The service of this client.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.inner.endpoint
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.inner.endpoint).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
