//! The facts of the exchange that runs on this thread.
//!
//! ureq does not pass facts about the request to the connection, but runs an exchange on the calling thread. So the
//! facts that both need are in a thread-local, from [`enter`] until its result is dropped.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use mde_live_response_core::Effect;
use mde_live_response_core::policy::CancelToken;
use mde_live_response_core::transport::{Exchange, Phase, TransportErrorKind};

use crate::fault::Fault;

/// Most interim answers (1xx) before an answer. Ours.
const MAX_INTERIM_ANSWERS: u32 = 32;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Facts>>> = const { RefCell::new(None) };
}

/// Facts about one exchange that body, connection and answer share.
#[derive(Debug)]
pub(crate) struct Facts {
    deadline: Cell<Option<Instant>>,
    /// Longest time in which no byte moves.
    silence: Option<Duration>,
    /// When a byte last moved.
    moved: Cell<Instant>,
    cancel: Option<CancelToken>,
    has_body: bool,
    decisive_from: u64,
    /// Bytes of the body that ureq was given.
    body_out: Cell<u64>,
    /// Whether the kernel was given a byte that can complete the request.
    decisive_sent: Cell<bool>,
    head_sent: Cell<bool>,
    head_received: Cell<bool>,
    interim_answers: Cell<u32>,
    stopped: Cell<bool>,
    success_claimed: Cell<bool>,
    write_fault: RefCell<Option<Fault>>,
    /// Whether the server asked for a client certificate in the handshake.
    certificate_requested: Cell<bool>,
}

/// Makes an exchange the thread's current one until it is dropped.
#[derive(Debug)]
pub(crate) struct Entered {
    before: Option<Rc<Facts>>,
}

pub(crate) fn enter(facts: &Rc<Facts>) -> Entered {
    Entered { before: CURRENT.replace(Some(Rc::clone(facts))) }
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.before.take());
    }
}

impl Facts {
    pub(crate) fn new(exchange: &Exchange<'_>) -> Rc<Self> {
        let (limits, now) = (exchange.limits(), Instant::now());
        Rc::new(Self {
            // A time that is too long for the clock counts as no limit.
            deadline: Cell::new(limits.time_left().and_then(|left| now.checked_add(left))),
            silence: limits.silence(),
            moved: Cell::new(now),
            cancel: limits.cancel().cloned(),
            has_body: exchange.body_len() > 0,
            decisive_from: exchange.decisive_from(),
            body_out: Cell::new(0),
            decisive_sent: Cell::new(false),
            head_sent: Cell::new(false),
            head_received: Cell::new(false),
            interim_answers: Cell::new(0),
            stopped: Cell::new(false),
            success_claimed: Cell::new(false),
            write_fault: RefCell::new(None),
            certificate_requested: Cell::new(false),
        })
    }

    /// Notes that a byte moved, and restarts the silence limit.
    pub(crate) fn set_moved(&self) {
        self.moved.set(Instant::now());
    }

    /// Time at which the silence limit ends.
    fn silent_until(&self) -> Option<Instant> {
        self.silence.and_then(|limit| self.moved.get().checked_add(limit))
    }

    /// Shortens the time for the rest of the exchange.
    pub(crate) fn shorten(&self, time: Duration) {
        self.deadline.set(earlier(self.deadline.get(), Instant::now().checked_add(time)));
    }

    /// The exchange that runs on this thread.
    pub(crate) fn current() -> Result<Rc<Self>, Fault> {
        let missing =
            || Fault::new(TransportErrorKind::Local, "a connection was used outside an exchange");
        CURRENT.with_borrow(Option::clone).ok_or_else(missing)
    }

    pub(crate) fn body_handed_out(&self, bytes: usize) {
        self.body_out.set(self.body_out.get() + bytes as u64);
    }

    /// Notes how much of ureq's last output the kernel took. At least `unsent` bytes of it are not sent yet.
    pub(crate) fn given(&self, unsent: usize) {
        let given = self.body_out.get().saturating_sub(unsent as u64);
        // If everything is decisive, so is the head: a request without a body is complete with it.
        if given > self.decisive_from || self.decisive_from == 0 {
            self.decisive_sent.set(true);
        }
    }

    pub(crate) fn has_body(&self) -> bool {
        self.has_body
    }

    /// Returns whether anything was sent, so that an answer may come at any time.
    pub(crate) fn is_head_sent(&self) -> bool {
        self.head_sent.get()
    }

    pub(crate) fn set_head_sent(&self) {
        self.head_sent.set(true);
    }

    pub(crate) fn is_head_received(&self) -> bool {
        self.head_received.get()
    }

    pub(crate) fn set_head_received(&self) {
        self.head_received.set(true);
    }

