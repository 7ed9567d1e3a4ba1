//! The seeds to run.
//!
//! `STORM_SEED` runs one seed. Otherwise the kept seeds run, and then `STORM_SEEDS` (default: 1) others, from `STORM_FIRST`
//! (default: 1) on. `STORM_CALLS` sets how many calls of the API a seed makes; with too few, not every fault comes.

use std::panic::Location;
use std::{env, thread};

use super::Storm;

/// A seed that once failed: the seed, its number of calls, and what it showed.
pub type Kept = (u64, u64, &'static str);

/// Prints each seed, and how to keep one that fails.
struct Storms<I> {
    left: I,
    last: Option<Storm>,
    test: &'static Location<'static>,
}

impl<I: Iterator<Item = Storm>> Iterator for Storms<I> {
    type Item = Storm;

    fn next(&mut self) -> Option<Storm> {
        self.last = self.left.next();
        if let Some(Storm { seed, calls, .. }) = self.last {
            println!("STORM_SEED={seed} STORM_CALLS={calls}");
        }
        self.last
    }
}

impl<I> Drop for Storms<I> {
    fn drop(&mut self) {
        if let Some(Storm { seed, calls, .. }) = self.last
            && thread::panicking()
        {
            let file = self.test.file();
            eprintln!("To keep this seed, add to KEPT in {file}: ({seed}, {calls}, \"WHY\"),");
        }
    }
}

/// The storms to run, with this number of calls unless the environment sets another.
#[track_caller]
pub fn storms(calls: u64, kept: &[Kept]) -> impl Iterator<Item = Storm> {
    let number = |name| {
        let text = env::var(name).ok()?;
        Some(text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
    };
    let calls = number("STORM_CALLS").unwrap_or(calls);
    let (first, seeds, kept) = match number("STORM_SEED") {
        Some(seed) => (seed, 1, &[][..]),
        None => (number("STORM_FIRST").unwrap_or(1), number("STORM_SEEDS").unwrap_or(1), kept),
    };
    let storm = |seed, calls| Storm { seed, calls, large: 0, repeats: false };
    let kept = kept.iter().map(move |(seed, calls, _)| storm(*seed, *calls));
    let left = kept.chain((first..first + seeds).map(move |seed| storm(seed, calls)));
    Storms { left, last: None, test: Location::caller() }
}
