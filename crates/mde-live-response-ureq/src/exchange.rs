//! The facts of the exchange that runs on this thread.
//!
//! ureq passes nothing of a request on to a connection, but runs an exchange on the calling thread: what
//! the two must know of each other is kept here while [`enter`] holds.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use mde_live_response_core::{Body, CancelToken, Delivery, Limits, Phase, TransportErrorKind};

use crate::fault::Fault;

/// More interim answers (1xx) than any server has a reason for.
const MAX_INTERIM_ANSWERS: u32 = 32;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Exchange>>> = const { RefCell::new(None) };
}

/// What connection and body must know of one exchange.
#[derive(Debug)]
pub(crate) struct Exchange {
    deadline: Option<Instant>,
    cancel: Option<CancelToken>,
    has_body: bool,
    decisive_from: u64,
    /// Bytes of the body that were handed to ureq.
    body_out: Cell<u64>,
    /// Whether a byte was given to the kernel that can make the request complete.
    decisive_sent: Cell<bool>,
    head_sent: Cell<bool>,
    head_received: Cell<bool>,
    interim_answers: Cell<u32>,
    stopped: Cell<bool>,
    success_claimed: Cell<bool>,
    write_fault: RefCell<Option<Fault>>,
}

/// Makes an exchange the thread's current one until it is dropped.
#[derive(Debug)]
pub(crate) struct Entered {
    before: Option<Rc<Exchange>>,
}

pub(crate) fn enter(exchange: &Rc<Exchange>) -> Entered {
    Entered { before: CURRENT.replace(Some(Rc::clone(exchange))) }
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.before.take());
    }
}

impl Exchange {
    pub(crate) fn new(body: &Body<'_>, limits: &Limits) -> Rc<Self> {
        Rc::new(Self {
            // A time too long for the clock is as good as none.
            deadline: limits.time_left().and_then(|left| Instant::now().checked_add(left)),
            cancel: limits.cancel().cloned(),
            has_body: !body.is_empty(),
            decisive_from: body.decisive_from(),
            body_out: Cell::new(0),
            decisive_sent: Cell::new(false),
            head_sent: Cell::new(false),
            head_received: Cell::new(false),
            interim_answers: Cell::new(0),
            stopped: Cell::new(false),
            success_claimed: Cell::new(false),
            write_fault: RefCell::new(None),
        })
    }

    /// The exchange that runs on this thread.
    pub(crate) fn current() -> Result<Rc<Self>, Fault> {
        let missing =
            || Fault::new(TransportErrorKind::Local, "a connection is used outside of an exchange");
        CURRENT.with_borrow(Option::clone).ok_or_else(missing)
    }

    pub(crate) fn body_handed_out(&self, bytes: usize) {
        self.body_out.set(self.body_out.get() + bytes as u64);
    }

    /// Notes what the kernel was given of the bytes that ureq wrote last; `unsent` is the least that is
    /// still to come of them.
    pub(crate) fn given(&self, unsent: usize) {
        let given = self.body_out.get().saturating_sub(unsent as u64);
        // Where everything is decisive, the head is too: a request without a body is complete with it.
        if given > self.decisive_from || self.decisive_from == 0 {
            self.decisive_sent.set(true);
        }
    }

    pub(crate) fn has_body(&self) -> bool {
        self.has_body
    }

    /// Whether anything was sent before: then an answer may come at any time.
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

    /// One more answer that only says that an answer will come.
    pub(crate) fn count_interim_answer(&self) -> Result<(), Fault> {
        let count = self.interim_answers.get() + 1;
        self.interim_answers.set(count);
        if count > MAX_INTERIM_ANSWERS {
            return Err(Fault::new(TransportErrorKind::Protocol, "interim answers without end"));
        }
        Ok(())
    }

    /// Nothing is written any more: the peer has answered, or does not read. The fault, if there is one, is
    /// what is reported should no answer come.
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

    /// The server says that it acted. Where it cannot have got the whole, nothing is sure then.
    pub(crate) fn set_success_claimed(&self) {
        self.success_claimed.set(true);
    }

    /// What is known of the request's effect.
    pub(crate) fn delivery(&self) -> Delivery {
        let is_unknown = self.decisive_sent.get() || self.success_claimed.get();
        if is_unknown { Delivery::Unknown } else { Delivery::NotDelivered }
    }
}

/// Longest that a call to the kernel blocks where the exchange can be cancelled.
const SLICE: Duration = Duration::from_millis(50);

/// The time that a part of an exchange may take, unless it is cancelled before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance<'e> {
    phase: Phase,
    limit: Option<Instant>,
    cancel: Option<&'e CancelToken>,
}

impl<'e> Allowance<'e> {
    /// All that the exchange has left, spent in this phase.
    pub(crate) fn of(exchange: &'e Exchange, phase: Phase) -> Self {
        Self { phase, limit: exchange.deadline, cancel: exchange.cancel.as_ref() }
    }

    /// The same, but no longer than this from now on.
    pub(crate) fn at_most(mut self, time: Duration) -> Self {
        let limit = Instant::now().checked_add(time);
        self.limit = match (self.limit, limit) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self
    }

    /// The same time, spent in another phase.
    pub(crate) fn in_phase(self, phase: Phase) -> Self {
        Self { phase, ..self }
    }

    /// Time left, never zero; an error when there is none, or when the exchange is cancelled. `None`: no limit.
    pub(crate) fn left(self) -> Result<Option<Duration>, Fault> {
        if self.cancel.is_some_and(CancelToken::is_cancelled) {
            return Err(Fault { kind: TransportErrorKind::Cancelled, source: None });
        }
        let Some(limit) = self.limit else { return Ok(None) };
        let left = limit.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(self.exceeded()) } else { Ok(Some(left)) }
    }

    /// How long to wait before the next look at the time left, and for a cancel; `None`: no look is needed.
    pub(crate) fn slice(self) -> Result<Option<Duration>, Fault> {
        let left = self.left()?;
        Ok(match self.cancel {
            Some(_) => Some(left.map_or(SLICE, |left| left.min(SLICE))),
            None => left,
        })
    }

    pub(crate) fn can_be_cancelled(self) -> bool {
        self.cancel.is_some()
    }

    pub(crate) fn exceeded(self) -> Fault {
        Fault::timeout(self.phase)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn is_current(exchange: &Rc<Exchange>) -> bool {
        Exchange::current().is_ok_and(|current| Rc::ptr_eq(&current, exchange))
    }

    /// Whoever sends from within a send, a body's source say, finds the outer exchange again afterwards, and
    /// so does whoever catches a panic.
    #[test]
    fn an_exchange_within_another_gives_way_to_it_again() {
        let outer = Exchange::new(&Body::empty(), &Limits::new());
        let entered = enter(&outer);
        let result = std::panic::catch_unwind(|| {
            let inner = Exchange::new(&Body::empty(), &Limits::new());
            let _entered = enter(&inner);
            assert!(is_current(&inner));
            std::panic::resume_unwind(Box::new("from within"));
        });
        assert_eq!(*result.unwrap_err().downcast::<&str>().unwrap(), "from within");
        assert!(is_current(&outer));
        drop(entered);
        assert_eq!(Exchange::current().unwrap_err().kind, TransportErrorKind::Local);
    }
}
