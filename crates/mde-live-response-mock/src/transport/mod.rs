//! A transport that answers by a script and keeps what it was sent.

mod recorded;
mod reply;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{Request, Response};
use mde_live_response_core::{Body, Limits, Transport, TransportError};

pub use recorded::RecordedRequest;
pub use reply::Reply;

use crate::exchange;
use crate::shown::{count, report};

type Compute = dyn Fn(&RecordedRequest) -> Result<Reply, TransportError> + Send + Sync;

/// A scripted transport: answers in the order in which the replies were given, and keeps every request.
///
/// A handle: clones share script and requests, so that one clone goes into the client and another asks
/// afterwards. A request that the script has no reply for panics inside the client's call, and shows in
/// [`assert_done`](Self::assert_done) in case the panic was lost with its thread.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::{AccessToken, Client, Clock, Endpoint, Upload};
/// use mde_live_response_mock::{ManualClock, MockTransport, Reply};
/// use std::time::Duration;
///
/// let mock = MockTransport::new()
///     .reply(Reply::error(429, "TooManyRequests").header("retry-after", "30"))
///     .reply(Reply::stored());
/// let token = AccessToken::new("an-access-token")?;
/// let clock = ManualClock::new();
/// let client =
///     Client::builder(Endpoint::COMMERCIAL, token, mock.clone()).clock(clock.clone()).build();
///
/// client.upload(&Upload::new("collect-dns.ps1".parse()?, b"Get-DnsClientCache"))?;
/// assert_eq!(clock.now(), Duration::from_secs(30)); // waited for, in no time
///
/// let [first, second] = mock.requests();
/// assert_eq!(first.form(), second.form());
/// second.assert_file("collect-dns.ps1", b"Get-DnsClientCache");
/// second.assert_absent("Description");
/// mock.assert_done();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct MockTransport {
    shared: Arc<Shared>,
}

struct Shared {
    /// Answers what is left when the script is used up.
    compute: Option<Box<Compute>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    script: VecDeque<Step>,
    scripted: usize,
    begun: usize,
    requests: Vec<RecordedRequest>,
    unscripted: Option<String>,
}

enum Step {
    Reply(Reply),
    Fail(TransportError),
    FailBeforeBody(TransportError),
}

impl MockTransport {
    /// A transport without a script: it panics at the first request.
    #[must_use]
    pub fn new() -> Self {
        Self { shared: Arc::new(Shared { compute: None, state: Mutex::default() }) }
    }

    /// A transport that computes each answer from its request, once scripted replies, if any, are used up. Not for a
    /// request whose body cannot be read: that ends the exchange.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response_core::{Delivery, TransportError, TransportErrorKind};
    /// use mde_live_response_mock::{MockTransport, Reply};
    ///
    /// let mock = MockTransport::from_fn(|request| match request.number() {
    ///     1 => Err(TransportError::new(TransportErrorKind::Connect, Delivery::NotDelivered)),
    ///     _ => Ok(Reply::stored()),
    /// });
    /// # let _ = mock;
    /// ```
    #[must_use]
    pub fn from_fn(
        compute: impl Fn(&RecordedRequest) -> Result<Reply, TransportError> + Send + Sync + 'static,
    ) -> Self {
        let compute: Option<Box<Compute>> = Some(Box::new(compute));
        Self { shared: Arc::new(Shared { compute, state: Mutex::default() }) }
    }

    /// Adds a reply to the script. The request's body is read to its end first, unless the reply is
    /// [early](Reply::early).
    #[must_use]
    pub fn reply(self, reply: Reply) -> Self {
        self.push(Step::Reply(reply))
    }

    /// Adds a fault to the script, after the request's body was read to its end.
    #[must_use]
    pub fn fail(self, error: TransportError) -> Self {
        self.push(Step::Fail(error))
    }

    /// Adds a fault to the script, before anything of the request's body is read.
    #[must_use]
    pub fn fail_before_body(self, error: TransportError) -> Self {
        self.push(Step::FailBeforeBody(error))
    }

    fn push(self, step: Step) -> Self {
        let mut state = self.state();
        state.script.push_back(step);
        state.scripted += 1;
        drop(state);
        self
    }

    /// The requests so far.
    ///
    /// # Panics
    ///
    /// With a listing, unless there are exactly `N`.
    #[must_use]
    #[track_caller]
    pub fn requests<const N: usize>(&self) -> [RecordedRequest; N] {
        let state = self.state();
        let seen = state.requests.len();
        let Ok(requests) = state.requests.clone().try_into() else {
            let expected = count(N, "request", "requests");
            let message = state.report(&format!("expected {expected}, got {seen}"));
            drop(state);
            panic!("{message}")
        };
        requests
    }

    /// Makes sure that the script was followed to its end.
    ///
    /// # Panics
    ///
    /// If scripted replies are left, or if a request was not scripted.
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

    /// A panic elsewhere leaves nothing half done here, so that a poisoned lock is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next step, and the number of the request that takes it.
    fn begin(&self) -> (Option<Step>, usize) {
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
        let number = request.number();
        let rows = [("script", state.progress()), ("got", request.describe())];
        let message = report(&format!("request #{number} was not scripted"), rows);
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
    /// Answers by the script.
    ///
    /// # Errors
    ///
    /// The scripted one; `Send` where the body cannot be read, `Cancelled` where the exchange is, `ResponseTooLarge`
    /// for a reply over the request's limit.
    ///
    /// # Panics
    ///
    /// If the request was not scripted, or if the reply is to echo a file that the request does not hold.
    fn send(&self, request: Request<Body<'_>>) -> Result<Response<Vec<u8>>, TransportError> {
        let (step, number) = self.begin();
        let limits = Limits::of(&request);
        let (parts, mut body) = request.into_parts();
        let before_body = match &step {
            Some(Step::Reply(reply)) => reply.is_early(),
            Some(Step::FailBeforeBody(_)) => true,
            Some(Step::Fail(_)) | None => false,
        };
        let mut bytes = Vec::new();
        let read =
            if before_body { Ok(()) } else { exchange::read_body(&mut body, &mut bytes, &limits) };
        let request = RecordedRequest::new(number, parts, bytes, body.len(), limits.clone());
        self.keep(request.clone());
        let reply = match (step, &self.shared.compute) {
            (None, None) => self.unscripted(&request),
            (Some(Step::FailBeforeBody(error)), _) => return Err(error),
            // A body that cannot be read ends the exchange, whatever the script says.
            (Some(Step::Reply(reply)), _) => read.map(|()| reply)?,
            (Some(Step::Fail(error)), _) => return Err(read.err().unwrap_or(error)),
            (None, Some(compute)) => read.and_then(|()| compute(&request))?,
        };
        exchange::within(reply.render(&request), &limits)
    }
}

impl Default for MockTransport {
    fn default() -> Self {
        Self::new()
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