    /// Counts one more interim answer.
    pub(crate) fn count_interim_answer(&self) -> Result<(), Fault> {
        let count = self.interim_answers.get() + 1;
        self.interim_answers.set(count);
        if count > MAX_INTERIM_ANSWERS {
            return Err(Fault::new(TransportErrorKind::Protocol, "more than 32 interim answers"));
        }
        Ok(())
    }

    /// Stops writing, because the peer has answered or does not read. Without an answer, this fault is reported.
    pub(crate) fn stop(&self, fault: Option<Fault>) {
        self.stopped.set(true);
        let mut first = self.write_fault.borrow_mut();
        if first.is_none() {
            *first = fault;
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.get()
    }

    pub(crate) fn take_write_fault(&self) -> Option<Fault> {
        self.write_fault.borrow_mut().take()
    }

    /// Notes that the server claims success. If it cannot have received the whole request, the effect is unknown.
    pub(crate) fn set_success_claimed(&self) {
        self.success_claimed.set(true);
    }

    pub(crate) fn set_certificate_requested(&self) {
        self.certificate_requested.set(true);
    }

    pub(crate) fn is_certificate_requested(&self) -> bool {
        self.certificate_requested.get()
    }

    /// The effect of an exchange that ends without an answer.
    pub(crate) fn effect(&self) -> Effect {
        let is_unknown = self.decisive_sent.get() || self.success_claimed.get();
        if is_unknown { Effect::Unknown } else { Effect::NotApplied }
    }
}

/// Longest time that a system call blocks, if cancelling is possible.
const SLICE: Duration = Duration::from_millis(50);

/// The time limit for a part of an exchange. Ends early if the exchange is silent for too long, or cancelled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance<'e> {
    phase: Phase,
    limit: Option<Instant>,
    facts: &'e Facts,
}

impl<'e> Allowance<'e> {
    /// All the time that the exchange has left, in this phase.
    pub(crate) fn of(facts: &'e Facts, phase: Phase) -> Self {
        Self { phase, limit: facts.deadline.get(), facts }
    }

    /// The same, but no longer than this from now on.
    pub(crate) fn at_most(mut self, time: Duration) -> Self {
        self.limit = earlier(self.limit, Instant::now().checked_add(time));
        self
    }

    /// The same time, in another phase.
    pub(crate) fn in_phase(self, phase: Phase) -> Self {
        Self { phase, ..self }
    }

    /// Returns the time left, never zero. `None`: no limit. Fails if no time is left, or the exchange is cancelled.
    pub(crate) fn left(self) -> Result<Option<Duration>, Fault> {
        if self.facts.cancel.as_ref().is_some_and(CancelToken::is_cancelled) {
            return Err(Fault::bare(TransportErrorKind::Cancelled));
        }
        let Some(limit) = earlier(self.limit, self.facts.silent_until()) else { return Ok(None) };
        let left = limit.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(self.exceeded()) } else { Ok(Some(left)) }
    }

    /// Returns the time until the next check of time and cancel. `None`: no check is needed.
    pub(crate) fn slice(self) -> Result<Option<Duration>, Fault> {
        let left = self.left()?;
        if !self.can_be_cancelled() {
            return Ok(left);
        }
        Ok(Some(left.map_or(SLICE, |left| left.min(SLICE))))
    }

    pub(crate) fn can_be_cancelled(self) -> bool {
        self.facts.cancel.is_some()
    }

    pub(crate) fn facts(self) -> &'e Facts {
        self.facts
    }

    pub(crate) fn exceeded(self) -> Fault {
        Fault::timeout(self.phase)
    }
}

/// The earlier of two limits; `None` means no limit.
fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn facts() -> Rc<Facts> {
        let request = http::Request::get("https://service.invalid/").body(&[][..]).unwrap();
        Facts::new(&Exchange::new(request).unwrap())
    }

    fn is_current(facts: &Rc<Facts>) -> bool {
        Facts::current().is_ok_and(|current| Rc::ptr_eq(&current, facts))
    }

    /// An exchange within another happens, for example, if a source of bytes uses the client, or after a caught panic.
    #[test]
    fn an_exchange_within_another_gives_way_to_it_again() {
        let outer = facts();
        let entered = enter(&outer);
        let result = std::panic::catch_unwind(|| {
            let inner = facts();
            let _entered = enter(&inner);
            assert!(is_current(&inner));
            std::panic::resume_unwind(Box::new("from within"));
        });
        assert_eq!(*result.unwrap_err().downcast::<&str>().unwrap(), "from within");
        assert!(is_current(&outer));
        drop(entered);
        assert_eq!(Facts::current().unwrap_err().kind, TransportErrorKind::Local);
    }
}
