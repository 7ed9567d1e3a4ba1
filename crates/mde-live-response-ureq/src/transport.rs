//! One exchange over ureq.

use std::fmt;

use http::header::{CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING};
use http::{Method, Request, Response};
use mde_live_response_core::Effect;
use mde_live_response_core::transport::{Exchange, Transport, TransportError, TransportErrorKind};
use ureq::{Agent, SendBody};

use crate::answer;
use crate::body::Outgoing;
use crate::connection::{self, Lookup};
use crate::facts::{self, Facts};
use crate::fault::Fault;
use crate::settings::UreqTransportBuilder;

/// Largest head of an answer, in bytes: status line and headers.
const MAX_HEAD: usize = 64 * 1024;

/// Most idle connections, in all and to one host: more than `sync` uses at once by default.
const MAX_IDLE: usize = 16;

/// Transport over ureq and rustls, with reused connections.
///
/// * TLS 1.2 or 1.3. Plain `http` only to `127.0.0.0/8` and `[::1]`.
/// * Every exchange ends within its [`Limits`](mde_live_response_core::transport::Limits), even if the peer stops
///   reading: its time, its silence limit, and 100 ms after a cancel. Every byte on the wire restarts the silence
///   limit.
/// * Extra threads are used only for DNS lookups and for connecting. A hanging one is left behind. At most 8 lookups
///   run at once (ours), and calls that need the same host share one.
/// * If a host has several addresses, the next one is tried after 250 ms (RFC 8305), and the first that connects is used.
/// * An answer that arrives before the request was sent whole ends the sending and is returned.
/// * A refusal is returned although its body is cut, or not complete after
///   [`Exchange::REFUSAL_GRACE`](mde_live_response_core::transport::Exchange::REFUSAL_GRACE).
/// * The head of an answer may have 64 KiB and 100 lines, with 32 interim answers (1xx) before it. Ours. More is
///   [`TransportErrorKind::Protocol`].
/// * At most 16 idle connections are kept, each for 15 s. TCP keepalive probes a silent connection after 30 s. Ours.
/// * Only `POST`, `PUT` and `PATCH` can have a body. `Expect` and `Transfer-Encoding` are refused.
/// * No proxy unless you set one, no redirects, no retries, no compression.
///
/// It passes every case of the conformance suite (`mde_live_response_emulator::conformance`) on Linux. On Windows, a reset
/// drops what the socket received before: an early answer whose connection is then reset may be lost, and the request
/// counts as not applied. There, the kernel may also let a wait run half a second longer, and a cancel takes effect that
/// much later.
///
/// At log level `trace`, ureq writes all sent bytes as hex, token and content included. A program that installs a
/// logger must filter the targets `ureq` and `ureq_proto`.
///
/// # Examples
///
/// ```
/// use mde_live_response::{AccessToken, Client, Endpoint, UreqTransport};
///
/// let token = AccessToken::new("an-access-token")?;
/// let client = Client::builder(Endpoint::COMMERCIAL, token, UreqTransport::new()).build();
/// # Ok::<(), mde_live_response::error::InvalidInput>(())
/// ```
pub struct UreqTransport {
    agent: Agent,
}

impl UreqTransport {
    /// Creates a transport with default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Starts a transport with other settings.
    pub fn builder() -> UreqTransportBuilder {
        UreqTransportBuilder::default()
    }

    pub(crate) fn with_settings(settings: UreqTransportBuilder, lookup: Lookup) -> Self {
        // The connection keeps the exchange's deadline; ureq's own timeouts are off.
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .max_response_header_size(MAX_HEAD)
            .max_idle_connections(MAX_IDLE)
            .max_idle_connections_per_host(MAX_IDLE)
            .user_agent("")
            .accept("")
            .accept_encoding("")
            .build();
        let connector = connection::Connector::new(settings, lookup);
        Self { agent: Agent::with_parts(config, connector, connection::NoResolver) }
    }

    fn exchange(
        &self,
        exchange: &mut Exchange<'_>,
        facts: &Facts,
    ) -> Result<Response<Vec<u8>>, TransportError> {
        let mut head = exchange.take_head();
        // Without a length, ureq would send chunks.
        if takes_body(&head.method) {
            head.headers.insert(CONTENT_LENGTH, exchange.body_len().into());
        }
        let answer = if exchange.body_len() == 0 {
            self.agent.run(Request::from_parts(head, ()))
        } else {
            let mut outgoing = Outgoing::new(exchange, facts);
            self.agent.run(Request::from_parts(head, SendBody::from_reader(&mut outgoing)))
        };
        let (head, body) = answer.map_err(|error| first_fault(error, facts))?.into_parts();
        facts.set_head_received();
        answer::check_head(&head, facts)?;
        let body = answer::read_body(body, &head, exchange, facts)?;
        let mut response = Response::new(body);
        *response.status_mut() = head.status;
        *response.version_mut() = head.version;
        *response.headers_mut() = head.headers;
        Ok(response)
    }
}

/// Returns the first fault. It is reported if no answer came.
fn first_fault(error: ureq::Error, facts: &Facts) -> Fault {
    let fault = Fault::from_ureq(error);
    match fault.kind {
        TransportErrorKind::Receive => facts.take_write_fault().unwrap_or(fault),
        _ => fault,
    }
}

fn takes_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// Refuses requests that ureq cannot send as they are.
fn check(exchange: &Exchange<'_>) -> Result<(), TransportError> {
    let unsupported = |why: &'static str| {
        Err(TransportError::new(TransportErrorKind::Unsupported).with_source(why))
    };
    let headers = &exchange.head().headers;
    if headers.contains_key(EXPECT) || headers.contains_key(TRANSFER_ENCODING) {
        return unsupported("neither Expect nor Transfer-Encoding is supported");
    }
    if exchange.body_len() > 0 && !takes_body(&exchange.head().method) {
        return unsupported("only POST, PUT and PATCH can have a body");
    }
    Ok(())
}

impl Transport for UreqTransport {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        check(exchange).map_err(|error| error.with_effect(Effect::NotApplied))?;
        let facts = Facts::new(exchange);
        let _entered = facts::enter(&facts);
        self.exchange(exchange, &facts).map_err(|error| error.with_effect(facts.effect()))
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
