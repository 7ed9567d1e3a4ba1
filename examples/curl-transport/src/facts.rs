//! What is known of an exchange while it runs: what was sent, how far it has come, whether it is still wanted.
//!
//! The worker writes it, the caller reads it. What decides about delivery is what libcurl reports as sent, and not
//! what it has asked for: it reads ahead.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use curl::multi::MultiWaker;
use mde_live_response_core::{Body, Delivery, Phase};

/// How far an exchange has come.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    #[default]
    Resolving,
    /// A socket was made for a new connection.
    Connecting,
    /// A proxy was asked for a tunnel.
    Tunnelling,
    /// TLS has begun.
    Securing,
    /// Some of the request's head was sent: the server may answer.
    Requesting,
    /// The final answer's head is there.
    Answering,
}

/// What has happened so far.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Facts {
    stage: Stage,
    /// Bytes of the body that libcurl was given.
    pub(crate) body_given: u64,
    /// Bytes of the body that were sent.
    pub(crate) body_sent: u64,
    /// The server says that it acted.
    pub(crate) success_claimed: bool,
    /// The server has said, by TLS, that it sends no more.
    pub(crate) close_notify: bool,
}

impl Facts {
    pub(crate) fn stage(&self) -> Stage {
        self.stage
    }

    /// Never back: a connection that is used again starts late.
    pub(crate) fn reach(&mut self, stage: Stage) {
        self.stage = self.stage.max(stage);
    }

    pub(crate) fn is_head_sent(&self) -> bool {
        self.stage >= Stage::Requesting
    }
}

/// One exchange, as both threads see it.
#[derive(Debug)]
pub(crate) struct Shared {
    is_tls: bool,
    body_len: u64,
    decisive_from: u64,
    facts: Mutex<Facts>,
    /// Whether the caller has turned away. Locked by the worker for as long as libcurl runs, so that nothing is sent
    /// once the caller has read what was.
    ended: Mutex<bool>,
    /// Of the worker, once it has begun.
    waker: OnceLock<MultiWaker>,
}

impl Shared {
    pub(crate) fn new(body: &Body<'_>, is_tls: bool, start: Stage) -> Self {
        Self {
            is_tls,
            body_len: body.len(),
            decisive_from: body.decisive_from(),
            facts: Mutex::new(Facts { stage: start, ..Facts::default() }),
            ended: Mutex::new(false),
            waker: OnceLock::new(),
        }
    }

    /// What has happened up to now. A copy: nobody holds the lock for longer than it takes.
    pub(crate) fn facts(&self) -> Facts {
        *self.lock()
    }

    pub(crate) fn note(&self, note: impl FnOnce(&mut Facts)) {
        note(&mut self.lock());
    }

    fn lock(&self) -> MutexGuard<'_, Facts> {
        // Every change is a single step: a panic elsewhere leaves nothing half done.
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ended(&self) -> MutexGuard<'_, bool> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_woken_by(&self, waker: MultiWaker) {
        // One worker runs an exchange, and sets this once.
        let _ = self.waker.set(waker);
    }

    /// Has the worker look for what has come.
    pub(crate) fn wake(&self) {
        if let Some(waker) = self.waker.get() {
            // One that is gone has nothing to look at.
            let _ = waker.wakeup();
        }
    }

    pub(crate) fn is_body_sent(&self) -> bool {
        self.facts().body_sent >= self.body_len
    }

    /// What the exchange is busy with.
    pub(crate) fn phase(&self) -> Phase {
        let facts = self.facts();
        match facts.stage {
            Stage::Resolving => Phase::Resolve,
            Stage::Connecting | Stage::Tunnelling | Stage::Securing => Phase::Connect,
            Stage::Requesting if facts.body_sent < self.body_len => Phase::Send,
            Stage::Requesting | Stage::Answering => Phase::Receive,
        }
    }

    /// What is known of the request's effect.
    pub(crate) fn delivery(&self) -> Delivery {
        let facts = self.facts();
        // A write that TLS has not finished may have sent some of its records, and is not reported.
        let sent = if self.is_tls { facts.body_given } else { facts.body_sent };
        // Where everything is decisive, the head is too: a request without a body is complete with it.
        let decisive_sent = match self.decisive_from {
            0 => facts.is_head_sent(),
            from => facts.is_head_sent() && sent > from,
        };
        if decisive_sent || facts.success_claimed {
            Delivery::Unknown
        } else {
            Delivery::NotDelivered
        }
    }
}
