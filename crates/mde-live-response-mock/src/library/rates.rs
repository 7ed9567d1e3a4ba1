//! The rate limits: calls in a minute and in an hour.
//!
//! Sliding windows over the accepted calls; a refused call does not count.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

struct Window {
    span: Duration,
    calls: usize,
}

/// The documented limits, which the service counts per application and tenant.
const WINDOWS: [Window; 2] = [
    Window { span: Duration::from_secs(60), calls: 100 }, // P16
    Window { span: Duration::from_secs(3600), calls: 1_500 }, // P17
];

/// Times of the last hour's accepted calls, oldest first.
#[derive(Debug, Default)]
pub(super) struct Rates {
    taken: VecDeque<SystemTime>,
}

impl Rates {
    /// Accepts a call, or returns the time until one can be accepted.
    pub(super) fn admit(&mut self, now: SystemTime) -> Result<(), Duration> {
        // A clock that was set back must not lengthen the wait.
        self.taken.iter_mut().for_each(|at| *at = (*at).min(now));
        let age = |at: &SystemTime| now.duration_since(*at).unwrap_or_default();
        let wait = WINDOWS
            .iter()
            .filter_map(|window| {
                let fills_it = self.taken.iter().rev().nth(window.calls - 1)?;
                window.span.checked_sub(age(fills_it)).filter(|wait| !wait.is_zero())
            })
            .max();
        if let Some(wait) = wait {
            return Err(wait);
        }
        let longest = WINDOWS.iter().map(|window| window.span).max().unwrap_or_default();
        self.taken.retain(|at| age(at) < longest);
        self.taken.push_back(now);
        Ok(())
    }
}
