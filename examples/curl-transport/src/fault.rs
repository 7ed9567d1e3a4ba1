//! What goes wrong in an exchange, before it is known what the server has of it.

use std::error::Error as StdError;

use mde_live_response_core::{Delivery, Phase, TransportError, TransportErrorKind};

/// A kind of failure with its cause.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: TransportErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Fault {
    pub(crate) fn new(
        kind: TransportErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self { kind, source: Some(source.into()) }
    }

    pub(crate) fn protocol(why: &'static str) -> Self {
        Self::new(TransportErrorKind::Protocol, why)
    }

    pub(crate) fn local(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(TransportErrorKind::Local, source)
    }

    pub(crate) fn timeout(phase: Phase) -> Self {
        Self { kind: TransportErrorKind::Timeout(phase), source: None }
    }

    pub(crate) fn cancelled() -> Self {
        Self { kind: TransportErrorKind::Cancelled, source: None }
    }

    pub(crate) fn known_as(self, delivery: Delivery) -> TransportError {
        let error = TransportError::new(self.kind, delivery);
        match self.source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}
