//! The live response library in memory: what the service is known to do, and nothing it is not.
//!
//! Takes a parsed [`Call`] and gives the answer as it goes over the wire. Who parses is somebody else's
//! matter: the `Transport` implementation uses this crate's decoder, an HTTP server its own.

pub(crate) mod answer;
mod call;
mod login;
mod rates;
mod settings;
mod store;
mod stored;
mod timestamp;
mod transport;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use http::{Response, StatusCode};

pub use call::{Action, Call, FilePart, UploadCall, bearer_token};
pub use login::{Application, TokenCall};
pub use settings::{ExistsAnswer, FakeLibraryBuilder, TooLargeAnswer};
pub use stored::StoredFile;

pub(crate) use settings::start;

use login::Issued;
use rates::Rates;
use settings::{Settings, Standing};
use store::Store;

/// A live response library in memory.
///
/// A handle: clones share the same library. It keeps the service's known rules:
///
/// * a file's name is the file part's `filename`; without one the file is stored as `file`;
/// * an existing file is only replaced when the call says so, and then keeps its creation time;
/// * `HasParameters` is taken as sent, never concluded from a parameters description;
/// * at most 100 calls in any minute and 1,500 in any hour, as the service documents; here over all callers.
///
/// Where the service's answer is documented nowhere, the builder chooses. Names are told apart by letter
/// case, and are refused only when empty or holding a path separator or a control character: both our choice.
///
/// Time stands still at 2026-01-01T00:00:00Z until [`advance`](Self::advance) moves it, unless the builder is
/// given a clock.
///
/// # Examples
///
/// ```
/// use mde_live_response_mock::{Action, Call, FakeLibrary, UploadCall};
///
/// let library = FakeLibrary::new();
/// let upload = UploadCall::new("collect-dns.ps1", "Get-DnsClientCache\n");
/// let answer = library.handle(Call::new("any-token", Action::Upload(upload)));
///
/// assert_eq!(answer.status(), 200);
/// assert_eq!(library.names(), ["collect-dns.ps1"]);
/// ```
#[derive(Clone)]
pub struct FakeLibrary {
    inner: Arc<Inner>,
}

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
        Self::builder().build()
    }

    /// Starts an empty library with settings of its own.
    pub fn builder() -> FakeLibraryBuilder {
        FakeLibraryBuilder::default()
    }

    fn with(settings: Settings) -> Self {
        Self { inner: Arc::new(Inner { settings, state: Mutex::default() }) }
    }

    /// Answers a call: [`admit`](Self::admit), then [`Admitted::handle`].
    #[must_use]
    pub fn handle(&self, call: Call) -> Response<Vec<u8>> {
        let length = match &call.action {
            Action::Upload(UploadCall { file: Some(file), .. }) => Some(file.content.len() as u64),
            _ => None,
        };
        match self.admit(call.token.as_deref(), length) {
            Ok(admitted) => admitted.handle(call.action),
            Err(refusal) => refusal,
        }
    }

    /// What can be said before the body is there: the token, the rates, the length.
    ///
    /// Counts the call, once: whoever got an [`Admitted`] hands the action to it and not to
    /// [`handle`](Self::handle). In the rate windows count all calls with an accepted token but those
    /// that the rates themselves refuse. `token` is what stands after `Bearer` ([`bearer_token`]);
    /// `content_length` is the body's length in bytes where the request names it.
    ///
    /// # Errors
    ///
    /// The answer to send instead: 401, 403, 429 with `Retry-After` in whole seconds, or the setting's answer
    /// to what is too large.
    #[expect(clippy::result_large_err, reason = "the refusal is an answer like any other")]
    pub fn admit(
        &self,
        token: Option<&str>,
        content_length: Option<u64>,
    ) -> Result<Admitted, Response<Vec<u8>>> {
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
        if content_length.is_some_and(|length| length > settings.longest_body()) {
            return Err(answer::too_large(settings, &target));
        }
        Ok(Admitted { library: self.clone(), target })
    }

    /// Answers a request for a token. Such requests count in no rate of the library's, nor as its [`calls`](Self::calls).
    #[must_use]
    pub fn issue_token(&self, call: &TokenCall) -> Response<Vec<u8>> {
        let clock = self.inner.settings.clock();
        let mut state = self.lock();
        let now = clock + state.advanced;
        self.inner.settings.login.answer(call, &mut state.issued, now)
    }

    /// Answers a request for a token whose body is no form, or a longer one than
    /// [`MAX_FORM_BYTES`](TokenCall::MAX_FORM_BYTES): as Entra does, that the first field is missing.
    #[must_use]
    pub fn refuse_token_form(&self) -> Response<Vec<u8>> {
        self.issue_token(&TokenCall { tenant: String::new(), fields: Vec::new() })
    }

    /// How many requests for a token were answered, refusals included.
    #[must_use]
    pub fn token_calls(&self) -> u64 {
        self.lock().issued.calls()
    }

    /// Accepts no token any more that was issued so far.
    pub fn revoke_tokens(&self) {
        self.lock().issued.revoke();
    }

    /// An error answer in the service's form, for faults that a server wants to play.
    #[must_use]
    pub fn error(&self, status: StatusCode, code: &str, message: &str) -> Response<Vec<u8>> {
        let target = answer::target(self.lock().calls);
        answer::error(status, code, message, &target)
    }

    /// Moves this library's time forward.
    ///
    /// # Panics
    ///
    /// If the sum of all moves is more than a [`Duration`] holds. Later calls panic if it makes a time that is more
    /// than a [`SystemTime`] holds.
    pub fn advance(&self, time: Duration) {
        self.lock().advanced += time;
    }

    /// This library's time.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        let clock = self.inner.settings.clock();
        clock + self.lock().advanced
    }

    /// How many calls asked to be admitted, refused ones included.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Names of all files, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.lock().store.iter().map(|(entry, _)| entry.file_name.clone()).collect()
    }

    /// Everything that the library says of its files, in the order of their names.
    #[must_use]
    pub fn entries(&self) -> Vec<StoredFile> {
        self.lock().store.iter().map(|(entry, _)| entry.clone()).collect()
    }

    /// What the library says of one file.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<StoredFile> {
        self.lock().store.get(name).map(|(entry, _)| entry.clone())
    }

    /// The bytes of one file. The service has no such call; tests do.
    #[must_use]
    pub fn content(&self, name: &str) -> Option<Vec<u8>> {
        self.lock().store.get(name).map(|(_, content)| content.to_vec())
    }

    /// Puts a file into the library as if it had been uploaded now, with neither description nor parameters.
    /// Counts as no call, and replaces a file of the same name.
    pub fn insert(&self, name: impl Into<String>, content: impl Into<Vec<u8>>) {
        let now = self.now();
        let content = content.into();
        let mut entry = StoredFile::new(name, &content, now);
        entry.created_by.clone_from(&self.inner.settings.created_by);
        self.insert_entry(entry, content);
    }

    /// Puts a file into the library with everything that is said of it, taken as given.
    pub fn insert_entry(&self, entry: StoredFile, content: impl Into<Vec<u8>>) {
        self.lock().store.put(entry, content.into().into());
    }

    /// All files with their bytes, as of one moment; the bytes are shared, not copied.
    #[must_use]
    pub fn snapshot(&self) -> Vec<(StoredFile, Arc<[u8]>)> {
        let state = self.lock();
        state.store.iter().map(|(entry, content)| (entry.clone(), Arc::clone(content))).collect()
    }

    /// Replaces all files by these, as a [`snapshot`](Self::snapshot) gave them. Rates and time stay.
    pub fn restore(&self, files: impl IntoIterator<Item = (StoredFile, impl Into<Arc<[u8]>>)>) {
        let mut store = Store::default();
        for (entry, content) in files {
            store.put(entry, content.into());
        }
        self.lock().store = store;
    }

    /// A panic elsewhere leaves nothing half done here, so that a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for FakeLibrary {
    fn default() -> Self {
        Self::new()
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

/// A call that was counted and may go on.
#[derive(Debug)]
#[must_use = "the call was counted, and still has to be handled"]
pub struct Admitted {
    library: FakeLibrary,
    target: String,
}

impl Admitted {
    /// Does what the call asks for, and answers it.
    #[must_use]
    pub fn handle(self, action: Action) -> Response<Vec<u8>> {
        let settings = &self.library.inner.settings;
        let clock = settings.clock();
        let mut state = self.library.lock();
        let now = clock + state.advanced;
        match action {
            Action::Upload(call) => match state.store.upload(call, settings, now) {
                Ok(entry) => answer::entity(&entry),
                Err(refusal) => refusal.answer(settings, &self.target),
            },
            Action::List => answer::list(state.store.iter().map(|(entry, _)| entry)),
            Action::Delete { name } if state.store.remove(&name) => answer::no_content(),
            Action::Delete { .. } => answer::not_found(&self.target),
        }
    }

    /// Most bytes that the body may have: whoever reads one whose length was not said stops there, and answers with
    /// [`refuse_too_large`](Self::refuse_too_large). The largest file, and beside it both texts at 4 MiB each and 64
    /// KiB for the rest: this library's choice, for the service documents the file's size alone.
    #[must_use]
    pub fn longest_body(&self) -> u64 {
        self.library.inner.settings.longest_body()
    }

    /// Answers a body that turned out to be too large.
    #[must_use]
    pub fn refuse_too_large(self) -> Response<Vec<u8>> {
        answer::too_large(&self.library.inner.settings, &self.target)
    }

    /// Answers a body that cannot be read as a form: 400, code `InvalidRequestBody`.
    #[must_use]
    pub fn refuse_body(self, why: &str) -> Response<Vec<u8>> {
        answer::error(StatusCode::BAD_REQUEST, "InvalidRequestBody", why, &self.target)
    }
}
