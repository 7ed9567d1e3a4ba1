//! A TCP socket whose calls end in time.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use mde_live_response_core::TransportErrorKind;

use super::aside;
use crate::exchange::Allowance;
use crate::fault::Fault;

/// Longest that a write blocks before the socket is looked at for an answer.
const WRITE_SLICE: Duration = Duration::from_millis(50);

/// Whether a write may end by the socket's own time-out. Not on Windows: there a send that times out has
/// taken nobody knows how much, and nothing under half a second is kept.
const WRITES_BLOCK: bool = !cfg!(windows);

/// Pause before the next attempt where a write may not block.
const WRITE_PAUSE: Duration = Duration::from_millis(1);

/// Longest that a read blocks before the time left is looked at again. So long a time is set once, and not before every
/// read.
const READ_SLICE: Duration = Duration::from_secs(10);

/// A connected socket.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    /// What the kernel was told last.
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
}

/// How long a read may wait.
#[derive(Clone, Copy)]
pub(super) enum Wait<'e> {
    /// Not at all.
    No,
    /// As long as this allows.
    For(Allowance<'e>),
}

/// Opens a connection to the first address that takes one. Each gets an equal share of the time that is
/// left, so that a dead one leaves time for the others.
pub(super) fn connect(addresses: &[SocketAddr], time: Allowance<'_>) -> Result<Socket, Fault> {
    let mut last = None;
    for (n, address) in addresses.iter().enumerate() {
        let shares = u32::try_from(addresses.len() - n).unwrap_or(u32::MAX);
        let share = time.left()?.map(|left| at_least_a_millisecond(left / shares));
        let address = *address;
        let open = move || match share {
            Some(share) => TcpStream::connect_timeout(&address, share),
            None => TcpStream::connect(address),
        };
        let opened =
            if time.can_be_cancelled() { aside::run("connect", time, open)? } else { open() };
        match opened {
            Ok(stream) => {
                // What is written is complete in itself: nothing is gained by waiting for more.
                stream.set_nodelay(true).map_err(|e| Fault::io(TransportErrorKind::Connect, e))?;
                return Ok(Socket { stream, read_timeout: None, write_timeout: None });
            }
            Err(cause) => last = Some(cause),
        }
    }
    let cause = last.unwrap_or_else(|| io::Error::other("the host has no address"));
    if cause.kind() == ErrorKind::TimedOut {
        return Err(time.exceeded());
    }
    Err(Fault::io(TransportErrorKind::Connect, cause))
}

/// The kernel counts in milliseconds, and takes zero for "for ever".
fn at_least_a_millisecond(time: Duration) -> Duration {
    time.max(Duration::from_millis(1))
}

impl Socket {
    /// Writes some bytes with one call; 0 when the peer took none for [`WRITE_SLICE`], or for the time that
    /// is left.
    pub(super) fn write(
        &mut self,
        time: Allowance<'_>,
        write: impl FnOnce(&mut dyn Write) -> io::Result<usize>,
    ) -> Result<io::Result<usize>, Fault> {
        let slice = time.slice()?.map_or(WRITE_SLICE, |slice| slice.min(WRITE_SLICE));
        let written =
            if WRITES_BLOCK { self.write_for(slice, write) } else { self.write_now(write) };
        Ok(match written {
            Ok(0) => Err(ErrorKind::WriteZero.into()),
            Err(cause) if is_passing(&cause) => Ok(0),
            written => written,
        })
    }

    fn write_for(
        &mut self,
        time: Duration,
        write: impl FnOnce(&mut dyn Write) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let time = Some(at_least_a_millisecond(time));
        if self.write_timeout != time {
            self.stream.set_write_timeout(time)?;
            self.write_timeout = time;
        }
        write(&mut self.stream)
    }

    /// Writes what the kernel takes at once, and pauses when that is nothing.
    pub(super) fn write_now(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<usize>,
    ) -> io::Result<usize> {
        self.stream.set_nonblocking(true)?;
        let written = write(&mut self.stream);
        let blocking = self.stream.set_nonblocking(false);
        match written {
            Err(cause) if cause.kind() == ErrorKind::WouldBlock => {
                thread::sleep(WRITE_PAUSE);
                blocking.and(Err(cause))
            }
            // What the kernel has taken counts, whatever comes after it.
            written => written,
        }
    }

    /// Reads some bytes with one call; `None` when none came in the time to wait.
    pub(super) fn read(
        &mut self,
        wait: Wait<'_>,
        read: impl FnOnce(&mut dyn Read) -> io::Result<usize>,
    ) -> Result<io::Result<Option<usize>>, Fault> {
        let read = match wait {
            Wait::No => self.read_now(read),
            Wait::For(time) => {
                let left = time.slice()?.map(|left| left.min(READ_SLICE));
                self.read_for(left.map(at_least_a_millisecond), read)
            }
        };
        Ok(match read {
            Ok(n) => Ok(Some(n)),
            Err(cause) if is_passing(&cause) => Ok(None),
            Err(cause) => Err(cause),
        })
    }

    fn read_for(
        &mut self,
        time: Option<Duration>,
        read: impl FnOnce(&mut dyn Read) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if self.read_timeout != time {
            self.stream.set_read_timeout(time)?;
            self.read_timeout = time;
        }
        read(&mut self.stream)
    }

    fn read_now(
        &mut self,
        read: impl FnOnce(&mut dyn Read) -> io::Result<usize>,
    ) -> io::Result<usize> {
        self.stream.set_nonblocking(true)?;
        let read = read(&mut self.stream);
        self.stream.set_nonblocking(false)?;
        read
    }
}

/// Time passed, or a signal came: nothing happened to the connection.
fn is_passing(cause: &io::Error) -> bool {
    matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
