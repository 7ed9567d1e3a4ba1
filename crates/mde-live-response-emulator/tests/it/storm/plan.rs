//! What a seed stands for: the fault of each exchange, a pure function of the seed, the file and the attempt.
//!
//! Listings and requests for tokens name no file; they are counted together, so that which call meets which of their
//! faults is a matter of the threads. So it is with connections.

use mde_live_response_testkit::rng;

/// What happens to one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Fault {
    None,
    /// The connection breaks before anything of the request is read.
    ResetBefore,
    /// The connection breaks before the request's last bytes are read: a reset.
    ResetDuring,
    /// The whole request comes and goes no further.
    LostOnTheWay,
    /// The same, but it arrives in the end: before the next attempt that nothing happens to. Only for a name of one
    /// call: no other one's truth changes by it.
    Late,
    /// The service answers, and nobody hears it.
    AnswerLost,
    /// Half of the answer comes.
    AnswerCut,
    /// A page in place of the answer, after the service has acted.
    Page,
    /// A status, without asking the service.
    Refused(u16),
    /// 503 with a time to wait, without asking the service.
    Closed,
    /// A status in place of the service's answer.
    Broken(u16),
    /// No token counts any more that was issued so far.
    TokensRevoked,
}

impl Fault {
    /// So many can be told apart.
    pub(super) const KINDS: usize = 18;
}

pub(super) fn fault(seed: u64, name: &str, attempt: u64) -> Fault {
    match rng(seed, name, attempt).u8(0..100) {
        0..=9 => Fault::ResetDuring,
        10..=14 => Fault::LostOnTheWay,
        15..=22 => Fault::AnswerLost,
        23..=27 => Fault::AnswerCut,
        28..=30 => Fault::Page,
        31..=33 => Fault::Refused(429),
        34..=36 => Fault::Refused(408),
        37..=39 => Fault::Refused(500),
        40..=42 => Fault::Refused(503),
        43..=45 => Fault::Closed,
        46..=48 => Fault::Broken(500),
        49..=51 => Fault::Broken(502),
        52..=54 => Fault::Broken(503),
        55..=57 => Fault::Broken(504),
        58..=60 => Fault::TokensRevoked,
        61..=64 if name.starts_with("own-") => Fault::Late,
        _ => Fault::None,
    }
}

/// Whether the n-th connection breaks as soon as it is made.
pub(super) fn breaks(seed: u64, connection: u64) -> bool {
    rng(seed, "connection", connection).u8(0..24) == 0
}

/// The n-th upload of a thread: its name, its content, whether it may replace a file.
pub(super) fn job(seed: u64, thread: u64, n: u64) -> (String, String, bool) {
    // Names that all threads want, each for once; else one's own.
    let is_shared = n % 4 == 3;
    let name = if is_shared { format!("shared-{n}.ps1") } else { format!("own-{thread}-{n}.ps1") };
    let content = format!("{name} of thread {thread}");
    let overrides = !is_shared && rng(seed, "job", thread << 32 | n).bool();
    (name, content, overrides)
}
