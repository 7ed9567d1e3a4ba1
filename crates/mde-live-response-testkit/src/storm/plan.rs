//! What a seed means: the uploads of each thread, and the fault of each exchange.
//!
//! Everything here is a pure function of the seed and its arguments, so a seed replays.

use std::time::Duration;

use mde_live_response_core::transport::Phase;

use crate::{Rng, rng};

/// Fate of one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Nothing.
    None,
    /// 429; the service did nothing.
    Busy {
        /// Whether the answer names a time to wait.
        asks: bool,
    },
    /// 408; the service did nothing.
    Slow,
    /// 503 with a time to wait.
    Closed {
        /// Whether the service has acted.
        acts: bool,
    },
    /// 500, 502, 503 or 504.
    Broken {
        /// Whether the service has acted.
        acts: bool,
    },
    /// No connection.
    Refused,
    /// The connection breaks before any byte of the body arrives.
    ResetBefore,
    /// The connection breaks when part of the body has arrived.
    ResetDuring,
    /// The whole request leaves, then the connection breaks.
    ResetAfter {
        /// Whether the service has acted.
        acts: bool,
    },
    /// Nothing is sent in time.
    TimeOut(Phase),
    /// The answer does not come in time.
    NoAnswer {
        /// Whether the service has acted.
        acts: bool,
    },
    /// The whole request leaves, and arrives only before the next upload of this name that nothing happens to, if
    /// there is one. Only for names of one thread: it would change what is right for a call of another thread.
    Late,
    /// Half of the answer comes.
    Cut,
    /// A page in place of the answer.
    Page,
    /// Success without a body.
    Empty,
    /// The service refuses all tokens issued so far.
    Revoked,
}

impl Fault {
    /// All faults, and how often each comes.
    pub(super) const ALL: [(u64, Self); 23] = [
        (84, Self::None),
        (6, Self::Busy { asks: false }),
        (8, Self::Busy { asks: true }),
        (6, Self::Slow),
        (3, Self::Closed { acts: false }),
        (3, Self::Closed { acts: true }),
        (8, Self::Broken { acts: false }),
        (8, Self::Broken { acts: true }),
        (6, Self::Refused),
        (6, Self::ResetBefore),
        (8, Self::ResetDuring),
        (5, Self::ResetAfter { acts: false }),
        (9, Self::ResetAfter { acts: true }),
        (3, Self::TimeOut(Phase::Resolve)),
        (3, Self::TimeOut(Phase::Connect)),
        (3, Self::TimeOut(Phase::Send)),
        (4, Self::NoAnswer { acts: false }),
        (4, Self::NoAnswer { acts: true }),
        (6, Self::Late),
        (6, Self::Cut),
        (6, Self::Page),
        (6, Self::Empty),
        (4, Self::Revoked),
    ];

    fn draw(rng: &mut Rng) -> Self {
        let mut left = rng.u64(0..Self::ALL.iter().map(|(weight, _)| weight).sum());
        let drawn = Self::ALL.iter().find(|(weight, _)| {
            let is_it = left < *weight;
            left = left.saturating_sub(*weight);
            is_it
        });
        drawn.unwrap().1
    }
}

/// One exchange.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weather {
    pub(super) fault: Fault,
    /// Status of a broken service.
    pub(super) status: u16,
    /// Seconds to wait that an answer names.
    pub(super) asked: u64,
    /// Until the request has arrived.
    pub(super) there: Duration,
    /// Until the answer has arrived.
    pub(super) back: Duration,
    /// How long a time-out of the transport itself takes.
    pub(super) patience: Duration,
    /// Whether a service that does not act reads the body first.
    pub(super) reads: bool,
}

pub(super) fn weather(seed: u64, name: &str, attempt: u64) -> Weather {
    let mut rng = rng(seed, name, attempt);
    Weather {
        fault: Fault::draw(&mut rng),
        status: rng.choice([500, 502, 503, 504]).unwrap(),
        // Some of them more than a client is willing to wait.
        asked: if rng.u64(0..40) == 0 { rng.u64(61..=400) } else { rng.u64(0..=6) },
        there: latency(&mut rng),
        back: latency(&mut rng),
        patience: Duration::from_millis(rng.u64(500..=10_000)),
        reads: rng.u64(0..4) != 0,
    }
}

fn latency(rng: &mut Rng) -> Duration {
    let slow = rng.u64(0..20) == 0;
    Duration::from_millis(if slow { rng.u64(1_000..=7_000) } else { rng.u64(2..=250) })
}

/// One upload of one thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) thread: u64,
    /// Number of the upload in its thread.
    pub(super) number: u64,
    pub(super) name: String,
    pub(super) content: String,
    /// Bytes of the file after the content.
    pub(super) padding: usize,
    pub(super) description: Option<String>,
    pub(super) overrides: bool,
    /// Whether other threads use this name.
    pub(super) shared: bool,
    /// Whether somebody removes a file of this name before. Never with a shared one: its removal during another
    /// thread's call would change what is right for that call.
    pub(super) removed_before: bool,
    /// Wait of the caller beyond the time that the client names when its rate limit is reached.
    pub(super) patience: Duration,
}

impl Job {
    /// The job of a call of which no more is known.
    pub(super) fn of_call(number: u64, name: Option<String>) -> Self {
        Self {
            thread: 0,
            number,
            name: name.unwrap_or_default(),
            content: String::new(),
            padding: 0,
            description: None,
            overrides: false,
            shared: false,
            removed_before: false,
            patience: Duration::ZERO,
        }
    }
}

/// Shared names come in turns, so that each is new for a while. A few files are as large as `large` says.
pub(super) fn job(seed: u64, thread: u64, number: u64, large: usize) -> Job {
    let mut rng = rng(seed, "job", thread << 32 | number);
    let shared = rng.u64(0..3) == 0;
    let (name, content) = if shared {
        let name = format!("shared-{}-{}.ps1", number / 16, rng.u64(0..=3));
        // Few contents: sometimes two threads store the same.
        let content = format!("{name}, version {}", rng.u64(0..=2));
        (name, content)
    } else {
        let name = format!("own-{thread}-{}.ps1", rng.u64(0..=4));
        let content = format!("{name}, upload {number}");
        (name, content)
    };
    Job {
        thread,
        number,
        name,
        padding: if content.ends_with('0') { large } else { 0 },
        content,
        // Sometimes equal bytes with other texts.
        description: rng.bool().then(|| "Described".to_owned()),
        overrides: rng.bool(),
        shared,
        removed_before: !shared && rng.bool(),
        patience: Duration::from_millis(rng.u64(1..=5_000)),
    }
}
