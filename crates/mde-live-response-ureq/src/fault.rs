//! What goes wrong in an exchange, on its way through ureq.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use mde_live_response_core::{Phase, TransportErrorKind};

/// A kind of failure with its cause. What the server knows is added at the end of the exchange.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: TransportErrorKind,
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Fault {
    pub(crate) fn new(
        kind: TransportErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self { kind, source: Some(source.into()) }
    }

    pub(crate) fn timeout(phase: Phase) -> Self {
        Self { kind: TransportErrorKind::Timeout(phase), source: None }
    }

    /// A fault of the connection, unless it is one of this machine.
    pub(crate) fn io(kind: TransportErrorKind, cause: io::Error) -> Self {
        if is_local(&cause) {
            Self::new(TransportErrorKind::Local, cause)
        } else {
            Self::new(kind, cause)
        }
    }

    /// Reads back what ureq passed on.
    pub(crate) fn from_ureq(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Other(cause) => match cause.downcast::<Self>() {
                Ok(fault) => *fault,
                Err(cause) => Self::new(TransportErrorKind::Protocol, cause),
            },
            // All I/O is ours and comes as `Other`, but for the end of the stream, which ureq finds.
            ureq::Error::Io(cause) => Self::new(TransportErrorKind::Receive, cause),
            // Shows what the server sent, never what we did.
            other => Self::new(TransportErrorKind::Protocol, other),
        }
    }
}

/// No file handles or no ports left: nothing that the network or the server did.
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

impl From<Fault> for ureq::Error {
    fn from(fault: Fault) -> Self {
        Self::Other(Box::new(fault))
    }
}
