//! What a server does with one connection: steps in order, until one of them fails.

use std::io::{self, Read, Write};
use std::time::Duration;

use super::gate::{Gate, PATIENCE};
use super::stream::Stream;

/// Pause of a slow peer. Part of the fault, never a way to wait for something.
const SLOW: Duration = Duration::from_millis(5);

/// What one connection gets. After the last step, the server reads until the client closes.
pub(crate) type Script = Vec<Step>;

#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Reads a request's head, and not a byte more.
    ReadHead,
    /// Reads the rest of the body that the head announced.
    ReadBody,
    /// Reads the body except for the last byte on the wire, waits for that byte, and leaves it unread.
    ReadBodyButOne,
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
    /// Writes the bytes as one text (over TLS, one record), whose bytes go out one by one with pauses.
    DripOnce(Vec<u8>),
    /// Writes the bytes one by one with pauses, over and over.
    Drip(Vec<u8>),
    /// Writes the bytes over and over, as fast as the client takes them.
    SendForever(Vec<u8>),
    /// Opens the gate for the test.
    Open(Gate),
    /// Waits until the test opens the gate.
    Await(Gate),
    /// Does nothing until the server is stopped. Lasting longer than [`PATIENCE`] fails the test.
    Stall,
    /// Ends our side in order, and keeps reading.
    HalfClose,
    /// Ends our side without `close_notify`, and keeps reading.
    Cut,
    /// Closes in order. If the client sent something that nobody read, the kernel makes it a reset.
    Close,
    /// Waits until the client has sent something, and closes with it unread: a reset.
    Reset,
}

/// A connection at work.
pub(super) struct Talk<'a> {
    pub(super) stream: Option<Stream>,
    pub(super) stop: &'a Gate,
    /// Drops every other handle of the connection, so that closing closes.
    pub(super) release: &'a dyn Fn(),
    /// Everything read so far.
    pub(super) received: &'a mut Vec<u8>,
    /// Bytes of the announced body that were not read yet.
    pub(super) body_left: usize,
}

impl Talk<'_> {
    pub(super) fn run(mut self, script: &[Step]) -> io::Result<()> {
        for step in script {
            if self.stop.is_open() {
                return Ok(());
            }
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
            Step::ReadBodyButOne => {
                let len = std::mem::take(&mut self.body_left);
                let read = self.stream()?.read_all_but_one(len)?;
                self.received.extend(read);
                Ok(())
            }
            Step::ReadBytes(n) => {
                self.body_left = self.body_left.saturating_sub(*n);
                self.read(*n)
            }
            Step::ReadToEnd => self.read_to_end(),
            Step::Sip(n) => {
                while self.body_left > 0 {
                    let n = self.body_left.min(*n);
                    self.body_left -= n;
                    self.read(n)?;
                    self.pause()?;
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
                    self.pause()
                })
            }
            Step::Drip(bytes) => loop {
                for byte in bytes.chunks(1) {
                    self.send(byte)?;
                    self.pause()?;
                }
            },
            Step::SendForever(bytes) => loop {
                self.send(bytes)?;
            },
            Step::Open(gate) => {
                gate.open();
                Ok(())
            }
            Step::Await(gate) => {
                gate.wait();
                Ok(())
            }
            Step::Stall if self.stop.opens_within(PATIENCE) => Ok(()),
            Step::Stall => Err(io::ErrorKind::TimedOut.into()),
            Step::HalfClose => self.stream()?.half_close(),
            Step::Cut => self.stream()?.cut(),
            Step::Close => {
                // The client may be gone already, which closes as well.
                let _ = self.stream()?.half_close();
                self.close();
                Ok(())
            }
            Step::Reset => {
                self.stream()?.wait_for_unread()?;
                self.close();
                Ok(())
            }
        }
    }

    fn stream(&mut self) -> io::Result<&mut Stream> {
        self.stream.as_mut().ok_or_else(|| io::Error::other("the script goes on after its end"))
    }

    fn close(&mut self) {
        (self.release)();
        self.stream = None;
    }

    /// An error once the server is stopped.
    fn pause(&self) -> io::Result<()> {
        if self.stop.opens_within(SLOW) { Err(io::Error::other("stopped")) } else { Ok(()) }
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
            let n = self.stream()?.read(&mut buffer[..room])?;
            if n == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.received.extend_from_slice(&buffer[..n]);
            left -= n;
        }
        Ok(())
    }

    fn read_head(&mut self) -> io::Result<()> {
        let start = self.received.len();
        while !self.received[start..].ends_with(b"\r\n\r\n") {
            self.read(1)?;
        }
        self.body_left = content_length(&self.received[start..]);
        Ok(())
    }

    fn read_to_end(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match self.stream()?.read(&mut buffer)? {
                0 => return Ok(()),
                n => self.received.extend_from_slice(&buffer[..n]),
            }
        }
    }
}

fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8(head.to_vec()).unwrap().to_ascii_lowercase();
    let lengths: Vec<&str> =
        head.lines().filter_map(|line| line.strip_prefix("content-length:")).collect();
    match lengths.as_slice() {
        [] => 0,
        [length] => length.trim().parse().unwrap(),
        _ => panic!("more than one content length: {head}"),
    }
}
