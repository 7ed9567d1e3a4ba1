//! One accepted connection as a stream of bytes, plain or TLS, with faults that a normal stream does not offer.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Bytes of a TLS 1.3 record of application data besides its text: the type and the tag.
const TLS13_OVERHEAD: usize = 17;

pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, Records>>),
}

impl Stream {
    pub(super) fn plain(socket: TcpStream) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        Ok(Self::Plain(socket))
    }

    /// Shakes hands with the client.
    pub(super) fn tls(socket: TcpStream, config: Arc<ServerConfig>) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        let connection = ServerConnection::new(config).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, Records::new(socket));
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self::Tls(Box::new(stream)))
    }

    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &stream.sock.socket,
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
        self.socket().shutdown(Shutdown::Write)
    }

    /// Returns the bytes that carry this text on the wire, without writing them.
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

    /// Waits until the client has sent something that nobody read, so that the kernel makes a close a reset.
    pub(super) fn wait_for_unread(&mut self) -> io::Result<()> {
        match self.socket().peek(&mut [0])? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Reads `len` bytes of text, but leaves the last byte on the wire in the kernel.
    ///
    /// Returns the text that could be read. Over TLS it lacks the last record, which cannot be decrypted without its end.
    pub(super) fn read_all_but_one(&mut self, len: usize) -> io::Result<Vec<u8>> {
        let mut read = Vec::new();
        match self {
            Self::Plain(socket) => {
                read.resize(len.saturating_sub(1), 0);
                socket.read_exact(&mut read)?;
            }
            Self::Tls(stream) => {
                assert!(!stream.conn.wants_write(), "the server owes the client something");
                let mut buffer = vec![0; 32 * 1024];
                // The rest of the current record is the start of the text.
                while !stream.conn.wants_read() {
                    let n = stream.read(&mut buffer)?;
                    read.extend_from_slice(&buffer[..n]);
                }
                assert!(read.len() < len, "give a body that takes more than one TLS record");
                loop {
                    if read.len() + stream.sock.next_text()? >= len {
                        stream.sock.skip_all_but_one()?;
                        break;
                    }
                    let n = stream.read(&mut buffer)?;
                    read.extend_from_slice(&buffer[..n]);
                }
            }
        }
        self.wait_for_unread()?;
        Ok(read)
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

/// A socket that never reads past the end of a TLS record, so that unread records stay in the kernel.
pub(super) struct Records {
    socket: TcpStream,
    /// The part of the current record's header that was not given out yet.
    header: Vec<u8>,
    /// Bytes of the current record that are still in the socket.
    left: usize,
}

impl Records {
    fn new(socket: TcpStream) -> Self {
        Self { socket, header: Vec::new(), left: 0 }
    }

    /// Makes sure that there is a current record. Returns `false` at the end of the connection.
    fn begin(&mut self) -> io::Result<bool> {
        if self.left > 0 || !self.header.is_empty() {
            return Ok(true);
        }
        let mut header = [0; 5];
        if self.socket.read(&mut header[..1])? == 0 {
            return Ok(false);
        }
        self.socket.read_exact(&mut header[1..])?;
        self.header = header.to_vec();
        self.left = usize::from(u16::from_be_bytes([header[3], header[4]]));
        Ok(true)
    }

    /// Length of the text in the next record.
    fn next_text(&mut self) -> io::Result<usize> {
        if !self.begin()? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(self.left.saturating_sub(TLS13_OVERHEAD))
    }

    /// Drops the current record except for its last byte, which stays in the socket.
    fn skip_all_but_one(&mut self) -> io::Result<()> {
        self.socket.read_exact(&mut vec![0; self.left - 1])
    }
}

impl Read for Records {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if !self.begin()? {
            return Ok(0);
        }
        if !self.header.is_empty() {
            let n = self.header.len().min(buf.len());
            buf[..n].copy_from_slice(&self.header[..n]);
            self.header.drain(..n);
            return Ok(n);
        }
        let n = buf.len().min(self.left);
        let n = self.socket.read(&mut buf[..n])?;
        self.left -= n;
        Ok(n)
    }
}

impl Write for Records {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.socket.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}
