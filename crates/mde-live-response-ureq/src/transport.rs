//! One exchange over ureq.

use std::fmt;
use std::rc::Rc;

use http::header::{CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING};
use http::{Method, Request, Response, Uri};
use mde_live_response_core::{
    Body, Delivery, Endpoint, Limits, Transport, TransportError, TransportErrorKind,
};
use ureq::{Agent, SendBody};

use crate::answer;
use crate::body::Outgoing;
use crate::connection::{self, Lookup};
use crate::exchange::{self, Exchange};
use crate::fault::Fault;
use crate::settings::UreqTransportBuilder;

/// Largest head of an answer, in bytes: status line and headers.
const MAX_HEAD: usize = 64 * 1024;

/// Transport over ureq and rustls, with connections that are kept and used again.
///
/// * `https` only (TLS 1.2 or 1.3); plain `http` is refused except to the literal addresses `127.0.0.0/8` and
///   `[::1]`.
/// * Every exchange is bounded by the time of its [`Limits`], also against a peer that stops reading, and ends
///   when it is cancelled.
/// * Threads: the calling one. A name is always looked up on a thread of its own, and a connection is opened on one
///   where the exchange can be cancelled; one that hangs is left behind.
/// * An answer that comes before the request was sent whole ends the sending and is returned.
/// * An answer has a head of 64 KiB and 100 lines at most, and 32 interim answers (1xx) before it: this library's
///   choice. More is [`TransportErrorKind::Protocol`]. [`Limits::max_response`] bounds its body.
/// * Idle connections are kept: 10 in all, 3 for each host and port, each for 15 s. These are ureq's defaults.
/// * A body goes with `POST`, `PUT` and `PATCH` only, at once and with its length: a request that carries
///   `Expect` or `Transfer-Encoding` is refused.
/// * No proxy unless asked for, no redirects, no retries, no compression.
///
/// Cheap to share: put it into an `Arc`, or clone the client that holds it.
///
/// Early answers, deadlines and cancels are tested on Linux, and so far nothing was on Windows. There the kernel may let
/// a wait for an answer run half a second over its time, so that a cancel is heard that much later, too.
///
/// At log level `trace`, ureq's own crates write what they send, token and content included, as hex. A
/// program that installs a logger must filter the targets `ureq` and `ureq_proto`.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::{AccessToken, Client, Endpoint};
/// use mde_live_response_ureq::UreqTransport;
///
/// let token = AccessToken::new("an-access-token")?;
/// let client = Client::builder(Endpoint::COMMERCIAL, token, UreqTransport::new()).build();
/// # Ok::<(), mde_live_response_core::InvalidToken>(())
/// ```
pub struct UreqTransport {
    agent: Agent,
}

impl UreqTransport {
    /// A transport with default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Starts a transport with other settings.
    pub fn builder() -> UreqTransportBuilder {
        UreqTransportBuilder::default()
    }

    pub(crate) fn with_settings(settings: UreqTransportBuilder, lookup: Lookup) -> Self {
        // Time is kept by the connection, from the exchange's deadline: ureq has none of its own here.
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .max_response_header_size(MAX_HEAD)
            .user_agent("")
            .accept("")
            .accept_encoding("")
            .build();
        let connector = connection::Connector::new(settings, lookup);
        Self { agent: Agent::with_parts(config, connector, connection::NoResolver) }
    }

    fn exchange(
        &self,
        request: Request<Body<'_>>,
        exchange: &Exchange,
    ) -> Result<Response<Vec<u8>>, Fault> {
        let limits = Limits::of(&request);
        let (mut parts, mut body) = request.into_parts();
        // Whoever made the request may have left it out, and ureq would send chunks then.
        if takes_body(&parts.method) {
            parts.headers.insert(CONTENT_LENGTH, body.len().into());
        }
        let answer = if body.is_empty() {
            self.agent.run(Request::from_parts(parts, ()))
        } else {
            let mut outgoing = Outgoing::new(&mut body, exchange);
            self.agent.run(Request::from_parts(parts, SendBody::from_reader(&mut outgoing)))
        };
        let answer = answer.map_err(Fault::from_ureq)?;
        exchange.set_head_received();
        let (head, body) = answer.into_parts();
        answer::check_head(&head, exchange)?;
        let body = answer::read_body(body, &head.headers, limits.max_response())?;
        let mut response = Response::new(body);
        *response.status_mut() = head.status;
        *response.version_mut() = head.version;
        *response.headers_mut() = head.headers;
        Ok(response)
    }
}

fn refused(why: &'static str) -> Result<(), TransportError> {
    let error = TransportError::new(TransportErrorKind::Refused, Delivery::NotDelivered);
    Err(error.with_source(why))
}

fn takes_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

fn check(request: &Request<Body<'_>>) -> Result<(), TransportError> {
    check_uri(request.uri())?;
    let headers = request.headers();
    if headers.contains_key(EXPECT) || headers.contains_key(TRANSFER_ENCODING) {
        return refused("neither Expect nor Transfer-Encoding is supported");
    }
    if !request.body().is_empty() && !takes_body(request.method()) {
        return refused("a body goes with POST, PUT and PATCH only");
    }
    Ok(())
}

/// Only `https`, or this very machine; and no user, of whom a header would be made that nobody gave.
fn check_uri(uri: &Uri) -> Result<(), TransportError> {
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return refused("the URL holds a user");
    }
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) => Ok(()),
        (Some("http"), Some(host)) if Endpoint::is_loopback_literal(host) => Ok(()),
        (Some("http"), Some(_)) => refused("plain http is only for literal loopback addresses"),
        _ => refused("not an https URL"),
    }
}

impl Transport for UreqTransport {
    fn send(&self, request: Request<Body<'_>>) -> Result<Response<Vec<u8>>, TransportError> {
        check(&request)?;
        let exchange = Exchange::new(request.body(), &Limits::of(&request));
        let _entered = exchange::enter(&exchange);
        self.exchange(request, &exchange).map_err(|fault| report(fault, &exchange))
    }
}

fn report(fault: Fault, exchange: &Rc<Exchange>) -> TransportError {
    // No answer came: then the first thing that went wrong is the one to report.
    let fault = match fault.kind {
        TransportErrorKind::Receive => exchange.take_write_fault().unwrap_or(fault),
        _ => fault,
    };
    let error = TransportError::new(fault.kind, exchange.delivery());
    match fault.source {
        Some(source) => error.with_source(source),
        None => error,
    }
}

impl Default for UreqTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for UreqTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UreqTransport").finish_non_exhaustive()
    }
}
