//! What a seed means: the uploads of each thread, and the fault of each exchange.
//!
//! Everything here is a pure function of the seed and its arguments, so a seed replays.

use std::time::Duration;

use mde_live_response_core::transport::Phase;
use mde_live_response_testkit::{Rng, rng};

/// What happens to one exchange. After 408, 429 and 503 with a time to wait, the service did nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Fault {
    None,
    /// 429, with the seconds to wait.
    Busy(Option<u64>),
    /// 408.
    Slow,
    /// 503 with the seconds to wait.
    Closed(u64),
    /// 500, 502, 503 or 504; the service may have acted.
    Broken {
        status: u16,
        acts: bool,
    },
    Refused,
    ResetBefore,
    /// Part of the body arrives.
    ResetDuring,
    /// The whole request leaves; the service may have acted.
    ResetAfter {
        acts: bool,
    },
    TimeOut(Phase),
    /// The answer does not come; the service has acted or not.
    NoAnswer {
        acts: bool,
    },
    /// Half of the answer.
    Cut,
    /// A page in place of the answer.
    Page,
    /// Success without a body.
    Empty,
}

impl Fault {
    /// Its kind.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Busy(None) => "429",
            Self::Busy(Some(_)) => "429 with Retry-After",
            Self::Slow => "408",
            Self::Closed(_) => "503 with Retry-After",
            Self::Broken { acts: false, .. } => "5xx before acting",
            Self::Broken { acts: true, .. } => "5xx after acting",
            Self::Refused => "connection refused",
            Self::ResetBefore => "reset before the body",
            Self::ResetDuring => "reset during the body",
            Self::ResetAfter { acts: false } => "reset after the body, lost",
            Self::ResetAfter { acts: true } => "reset after the body",
            Self::TimeOut(Phase::Resolve) => "time-out resolving",
            Self::TimeOut(Phase::Connect) => "time-out connecting",
            Self::TimeOut(_) => "time-out sending",
            Self::NoAnswer { acts: false } => "time-out receiving, lost",
            Self::NoAnswer { acts: true } => "time-out receiving",
            Self::Cut => "answer cut",
            Self::Page => "answer replaced",
            Self::Empty => "answer without a body",
        }
    }

    pub(super) const NAMES: usize = 20;
}

/// One exchange.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weather {
    pub(super) fault: Fault,
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
        fault: fault(&mut rng),
        there: latency(&mut rng),
        back: latency(&mut rng),
        patience: Duration::from_millis(rng.u64(500..=10_000)),
        reads: rng.u64(0..4) != 0,
    }
}

fn fault(rng: &mut Rng) -> Fault {
    match rng.u64(0..=99) {
        0..=2 => Fault::Busy(None),
        // Some of them more than a client is willing to wait.
        3..=6 if rng.u64(0..16) == 0 => Fault::Busy(Some(rng.u64(61..=400))),
        3..=6 => Fault::Busy(Some(rng.u64(0..=5))),
        7..=9 => Fault::Slow,
        10..=12 => Fault::Closed(rng.u64(0..=8)),
        13..=21 => {
            Fault::Broken { status: rng.choice([500, 502, 503, 504]).unwrap(), acts: rng.bool() }
        }
        22..=24 => Fault::Refused,
        25..=27 => Fault::ResetBefore,
        28..=31 => Fault::ResetDuring,
        32..=39 => Fault::ResetAfter { acts: rng.u64(0..3) != 0 },
        40..=44 => {
            Fault::TimeOut(rng.choice([Phase::Resolve, Phase::Connect, Phase::Send]).unwrap())
        }
        45..=48 => Fault::NoAnswer { acts: rng.bool() },
        49..=51 => Fault::Cut,
        52..=54 => Fault::Page,
        55..=56 => Fault::Empty,
        _ => Fault::None,
    }
}

fn latency(rng: &mut Rng) -> Duration {
    let slow = rng.u64(0..20) == 0;
    Duration::from_millis(if slow { rng.u64(1_000..=7_000) } else { rng.u64(2..=250) })
}

/// One upload of one thread.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) name: String,
    pub(super) content: String,
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

/// The n-th upload of a thread. Shared names come in turns, so that each is new for a while.
pub(super) fn job(seed: u64, thread: u64, n: u64) -> Job {
    let mut rng = rng(seed, "job", thread << 32 | n);
    let shared = rng.u64(0..3) == 0;
    let (name, content) = if shared {
        let name = format!("shared-{}-{}.ps1", n / 16, rng.u64(0..=3));
        // Few contents: sometimes two threads store the same.
        let content = format!("{name}, version {}", rng.u64(0..=2));
        (name, content)
    } else {
        let name = format!("own-{thread}-{}.ps1", rng.u64(0..=4));
        let content = format!("{name}, upload {n}");
        (name, content)
    };
    let removed_before = !shared && rng.bool();
    let overrides = rng.bool();
    let patience = Duration::from_millis(rng.u64(1..=5_000));
    // Sometimes equal bytes with other texts.
    let description = rng.bool().then(|| "Described".to_owned());
    Job { name, content, description, overrides, shared, removed_before, patience }
}

/// Life of the n-th token.
pub(super) fn token_life(seed: u64, n: u64) -> Duration {
    Duration::from_secs(rng(seed, "token", n).u64(20..=900))
}
