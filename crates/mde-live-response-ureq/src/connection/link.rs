//! One open connection as ureq uses it.
//!
//! Hears an answer that comes before the request was sent whole: it looks for one between writes. A failed write is not
//! an error yet, because the server may have answered and closed. After that, nothing more is written, and the
//! connection is not used again.

use std::fmt;

use mde_live_response_core::transport::{Phase, TransportErrorKind};
use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport};

use super::channel::{Channel, Incoming, Progress};
use super::interim;
use super::socket::Wait;
use crate::facts::{Allowance, Facts};
use crate::fault::Fault;

/// Largest write of a request, in bytes. Large enough that the system call costs little.
const OUTPUT: usize = 256 * 1024;

/// Room for the largest head of an answer, and some more bytes.
const INPUT: usize = 68 * 1024;

/// An open connection with its buffers.
pub(crate) struct Link {
    channel: Channel,
    buffers: LazyBuffers,
    /// Whether input arrived during sending that ureq does not know of yet.
    unreported: bool,
    /// A write was cut short; do not reuse this connection.
    broken: bool,
    /// The head of a request, until its body starts. One write sends both, so the peer wakes once.
    held: Vec<u8>,
}

impl Link {
    pub(super) fn new(channel: Channel) -> Self {
        let buffers = LazyBuffers::new(INPUT, OUTPUT);
        Self { channel, buffers, unreported: false, broken: false, held: Vec::new() }
    }

    fn transmit(&mut self, amount: usize, facts: &Facts) -> Result<(), Fault> {
        if facts.has_body() && !facts.is_head_sent() && self.held.is_empty() {
            self.held.extend_from_slice(self.buffers.output().get(..amount).unwrap_or_default());
            return Ok(());
        }
        let mut progress = Progress::default();
        while !facts.is_stopped() {
            // Checked even before the first byte: a kept connection may have been closed while the file was read.
            if (facts.is_head_sent() || !self.held.is_empty()) && self.must_stop(facts)? {
                self.stop(facts, None);
                break;
            }
            let output = self.buffers.output().get(..amount).unwrap_or_default();
            let time = Allowance::of(facts, Phase::Send);
            let written = self.channel.write(&self.held, output, &mut progress, time)?;
            if progress.written() > 0 {
                facts.given(progress.unsent(self.held.len() + amount).min(amount));
            }
            if progress.written() > self.held.len() {
                // From now on there can be an answer.
                facts.set_head_sent();
            }
            match written {
                Ok(true) => {
                    facts.set_head_sent();
                    self.held.clear();
                    break;
                }
                Ok(false) => {}
                Err(cause) => {
                    self.stop(facts, Some(Fault::io(TransportErrorKind::Send, cause)));
                }
            }
        }
        Ok(())
    }

    /// Returns whether the peer has sent its final answer, or has ended its side.
    fn must_stop(&mut self, facts: &Facts) -> Result<bool, Fault> {
        match self.read(Wait::No(facts), facts) {
            Ok(Incoming::Nothing | Incoming::Unfinished) => Ok(false),
            Ok(Incoming::Bytes(_)) => {
                self.unreported = true;
                Ok(interim::is_final_answer(self.buffers.input()))
            }
            Ok(Incoming::End) => Ok(true),
            Err(fault) if fault.kind == TransportErrorKind::Receive => {
                self.stop(facts, Some(Fault { kind: TransportErrorKind::Send, ..fault }));
                Ok(true)
            }
            Err(fault) => Err(fault),
        }
    }

    fn stop(&mut self, facts: &Facts, fault: Option<Fault>) {
        self.broken = true;
        facts.stop(fault);
    }

    /// Reads more input, and drops interim answers.
    fn read(&mut self, wait: Wait<'_>, facts: &Facts) -> Result<Incoming, Fault> {
        let free = self.buffers.input_append_buf();
        if free.is_empty() {
            let why = "the answer's head is larger than allowed";
            return Err(Fault::new(TransportErrorKind::Protocol, why));
        }
        let incoming = self.channel.read(free, wait)?;
        if let Incoming::Bytes(n) = incoming {
            self.buffers.input_appended(n);
            if !facts.is_head_received() {
                self.drop_interim_answers(facts)?;
                // Noted before the head is complete, because reading the rest may fail or never end.
                if interim::is_success(self.buffers.input()) {
                    facts.set_success_claimed();
                }
            }
        }
        Ok(incoming)
    }

    fn drop_interim_answers(&mut self, facts: &Facts) -> Result<(), Fault> {
        while let Some(len) = interim::complete_len(self.buffers.input()) {
            self.buffers.input_consume(len);
            facts.count_interim_answer()?;
        }
        Ok(())
    }

    fn receive(&mut self, facts: &Facts) -> Result<bool, Fault> {
        if std::mem::take(&mut self.unreported) && !self.buffers.input().is_empty() {
            return Ok(true);
        }
        loop {
            let wait = Wait::For(Allowance::of(facts, Phase::Receive));
            match self.read(wait, facts)? {
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
        let facts = Facts::current()?;
        Ok(self.transmit(amount, &facts)?)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        let facts = Facts::current()?;
        Ok(self.receive(&facts)?)
    }

    /// Returns whether the connection can take another request.
    ///
    /// Its end, unread bytes or an unsent head make it unusable.
    fn is_open(&mut self) -> bool {
        let Ok(facts) = Facts::current() else { return false };
        !self.broken
            && self.held.is_empty()
            && self.buffers.input().is_empty()
            && matches!(self.channel.read(&mut [0], Wait::No(&facts)), Ok(Incoming::Nothing))
    }

    fn is_tls(&self) -> bool {
        self.channel.is_tls()
    }
}

/// Hides the buffers, which contain a token.
impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("broken", &self.broken).finish_non_exhaustive()
    }
}
