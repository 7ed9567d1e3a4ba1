//! What libcurl calls while it runs an exchange.
//!
//! No call may panic: libcurl is C, and the crate that wraps it keeps a caught panic for a function that is never called
//! here. What goes wrong is kept as the exchange's fault.

use std::ffi::c_int;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use curl::easy::{self, InfoType, ReadError, WriteError};
use curl::multi;
use mde_live_response_core::TransportErrorKind;
use socket2::Socket;

use crate::facts::{Shared, Stage};
use crate::fault::Fault;
use crate::head::{Answer, HeadReader, Line};
use crate::outgoing::Outgoing;
use crate::worker::Event;

/// One exchange, as libcurl sees it.
pub(crate) struct Handler {
    shared: Arc<Shared>,
    events: Sender<Event>,
    chunks: Receiver<Vec<u8>>,
    /// Of the body, for the next time that libcurl asks.
    chunk: Chunk,
    head: HeadReader,
    body: Vec<u8>,
    max_response: u64,
    is_tls: bool,
    /// Not where only the head was asked for.
    may_have_body: bool,
    fault: Option<Fault>,
    /// The sockets that were made.
    opened: Vec<multi::Socket>,
}

/// A part of the body on its way: the buffer goes to the caller and comes back filled.
enum Chunk {
    None(Vec<u8>),
    Asked,
    Ready(Vec<u8>),
}

impl Handler {
    pub(crate) fn new(
        shared: Arc<Shared>,
        events: Sender<Event>,
        chunks: Receiver<Vec<u8>>,
        outgoing: &Outgoing,
    ) -> Self {
        Self {
            shared,
            events,
            chunks,
            chunk: Chunk::None(Vec::new()),
            head: HeadReader::default(),
            body: Vec::new(),
            max_response: outgoing.max_response(),
            is_tls: outgoing.is_tls(),
            may_have_body: outgoing.may_be_answered_with_body(),
            fault: None,
            opened: Vec::new(),
        }
    }

    pub(crate) fn take_fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }

    pub(crate) fn opened(&mut self) -> &mut Vec<multi::Socket> {
        &mut self.opened
    }

    pub(crate) fn is_chunked(&self) -> bool {
        self.head.is_chunked()
    }

    pub(crate) fn take_answer(&mut self) -> Result<Answer, Fault> {
        let cut = |why: &'static str| Fault::new(TransportErrorKind::Receive, why);
        let head =
            self.head.take().ok_or_else(|| cut("the connection ended before the answer did"))?;
        // libcurl takes any end of the connection for the answer's, where the answer does not say where it ends.
        let may_be_cut = self.is_tls && !self.shared.facts().close_notify;
        if may_be_cut && self.may_have_body && head.ends_with_connection() {
            return Err(cut("the connection was cut, perhaps before the answer's end"));
        }
        Ok(Answer { head, body: std::mem::take(&mut self.body) })
    }

    /// Takes the chunk that was asked for, if it has come: then libcurl may ask again.
    pub(crate) fn take_chunk(&mut self) -> bool {
        let come = match &self.chunk {
            Chunk::Asked => self.chunks.try_recv().ok(),
            _ => None,
        };
        let has_come = come.is_some();
        if let Some(chunk) = come {
            self.chunk = Chunk::Ready(chunk);
        }
        has_come
    }

    fn line(&mut self, line: &[u8]) -> Result<(), Fault> {
        if !self.shared.facts().is_head_sent() {
            // The proxy's: its status is libcurl's to judge.
            return Ok(());
        }
        match self.head.line(line)? {
            Line::Inside => {}
            Line::Status(status) => {
                self.shared.note(|facts| facts.success_claimed |= status.is_success());
            }
            Line::End(status) => {
                self.shared.note(|facts| facts.reach(Stage::Answering));
                if status.is_success() && !self.shared.is_body_sent() {
                    let why = "the answer is a success before the request was sent whole";
                    return Err(Fault::protocol(why));
                }
            }
        }
        Ok(())
    }

    /// Keeps the first fault: those that follow are of our own making.
    fn fail(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }
}

