//! Bytes to and from the peer, over plain TCP or TLS.

use std::io::{self, ErrorKind, IoSlice, Read, Write};

use mde_live_response_core::TransportErrorKind;
use rustls::ClientConnection;

use super::socket::{Socket, Wait};
use crate::exchange::Allowance;
use crate::fault::Fault;

/// Reads from the socket in a row that may bring TLS something and HTTP nothing: whoever sends session tickets
/// and the like without end must not keep us from looking at the time. Enough for a record of 16 KiB, which
/// takes five.
const MAX_READS: u32 = 8;

/// A connection that carries HTTP.
#[derive(Debug)]
pub(super) struct Channel {
    socket: Socket,
    tls: Option<Box<ClientConnection>>,
}

/// What a read brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Incoming {
    /// So many bytes for HTTP, never 0.
    Bytes(usize),
    /// Nothing in the time to wait.
    Nothing,
    /// Nothing for HTTP yet, and there may be more to read.
    Unfinished,
    /// The peer has ended its side.
    End,
}

/// How far some bytes have got on their way out.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Bytes that are with the kernel or, over TLS, encrypted for it.
    taken: usize,
    /// Bytes that the kernel took, encrypted ones included: never less than the plain ones among them.
    written: usize,
}

impl Progress {
    /// Bytes that the kernel took.
    pub(super) fn written(&self) -> usize {
        self.written
    }

    /// The least of `amount` plain bytes that the kernel has not been given.
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

    /// Writes on with one call to the kernel, of two texts that follow each other. `Ok(true)`: all of it is out.
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
                // Encrypts at most rustls's own buffer limit; what is left is taken when that is out.
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

    /// Reads what comes in the time to wait.
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
                // The end of the stream without TLS's own: somebody else may have cut it.
                Err(cause) => return Err(broken(cause)),
            }
            if self.socket.read(wait, |stream| tls.read_tls(stream))?.map_err(broken)?.is_none() {
                return Ok(Incoming::Nothing);
            }
            tls.process_new_packets()
                .map_err(|cause| Fault::new(TransportErrorKind::Receive, cause))?;
        }
        Ok(Incoming::Unfinished)
    }
}

/// With one call, and as one text where there is only one.
fn write_both(to: &mut dyn Write, first: &[u8], second: &[u8]) -> io::Result<usize> {
    if first.is_empty() {
        return to.write(second);
    }
    to.write_vectored(&[IoSlice::new(first), IoSlice::new(second)])
}
