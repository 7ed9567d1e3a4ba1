//! What must hold after every storm.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use mde_live_response_core::{Effect, ErrorKind};

use super::evidence::{Change, Evidence, Exchange, Outcome};

pub(super) const WINDOWS: [(usize, Duration); 2] =
    [(100, Duration::from_secs(60)), (1_500, Duration::from_secs(3_600))];

type Moment = fn(&Exchange) -> Duration;

impl Evidence {
    /// Checks everything that must hold.
    pub fn check(&self) {
        self.check_the_log_is_complete();
        self.check_every_success_is_stored_with_these_bytes_and_texts();
        self.check_every_effect_is_true_and_without_override_nothing_is_applied_twice_or_replaced();
        self.check_without_override_nothing_is_repeated_blindly();
        self.check_no_text_has_a_secret();
        self.check_no_window_is_ever_over_its_limit();
        self.check_no_call_outlives_its_deadline();
    }

    /// Number of calls of the API.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.exchanges.len()
    }

    /// The number of uploads, by how they ended.
    #[must_use]
    pub fn outcomes(&self) -> BTreeMap<String, usize> {
        let mut outcomes = BTreeMap::new();
        for call in &self.endings {
            let outcome = match &call.outcome {
                Outcome::Stored { resolved: false, .. } => "stored".to_owned(),
                Outcome::Stored { resolved: true, .. } => "found stored".to_owned(),
                Outcome::Failed { kind, effect, .. } => format!("{kind:?} {effect:?}"),
            };
            *outcomes.entry(outcome).or_default() += 1;
        }
        outcomes
    }

    /// Checks that another run went the same way.
    pub fn check_same(&self, other: &Self) {
        // A message with all of both would be too long.
        let both = self.exchanges.iter().zip(&other.exchanges);
        assert_eq!(both.clone().find(|(one, two)| one != two), None);
        assert!(self == other, "the same exchanges with other results");
    }

    /// The log explains everything that the library holds.
    fn check_the_log_is_complete(&self) {
        let mut files = BTreeMap::new();
        for change in &self.changes {
            match change {
                Change::Applied { job, file, replaced, .. } => {
                    let before = files.insert(job.name.clone(), file.clone());
                    assert_eq!(&before, replaced, "{change:?}");
                }
                Change::Removed { name } => drop(files.remove(name)),
            }
        }
        assert_eq!(self.files, files);
    }

    fn check_every_success_is_stored_with_these_bytes_and_texts(&self) {
        let mut applied = HashSet::new();
        let mut stored = HashMap::new();
        for change in &self.changes {
            if let Change::Applied { job, file, at, .. } = change {
                applied.insert((job.thread, job.number, file));
                stored.entry((&job.name, file)).or_insert(*at);
            }
        }
        for call in &self.endings {
            let Outcome::Stored { file, resolved } = &call.outcome else { continue };
            assert_eq!(file, &call.sent, "{call:?}");
            if *resolved {
                let at = stored.get(&(&call.job.name, &call.sent));
                assert!(at.is_some_and(|at| *at <= call.at), "this was never stored: {call:?}");
            } else {
                let own = (call.job.thread, call.job.number, &call.sent);
                assert!(applied.contains(&own), "not applied: {call:?}");
            }
            if !call.job.shared {
                assert_eq!(call.left.as_ref(), Some(&call.sent), "not there: {call:?}");
            }
        }
    }

    fn check_every_effect_is_true_and_without_override_nothing_is_applied_twice_or_replaced(&self) {
        let mut applied = HashMap::<_, usize>::new();
        for change in &self.changes {
            if let Change::Applied { job, replaced, .. } = change {
                *applied.entry((job.thread, job.number)).or_default() += 1;
                assert!(job.overrides || replaced.is_none(), "{change:?}");
            }
        }
        for call in &self.endings {
            let id = (call.job.thread, call.job.number);
            let times = applied.get(&id).copied().unwrap_or_default();
            let is_true = match &call.outcome {
                // The service refuses the intermediary's repeat because of the first request.
                Outcome::Failed {
                    effect: Effect::NotApplied, kind: ErrorKind::Rejected, ..
                } if self.repeats => true,
                Outcome::Failed { effect: Effect::NotApplied, .. } => times == 0,
                Outcome::Failed { effect: Effect::Applied, .. } => times > 0,
                _ => true,
            };
            assert!(is_true, "applied {times} times: {call:?}");
            assert!(call.job.overrides || times <= 1, "applied {times} times: {call:?}");
        }
    }

    /// After an attempt with an unknown effect, the client lists the library before the next attempt.
    fn check_without_override_nothing_is_repeated_blindly(&self) {
        let mut unknown = HashMap::new();
        // In the order in which they ended, which for one call is that in which they began.
        for exchange in self.exchanges.iter().filter(|it| !it.job.overrides) {
            let id = (exchange.job.thread, exchange.job.number);
            if exchange.is_listing {
                let is_heard = exchange.arrived.is_some_and(|(_, status)| status == 200);
                if is_heard && !exchange.is_unknown {
                    unknown.remove(&id);
                }
                continue;
            }
            assert_eq!(unknown.get(&id), None, "repeated blindly: {exchange:?}");
            if exchange.is_unknown {
                unknown.insert(id, exchange);
            }
        }
    }

    fn check_no_text_has_a_secret(&self) {
        for call in &self.endings {
            let Outcome::Failed { text, .. } = &call.outcome else { continue };
            for secret in &self.secrets {
                assert!(!text.contains(secret), "a secret in {text}");
            }
        }
    }

    fn check_no_window_is_ever_over_its_limit(&self) {
        // Whenever the service counts a call: as it begins, as it arrives, as it ends.
        let moments: [(&str, Moment); 3] = [
            ("began", |it| it.began),
            ("arrived", |it| it.arrived.map_or(it.began, |(at, _)| at)),
            ("ended", |it| it.ended),
        ];
        for (moment, of) in moments {
            let mut times: Vec<_> = self.exchanges.iter().map(of).collect();
            times.sort();
            for (limit, span) in WINDOWS {
                for pair in times.windows(limit + 1) {
                    let (first, last) = (pair[0], pair[limit]);
                    let what = format!("{} calls {moment} from {first:?} to {last:?}", limit + 1);
                    assert!(last.saturating_sub(first) >= span, "{what}");
                }
            }
        }
    }

    fn check_no_call_outlives_its_deadline(&self) {
        for call in &self.endings {
            let took = call.at.saturating_sub(call.started);
            assert!(took <= self.deadline, "{took:?} of {:?}: {call:?}", self.deadline);
        }
    }
}
