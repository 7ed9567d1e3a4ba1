//! The faults and endings of storms. If some are missing, the checks prove little.

use std::collections::BTreeSet;
use std::time::Duration;

use mde_live_response_core::ErrorKind;

use super::checks::WINDOWS;
use super::evidence::{Evidence, Exchange, Outcome};
use super::plan::Fault;

/// Calls of the API, in all storms that are long enough to fill the window of an hour, of which one then does.
const MANY: usize = 10_000;

/// The faults, endings and full windows of all storms of a test. One storm may lack some.
#[derive(Debug, Default)]
pub struct Seen {
    calls: usize,
    /// Those of storms with more calls than the hour's limit.
    in_long_storms: usize,
    came: BTreeSet<String>,
}

impl Seen {
    /// Adds what a storm brought.
    pub fn add(&mut self, storm: &Evidence) {
        let [_, (hour, _)] = WINDOWS;
        self.calls += storm.calls();
        self.in_long_storms += if storm.calls() > hour { storm.calls() } else { 0 };
        self.came.extend(storm.exchanges.iter().map(|it| format!("{:?}", it.fault)));
        for ending in &storm.endings {
            self.came.extend(match &ending.outcome {
                Outcome::Stored { resolved, .. } => vec![format!("resolved: {resolved}")],
                Outcome::Failed { kind, effect, .. } => {
                    vec![format!("{kind:?}"), format!("{effect:?}")]
                }
            });
        }
        let is_refused = |it: &Exchange| it.arrived.is_some_and(|(_, status)| status == 401);
        if storm.exchanges.iter().any(is_refused) {
            self.came.insert("a refused token".to_owned());
        }
        if storm.token_calls > 1 {
            self.came.insert("another token".to_owned());
        }
        let mut began: Vec<_> = storm.exchanges.iter().map(|it| it.began).collect();
        began.sort();
        for (limit, span) in WINDOWS {
            // A call that gets no token counts for the client, and is not here.
            let most = limit - limit / 50;
            let is_short = |all: &[Duration]| all[most - 1].saturating_sub(all[0]) < span;
            if began.windows(most).any(is_short) {
                self.came.insert(full(limit));
            }
        }
    }

    /// Checks that every fault came, every ending, and calls up to the limit of each window.
    pub fn check(&self) {
        let [(minute, _), (hour, _)] = WINDOWS;
        let mut expected: Vec<_> = Fault::ALL.map(|(_, fault)| format!("{fault:?}")).into();
        let endings = "resolved: false,resolved: true,NameTaken,NotApplied,Unknown,Applied";
        expected.extend(endings.split(',').map(str::to_owned));
        expected.extend(["a refused token".to_owned(), "another token".to_owned(), full(minute)]);
        if self.in_long_storms >= MANY {
            expected.extend([full(hour), format!("{:?}", ErrorKind::Throttled { local: true })]);
        }
        let expected = BTreeSet::from_iter(expected);
        let missing: Vec<_> = expected.difference(&self.came).collect();
        assert!(missing.is_empty(), "{} calls did not bring {missing:?}", self.calls);
    }
}

fn full(limit: usize) -> String {
    format!("a window with {limit} calls")
}
