//! A storm: eight threads, one client, and a service that fails in every way that is known, on a manual clock.
//!
//! A seed replays its faults: each is a function of the seed, the file and how often that file was sent. With one
//! thread a seed replays everything. `STORM_SEED` runs one seed, `STORM_SEEDS` as many, from 1 on; without either it
//! is one. `STORM_CALLS` sets how many calls of the API a seed makes: 2,000 at least, or not every fault comes.

mod checks;
mod credential;
mod evidence;
mod plan;
mod run;
mod sky;

/// Calls of the API in one storm: over the hour's limit, so that both windows fill.
const CALLS: usize = if cfg!(debug_assertions) { 2_500 } else { 10_000 };

/// The seeds to run, for how many calls each.
fn storms() -> impl Iterator<Item = (u64, usize)> {
    let number = |name| {
        let text = std::env::var(name).ok()?;
        Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
    };
    let seeds = match (number("STORM_SEED"), number("STORM_SEEDS")) {
        (Some(seed), _) => seed..=seed,
        (None, Some(seeds)) => 1..=seeds,
        (None, None) => 1..=1,
    };
    let calls = number("STORM_CALLS").map_or(CALLS, |calls| usize::try_from(calls).unwrap());
    seeds.map(move |seed| (seed, calls))
}

#[test]
fn in_a_storm_of_eight_threads_every_result_is_true() {
    for (seed, calls) in storms() {
        let evidence = run::run(seed, 8, calls);
        checks::the_log_is_complete(&evidence);
        checks::every_success_is_stored_with_these_bytes_and_texts(&evidence);
        checks::the_effect_of_every_error_is_true(&evidence);
        checks::without_override_nothing_is_applied_twice_or_replaces_a_file(&evidence);
        checks::without_override_nothing_is_repeated_blindly(&evidence);
        checks::no_window_is_ever_over_its_limit(&evidence);
        checks::no_call_outlives_its_deadline(&evidence);
        checks::both_windows_were_full(&evidence);
        checks::it_was_a_storm(&evidence);
    }
}

#[test]
fn with_one_thread_a_seed_replays_a_storm_exactly() {
    for (seed, calls) in storms() {
        let calls = calls / 10;
        let (first, second) = (run::run(seed, 1, calls), run::run(seed, 1, calls));
        assert!(first.exchanges.len() >= calls, "STORM_SEED={seed}");
        // A message with all of both would be too long.
        let at = first.exchanges.iter().zip(&second.exchanges).find(|(one, two)| one != two);
        assert_eq!(at, None, "STORM_SEED={seed}");
        assert!(first == second, "STORM_SEED={seed}: the same exchanges with other results");
    }
}
