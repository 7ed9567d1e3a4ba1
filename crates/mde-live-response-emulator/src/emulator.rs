//! The public interface: an emulator that runs until it is dropped.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use mde_live_response_mock::{Application, ExistsAnswer, FakeLibrary, FakeLibraryBuilder};

use crate::faults::Fault;
use crate::journal::SeenRequest;
use crate::seed::plant;
use crate::server::Server;
use crate::service::{OnRequest, Service};
use crate::state::State;

/// A running live response library. Stops when it is dropped.
///
/// Runs on its own thread. It accepts connections when [`start`](Self::start) returns.
///
/// # Examples
///
/// ```
/// use mde_live_response_emulator::Emulator;
///
/// let emulator = Emulator::start()?;
/// assert!(emulator.base_url().starts_with("http://127.0.0.1:"));
///
/// // Point the code under test at `base_url()`, with `token()`; then look at what arrived.
/// assert!(emulator.library().names().is_empty());
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Emulator {
    base_url: String,
    token: String,
    service: Arc<Service>,
    server: Server,
}

/// Settings of an [`Emulator`]. All have defaults.
#[must_use]
pub struct EmulatorBuilder {
    listen: SocketAddr,
    token: String,
    library: Option<FakeLibrary>,
    rate_limits: bool,
    strict: bool,
    exists_answer: ExistsAnswer,
    applications: Vec<Application>,
    state_dir: Option<PathBuf>,
    seed_dir: Option<PathBuf>,
    on_request: Option<OnRequest>,
    control_token: Option<String>,
}

impl Emulator {
    /// The default token.
    pub const DEFAULT_TOKEN: &str = "emulator-token-that-protects-nothing";

    /// Starts an empty library on a free port of 127.0.0.1. Its time is the system's.
    ///
    /// # Errors
    ///
    /// If it cannot listen or start its thread.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Starts an emulator with other settings.
    ///
    /// All files are held in memory, and so is each upload while it arrives. A file has at most 20 MiB, the larger
    /// reading of the "20MB" that the service documents.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::default()
    }

    /// Base URL, for example `http://127.0.0.1:8080`: without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The token to send, after `Bearer`.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The library, to inspect or prepare it.
    ///
    /// A direct change reaches the [state directory](EmulatorBuilder::state_dir) with the next change over HTTP.
    #[must_use]
    pub fn library(&self) -> &FakeLibrary {
        self.service.library()
    }

    /// Orders a fault for the next calls that it concerns. Faults take effect in the order in which they were ordered.
    ///
    /// # Panics
    ///
    /// If the fault does nothing, or a number or header of it cannot be used.
    #[expect(clippy::panic, reason = "a fault that cannot be ordered ends the test")]
    #[track_caller]
    pub fn fail_next(&self, fault: Fault) {
        if let Err(why) = fault.check() {
            panic!("this fault cannot be ordered: {why}: {fault:?}");
        }
        self.service.fail_next(fault);
    }

    /// The last 1,000 requests that were answered, oldest first, except those under `/_emulator/`.
    #[must_use]
    pub fn journal(&self) -> Vec<SeenRequest> {
        self.service.journal()
    }

    /// Returns to the files that the library had at start, and forgets faults, journal and counted calls.
    ///
    /// Issued tokens stay valid; [`FakeLibrary::revoke_tokens`] ends them.
    ///
    /// # Errors
    ///
    /// If the state directory cannot be written. Nothing has changed then.
    pub fn reset(&self) -> io::Result<()> {
        self.service.reset()
    }

    /// Serves until the process is killed.
    ///
    /// # Errors
    ///
    /// If the server fails; it does not return otherwise.
    pub fn wait(self) -> io::Result<()> {
        self.server.wait()
    }
}

