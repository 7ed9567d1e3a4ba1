//! One thread's connections: runs an exchange on them, and keeps them only where the next one may use them.
//!
//! libcurl by itself takes a kept connection for good while bytes wait on it that belong to nobody, and also when the
//! server has closed its side. Here it is looked at first, and given up rather once too often.

use std::time::Duration;

use curl::MultiError;
use curl::easy::Easy2;
use curl::multi::{self, Easy2Handle, Multi, MultiWaker, WaitFd};

use crate::classify::{self, Situation};
use crate::facts::Shared;
use crate::fault::Fault;
use crate::handler::Handler;
use crate::head::Answer;
use crate::outgoing::Outgoing;
use crate::settings::CurlTransportBuilder;

/// Longest that libcurl waits for its sockets. It knows its own times, and the caller wakes it.
const POLL: Duration = Duration::from_secs(1);

pub(crate) struct Connections {
    multi: Multi,
    /// Those that were opened. One of them may be closed by now, and its number be another's: then the look at it says
    /// little, and costs a new connection at worst.
    sockets: Vec<multi::Socket>,
}

impl Connections {
    pub(crate) fn new() -> Self {
        Self { multi: Multi::new(), sockets: Vec::new() }
    }

    /// Gives up what is not as quiet as it must be.
    pub(crate) fn check(&mut self) {
        if !self.are_quiet() {
            *self = Self::new();
        }
    }

    /// Wakes this thread while it runs an exchange.
    pub(crate) fn waker(&self) -> MultiWaker {
        self.multi.waker()
    }

    /// Neither an end nor bytes are waiting.
    fn are_quiet(&self) -> bool {
        let look_at = |socket: &multi::Socket| {
            let mut look = WaitFd::new();
            look.set_fd(*socket);
            look.poll_on_read(true);
            look
        };
        let mut looks: Vec<WaitFd> = self.sockets.iter().map(look_at).collect();
        looks.is_empty()
            || self.multi.poll(&mut looks, Duration::ZERO).is_ok_and(|_| {
                !looks.iter().any(|look| look.received_read() || look.received_priority_read())
            })
    }

    pub(crate) fn run(
        &mut self,
        outgoing: &Outgoing,
        settings: &CurlTransportBuilder,
        handler: Handler,
        shared: &Shared,
    ) -> Result<Answer, Fault> {
        let outcome = self.transfer(outgoing, settings, handler, shared);
        let is_as_expected = outcome.as_ref().is_ok_and(Answer::leaves_connection);
        if !is_as_expected || !shared.is_body_sent() {
            *self = Self::new();
        }
        outcome
    }

    fn transfer(
        &mut self,
        outgoing: &Outgoing,
        settings: &CurlTransportBuilder,
        handler: Handler,
        shared: &Shared,
    ) -> Result<Answer, Fault> {
        let mut easy = Easy2::new(handler);
        outgoing.configure(&mut easy, settings).map_err(Fault::local)?;
        let mut running = self.multi.add2(easy).map_err(Fault::local)?;
        let ended = drive(&self.multi, &mut running, shared);
        let mut easy = self.multi.remove2(running).map_err(Fault::local)?;
        let errno = easy.os_errno().ok().filter(|errno| *errno != 0);
        let handler = easy.get_mut();
        self.sockets.append(handler.opened());
        let error = match ended.map_err(Fault::local)? {
            None => return Err(Fault::cancelled()),
            Some(Ok(())) => return handler.take_answer(),
            Some(Err(error)) => error,
        };
        if let Some(fault) = handler.take_fault() {
            return Err(fault);
        }
        let situation = Situation {
            stage: shared.facts().stage(),
            has_proxy: outgoing.goes_through_proxy(settings),
            is_body_sent: shared.is_body_sent(),
            is_chunked: handler.is_chunked(),
            errno,
        };
        Err(classify::fault(error, &situation))
    }
}

/// Runs the exchange to its end; `None` when the caller has turned away.
fn drive(
    multi: &Multi,
    running: &mut Easy2Handle<Handler>,
    shared: &Shared,
) -> Result<Option<Result<(), curl::Error>>, MultiError> {
    loop {
        let ended = shared.ended();
        if *ended {
            return Ok(None);
        }
        multi.perform()?;
        drop(ended);
        let mut result = None;
        multi.messages(|message| result = message.result_for2(running).or(result.take()));
        if result.is_some() {
            return Ok(result);
        }
        if running.get_mut().take_chunk() {
            // Were it refused, libcurl would not ask for the chunk, and the caller's time would end the exchange.
            let _ = running.unpause_read();
        } else {
            multi.poll(&mut [], POLL)?;
        }
    }
}