impl easy::Handler for Handler {
    /// Never waits: libcurl has just looked whether there is an answer, and sends what it gets here without another
    /// look. Were the server to answer and close in between, the answer would be lost.
    fn read(&mut self, data: &mut [u8]) -> Result<usize, ReadError> {
        match std::mem::replace(&mut self.chunk, Chunk::Asked) {
            Chunk::Asked => Err(ReadError::Pause),
            Chunk::None(mut chunk) => {
                chunk.resize(data.len(), 0);
                self.events.send(Event::Need(chunk)).map_err(|_| ReadError::Abort)?;
                Err(ReadError::Pause)
            }
            Chunk::Ready(chunk) => {
                let room = data.get_mut(..chunk.len()).ok_or(ReadError::Abort)?;
                room.copy_from_slice(&chunk);
                let n = chunk.len();
                self.chunk = Chunk::None(chunk);
                Ok(n)
            }
        }
    }

    fn header(&mut self, data: &[u8]) -> bool {
        match self.line(data) {
            Ok(()) => true,
            Err(fault) => {
                self.fail(fault);
                false
            }
        }
    }

    fn write(&mut self, data: &[u8]) -> Result<usize, WriteError> {
        if (self.body.len() + data.len()) as u64 > self.max_response {
            let why = format!("the answer's body is larger than {} bytes", self.max_response);
            self.fail(Fault::new(TransportErrorKind::ResponseTooLarge, why));
            return Ok(0);
        }
        self.body.extend_from_slice(data);
        Ok(data.len())
    }

    /// The one place where libcurl tells how much it has sent. What it sent is not looked at: a token is among it.
    fn debug(&mut self, kind: InfoType, data: &[u8]) {
        self.shared.note(|facts| match kind {
            InfoType::SslDataOut => facts.reach(Stage::Securing),
            // An alert of two bytes: a warning, that the peer closes.
            InfoType::SslDataIn if data == [1, 0] => facts.close_notify = true,
            InfoType::HeaderOut => {
                let is_connect =
                    data.starts_with(b"CONNECT ") || facts.stage() == Stage::Tunnelling;
                facts.reach(if is_connect { Stage::Tunnelling } else { Stage::Requesting });
            }
            InfoType::DataOut => facts.body_sent += data.len() as u64,
            _ => {}
        });
    }

    /// Once something was sent, a new connection could only serve to send it again: libcurl does that by itself when a
    /// kept connection turns out to be closed.
    fn open_socket(
        &mut self,
        family: c_int,
        socktype: c_int,
        protocol: c_int,
    ) -> Option<multi::Socket> {
        if self.shared.facts().is_head_sent() {
            let kind = if self.shared.is_body_sent() {
                TransportErrorKind::Receive
            } else {
                TransportErrorKind::Send
            };
            self.fail(Fault::new(kind, "the kept connection was closed as it was used again"));
            return None;
        }
        match Socket::new(family.into(), socktype.into(), Some(protocol.into())) {
            Ok(socket) => {
                self.shared.note(|facts| facts.reach(Stage::Connecting));
                let socket = given_away(socket);
                self.opened.push(socket);
                Some(socket)
            }
            // A machine without this family of addresses has others.
            Err(cause) => {
                if is_exhausted(&cause) {
                    self.fail(Fault::local(cause));
                }
                None
            }
        }
    }
}

/// No file handles left: nothing that the network or the server did.
fn is_exhausted(cause: &std::io::Error) -> bool {
    let codes: &[i32] = if cfg!(windows) { &[10024] } else { &[23, 24] };
    cause.raw_os_error().is_some_and(|code| codes.contains(&code))
}

#[cfg(unix)]
fn given_away(socket: Socket) -> multi::Socket {
    std::os::fd::IntoRawFd::into_raw_fd(socket)
}

#[cfg(windows)]
fn given_away(socket: Socket) -> multi::Socket {
    std::os::windows::io::IntoRawSocket::into_raw_socket(socket) as multi::Socket
}
