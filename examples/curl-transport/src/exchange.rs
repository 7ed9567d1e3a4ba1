//! The caller's side of an exchange: reads the body when asked for it, and ends the exchange when its time is over or
//! it is cancelled.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use mde_live_response_core::{Body, CancelToken, Limits, Phase, TransportErrorKind};

use crate::facts::Shared;
use crate::fault::Fault;
use crate::head::Answer;
use crate::outgoing::Outgoing;
use crate::worker::{Event, Job, Worker};

/// Longest wait before the next look for a cancel, and for a connection that takes too long.
const SLICE: Duration = Duration::from_millis(50);

/// How an exchange ends.
pub(crate) enum End {
    /// The worker says so, and is free again.
    Done(Result<Answer, Fault>),
    /// The caller does, whatever the worker is at.
    LeftBehind(Fault),
}

/// An exchange that a worker has begun.
pub(crate) struct Exchange {
    shared: Arc<Shared>,
    events: Receiver<Event>,
    chunks: Sender<Vec<u8>>,
    time: Time,
}

impl Exchange {
    pub(crate) fn begin(
        worker: &Worker,
        outgoing: Outgoing,
        shared: &Arc<Shared>,
        time: Time,
    ) -> Result<Self, Fault> {
        let (events, asked) = mpsc::channel();
        let (chunks, given) = mpsc::channel();
        let job = Job { outgoing, shared: Arc::clone(shared), events, chunks: given };
        worker.give(job)?;
        Ok(Self { shared: Arc::clone(shared), events: asked, chunks, time })
    }

    pub(crate) fn run(self, body: &mut Body<'_>) -> End {
        let fault = loop {
            let wait = match self.time.left(&self.shared) {
                Ok(wait) => wait,
                Err(fault) => break fault,
            };
            match self.events.recv_timeout(wait) {
                Ok(Event::Done(outcome)) => return End::Done(*outcome),
                Ok(Event::Need(chunk)) => {
                    if let Err(fault) = self.give(body, chunk) {
                        break fault;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    break Fault::local("the thread of the exchange has died");
                }
            }
        };
        End::LeftBehind(fault)
    }

    /// Fills the chunk from the body. What makes the request complete comes in a chunk of its own, so that it is sent
    /// with a write of its own, and is known to be.
    fn give(&self, body: &mut Body<'_>, mut chunk: Vec<u8>) -> Result<(), Fault> {
        let given = self.shared.facts().body_given;
        let decisive_from = body.decisive_from();
        let end = if given < decisive_from { decisive_from } else { body.len() };
        let most = usize::try_from(end - given).map_or(chunk.len(), |most| most.min(chunk.len()));
        chunk.truncate(most);
        let broken = |cause: io::Error| Fault::new(TransportErrorKind::Send, cause);
        let n = body.read(&mut chunk).map_err(broken)?;
        if n == 0 && most > 0 {
            return Err(broken(io::ErrorKind::UnexpectedEof.into()));
        }
        chunk.truncate(n);
        self.shared.note(|facts| facts.body_given += n as u64);
        // Nobody there to take it: the exchange is over, and its end is on its way.
        let _ = self.chunks.send(chunk);
        self.shared.wake();
        Ok(())
    }
}

/// Whether it has ended or the body's reader panics: from here on nothing more of it is sent.
impl Drop for Exchange {
    fn drop(&mut self) {
        *self.shared.ended() = true;
        self.shared.wake();
    }
}

/// How long an exchange may go on.
#[derive(Debug)]
pub(crate) struct Time {
    deadline: Option<Instant>,
    connected_by: Option<Instant>,
    cancel: Option<CancelToken>,
}

impl Time {
    pub(crate) fn new(limits: &Limits, connect_timeout: Duration) -> Self {
        let now = Instant::now();
        // A time too long for the clock is as good as none.
        Self {
            deadline: limits.time_left().and_then(|left| now.checked_add(left)),
            connected_by: now.checked_add(connect_timeout),
            cancel: limits.cancel().cloned(),
        }
    }

    /// How long to wait before the next look; an error when the time is over, or the exchange is not wanted any more.
    pub(crate) fn left(&self, shared: &Shared) -> Result<Duration, Fault> {
        if self.cancel.as_ref().is_some_and(CancelToken::is_cancelled) {
            return Err(Fault::cancelled());
        }
        let phase = shared.phase();
        let is_connecting = matches!(phase, Phase::Resolve | Phase::Connect);
        let connected_by = self.connected_by.filter(|_| is_connecting);
        let now = Instant::now();
        let mut wait = if self.cancel.is_some() { SLICE } else { Duration::MAX };
        for limit in [self.deadline, connected_by].into_iter().flatten() {
            let left = limit.saturating_duration_since(now);
            if left.is_zero() {
                return Err(Fault::timeout(phase));
            }
            wait = wait.min(left);
        }
        Ok(wait)
    }
}
