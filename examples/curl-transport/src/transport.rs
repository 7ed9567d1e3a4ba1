//! The transport: refuses what must not be sent, and keeps workers with their connections for the next exchange.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mde_live_response_core::http::{Request, Response};
use mde_live_response_core::{
    Body, Delivery, Limits, Transport, TransportError, TransportErrorKind,
};

use crate::exchange::{End, Exchange, Time};
use crate::facts::Shared;
use crate::fault::Fault;
use crate::head::Answer;
use crate::outgoing::Outgoing;
use crate::settings::CurlTransportBuilder;
use crate::worker::Worker;

/// Transport over libcurl, with connections that are kept and used again.
///
/// * HTTP/1.1 and `https` only, TLS 1.2 or later; plain `http` is refused except to the literal addresses `127.0.0.0/8`
///   and `[::1]`.
/// * Every exchange is bounded by the time of its [`Limits`], a name that is looked up included, and a cancel is heard
///   within 50 ms.
/// * An answer that comes before the request was sent whole ends the sending and is returned.
/// * A body goes with `POST`, `PUT` and `PATCH` only, at once and with its length: a request that carries `Expect` or
///   `Transfer-Encoding` is refused.
/// * No proxy unless asked for, no redirects, no retries, no cookies, no `.netrc`, no compression.
///
/// Has as many threads as there were exchanges at once; they end when it is dropped.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::{AccessToken, Client, Endpoint};
/// use mde_live_response_curl::CurlTransport;
///
/// let token = AccessToken::new("an-access-token")?;
/// let client = Client::builder(Endpoint::COMMERCIAL, token, CurlTransport::new()).build();
/// # Ok::<(), mde_live_response_core::InvalidToken>(())
/// ```
pub struct CurlTransport {
    settings: Arc<CurlTransportBuilder>,
    idle: Mutex<Vec<Worker>>,
}

impl CurlTransport {
    /// A transport with default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Starts a transport with other settings.
    pub fn builder() -> CurlTransportBuilder {
        CurlTransportBuilder::default()
    }

    pub(crate) fn with_settings(settings: CurlTransportBuilder) -> Self {
        Self { settings: Arc::new(settings), idle: Mutex::default() }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn exchange(
        &self,
        outgoing: Outgoing,
        body: &mut Body<'_>,
        shared: &Arc<Shared>,
        limits: &Limits,
    ) -> Result<Answer, Fault> {
        // Before a connection is taken for it.
        let time = Time::new(limits, self.settings.connect_timeout);
        time.left(shared)?;
        // Not in the `match`: the lock would be held while a thread is started.
        let kept = self.idle().pop();
        let worker = match kept {
            Some(worker) => worker,
            None => Worker::start(Arc::clone(&self.settings)).map_err(Fault::local)?,
        };
        let exchange = Exchange::begin(&worker, outgoing, shared, time)?;
        match exchange.run(body) {
            End::Done(outcome) => {
                self.idle().push(worker);
                outcome
            }
            // The worker is let go, and with it the connection.
            End::LeftBehind(fault) => Err(fault),
        }
    }
}

impl Transport for CurlTransport {
    fn send(&self, request: Request<Body<'_>>) -> Result<Response<Vec<u8>>, TransportError> {
        let limits = Limits::of(&request);
        let (parts, mut body) = request.into_parts();
        let outgoing = Outgoing::new(&parts, &body, &limits).map_err(|why| {
            TransportError::new(TransportErrorKind::Refused, Delivery::NotDelivered)
                .with_source(why)
        })?;
        let shared =
            Arc::new(Shared::new(&body, outgoing.is_tls(), outgoing.start(&self.settings)));
        match self.exchange(outgoing, &mut body, &shared, &limits) {
            Ok(answer) => Ok(answer.into_response()),
            Err(fault) => Err(fault.known_as(shared.delivery())),
        }
    }
}

impl Default for CurlTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CurlTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurlTransport").finish_non_exhaustive()
    }
}