impl EmulatorBuilder {
    /// Sets the address to listen on; port 0 takes a free port. Default: `127.0.0.1:0`.
    ///
    /// The emulator has no TLS: anyone who can reach the address can read and change the library.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Sets the accepted token. Default: [`Emulator::DEFAULT_TOKEN`].
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = token.into();
        self
    }

    /// Serves this library instead of an empty one.
    ///
    /// It keeps its own clock, rate limits, tokens and applications: [`no_limits`](Self::no_limits),
    /// [`strict`](Self::strict), [`exists_answer`](Self::exists_answer) and [`application`](Self::application) have no effect, and [`token`](Self::token) only sets what
    /// [`Emulator::token`] returns.
    pub fn library(mut self, library: FakeLibrary) -> Self {
        self.library = Some(library);
        self
    }

    /// Issues tokens to this application on the same address. The base URL is also the login host.
    ///
    /// Call it again for more applications. The fixed [`token`](Self::token) stays accepted.
    pub fn application(mut self, application: Application) -> Self {
        self.applications.push(application);
        self
    }

    /// Turns the rate limits off. Default: 100 calls a minute and 1,500 an hour, as the service documents.
    pub fn no_limits(mut self) -> Self {
        self.rate_limits = false;
        self
    }

    /// Sets the answer to an upload of an existing file. Default: [`ExistsAnswer::BadRequest400`].
    pub fn exists_answer(mut self, answer: ExistsAnswer) -> Self {
        self.exists_answer = answer;
        self
    }

    /// Refuses forms that are not documented: see [`FakeLibraryBuilder::strict`].
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Stores the files of this folder at start, under their names. Skips folders in it.
    ///
    /// The files of a [state directory](Self::state_dir) replace them, unless that directory is empty.
    pub fn seed_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.seed_dir = Some(path.into());
        self
    }

    /// Calls this with every request when its answer is ready, for example to write a log.
    ///
    /// It runs on the server's thread, and must not wait for a request to the same emulator.
    pub fn on_request(mut self, tell: impl Fn(&SeenRequest) + Send + Sync + 'static) -> Self {
        self.on_request = Some(Box::new(tell));
        self
    }

    /// Demands this text in the header `X-Emulator` of requests under `/_emulator/`. Default: `1`.
    pub fn control_token(mut self, token: impl Into<String>) -> Self {
        self.control_token = Some(token.into());
        self
    }

    /// Keeps the library in this directory over restarts. Creates the directory if necessary.
    ///
    /// Every change is on disk before it is answered. At start the directory's files replace those of the library,
    /// unless the directory is empty. Only one emulator at a time can use a directory.
    pub fn state_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.state_dir = Some(path.into());
        self
    }

    /// Starts the emulator. It listens when this returns.
    ///
    /// # Errors
    ///
    /// * `InvalidInput`: a token is empty or has other than visible ASCII characters, so no request can carry it.
    /// * `InvalidData`: the state directory is damaged, or the seed directory has a file that the library cannot hold.
    /// * `WouldBlock`: another emulator uses the state directory.
    /// * Other kinds: it cannot listen, start its thread, or create, read or lock a directory.
    pub fn start(self) -> io::Result<Emulator> {
        let Self { listen, token, library, rate_limits, strict, exists_answer, .. } = self;
        for (name, token) in
            [("token", Some(&token)), ("control token", self.control_token.as_ref())]
        {
            if token.is_some_and(|it| it.is_empty() || !it.bytes().all(|b| b.is_ascii_graphic())) {
                let why = format!("the {name} must be one or more visible ASCII characters");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
            }
        }
        let library = library.unwrap_or_else(|| {
            let new = FakeLibrary::builder().token(token.as_str()).now(SystemTime::now);
            let new = new.created_by("emulator");
            let new = if rate_limits { new } else { new.no_limits() };
            let new = new.exists_answer(exists_answer);
            let new = if strict { new.strict() } else { new };
            self.applications.into_iter().fold(new, FakeLibraryBuilder::application).build()
        });
        self.seed_dir.map(|dir| plant(&dir, &library)).transpose()?;
        let state = self.state_dir.map(|dir| State::open(&dir, &library)).transpose()?;
        let service = Service::new(library, state, self.on_request, self.control_token);
        let service = Arc::new(service);
        let server = Server::start(listen, Arc::clone(&service))?;
        let base_url = format!("http://{}", server.address());
        Ok(Emulator { base_url, token, service, server })
    }
}

impl Default for EmulatorBuilder {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            token: Emulator::DEFAULT_TOKEN.to_owned(),
            library: None,
            rate_limits: true,
            strict: false,
            exists_answer: ExistsAnswer::default(),
            applications: Vec::new(),
            state_dir: None,
            seed_dir: None,
            on_request: None,
            control_token: None,
        }
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("base_url", &self.base_url)
            .field("library", self.library())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for EmulatorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmulatorBuilder")
            .field("listen", &self.listen)
            .field("library", &self.library)
            .field("rate_limits", &self.rate_limits)
            .field("strict", &self.strict)
            .field("applications", &self.applications)
            .field("state_dir", &self.state_dir)
            .field("seed_dir", &self.seed_dir)
            .finish_non_exhaustive()
    }
}
