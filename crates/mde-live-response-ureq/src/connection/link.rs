//! One open connection as ureq uses it.
//!
//! Hears an answer that comes before the request was sent whole: it looks for one between writes, and a
//! write that fails is no error yet, for the server may have answered and closed. From then on nothing is
//! written, and the connection is not used again.

use std::fmt;

use mde_live_response_core::{Phase, TransportErrorKind};
use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport};

use super::channel::{Channel, Incoming, Progress};
use super::interim;
use super::socket::Wait;
use crate::exchange::{Allowance, Exchange};
use crate::fault::Fault;

/// Bytes of a request that go out with one write: so many that the call to the kernel costs little beside them.
const OUTPUT: usize = 256 * 1024;

/// Room for an answer's head of 64 KiB, which is as large as one may be, and what is read along with it.
const INPUT: usize = 68 * 1024;

/// An open connection with its buffers.
pub(crate) struct Link {
    channel: Channel,
    buffers: LazyBuffers,
    /// Input came while something was being sent, and ureq does not know of it yet.
    unreported: bool,
    /// Something was not sent: what comes from now on belongs to nothing.
    broken: bool,
    /// The head of a request, until its body has begun: both go out with one write, and wake the peer once.
    held: Vec<u8>,
}

impl Link {
    pub(super) fn new(channel: Channel) -> Self {
        let buffers = LazyBuffers::new(INPUT, OUTPUT);
        Self { channel, buffers, unreported: false, broken: false, held: Vec::new() }
    }

    fn transmit(&mut self, amount: usize, exchange: &Exchange) -> Result<(), Fault> {
        if exchange.has_body() && !exchange.is_head_sent() && self.held.is_empty() {
            self.held.extend_from_slice(self.buffers.output().get(..amount).unwrap_or_default());
            return Ok(());
        }
        let mut progress = Progress::default();
        while !exchange.is_stopped() {
            // Also before the first byte: a kept connection may have been closed while the file was read.
            if (exchange.is_head_sent() || !self.held.is_empty()) && self.must_stop(exchange)? {
                self.stop(exchange, None);
                break;
            }
            let output = self.buffers.output().get(..amount).unwrap_or_default();
            let time = Allowance::of(exchange, Phase::Send);
            let written = self.channel.write(&self.held, output, &mut progress, time)?;
            if progress.written() > 0 {
                exchange.given(progress.unsent(self.held.len() + amount).min(amount));
            }
            if progress.written() > self.held.len() {
                // From here on there can be an answer.
                exchange.set_head_sent();
            }
            match written {
                Ok(true) => {
                    exchange.set_head_sent();
                    self.held.clear();
                    break;
                }
                Ok(false) => {}
                Err(cause) => {
                    self.stop(exchange, Some(Fault::io(TransportErrorKind::Send, cause)));
                }
            }
        }
        Ok(())
    }

    /// Whether the peer has given its final answer, or said that there will be none.
    fn must_stop(&mut self, exchange: &Exchange) -> Result<bool, Fault> {
        match self.read(Wait::No, exchange) {
            Ok(Incoming::Nothing | Incoming::Unfinished) => Ok(false),
            Ok(Incoming::Bytes(_)) => {
                self.unreported = true;
                Ok(interim::is_final_answer(self.buffers.input()))
            }
            Ok(Incoming::End) => Ok(true),
            Err(fault) if fault.kind == TransportErrorKind::Receive => {
                self.stop(exchange, Some(Fault { kind: TransportErrorKind::Send, ..fault }));
                Ok(true)
            }
            Err(fault) => Err(fault),
        }
    }

    fn stop(&mut self, exchange: &Exchange, fault: Option<Fault>) {
        self.broken = true;
        exchange.stop(fault);
    }

    /// Reads on, and drops what only says that an answer will come.
    fn read(&mut self, wait: Wait<'_>, exchange: &Exchange) -> Result<Incoming, Fault> {
        let free = self.buffers.input_append_buf();
        if free.is_empty() {
            let why = "the answer's head is larger than allowed";
            return Err(Fault::new(TransportErrorKind::Protocol, why));
        }
        let incoming = self.channel.read(free, wait)?;
        if let Incoming::Bytes(n) = incoming {
            self.buffers.input_appended(n);
            if !exchange.is_head_received() {
                self.drop_interim_answers(exchange)?;
                // Noted here, and not when the head has been read: that may fail, or never end.
                if interim::is_success(self.buffers.input()) {
                    exchange.set_success_claimed();
                }
            }
        }
        Ok(incoming)
    }

    fn drop_interim_answers(&mut self, exchange: &Exchange) -> Result<(), Fault> {
        while let Some(len) = interim::complete_len(self.buffers.input()) {
            self.buffers.input_consume(len);
            exchange.count_interim_answer()?;
        }
        Ok(())
    }

    fn receive(&mut self, exchange: &Exchange) -> Result<bool, Fault> {
        if std::mem::take(&mut self.unreported) && !self.buffers.input().is_empty() {
            return Ok(true);
        }
        loop {
            let wait = Wait::For(Allowance::of(exchange, Phase::Receive));
            match self.read(wait, exchange)? {
                Incoming::End => return Ok(false),
                Incoming::Bytes(_) if !self.buffers.input().is_empty() => return Ok(true),
                Incoming::Bytes(_) | Incoming::Nothing | Incoming::Unfinished => {}
            }
        }
    }
}

impl Transport for Link {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        let exchange = Exchange::current()?;
        Ok(self.transmit(amount, &exchange)?)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        let exchange = Exchange::current()?;
        Ok(self.receive(&exchange)?)
    }

    /// Nothing may be waiting: neither an end nor bytes that belong to no request, nor a head that never went out.
    fn is_open(&mut self) -> bool {
        !self.broken
            && self.held.is_empty()
            && self.buffers.input().is_empty()
            && matches!(self.channel.read(&mut [0], Wait::No), Ok(Incoming::Nothing))
    }

    fn is_tls(&self) -> bool {
        self.channel.is_tls()
    }
}

/// What the buffers hold is nobody's business: a token is among it.
impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("broken", &self.broken).finish_non_exhaustive()
    }
}
