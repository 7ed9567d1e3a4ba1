//! What a program sees: an emulator that runs as long as its value lives.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::SystemTime;

use mde_live_response_mock::{Application, FakeLibrary, FakeLibraryBuilder};

use crate::routes;
use crate::server::Server;
use crate::state::State;

/// A running live response library. Stops when it is dropped.
///
/// Runs on a thread of its own; nothing here is asynchronous, and a connection made after
/// [`start`](Self::start) returned is served.
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
    library: FakeLibrary,
    server: Server,
}

/// Settings of an [`Emulator`], all with defaults.
#[must_use]
pub struct EmulatorBuilder {
    listen: SocketAddr,
    token: String,
    library: Option<FakeLibrary>,
    rate_limits: bool,
    applications: Vec<Application>,
    state_dir: Option<PathBuf>,
}

impl Emulator {
    /// Token that is accepted unless another is set.
    pub const DEFAULT_TOKEN: &str = "emulator-token-that-protects-nothing";

    /// Starts an empty library on a free port of 127.0.0.1. Its time is the system's.
    ///
    /// # Errors
    ///
    /// When no port can be listened on, or no thread started.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Starts from the default settings. All files are held in memory, and so is each upload while it comes in: a
    /// file of 20 MiB at most, the larger reading of the "20MB" that the service documents.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::default()
    }

    /// Where the emulator is reached, such as `http://127.0.0.1:8080`: without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The token to send, after `Bearer`.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The library itself, to look into or to prepare. What is put into it this way reaches the
    /// [state directory](EmulatorBuilder::state_dir) with the next change that comes over HTTP.
    #[must_use]
    pub fn library(&self) -> &FakeLibrary {
        &self.library
    }

    /// Serves until the process is killed.
    ///
    /// # Errors
    ///
    /// Returns only when the server cannot go on.
    pub fn wait(self) -> io::Result<()> {
        self.server.wait()
    }
}

impl EmulatorBuilder {
    /// Sets the address to listen on; port 0 takes a free one. 127.0.0.1 and a free port unless set.
    ///
    /// Whoever reaches an address beyond loopback can read and change the library: there is no TLS.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Sets the token that is accepted; [`Emulator::DEFAULT_TOKEN`] unless set.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = token.into();
        self
    }

    /// Serves this library in place of an empty one.
    ///
    /// Its clock, rates and accepted tokens are as it was built; of this builder's settings,
    /// [`token`](Self::token) then only says what [`Emulator::token`] returns, and
    /// [`no_limits`](Self::no_limits) and [`application`](Self::application) nothing.
    pub fn library(mut self, library: FakeLibrary) -> Self {
        self.library = Some(library);
        self
    }

    /// Issues tokens to this application, on the same address: the base URL is the login host, too. May be set for
    /// several. [`token`](Self::token) is accepted beside what is issued.
    pub fn application(mut self, application: Application) -> Self {
        self.applications.push(application);
        self
    }

    /// Takes any number of calls; otherwise 100 a minute and 1,500 an hour, as the service does.
    pub fn no_limits(mut self) -> Self {
        self.rate_limits = false;
        self
    }

    /// Keeps the library in this directory, which is made if need be, over restarts.
    ///
    /// Every change is on disk before it is answered. At start, what the directory holds replaces what is
    /// in the library; an empty one leaves it. One emulator at a time may use a directory.
    pub fn state_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.state_dir = Some(path.into());
        self
    }

    /// Starts the emulator. It listens when this returns.
    ///
    /// # Errors
    ///
    /// * The address cannot be listened on, or no thread started.
    /// * `InvalidInput`: the token is empty, or not made of visible ASCII characters: no request could carry it.
    /// * `InvalidData`: the state directory is damaged.
    /// * `WouldBlock`: another emulator uses the state directory.
    /// * What the operating system says when the state directory cannot be made, read or locked.
    pub fn start(self) -> io::Result<Emulator> {
        let Self { listen, token, library, rate_limits, applications, state_dir } = self;
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            let why = "the token must be made of visible ASCII characters, at least one";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let library = library.unwrap_or_else(|| {
            let new = FakeLibrary::builder().token(token.as_str()).rate_limits(rate_limits);
            let new = new.now(SystemTime::now).created_by("emulator");
            applications.into_iter().fold(new, FakeLibraryBuilder::application).build()
        });
        let state = state_dir.map(|dir| State::open(&dir, &library)).transpose()?;
        let server = Server::start(listen, routes::router(library.clone(), state))?;
        let base_url = format!("http://{}", server.address());
        Ok(Emulator { base_url, token, library, server })
    }
}

impl Default for EmulatorBuilder {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            token: Emulator::DEFAULT_TOKEN.to_owned(),
            library: None,
            rate_limits: true,
            applications: Vec::new(),
            state_dir: None,
        }
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("base_url", &self.base_url)
            .field("library", &self.library)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for EmulatorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmulatorBuilder")
            .field("listen", &self.listen)
            .field("library", &self.library)
            .field("rate_limits", &self.rate_limits)
            .field("applications", &self.applications)
            .field("state_dir", &self.state_dir)
            .finish_non_exhaustive()
    }
}
