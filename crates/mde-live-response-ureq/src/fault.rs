//! A failure of an exchange on its way through ureq.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use mde_live_response_core::transport::{Phase, TransportError, TransportErrorKind};

/// A kind of failure with its cause. The effect is added at the end of the exchange.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: TransportErrorKind,
    /// Host and port of the proxy that was being asked for a tunnel.
    pub(crate) proxy: Option<String>,
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Fault {
    pub(crate) fn bare(kind: TransportErrorKind) -> Self {
        Self { kind, proxy: None, source: None }
    }

    pub(crate) fn new(
        kind: TransportErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self { source: Some(source.into()), ..Self::bare(kind) }
    }

    pub(crate) fn timeout(phase: Phase) -> Self {
        Self::bare(TransportErrorKind::Timeout(phase))
    }

    /// A fault of the connection, or [`Local`](TransportErrorKind::Local) if this machine is the cause.
    pub(crate) fn io(kind: TransportErrorKind, cause: io::Error) -> Self {
        if is_local(&cause) {
            Self::new(TransportErrorKind::Local, cause)
        } else {
            Self::new(kind, cause)
        }
    }

    /// Gets the fault back from ureq's error.
    pub(crate) fn from_ureq(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Other(cause) => match cause.downcast::<Self>() {
                Ok(fault) => *fault,
                Err(cause) => Self::new(TransportErrorKind::Protocol, cause),
            },
            // Our I/O errors come as `Other`. ureq itself reports only the end of the stream.
            ureq::Error::Io(cause) => Self::new(TransportErrorKind::Receive, cause),
            // The stream ended in the middle of a chunk's frame.
            ureq::Error::BodyStalled => Self::new(TransportErrorKind::Receive, error),
            // Shows bytes that the server sent, never ours.
            other => Self::new(TransportErrorKind::Protocol, other),
        }
    }
}

/// Returns whether file handles or ports ran out.
fn is_local(cause: &io::Error) -> bool {
    let no_handles: &[i32] = if cfg!(windows) { &[10024] } else { &[23, 24] };
    cause.kind() == io::ErrorKind::AddrNotAvailable
        || cause.raw_os_error().is_some_and(|code| no_handles.contains(&code))
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)
    }
}

impl StdError for Fault {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<Fault> for TransportError {
    fn from(fault: Fault) -> Self {
        let error = Self::new(fault.kind);
        let error = match fault.proxy {
            Some(proxy) => error.with_proxy(proxy),
            None => error,
        };
        match fault.source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}

impl From<Fault> for ureq::Error {
    fn from(fault: Fault) -> Self {
        Self::Other(Box::new(fault))
    }
}
