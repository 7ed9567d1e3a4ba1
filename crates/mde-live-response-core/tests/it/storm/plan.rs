//! What a seed means: the uploads of each thread, and the fault of each exchange.
//!
//! Everything here is a pure function of the seed and its arguments, so a seed replays.

use std::time::Duration;

use mde_live_response_core::transport::Phase;

/// splitmix64.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dice(u64);

impl Dice {
    /// Dice for one question.
    pub(super) fn new(seed: u64, question: &str, number: u64) -> Self {
        // FNV-1a.
        let text = question.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut dice = Self(seed);
        let mixed = dice.next() ^ text;
        Self(mixed.wrapping_add(number.wrapping_mul(0xd134_2543_de82_ef95)))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from the first to the last.
    fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.next() % (last - first + 1)
    }

    fn pick<T>(&mut self, all: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>) -> T {
        let mut all = all.into_iter();
        let n = self.next() % all.len() as u64;
        all.nth(usize::try_from(n).unwrap()).expect("one of them")
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }
}

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
    let mut dice = Dice::new(seed, name, attempt);
    Weather {
        fault: fault(&mut dice),
        there: latency(&mut dice),
        back: latency(&mut dice),
        patience: Duration::from_millis(dice.between(500, 10_000)),
        reads: !dice.one_in(4),
    }
}

fn fault(dice: &mut Dice) -> Fault {
    match dice.between(0, 99) {
        0..=2 => Fault::Busy(None),
        // Some of them more than a client is willing to wait.
        3..=6 if dice.one_in(16) => Fault::Busy(Some(dice.between(61, 400))),
        3..=6 => Fault::Busy(Some(dice.between(0, 5))),
        7..=9 => Fault::Slow,
        10..=12 => Fault::Closed(dice.between(0, 8)),
        13..=21 => Fault::Broken { status: dice.pick([500, 502, 503, 504]), acts: dice.one_in(2) },
        22..=24 => Fault::Refused,
        25..=27 => Fault::ResetBefore,
        28..=31 => Fault::ResetDuring,
        32..=39 => Fault::ResetAfter { acts: !dice.one_in(3) },
        40..=44 => Fault::TimeOut(dice.pick([Phase::Resolve, Phase::Connect, Phase::Send])),
        45..=48 => Fault::NoAnswer { acts: dice.one_in(2) },
        49..=51 => Fault::Cut,
        52..=54 => Fault::Page,
        55..=56 => Fault::Empty,
        _ => Fault::None,
    }
}

fn latency(dice: &mut Dice) -> Duration {
    let slow = dice.one_in(20);
    Duration::from_millis(if slow { dice.between(1_000, 7_000) } else { dice.between(2, 250) })
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
    let mut dice = Dice::new(seed, "job", thread << 32 | n);
    let shared = dice.one_in(3);
    let (name, content) = if shared {
        let name = format!("shared-{}-{}.ps1", n / 16, dice.between(0, 3));
        // Few contents: sometimes two threads store the same.
        let content = format!("{name}, version {}", dice.between(0, 2));
        (name, content)
    } else {
        let name = format!("own-{thread}-{}.ps1", dice.between(0, 4));
        let content = format!("{name}, upload {n}");
        (name, content)
    };
    let removed_before = !shared && dice.one_in(2);
    let overrides = dice.one_in(2);
    let patience = Duration::from_millis(dice.between(1, 5_000));
    // Sometimes equal bytes with other texts.
    let description = dice.one_in(2).then(|| "Described".to_owned());
    Job { name, content, description, overrides, shared, removed_before, patience }
}

/// Life of the n-th token.
pub(super) fn token_life(seed: u64, n: u64) -> Duration {
    Duration::from_secs(Dice::new(seed, "token", n).between(20, 900))
}
