//! The client: the only place with policy.
//!
//! Every call runs through one pipeline (`pipeline`), and everything that can make one wait stands here: a token
//! that is being renewed, the pace of calls, the pause before a repeat.

mod builder;
mod clock;
mod credential;
mod delete;
mod entra;
mod list;
mod observer;
mod pace;
mod pipeline;
mod retry;
mod task;
mod token;
mod upload;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

pub use builder::{ClientBuilder, Pacing};
pub use clock::{Clock, SystemClock};
pub use credential::{Credential, CredentialError, CredentialFn, IssuedToken, TokenRequest};
pub use entra::{EntraCredential, InvalidApplication};
pub use list::List;
pub use observer::{Call, Event, Observer, WaitReason};
pub use pace::PaceStore;
pub use retry::RetryPolicy;

use crate::error::Error;
use crate::model::{CallKind, Deleted, Endpoint, FileName, LibraryFile, Upload};
use crate::transport::{CancelToken, Transport, Wake};
use crate::wire::Random;
use pace::Pace;
use retry::Budget;
use task::Task;
use token::Tokens;

/// Client of one live response library.
///
/// Cheap to clone; clones share everything.
///
/// # Examples
///
/// ```
/// # use mde_live_response_mock::{MockTransport, Reply};
/// use mde_live_response_core::{AccessToken, Client, Endpoint, Upload};
///
/// # let transport = MockTransport::new().reply(Reply::stored());
/// let token = AccessToken::new("an-access-token")?;
/// let client = Client::builder(Endpoint::COMMERCIAL, token, transport).build();
///
/// let upload = Upload::new("collect-dns.ps1".parse()?, b"Get-DnsClientCache\n");
/// let stored = client.upload(&upload)?;
/// assert_eq!(stored.file_name(), "collect-dns.ps1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    cancel: Option<CancelToken>,
}

struct Inner {
    endpoint: Endpoint,
    tokens: Tokens,
    transport: Box<dyn Transport>,
    clock: Box<dyn Clock>,
    random: Box<dyn Random>,
    observer: Option<Box<dyn Observer>>,
    calls: AtomicU64,
    pacing: Pacing,
    pace: Pace,
    retry: RetryPolicy,
    budget: Budget,
    deadline: Duration,
    max_file_bytes: u64,
    unverified_accepted: bool,
    tokens_checked: bool,
}

impl Inner {
    fn next_call(&self) -> u64 {
        self.calls.fetch_add(1, Ordering::Relaxed)
    }

    /// A random number from 0 to 1. Without randomness the largest: nobody is served by waiting too little.
    fn fraction(&self) -> f64 {
        let mut bytes = [0; 4];
        match self.random.fill(&mut bytes) {
            Ok(()) => f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX),
            Err(_) => 1.0,
        }
    }
}

/// Whoever waits for time in this client asks whether it is still wanted to.
impl Wake for Inner {
    fn wake(&self) {
        self.clock.notify();
    }
}

impl Client {
    /// Starts a client for this service, as this caller, over this transport. Nothing is sent before the first call.
    pub fn builder(
        endpoint: Endpoint,
        credential: impl Credential + 'static,
        transport: impl Transport + 'static,
    ) -> ClientBuilder {
        ClientBuilder::new(endpoint, Box::new(credential), Box::new(transport))
    }

    /// Uploads a file and returns the stored library entry.
    ///
    /// Returns only after the service has reported the SHA-256 of exactly the bytes that were sent.
    ///
    /// Sends the request again where that is harmless, with the same bytes ([`RetryPolicy`]); waits for a turn
    /// in the service's rates ([`Pacing`]); asks for another token once when one is refused ([`Credential`]).
    /// When the answer to an upload that must not replace anything is lost, lists the library to find out what
    /// came of it. All of that within the client's deadline.
    ///
    /// # Errors
    ///
    /// * [`Error::Input`]: the file is empty or too large; nothing was sent.
    /// * [`Error::Source`]: the file could not be read, or changed while it was sent; it is not stored.
    /// * [`Error::Auth`]: no token, or the service refuses it.
    /// * [`Error::Transport`]: no complete answer, or no randomness for a boundary; [`Error::delivery`] tells
    ///   whether it may be stored.
    /// * [`Error::Service`]: the service answered with a status other than success.
    /// * [`Error::Throttled`]: the service asks for a longer pause than there is time for, or the pace of calls
    ///   leaves no turn in time.
    /// * [`Error::Response`]: a status of success, but the answer does not describe a library file.
    /// * [`Error::Mismatch`]: the library holds something else than what was sent.
    /// * [`Error::Cancelled`]: somebody cancelled it ([`cancelled_by`](Self::cancelled_by)).
    ///
    /// # Panics
    ///
    /// Not by itself; a panic of the credential, the transport, the observer or whatever else the client was given
    /// passes through and leaves nothing locked.
    pub fn upload(&self, upload: &Upload) -> Result<LibraryFile, Error> {
        let task = Task::begin(self, CallKind::Upload, Some(upload.name()));
        task.end(upload::upload(&task, upload))
    }

