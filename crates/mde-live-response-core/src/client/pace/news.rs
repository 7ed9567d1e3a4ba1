//! What happened to a client's calls, until a store has been told.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use super::ledger::{CallId, Ledger, Span};
use crate::client::Clock;

/// Something that happened, at times of the client's clock: they hold, whatever the time of day is set to meanwhile.
#[derive(Debug)]
pub(super) enum News {
    /// A call began by the client's own count.
    Began {
        id: CallId,
        span: Span,
    },
    Ended {
        id: CallId,
        at: Duration,
    },
    Closed {
        span: Span,
    },
}

impl News {
    /// Enters it in a ledger by the time of day.
    pub(super) fn apply(&self, ledger: &mut Ledger, moment: Moment) {
        match self {
            Self::Began { id, span } => ledger.begin(*id, moment.span_since_1970(*span)),
            Self::Ended { id, at } => ledger.end(*id, moment.since_1970(*at)),
            Self::Closed { span } => ledger.close(moment.span_since_1970(*span)),
        }
    }
}

/// What a clock shows: the time on it, and the time of day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) now: Duration,
    /// Since 1970.
    pub(super) today: Duration,
}

impl Moment {
    /// The time first: whatever passes in between makes an end look later, and never earlier.
    pub(super) fn of(clock: &dyn Clock) -> Self {
        let now = clock.now();
        let today = clock.time_of_day().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { now, today }
    }

    fn since_1970(self, time: Duration) -> Duration {
        let later = time.saturating_sub(self.now);
        self.today.saturating_add(later).saturating_sub(self.now.saturating_sub(time))
    }

    fn span_since_1970(self, span: Span) -> Span {
        Span { from: self.since_1970(span.from), until: self.since_1970(span.until) }
    }

    /// A time since 1970 that is still to come, on the clock.
    pub(super) fn on_clock(self, time: Duration) -> Duration {
        self.now.saturating_add(time.saturating_sub(self.today))
    }

    /// A name for a call: of this process, of this moment, and of no other call that it makes.
    pub(super) fn name_call(self) -> CallId {
        static CALLS: AtomicU32 = AtomicU32::new(0);
        let call = CALLS.fetch_add(1, Ordering::Relaxed);
        let nanos = u64::try_from(self.today.as_nanos()).unwrap_or(u64::MAX);
        CallId(u128::from(std::process::id()) << 96 | u128::from(nanos) << 32 | u128::from(call))
    }
}
