//! A TCP socket whose calls end within a time. Notes when bytes move.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};

use crate::facts::{Allowance, Facts};
use crate::fault::Fault;

/// Longest time that a write blocks before the next look for an early answer.
const WRITE_SLICE: Duration = Duration::from_millis(50);

/// Whether writes block until the socket's own timeout.
///
/// Not on Windows: a send that times out there does not tell how much was sent, and no timeout is shorter than half a
/// second.
const WRITES_BLOCK: bool = !cfg!(windows);

/// Pause before the next write if writes do not block.
const WRITE_PAUSE: Duration = Duration::from_millis(1);

/// Longest time that a read blocks before the next time check. Long, so that the timeout is set once and not before
/// every read.
const READ_SLICE: Duration = Duration::from_secs(10);

/// Keepalive probes of a silent connection. Ours.
///
/// They detect a vanished peer, and keep the connection's state in middleboxes.
const KEEPALIVE: TcpKeepalive =
    TcpKeepalive::new().with_time(Duration::from_secs(30)).with_interval(Duration::from_secs(10));

/// A connected socket.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    /// The timeouts that the kernel knows.
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
}

/// Time that a read may wait.
#[derive(Clone, Copy)]
pub(super) enum Wait<'e> {
    /// Not at all.
    No(&'e Facts),
    /// As long as this allows.
    For(Allowance<'e>),
}

/// Rounds a timeout up to a millisecond.
///
/// The kernel counts in milliseconds, and zero means no limit.
pub(super) fn at_least_a_millisecond(time: Duration) -> Duration {
    time.max(Duration::from_millis(1))
}

impl Socket {
    /// Prepares a connection that was just opened.
    pub(super) fn new(stream: TcpStream, time: Allowance<'_>) -> Self {
        // Best effort: if the peer has reset the connection, the first write fails. No delay: every write is complete,
        // so waiting for more bytes gains nothing. Keepalive: without it, the silence limit still ends a dead
        // connection.
        let _ = stream.set_nodelay(true);
        let _ = SockRef::from(&stream).set_tcp_keepalive(&KEEPALIVE);
        time.facts().set_moved();
        Self { stream, read_timeout: None, write_timeout: None }
    }

    /// Writes some bytes with one call. Returns 0 if the peer took none for [`WRITE_SLICE`] or the time left.
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
            Ok(n) => {
                time.facts().set_moved();
                Ok(n)
            }
            Err(cause) if is_passing(&cause) => Ok(0),
            Err(cause) => Err(cause),
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

    /// Writes without blocking, and pauses if the kernel takes no byte.
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
            // The kernel has these bytes, even if restoring the socket's mode failed.
            written => written,
        }
    }

    /// Reads some bytes with one call. `None` if none arrived within the time to wait.
    pub(super) fn read(
        &mut self,
        wait: Wait<'_>,
        read: impl FnOnce(&mut dyn Read) -> io::Result<usize>,
    ) -> Result<io::Result<Option<usize>>, Fault> {
        let (read, facts) = match wait {
            Wait::No(facts) => (self.read_now(read), facts),
            Wait::For(time) => {
                let left = time.slice()?.map(|left| left.min(READ_SLICE));
                (self.read_for(left.map(at_least_a_millisecond), read), time.facts())
            }
        };
        Ok(match read {
            Ok(n) => {
                facts.set_moved();
                Ok(Some(n))
            }
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

/// Returns whether the error is a timeout or a signal.
///
/// The connection is still good then.
fn is_passing(cause: &io::Error) -> bool {
    matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use socket2::SockRef;

    use crate::connection::tests::pair;

    #[test]
    fn a_connection_has_tcp_keepalive() {
        let (socket, _peer) = pair();
        assert!(SockRef::from(&socket.stream).keepalive().unwrap());
    }
}
