//! The request body as ureq reads it.

use std::io::{self, Read};

use mde_live_response_core::transport::{Exchange, TransportErrorKind};

use crate::facts::Facts;
use crate::fault::Fault;

/// Reads the body while it is being sent.
///
/// After writing has stopped, it returns filler, which is never written. So unsent bytes do not count as read.
#[derive(Debug)]
pub(crate) struct Outgoing<'a, 'b> {
    exchange: &'a mut Exchange<'b>,
    facts: &'a Facts,
    left: u64,
}

impl<'a, 'b> Outgoing<'a, 'b> {
    pub(crate) fn new(exchange: &'a mut Exchange<'b>, facts: &'a Facts) -> Self {
        Self { left: exchange.body_len(), exchange, facts }
    }
}

impl Read for Outgoing<'_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buf.len(), |left| left.min(buf.len()));
        let n = if self.facts.is_stopped() {
            most
        } else {
            let fault = |cause| ureq::Error::from(Fault::new(TransportErrorKind::Send, cause));
            let n = self.exchange.read(buf).map_err(|cause| fault(cause).into_io())?;
            if n == 0 && most > 0 {
                return Err(fault(io::ErrorKind::UnexpectedEof.into()).into_io());
            }
            self.facts.body_handed_out(n);
            n
        };
        self.left -= n as u64;
        Ok(n)
    }
}
