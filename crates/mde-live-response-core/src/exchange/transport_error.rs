//! The error of an exchange, and its effect on the library.

use std::error::Error as StdError;
use std::fmt;

/// Known effect of a call on the library.
///
/// This is the fact to decide on. Only [`NotApplied`](Self::NotApplied) makes it harmless to repeat an upload that must
/// not replace an existing file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// The library did not change.
    NotApplied,
    /// The library may or may not have changed.
    Unknown,
    /// The library changed.
    Applied,
}

/// Phase of an exchange.
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
            Self::Resolve => "looking up the host name",
            Self::Connect => "connecting",
            Self::Send => "sending the request",
            Self::Receive => "waiting for the answer",
        })
    }
}

/// Kind of failure of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The host name has no address, or could not be looked up.
    Resolve,
    /// No connection could be opened.
    Connect,
    /// TLS failed, for example because the server does not speak it.
    Tls,
    /// The server's certificate was refused. Never retried.
    Certificate,
    /// The server demands a client certificate, and the transport has none. Never retried.
    ClientCertificate,
    /// The proxy could not be reached, or failed.
    Proxy,
    /// The proxy refused the request. An answer with status 407 is always a proxy's. Never retried.
    ProxyRefused,
    /// Time ran out in this phase. The deadline passed, or no byte moved for too long.
    Timeout(Phase),
    /// The connection broke while the request was being sent.
    Send,
    /// The connection broke, or ended early, before the answer was complete.
    Receive,
    /// The answer breaks the rules of HTTP, for example by two lengths.
    Protocol,
    /// The answer's body is larger than [`Limits::max_answer`](super::Limits::max_answer).
    AnswerTooLarge,
    /// This machine lacks a resource, for example file handles, ports or randomness.
    Local,
    /// The transport does not support this request.
    Unsupported,
    /// The call was cancelled.
    Cancelled,
}

impl fmt::Display for TransportErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "the host name could not be resolved",
            Self::Connect => "no connection could be opened",
            Self::Tls => "TLS could not be set up",
            Self::Certificate => "the server's certificate was refused",
            Self::ClientCertificate => "the server demands a client certificate",
            Self::Proxy => "the proxy failed or could not be reached",
            Self::ProxyRefused => "the proxy refused the request",
            Self::Timeout(phase) => return write!(f, "time ran out while {phase}"),
            Self::Send => "the connection broke while the request was being sent",
            Self::Receive => "the connection broke before the answer was complete",
            Self::Protocol => "the answer breaks the rules of HTTP",
            Self::AnswerTooLarge => "the answer is larger than allowed",
            Self::Local => {
                "this machine lacks a resource, for example file handles, ports or randomness"
            }
            Self::Unsupported => "the transport does not support this request",
            Self::Cancelled => "cancelled",
        })
    }
}

/// The error of an exchange without a complete answer.
///
/// # Examples
///
/// ```
/// use mde_live_response::transport::{TransportError, TransportErrorKind};
///
/// let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
/// let error = TransportError::new(TransportErrorKind::Connect).with_source(refused);
/// assert_eq!(error.to_string(), "no connection could be opened");
/// assert_eq!(error.effect(), None); // the client derives it from the bytes that were sent
/// ```
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    effect: Option<Effect>,
    proxy: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// Creates an error of this kind.
    #[must_use]
    pub fn new(kind: TransportErrorKind) -> Self {
        Self { kind, effect: None, proxy: None, source: None }
    }

    /// Sets the effect, if the transport knows it better than the client.
    ///
    /// Default: with a body, [`Effect::NotApplied`] if no byte from [`Exchange::decisive_from`] on was read, otherwise
    /// [`Effect::Unknown`]; without a body, [`Effect::Unknown`].
    ///
    /// [`Exchange::decisive_from`]: super::Exchange::decisive_from
    #[must_use]
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.effect = Some(effect);
        self
    }

    /// Names the proxy, as `host:port` without user and password. The client's error shows it.
    #[must_use]
    pub fn with_proxy(mut self, proxy: impl Into<String>) -> Self {
        self.proxy = Some(proxy.into());
        self
    }

    /// Keeps the cause, which [`source`](StdError::source) returns.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Kind of the failure.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Effect as the transport knows it, if it set one.
    #[must_use]
    pub fn effect(&self) -> Option<Effect> {
        self.effect
    }

    /// Returns the proxy and the cause.
    pub(crate) fn into_parts(self) -> (Option<String>, Option<Box<dyn StdError + Send + Sync>>) {
        (self.proxy, self.source)
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
