//! A transport that follows a script and records the requests.

mod recorded;
mod reply;

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use http::Response;
use mde_live_response_core::policy::ClientBuilder;
use mde_live_response_core::transport::{Exchange, Transport, TransportError};
use mde_live_response_core::{AccessToken, Client, Endpoint};
use sha2::{Digest, Sha256};

pub use recorded::RecordedRequest;
pub use reply::Reply;

use crate::ManualClock;
use crate::exchange;
use crate::lock::lock;
use crate::shown::{count, report};

type Compute = dyn Fn(&RecordedRequest) -> Reply + Send + Sync;

/// A scripted transport: gives its replies in order and records every request.
///
/// A handle: clones share script, requests and clock. A request without a scripted reply panics inside the client's
/// call. [`assert_done`](Self::assert_done) repeats that panic, in case it was lost with its thread.
///
/// # Examples
///
/// ```
/// use mde_live_response::Upload;
/// use mde_live_response_mock::{MockTransport, Reply};
/// use std::time::Duration;
///
/// let mock = MockTransport::new()
///     .reply(Reply::error(429, "TooManyRequests").header("retry-after", "30"))
///     .reply(Reply::lost())
///     .reply(Reply::json(200, r#"{"value": []}"#)) // the client lists the library: the file is not there
///     .reply(Reply::stored());
///
/// mock.client().upload(&Upload::new("collect-dns.ps1".parse()?, b"Get-DnsClientCache"))?;
/// assert!(mock.clock().now() >= Duration::from_secs(30)); // the client waited, in no time
///
/// let [throttled, lost, list, stored] = mock.requests();
/// assert_eq!(list.method(), "GET");
/// assert_eq!(throttled.form(), lost.form());
/// stored.assert_file("collect-dns.ps1", b"Get-DnsClientCache");
/// stored.assert_text("OverrideIfExists", "false");
/// stored.assert_absent("Description");
/// stored.assert_bearer(MockTransport::TOKEN);
/// mock.assert_done();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct MockTransport {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Answers requests after the end of the script.
    compute: Option<Box<Compute>>,
    clock: ManualClock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    script: VecDeque<Reply>,
    scripted: usize,
    begun: usize,
    requests: Vec<RecordedRequest>,
    unscripted: Option<String>,
}

impl MockTransport {
    /// Bearer token of the clients that this transport creates.
    pub const TOKEN: &str = "mock-token-that-protects-nothing";

    /// Creates a transport with an empty script.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a transport that computes replies, after any scripted ones.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response_mock::{MockTransport, Reply};
    ///
    /// let mock = MockTransport::from_fn(|request| match request.number() {
    ///     1 => Reply::refused_connection(),
    ///     _ => Reply::stored(),
    /// });
    /// # let _ = mock;
    /// ```
    #[must_use]
    pub fn from_fn(compute: impl Fn(&RecordedRequest) -> Reply + Send + Sync + 'static) -> Self {
        let shared = Shared { compute: Some(Box::new(compute)), ..Shared::default() };
        Self { shared: Arc::new(shared) }
    }

    /// Adds a reply to the script.
    #[must_use]
    pub fn reply(self, reply: Reply) -> Self {
        let mut state = self.state();
        state.script.push_back(reply);
        state.scripted += 1;
        drop(state);
        self
    }

