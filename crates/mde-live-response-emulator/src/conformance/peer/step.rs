//! The script for one connection: steps, until one of them fails.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::time::Duration;

use super::gate::{Gate, PATIENCE};
use super::stream::Stream;

/// Pause of a slow peer. Part of the fault, never a way to wait for something.
const SLOW: Duration = Duration::from_millis(5);

/// The steps for one connection. After the last one, the peer reads until the client closes.
pub type Script = Vec<Step>;

/// One step of a [`Peer`](super::Peer) on a connection.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Step {
    /// Reads a request's head, and not a byte more.
    ReadHead,
    /// Reads the rest of the body that the head announced.
    ReadBody,
    /// Reads this many bytes, of a body after a head.
    ReadBytes(usize),
    /// Reads until the client closes.
    ReadToEnd,
    /// Reads the rest of the body, this many bytes at a time, with pauses.
    Sip(usize),
    /// Writes all bytes at once.
    Send(Vec<u8>),
    /// Writes the bytes beneath TLS.
    SendBare(Vec<u8>),
    /// Writes the bytes one by one, each alone on the wire.
    SendSlowly(Vec<u8>),
    /// Writes the bytes (over TLS, one record) one by one with pauses.
    DripOnce(Vec<u8>),
    /// Writes the bytes one by one with pauses, over and over.
    Drip(Vec<u8>),
    /// Writes the bytes over and over, as fast as the client takes them.
    SendForever(Vec<u8>),
    /// Opens the gate.
    Open(Gate),
    /// Waits until the gate is open.
    Await(Gate),
    /// Waits until the peer is stopped, for at most 30 s.
    Stall,
    /// Ends the peer's side in order, and keeps reading.
    HalfClose,
    /// Ends the peer's side without `close_notify`, and keeps reading.
    Cut,
    /// Closes in order. If there are unread bytes, the kernel makes it a reset.
    Close,
    /// Resets the connection.
    Reset,
}

impl Step {
    /// [`Step::Send`] for anything that becomes bytes.
    pub fn send(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Send(bytes.into())
    }
}

/// The step with at most 60 of its bytes.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, bytes) = match self {
            Self::Send(bytes) => ("Send", bytes),
            Self::SendBare(bytes) => ("SendBare", bytes),
            Self::SendSlowly(bytes) => ("SendSlowly", bytes),
            Self::DripOnce(bytes) => ("DripOnce", bytes),
            Self::Drip(bytes) => ("Drip", bytes),
            Self::SendForever(bytes) => ("SendForever", bytes),
            Self::Open(_) => return f.write_str("Open"),
            Self::Await(_) => return f.write_str("Await"),
            other => return write!(f, "{other:?}"),
        };
        let shown = bytes.get(..60).unwrap_or(bytes).escape_ascii();
        write!(f, "{name}({} bytes: \"{shown}\")", bytes.len())
    }
}

/// A connection at work.
pub(super) struct Talk<'a> {
    pub(super) stream: Option<Stream>,
    pub(super) stop: &'a Gate,
    /// Everything read so far.
    pub(super) received: &'a mut Vec<u8>,
    /// Bytes of the announced body that were not read yet.
    pub(super) body_left: usize,
}

impl Talk<'_> {
    pub(super) fn run(mut self, script: &[Step]) -> io::Result<()> {
        for step in script {
            self.step(step)?;
        }
        match self.stream {
            Some(_) => self.read_to_end(),
            None => Ok(()),
        }
    }

    fn step(&mut self, step: &Step) -> io::Result<()> {
        match step {
            Step::ReadHead => self.read_head(),
            Step::ReadBody => {
                let len = std::mem::take(&mut self.body_left);
                self.read(len)
            }
            Step::ReadBytes(n) => {
                self.body_left = self.body_left.saturating_sub(*n);
                self.read(*n)
            }
            Step::ReadToEnd => self.read_to_end(),
            Step::Sip(n) => {
                self.stream()?.shrink()?;
                while self.body_left > 0 {
                    let n = self.body_left.min(*n);
                    self.body_left -= n;
                    self.read(n)?;
                    self.pause(SLOW)?;
                }
                Ok(())
            }
            Step::Send(bytes) => self.send(bytes),
            Step::SendBare(bytes) => self.stream()?.write_bare(bytes),
            Step::SendSlowly(bytes) => bytes.chunks(1).try_for_each(|byte| self.send(byte)),
            Step::DripOnce(bytes) => {
                let raw = self.stream()?.encode(bytes)?;
                raw.chunks(1).try_for_each(|byte| {
                    self.stream()?.write_bare(byte)?;
                    self.pause(SLOW)
                })
            }
            Step::Drip(bytes) => loop {
                for byte in bytes.chunks(1) {
                    self.send(byte)?;
                    self.pause(SLOW)?;
                }
            },
            Step::SendForever(bytes) => loop {
                self.send(bytes)?;
                self.pause(Duration::ZERO)?;
            },
            Step::Open(gate) => {
                gate.open();
                Ok(())
            }
            Step::Await(gate) => {
                while !gate.opens_within(SLOW) {
                    self.pause(Duration::ZERO)?;
                }
                Ok(())
            }
            Step::Stall => {
                self.pause(PATIENCE)?;
                Err(ErrorKind::TimedOut.into())
            }
            Step::HalfClose => self.stream()?.half_close(),
            Step::Cut => self.stream()?.cut(),
            Step::Close => {
                // The client may be gone already, which closes as well.
                let _ = self.stream()?.half_close();
                self.stream = None;
                Ok(())
            }
            Step::Reset => self.stream.take().map_or(Ok(()), Stream::reset),
        }
    }

    fn stream(&mut self) -> io::Result<&mut Stream> {
        self.stream.as_mut().ok_or_else(|| io::Error::other("the script goes on after its end"))
    }

    /// An error once the peer is stopped.
    fn pause(&self, time: Duration) -> io::Result<()> {
        if self.stop.opens_within(time) { Err(io::Error::other("stopped")) } else { Ok(()) }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stream = self.stream()?;
        stream.write_all(bytes)?;
        stream.flush()
    }

    /// Reads this many bytes, and keeps what comes before an early end.
    fn read(&mut self, mut left: usize) -> io::Result<()> {
        let mut buffer = vec![0; left.min(64 * 1024)];
        while left > 0 {
            let room = left.min(buffer.len());
            let n = self.read_some(&mut buffer[..room])?;
            if n == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            left -= n;
        }
        Ok(())
    }

    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.stream()?.read(buffer)?;
        self.received.extend_from_slice(&buffer[..n]);
        Ok(n)
    }

    fn read_head(&mut self) -> io::Result<()> {
        let start = self.received.len();
        while !self.received[start..].ends_with(b"\r\n\r\n") {
            self.read(1)?;
        }
        self.body_left = content_length(&self.received[start..])?;
        Ok(())
    }

    fn read_to_end(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        while self.read_some(&mut buffer)? > 0 {}
        Ok(())
    }
}

fn content_length(head: &[u8]) -> io::Result<usize> {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let mut lengths = head.lines().filter_map(|line| line.strip_prefix("content-length:"));
    match (lengths.next(), lengths.next()) {
        (None, _) => Ok(0),
        (Some(length), None) => length.trim().parse().map_err(io::Error::other),
        _ => Err(io::Error::other("more than one content length")),
    }
}
