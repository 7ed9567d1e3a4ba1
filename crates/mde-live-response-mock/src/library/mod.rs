//! The live response library in memory, with the service's known rules.
//!
//! Takes a request's head and body, and returns the answer as it is sent over HTTP.

pub(crate) mod answer;
mod call;
mod identity;
mod login;
mod rates;
mod settings;
mod store;
mod stored;
mod timestamp;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use http::{Response, StatusCode};

pub use call::Accepted;
pub use login::Application;
pub use settings::{ExistsAnswer, FakeLibraryBuilder, TooLargeAnswer};
pub use stored::StoredFile;

pub(crate) use call::bearer_token;
pub(crate) use settings::start;

use crate::lock::lock;
use login::{Issued, Standing, TokenForm};
use rates::Rates;
use settings::Settings;
use store::{Refusal, Store, Upload};

/// A live response library in memory.
///
/// A handle: clones share the same library. It is a [`Transport`](mde_live_response_core::transport::Transport), and a server can
/// put it behind a socket with [`begin`](Self::begin). It keeps the service's known rules:
///
/// * A file's name is the file part's `filename`; without one the file is stored as `file`.
/// * The file part is named `file` or, as in some clients, `File`. Other field names count with their letter case.
/// * An existing file is replaced only if `OverrideIfExists` is true, and then keeps its creation time.
/// * `HasParameters` is stored as sent, never derived from a parameters description. Both flags are false if they are
///   missing or empty.
/// * At most 100 calls in any minute and 1,500 in any hour, as the service documents; here over all callers.
///
/// Where the service's answer is not documented, the builder chooses. Unless it says otherwise, names that differ only in
/// letter case are different files. A name is refused only if it is empty or contains a path separator or a control character. Both
/// are our choices.
///
/// The time is 2026-01-01T00:00:00Z until [`advance`](Self::advance) moves it. The builder can set a clock instead.
///
/// # Examples
///
/// ```
/// use mde_live_response::{AccessToken, Client, Endpoint, Upload};
/// use mde_live_response_mock::FakeLibrary;
///
/// let library = FakeLibrary::new();
/// let token = AccessToken::new("any-token")?;
/// let client = Client::builder(Endpoint::COMMERCIAL, token, library.clone()).build();
///
/// client.upload(&Upload::new("collect-dns.ps1".parse()?, b"Get-DnsClientCache"))?;
/// assert_eq!(library.names(), ["collect-dns.ps1"]);
/// assert_eq!(library.content("collect-dns.ps1").unwrap(), b"Get-DnsClientCache");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct FakeLibrary {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    settings: Settings,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    store: Store,
    rates: Rates,
    calls: u64,
    advanced: Duration,
    issued: Issued,
}

impl FakeLibrary {
    /// An empty library with the default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts from the default settings.
    pub fn builder() -> FakeLibraryBuilder {
        FakeLibraryBuilder::default()
    }

    fn with(settings: Settings) -> Self {
        let state = State { store: Store::new(&settings), ..State::default() };
        Self { inner: Arc::new(Inner { settings, state: Mutex::new(state) }) }
    }

    /// Counts a call, and checks its token and the rates. Returns the call's trace identifier.
    #[expect(clippy::result_large_err, reason = "the refusal is an answer like any other")]
    fn admit(&self, token: Option<&str>) -> Result<String, Response<Vec<u8>>> {
        let settings = &self.inner.settings;
        let clock = settings.clock();
        let mut state = self.lock();
        state.calls += 1;
        let target = answer::target(state.calls);
        let now = clock + state.advanced;
        let issued = state.issued.standing(token.unwrap_or_default(), now);
        match issued.unwrap_or_else(|| settings.standing(token)) {
            Standing::Accepted => {}
            Standing::Unknown => return Err(answer::unauthorized(&target)),
            Standing::Forbidden => return Err(answer::forbidden(&target)),
        }
        if settings.rate_limits
            && let Err(wait) = state.rates.admit(now)
        {
            return Err(answer::throttled(wait, &target));
        }
        Ok(target)
    }