    /// Lists the library's files, in the service's order.
    ///
    /// Each page is a call of its own, with repeats, turns and a deadline like any other; nothing is asked for before
    /// the first item is taken. Links to further pages are followed on the service's own origin only.
    ///
    /// 100 pages at most, of 64 MiB each: this library's choice, for the service documents neither pages nor their
    /// size.
    ///
    /// # Errors
    ///
    /// Items are [`Error::Auth`], [`Error::Transport`], [`Error::Service`], [`Error::Throttled`] or
    /// [`Error::Cancelled`], as for [`upload`](Self::upload), and [`Error::Response`] for an answer that is no list of
    /// files. An error is the last item.
    ///
    /// A link after page 100, and one that leads elsewhere, is a [`ResponseErrorKind::Field`] by the name of
    /// `@odata.nextLink`; a larger page is a [`TransportErrorKind::ResponseTooLarge`].
    ///
    /// [`ResponseErrorKind::Field`]: crate::ResponseErrorKind::Field
    /// [`TransportErrorKind::ResponseTooLarge`]: crate::TransportErrorKind::ResponseTooLarge
    ///
    /// # Panics
    ///
    /// Not by itself; taking an item passes on a panic of others, as [`upload`](Self::upload) does.
    ///
    /// # Examples
    ///
    /// ```
    /// # use mde_live_response_mock::FakeLibrary;
    /// use mde_live_response_core::{AccessToken, Client, Endpoint, Error, LibraryFile};
    ///
    /// # let transport = FakeLibrary::new();
    /// # transport.insert("a.ps1", b"Get-Date\n");
    /// let token = AccessToken::new("an-access-token")?;
    /// let client = Client::builder(Endpoint::COMMERCIAL, token, transport).build();
    ///
    /// let files: Vec<LibraryFile> = client.list().collect::<Result<_, Error>>()?;
    /// assert_eq!(files[0].file_name(), "a.ps1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn list(&self) -> List<'_> {
        List::new(self)
    }

    /// Removes a file. There is no way back: the service offers neither download nor versions.
    ///
    /// Sent again like a call that can be done twice without harm; that there is no such file is no error.
    ///
    /// # Errors
    ///
    /// As for [`upload`](Self::upload), but for what concerns the file's bytes; [`Error::delivery`] tells whether the
    /// file may be gone.
    ///
    /// # Panics
    ///
    /// Not by itself; it passes on a panic of others, as [`upload`](Self::upload) does.
    ///
    /// # Examples
    ///
    /// ```
    /// # use mde_live_response_mock::FakeLibrary;
    /// use mde_live_response_core::{AccessToken, Client, Deleted, Endpoint};
    ///
    /// # let transport = FakeLibrary::new();
    /// # transport.insert("a.ps1", b"Get-Date\n");
    /// let token = AccessToken::new("an-access-token")?;
    /// let client = Client::builder(Endpoint::COMMERCIAL, token, transport).build();
    ///
    /// assert_eq!(client.delete(&"a.ps1".parse()?)?, Deleted::Removed);
    /// assert_eq!(client.delete(&"a.ps1".parse()?)?, Deleted::WasAbsent);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn delete(&self, name: &FileName) -> Result<Deleted, Error> {
        let task = Task::begin(self, CallKind::Delete, Some(name));
        task.end(delete::delete(&task, name))
    }

    /// The same client, sharing everything, whose calls this token ends.
    ///
    /// A client has one token: one that it was given before no longer ends the calls of the client that is returned,
    /// nor can it be put beside the new one. The client that this is called on keeps its own.
    #[must_use]
    pub fn cancelled_by(&self, cancel: &CancelToken) -> Self {
        let weak: Weak<Inner> = Arc::downgrade(&self.inner);
        cancel.wakes(weak);
        Self { inner: Arc::clone(&self.inner), cancel: Some(cancel.clone()) }
    }

    /// The service that this client speaks to.
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
