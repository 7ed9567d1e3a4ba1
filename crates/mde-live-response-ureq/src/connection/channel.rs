//! Bytes to and from the peer, over plain TCP or TLS.

use std::io::{self, ErrorKind, IoSlice, Read, Write};

use mde_live_response_core::transport::TransportErrorKind;
use rustls::ClientConnection;

use super::socket::{Socket, Wait};
use super::tls;
use crate::facts::Allowance;
use crate::fault::Fault;

/// Most reads in a row with bytes for TLS but none for HTTP.
///
/// A peer that sends endless session tickets must not prevent the time check. A record of 16 KiB takes five reads.
const MAX_READS: u32 = 8;

/// A connection that carries HTTP.
#[derive(Debug)]
pub(super) struct Channel {
    socket: Socket,
    tls: Option<Box<ClientConnection>>,
}

/// Result of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Incoming {
    /// This many bytes for HTTP, never 0.
    Bytes(usize),
    /// No bytes arrived within the time to wait.
    Nothing,
    /// No bytes for HTTP yet, but there may be more to read.
    Unfinished,
    /// The peer has ended its side.
    End,
}

/// Progress of sending some output.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Bytes that the kernel took or, over TLS, that were encrypted.
    taken: usize,
    /// Bytes that the kernel took. Over TLS, ciphertext bytes: at least as many as the plaintext bytes in them.
    written: usize,
}

impl Progress {
    /// Bytes that the kernel took: at least as many as their plaintext bytes.
    pub(super) fn written(&self) -> usize {
        self.written
    }

    /// Number of `amount` plaintext bytes that the kernel cannot have taken.
    pub(super) fn unsent(&self, amount: usize) -> usize {
        amount.saturating_sub(self.written)
    }
}

impl Channel {
    pub(super) fn plain(socket: Socket) -> Self {
        Self { socket, tls: None }
    }

    pub(super) fn tls(socket: Socket, tls: ClientConnection) -> Self {
        Self { socket, tls: Some(Box::new(tls)) }
    }

    pub(super) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Continues to write `first` and then `second`, with one system call. Returns whether all of it was sent.
    pub(super) fn write(
        &mut self,
        first: &[u8],
        second: &[u8],
        progress: &mut Progress,
        time: Allowance<'_>,
    ) -> Result<io::Result<bool>, Fault> {
        let len = first.len() + second.len();
        let past_first = progress.taken.saturating_sub(first.len());
        let first = first.get(progress.taken..).unwrap_or_default();
        let second = second.get(past_first..).unwrap_or_default();
        let written = match &mut self.tls {
            None => self.socket.write(time, |stream| write_both(stream, first, second))?,
            Some(tls) => {
                // rustls's buffer has a limit. The rest is encrypted when the buffer was sent.
                if !tls.wants_write() {
                    match write_both(&mut tls.writer(), first, second) {
                        Ok(n) => progress.taken += n,
                        Err(cause) => return Ok(Err(cause)),
                    }
                }
                self.socket.write(time, |stream| tls.write_tls(stream))?
            }
        };
        let n = match written {
            Ok(n) => n,
            Err(cause) => return Ok(Err(cause)),
        };
        progress.written += n;
        match &self.tls {
            None => {
                progress.taken += n;
                Ok(Ok(progress.taken == len))
            }
            Some(tls) => Ok(Ok(progress.taken == len && !tls.wants_write())),
        }
    }

    /// Reads what arrives within the time to wait.
    pub(super) fn read(&mut self, buf: &mut [u8], wait: Wait<'_>) -> Result<Incoming, Fault> {
        let broken = |cause| Fault::io(TransportErrorKind::Receive, cause);
        let Some(tls) = &mut self.tls else {
            let read = self.socket.read(wait, |stream| stream.read(buf))?;
            return Ok(match read.map_err(broken)? {
                Some(0) => Incoming::End,
                Some(n) => Incoming::Bytes(n),
                None => Incoming::Nothing,
            });
        };
        for _ in 0..MAX_READS {
            match tls.reader().read(buf) {
                Ok(0) => return Ok(Incoming::End),
                Ok(n) => return Ok(Incoming::Bytes(n)),
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => {}
                // The stream ended without `close_notify`: an attacker may have cut it.
                Err(cause) => return Err(broken(cause)),
            }
            if self.socket.read(wait, |stream| tls.read_tls(stream))?.map_err(broken)?.is_none() {
                return Ok(Incoming::Nothing);
            }
            tls.process_new_packets()
                .map_err(|cause| tls::fault(cause, TransportErrorKind::Receive))?;
        }
        Ok(Incoming::Unfinished)
    }
}

/// Writes both with one call.
fn write_both(to: &mut dyn Write, first: &[u8], second: &[u8]) -> io::Result<usize> {
    if first.is_empty() {
        return to.write(second);
    }
    to.write_vectored(&[IoSlice::new(first), IoSlice::new(second)])
}
