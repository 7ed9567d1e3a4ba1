//! What must hold after every storm. Every message names the seed that replays it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use mde_live_response_core::{Effect, ErrorKind};

use super::evidence::{CallId, Change, Evidence, Exchange, Outcome};
use super::plan::Fault;

/// How often each call was applied.
fn applications(evidence: &Evidence) -> HashMap<CallId, usize> {
    let mut counts = HashMap::new();
    for change in &evidence.changes {
        if let Change::Applied { call, .. } = change {
            *counts.entry(*call).or_default() += 1;
        }
    }
    counts
}

/// The log explains everything that the library holds.
pub(super) fn the_log_is_complete(evidence: &Evidence) {
    let mut files = BTreeMap::new();
    for change in &evidence.changes {
        match change {
            Change::Applied { name, file, replaced, .. } => {
                let before = files.insert(name.clone(), file.clone());
                assert_eq!(&before, replaced, "STORM_SEED={}: {change:?}", evidence.seed);
            }
            Change::Removed { name } => drop(files.remove(name)),
        }
    }
    assert_eq!(evidence.files, files, "STORM_SEED={}", evidence.seed);
}

pub(super) fn every_success_is_stored_with_these_bytes_and_texts(evidence: &Evidence) {
    let seed = evidence.seed;
    let mut applied = HashSet::new();
    let mut stored = HashMap::new();
    for change in &evidence.changes {
        if let Change::Applied { call, name, file, at, .. } = change {
            applied.insert((*call, name, file));
            stored.entry((name, file)).or_insert(*at);
        }
    }
    for call in &evidence.endings {
        let Outcome::Stored { file, resolved } = &call.outcome else { continue };
        assert_eq!(file, &call.sent, "STORM_SEED={seed}: {call:?}");
        if *resolved {
            let at = stored.get(&(&call.name, &call.sent));
            let is_before = at.is_some_and(|at| *at <= call.at);
            assert!(is_before, "STORM_SEED={seed}: nobody stored this: {call:?}");
        } else {
            let own = (call.call, &call.name, &call.sent);
            assert!(applied.contains(&own), "STORM_SEED={seed}: not applied: {call:?}");
        }
        if !call.shared {
            let left = call.left.as_ref();
            assert_eq!(left, Some(&call.sent), "STORM_SEED={seed}: not there: {call:?}");
        }
    }
}

pub(super) fn the_effect_of_every_error_is_true(evidence: &Evidence) {
    let applied = applications(evidence);
    for call in &evidence.endings {
        let times = applied.get(&call.call).copied().unwrap_or_default();
        let Outcome::Failed { effect, .. } = &call.outcome else { continue };
        let is_true = match effect {
            Effect::NotApplied => times == 0,
            Effect::Unknown => true,
            Effect::Applied => times > 0,
        };
        assert!(is_true, "STORM_SEED={}: applied {times} times: {call:?}", evidence.seed);
    }
}

pub(super) fn without_override_nothing_is_applied_twice_or_replaces_a_file(evidence: &Evidence) {
    let seed = evidence.seed;
    let applied = applications(evidence);
    for call in evidence.endings.iter().filter(|call| !call.overrides) {
        let times = applied.get(&call.call).copied().unwrap_or_default();
        assert!(times <= 1, "STORM_SEED={seed}: applied {times} times: {call:?}");
    }
    for change in &evidence.changes {
        if let Change::Applied { overrides: false, replaced, .. } = change {
            assert_eq!(replaced, &None, "STORM_SEED={seed}: {change:?}");
        }
    }
}

/// After an attempt with an unknown effect, the client lists the library before the next attempt.
pub(super) fn without_override_nothing_is_repeated_blindly(evidence: &Evidence) {
    let seed = evidence.seed;
    let without = evidence.endings.iter().filter(|call| !call.overrides).map(|call| call.call);
    let without: HashSet<_> = without.collect();
    let mut unknown = HashMap::new();
    // In the order in which they ended, which for one call is that in which they began.
    for exchange in evidence.exchanges.iter().filter(|it| without.contains(&it.call)) {
        if exchange.is_listing {
            if exchange.arrived.is_some() && !exchange.is_unknown {
                unknown.remove(&exchange.call);
            }
            continue;
        }
        let before = unknown.get(&exchange.call);
        assert_eq!(before, None, "STORM_SEED={seed}: repeated blindly: {exchange:?}");
        if exchange.is_unknown {
            unknown.insert(exchange.call, exchange);
        }
    }
}

