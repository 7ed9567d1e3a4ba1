//! The request body as ureq reads it.

use std::io::{self, Read};

use mde_live_response_core::{Body, TransportErrorKind};

use crate::exchange::Exchange;
use crate::fault::Fault;

/// Hands the body out while it is being sent. Once writing has stopped the body is left alone, so that
/// what was never sent does not count as read, and filler goes where nothing is written to.
#[derive(Debug)]
pub(crate) struct Outgoing<'a, 'b> {
    body: &'a mut Body<'b>,
    exchange: &'a Exchange,
    left: u64,
}

impl<'a, 'b> Outgoing<'a, 'b> {
    pub(crate) fn new(body: &'a mut Body<'b>, exchange: &'a Exchange) -> Self {
        Self { left: body.len(), body, exchange }
    }
}

impl Read for Outgoing<'_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buf.len(), |left| left.min(buf.len()));
        let n = if self.exchange.is_stopped() {
            most
        } else {
            let fault = |cause| ureq::Error::from(Fault::new(TransportErrorKind::Send, cause));
            let n = self.body.read(buf).map_err(|cause| fault(cause).into_io())?;
            if n == 0 && most > 0 {
                return Err(fault(io::ErrorKind::UnexpectedEof.into()).into_io());
            }
            self.exchange.body_handed_out(n);
            n
        };
        self.left -= n as u64;
        Ok(n)
    }
}