    fn issue_token(&self, form: &TokenForm<'_>) -> Response<Vec<u8>> {
        let clock = self.inner.settings.clock();
        let mut state = self.lock();
        let now = clock + state.advanced;
        self.inner.settings.login.answer(form, &mut state.issued, now)
    }

    fn store(&self, upload: &Upload<'_>) -> Result<StoredFile, Refusal> {
        let clock = self.inner.settings.clock();
        let mut state = self.lock();
        let now = clock + state.advanced;
        state.store.upload(upload, &self.inner.settings, now)
    }

    /// Number of token requests so far, including refused ones.
    #[must_use]
    pub fn token_calls(&self) -> u64 {
        self.lock().issued.calls()
    }

    /// Revokes every token that was issued so far.
    pub fn revoke_tokens(&self) {
        self.lock().issued.revoke();
    }

    /// Empties the windows of the rate limits, as if no call had been made yet.
    pub fn reset_limits(&self) {
        self.lock().rates = Rates::default();
    }

    /// An error answer in the service's form, for a server's own refusals.
    #[must_use]
    pub fn error(&self, status: StatusCode, code: &str, message: &str) -> Response<Vec<u8>> {
        let target = answer::target(self.lock().calls);
        answer::error(status, code, message, &target)
    }

    /// Moves this library's time forward.
    ///
    /// # Panics
    ///
    /// If the sum of all moves overflows a [`Duration`]. Later calls panic if the time overflows a [`SystemTime`].
    pub fn advance(&self, time: Duration) {
        self.lock().advanced += time;
    }

    /// The library's time.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        let clock = self.inner.settings.clock();
        clock + self.lock().advanced
    }

    /// Number of calls so far. Includes those refused with 401, 403, 413 or 429.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Names of all files, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.lock().store.iter().map(|(entry, _)| entry.file_name.clone()).collect()
    }

    /// The entries of all files, in the order of their names.
    #[must_use]
    pub fn entries(&self) -> Vec<StoredFile> {
        self.lock().store.iter().map(|(entry, _)| entry.clone()).collect()
    }

    /// The entry of one file.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<StoredFile> {
        self.lock().store.get(name).map(|(entry, _)| entry.clone())
    }

    /// The bytes of one file. The service does not offer this.
    #[must_use]
    pub fn content(&self, name: &str) -> Option<Vec<u8>> {
        self.lock().store.get(name).map(|(_, content)| content.to_vec())
    }

    /// Stores a file as if it had been uploaded now.
    ///
    /// The file has no description and no parameters, and replaces one of the same name. Does not count as a call.
    pub fn insert(&self, name: impl Into<String>, content: impl Into<Vec<u8>>) {
        let now = self.now();
        let content = content.into();
        let mut entry = StoredFile::new(name, &content, now);
        entry.created_by.clone_from(&self.inner.settings.created_by);
        self.insert_entry(entry, content);
    }

    /// Stores a file with this entry, which is not checked.
    pub fn insert_entry(&self, entry: StoredFile, content: impl Into<Vec<u8>>) {
        self.lock().store.put(entry, content.into().into());
    }

    /// All files with their bytes at one moment. The bytes are shared, not copied.
    #[must_use]
    pub fn snapshot(&self) -> Vec<(StoredFile, Arc<[u8]>)> {
        let state = self.lock();
        state.store.iter().map(|(entry, content)| (entry.clone(), Arc::clone(content))).collect()
    }

    /// Replaces all files with a [`snapshot`](Self::snapshot). Rates and time stay.
    pub fn restore(&self, files: impl IntoIterator<Item = (StoredFile, impl Into<Arc<[u8]>>)>) {
        let mut store = Store::new(&self.inner.settings);
        for (entry, content) in files {
            store.put(entry, content.into());
        }
        self.lock().store = store;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.inner.state)
    }
}

impl fmt::Debug for FakeLibrary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeLibrary")
            .field("names", &self.names())
            .field("calls", &self.calls())
            .finish_non_exhaustive()
    }
}