const WINDOWS: [(usize, Duration); 2] =
    [(100, Duration::from_secs(60)), (1_500, Duration::from_secs(3_600))];

type Moment = fn(&Exchange) -> Duration;

pub(super) fn no_window_is_ever_over_its_limit(evidence: &Evidence) {
    let seed = evidence.seed;
    for exchange in &evidence.exchanges {
        assert_ne!(exchange.status, Some(429), "STORM_SEED={seed}: by the library: {exchange:?}");
    }
    // Whenever the service counts a call: as it begins, as it arrives, as it ends.
    let moments: [(&str, Moment); 3] = [
        ("began", |it| it.began),
        ("arrived", |it| it.arrived.unwrap_or(it.began)),
        ("ended", |it| it.ended),
    ];
    for (moment, of) in moments {
        let mut times: Vec<_> = evidence.exchanges.iter().map(of).collect();
        times.sort();
        for (limit, span) in WINDOWS {
            for pair in times.windows(limit + 1) {
                let (first, last) = (pair[0], pair[limit]);
                assert!(
                    last.saturating_sub(first) >= span,
                    "STORM_SEED={seed}: {} calls {moment} from {first:?} to {last:?}",
                    limit + 1
                );
            }
        }
    }
}

/// Otherwise the check above would prove nothing.
pub(super) fn both_windows_were_full(evidence: &Evidence) {
    let mut times: Vec<_> = evidence.exchanges.iter().map(|it| it.began).collect();
    times.sort();
    for (limit, span) in WINDOWS.into_iter().filter(|(limit, _)| *limit < times.len()) {
        let is_full = times.windows(limit).any(|all| all[limit - 1].saturating_sub(all[0]) < span);
        assert!(is_full, "STORM_SEED={}: never {limit} calls in {span:?}", evidence.seed);
    }
}

pub(super) fn no_call_outlives_its_deadline(evidence: &Evidence) {
    let (seed, deadline) = (evidence.seed, evidence.deadline);
    for call in &evidence.endings {
        let took = call.at.saturating_sub(call.started);
        assert!(took <= deadline, "STORM_SEED={seed}: {took:?} of {deadline:?}: {call:?}");
    }
}

/// Every fault came, and every kind of ending.
pub(super) fn it_was_a_storm(evidence: &Evidence) {
    let seed = evidence.seed;
    let faults: BTreeSet<_> = evidence.exchanges.iter().map(|it| it.fault.name()).collect();
    assert_eq!(faults.len(), Fault::NAMES, "STORM_SEED={seed}: only {faults:?}");
    let any_exchange = |is: fn(&Exchange) -> bool| evidence.exchanges.iter().any(is);
    let any_ending =
        |is: fn(&Outcome) -> bool| evidence.endings.iter().any(|call| is(&call.outcome));
    let failed = |wanted| {
        evidence.endings.iter().any(
            |call| matches!(&call.outcome, Outcome::Failed { effect, .. } if *effect == wanted),
        )
    };
    let kinds = [
        ("a refused token", any_exchange(|it| it.status == Some(401))),
        ("a listing", any_exchange(|it| it.is_listing)),
        ("a success", any_ending(|it| matches!(it, Outcome::Stored { resolved: false, .. }))),
        ("one by a listing", any_ending(|it| matches!(it, Outcome::Stored { resolved: true, .. }))),
        (
            "a conflict",
            any_ending(|it| matches!(it, Outcome::Failed { kind: ErrorKind::NameTaken, .. })),
        ),
        (
            "a rate limit",
            any_ending(|it| {
                matches!(it, Outcome::Failed { kind: ErrorKind::Throttled { local: true }, .. })
            }),
        ),
        ("not applied", failed(Effect::NotApplied)),
        ("unknown", failed(Effect::Unknown)),
        ("applied", failed(Effect::Applied)),
    ];
    for (what, came) in kinds {
        assert!(came, "STORM_SEED={seed}: {what} did not come");
    }
}