    /// Creates a client over this transport.
    ///
    /// It has this transport's [clock](Self::clock) and [token](Self::TOKEN), and fixed randomness.
    ///
    /// Its endpoint is the commercial cloud. It never sleeps.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client_builder().build()
    }

    /// The builder of [`client`](Self::client), for a test that needs other settings.
    #[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "the token is a constant")]
    pub fn client_builder(&self) -> ClientBuilder {
        let token = AccessToken::new(Self::TOKEN).expect("visible ASCII characters");
        Client::builder(Endpoint::COMMERCIAL, token, self.clone())
            .clock(self.clock())
            .random(counted())
    }

    /// The clock of the clients that this transport creates.
    #[must_use]
    pub fn clock(&self) -> ManualClock {
        self.shared.clock.clone()
    }

    /// The requests so far, in their order.
    ///
    /// # Panics
    ///
    /// If there are not exactly `N`. The message lists them.
    #[must_use]
    #[track_caller]
    pub fn requests<const N: usize>(&self) -> [RecordedRequest; N] {
        let state = self.state();
        let seen = state.requests.len();
        let Ok(requests) = state.requests.clone().try_into() else {
            let expected = count(N, "request", "requests");
            let message = state.report(&format!("expected {expected}, received {seen}"));
            drop(state);
            panic!("{message}")
        };
        requests
    }

    /// Asserts that every scripted reply was used and every request had a reply.
    ///
    /// # Panics
    ///
    /// If scripted replies are left, or if a request had none.
    #[track_caller]
    pub fn assert_done(&self) {
        let state = self.state();
        let message = match (&state.unscripted, state.script.len()) {
            (Some(message), _) => message.clone(),
            (None, 0) => return,
            (None, 1) => state.report("1 scripted reply was not used"),
            (None, left) => state.report(&format!("{left} scripted replies were not used")),
        };
        drop(state);
        panic!("{message}")
    }

    /// Asserts that no request was made.
    ///
    /// # Panics
    ///
    /// If there was one. The message lists all.
    #[track_caller]
    pub fn assert_unused(&self) {
        let [] = self.requests();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.shared.state)
    }

    /// The next reply, and the number of the request that gets it.
    fn begin(&self) -> (Option<Reply>, usize) {
        let mut state = self.state();
        state.begun += 1;
        (state.script.pop_front(), state.begun)
    }

    fn keep(&self, request: RecordedRequest) {
        let mut state = self.state();
        state.requests.push(request);
        state.requests.sort_by_key(RecordedRequest::number);
    }

    fn unscripted(&self, request: &RecordedRequest) -> ! {
        let mut state = self.state();
        let (number, method, uri) = (request.number(), request.method(), request.uri());
        let title = format!("no reply is scripted for request #{number}, {method} {}", uri.path());
        let rows = [("script", state.progress()), ("request", request.describe())];
        let message = report(&title, rows);
        state.unscripted.get_or_insert_with(|| message.clone());
        drop(state);
        panic!("{message}")
    }
}

impl State {
    fn progress(&self) -> String {
        let replies = count(self.scripted, "reply", "replies");
        match (self.scripted, self.scripted - self.script.len()) {
            (0, _) => "empty".to_owned(),
            (all, used) if all == used => format!("{replies}, all used"),
            (_, used) => format!("{replies}, {used} used"),
        }
    }

    fn report(&self, title: &str) -> String {
        let labels: Vec<_> = self.requests.iter().map(|it| format!("#{}", it.number())).collect();
        let seen = labels.iter().map(String::as_str);
        let seen = seen.zip(self.requests.iter().map(RecordedRequest::describe));
        report(title, [("script", self.progress())].into_iter().chain(seen))
    }
}

impl Transport for MockTransport {
    /// Gives the next reply.
    ///
    /// # Errors
    ///
    /// The scripted fault; `Send` if the body cannot be read, `Cancelled` if the call is, `AnswerTooLarge` for a
    /// reply above the request's limit.
    ///
    /// # Panics
    ///
    /// If no reply is left, or if the reply is to echo a file that the request does not contain.
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        let (reply, number) = self.begin();
        let head = exchange.take_head();
        let mut bytes = Vec::new();
        let read = if reply.as_ref().is_some_and(Reply::is_early) {
            Ok(())
        } else {
            exchange::read_body(exchange, &mut bytes)
        };
        let request = RecordedRequest::new(number, head, bytes, exchange);
        self.keep(request.clone());
        let reply = match (reply, &self.shared.compute) {
            (None, None) => self.unscripted(&request),
            // A body that cannot be read ends the exchange before the scripted reply.
            (Some(reply), _) => read.map(|()| reply)?,
            (None, Some(compute)) => read.map(|()| compute(&request))?,
        };
        exchange::within(reply.render(&request)?, exchange)
    }
}

impl fmt::Debug for MockTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("MockTransport")
            .field("script", &format_args!("{}", state.progress()))
            .field("requests", &state.requests)
            .finish_non_exhaustive()
    }
}

/// Random bytes that are the same in every run: hashes of 0, 1, 2, ...
fn counted() -> impl Fn(&mut [u8]) -> io::Result<()> {
    let count = AtomicU64::new(0);
    move |buf| {
        for piece in buf.chunks_mut(32) {
            let n = count.fetch_add(1, Ordering::Relaxed);
            for (byte, hashed) in piece.iter_mut().zip(Sha256::digest(n.to_le_bytes())) {
                *byte = hashed;
            }
        }
        Ok(())
    }
}
