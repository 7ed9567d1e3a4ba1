//! One connection as a stream of bytes, plain or TLS, with faults.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use socket2::SockRef;

use super::gate::{Gate, PATIENCE};

/// Pause between two looks at a socket.
const POLL: Duration = Duration::from_micros(500);

pub(super) enum Stream {
    Plain(Socket),
    Tls(Box<StreamOwned<ServerConnection, Socket>>),
}

/// A socket whose calls end with success, failure, stop or [`PATIENCE`].
///
/// It polls, because on some systems a shutdown through another handle does not wake a thread that is blocked in a
/// socket.
pub(super) struct Socket {
    socket: TcpStream,
    stop: Gate,
}

impl Socket {
    fn patiently<T>(&self, mut act: impl FnMut(&TcpStream) -> io::Result<T>) -> io::Result<T> {
        let start = Instant::now();
        loop {
            match act(&self.socket) {
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => {}
                done => return done,
            }
            if self.stop.opens_within(POLL) {
                return Err(io::Error::other("stopped"));
            }
            if start.elapsed() > PATIENCE {
                return Err(ErrorKind::TimedOut.into());
            }
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.patiently(|mut socket| socket.read(buf))
    }
}

impl Write for Socket {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.patiently(|mut socket| socket.write(buf))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream {
    /// Over TLS, shakes hands with the client.
    pub(super) fn new(
        socket: TcpStream,
        tls: Option<&Arc<ServerConfig>>,
        stop: &Gate,
    ) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        let socket = Socket { socket, stop: stop.clone() };
        let Some(config) = tls else { return Ok(Self::Plain(socket)) };
        let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self::Tls(Box::new(stream)))
    }

    fn socket(&mut self) -> &mut Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &mut stream.sock,
        }
    }

    /// Ends our side in order: with `close_notify` where TLS is spoken.
    pub(super) fn half_close(&mut self) -> io::Result<()> {
        if let Self::Tls(stream) = self {
            stream.conn.send_close_notify();
            stream.conn.complete_io(&mut stream.sock)?;
        }
        self.cut()
    }

    /// Ends our side of the connection without `close_notify`.
    pub(super) fn cut(&mut self) -> io::Result<()> {
        self.socket().socket.shutdown(Shutdown::Write)
    }

    /// Shrinks the kernel's receive buffer, so that a client notices a slow peer.
    pub(super) fn shrink(&mut self) -> io::Result<()> {
        SockRef::from(&self.socket().socket).set_recv_buffer_size(64 * 1024)
    }

    /// Closes with a reset, whether or not there are unread bytes.
    pub(super) fn reset(mut self) -> io::Result<()> {
        SockRef::from(&self.socket().socket).set_linger(Some(Duration::ZERO))
    }

    /// Returns the bytes that carry this text, without writing them.
    pub(super) fn encode(&mut self, text: &[u8]) -> io::Result<Vec<u8>> {
        let Self::Tls(stream) = self else { return Ok(text.to_vec()) };
        let mut raw = Vec::new();
        stream.conn.writer().write_all(text)?;
        while stream.conn.wants_write() {
            stream.conn.write_tls(&mut raw)?;
        }
        Ok(raw)
    }

    /// Writes beneath TLS.
    pub(super) fn write_bare(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket().write_all(bytes)
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buf),
            Self::Tls(stream) => stream.read(buf),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(buf),
            Self::Tls(stream) => stream.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
