//! Why an exchange gave no complete answer, and what that says about the server's state.

use std::error::Error as StdError;
use std::fmt;

use crate::error::Context;

/// What is known of a request's effect on the service.
///
/// The fact that callers decide on: only [`NotDelivered`](Self::NotDelivered) makes it harmless to send an
/// upload again that must not replace an existing file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Delivery {
    /// The service cannot have acted on the request, or said that it did not.
    NotDelivered,
    /// The service may or may not have acted on the request.
    Unknown,
    /// The service acted on the request.
    Delivered,
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotDelivered => "nothing was stored",
            Self::Unknown => "it is unknown whether the file was stored",
            Self::Delivered => "the library now holds a file under this name",
        })
    }
}

/// Part of an exchange in which time ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Looking up the host's addresses.
    Resolve,
    /// Opening the connection, TLS included.
    Connect,
    /// Sending the request.
    Send,
    /// Waiting for the answer, or reading it.
    Receive,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "resolving the host name",
            Self::Connect => "connecting",
            Self::Send => "sending the request",
            Self::Receive => "waiting for the answer",
        })
    }
}

/// What went wrong in an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The host name has no address, or could not be looked up.
    Resolve,
    /// No connection could be opened.
    Connect,
    /// TLS could not be set up: versions, ciphers, a peer that does not speak it.
    Tls,
    /// The server's certificate was refused. Never worth a repeat.
    Certificate,
    /// The proxy refused or failed, or an answer had status 407, which is a proxy's.
    Proxy,
    /// Time ran out in this phase.
    Timeout(Phase),
    /// The connection broke while the request was being sent.
    Send,
    /// The connection broke, or ended early, while the answer was awaited or read.
    Receive,
    /// What came back is not HTTP, or breaks its rules: a status outside of 200 to 599, say.
    Protocol,
    /// The answer's body is larger than [`Limits::max_response`](crate::Limits::max_response): 1 MiB
    /// ([`Limits::DEFAULT_MAX_RESPONSE`](crate::Limits::DEFAULT_MAX_RESPONSE)), of a page of a list 64 MiB.
    ResponseTooLarge,
    /// This machine lacks what the exchange needs: file handles, ports, randomness, a file named in settings.
    Local,
    /// The transport refuses the request as it stands, by rules of its own.
    Refused,
    /// The call was cancelled from another thread.
    Cancelled,
}

impl fmt::Display for TransportErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "the host name could not be resolved",
            Self::Connect => "no connection could be opened",
            Self::Tls => "TLS could not be set up",
            Self::Certificate => "the server's certificate was refused",
            Self::Proxy => "the proxy refused or failed",
            Self::Timeout(phase) => return write!(f, "time ran out while {phase}"),
            Self::Send => "the connection broke while the request was being sent",
            Self::Receive => "the connection broke before the answer was complete",
            Self::Protocol => "the answer breaks the rules of HTTP",
            Self::ResponseTooLarge => "the answer is larger than allowed",
            Self::Local => "this machine lacks what the exchange needs",
            Self::Refused => "the transport refuses this request",
            Self::Cancelled => "cancelled",
        })
    }
}

/// No complete answer.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::{Delivery, TransportError, TransportErrorKind};
///
/// let error = TransportError::new(TransportErrorKind::Connect, Delivery::NotDelivered)
///     .with_source(std::io::Error::from(std::io::ErrorKind::ConnectionRefused));
/// assert_eq!(error.to_string(), "no connection could be opened; nothing was stored");
/// assert_eq!(error.kind(), TransportErrorKind::Connect);
/// assert_eq!(error.delivery(), Delivery::NotDelivered);
/// ```
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    delivery: Delivery,
    source: Option<Box<dyn StdError + Send + Sync>>,
    pub(crate) context: Context,
}

impl TransportError {
    /// An error of this kind, with what is known about the server's state.
    #[must_use]
    pub fn new(kind: TransportErrorKind, delivery: Delivery) -> Self {
        Self { kind, delivery, source: None, context: Context::default() }
    }

    /// Keeps the cause, reachable through [`source`](StdError::source).
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// What is known about the server's state; of an error that ended a call, after all its attempts.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        self.context.delivery(self.delivery)
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.context, self.kind, self.context.ending(self.delivery))
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
