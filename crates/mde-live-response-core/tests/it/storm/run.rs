//! Threads that upload through a storm until so many calls were made, each with a clone of one client.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response_core::{
    Client, Clock, Endpoint, Error, IfExists, LibraryFile, Pacing, RetryPolicy, Upload,
};
use mde_live_response_mock::{FakeLibrary, ManualClock};

use super::credential::{Issuer, Rotating, Seeded};
use super::evidence::{CallId, Ending, Evidence, Outcome};
use super::plan::{Job, job};
use super::sky::{Current, Sky, set_current};
use crate::support::sha256;

/// A storm, and what came of it. What differs between clients differs between seeds.
pub(super) fn run(seed: u64, threads: u64, calls: usize) -> Evidence {
    let clock = ManualClock::new();
    let sky = Arc::new(sky(seed, &clock));
    let deadline = Duration::from_secs(match seed % 3 {
        0 => 30,
        1 => 120,
        _ => 300,
    });
    let client = Client::builder(
        Endpoint::COMMERCIAL,
        Rotating { issuer: sky.issuer.clone(), clock: clock.clone() },
        Arc::clone(&sky),
    )
    .clock(clock.clone())
    .random(Seeded::new(seed))
    .deadline(deadline)
    .pacing(if seed.is_multiple_of(4) { Pacing::FailFast } else { Pacing::Wait })
    // Enough for every repeat, or what empties in such a storm.
    .retry(RetryPolicy::DEFAULT.with_budget(if seed.is_multiple_of(5) { 500 } else { u32::MAX }))
    .build();

    let endings = Mutex::new(Vec::new());
    let registrations: Vec<_> = (0..threads).map(|_| clock.register()).collect();
    std::thread::scope(|scope| {
        for (thread, registration) in (0..threads).zip(registrations) {
            let (client, sky, endings) = (client.clone(), &*sky, &endings);
            scope.spawn(move || {
                let _registration = registration;
                for n in 0.. {
                    if sky.count.load(Ordering::SeqCst) >= calls {
                        break;
                    }
                    let (ending, pause) = upload(&client, sky, CallId { thread, n });
                    endings.lock().unwrap().push(ending);
                    sky.clock.sleep(pause);
                }
            });
        }
    });
    Evidence {
        seed,
        deadline,
        exchanges: std::mem::take(&mut *sky.exchanges.lock().unwrap()),
        changes: std::mem::take(&mut *sky.changes.lock().unwrap()),
        endings: endings.into_inner().unwrap(),
        files: sky.library.entries(),
    }
}

fn sky(seed: u64, clock: &ManualClock) -> Sky {
    let time = clock.clone();
    Sky {
        seed,
        clock: clock.clone(),
        library: FakeLibrary::builder().now(move || time.time_of_day()).build(),
        issuer: Issuer::new(seed),
        count: AtomicUsize::new(0),
        attempts: Mutex::default(),
        exchanges: Mutex::default(),
        changes: Mutex::default(),
    }
}

/// One upload, and how long its caller waits before the next.
fn upload(client: &Client, sky: &Sky, call: CallId) -> (Ending, Duration) {
    let Job { name, content, overrides, shared, removed_before, patience } =
        job(sky.seed, call.thread, call.n);
    if removed_before {
        sky.remove(&name);
    }
    let sha256 = sha256(content.as_bytes());
    let if_exists = if overrides { IfExists::Override } else { IfExists::Fail };
    let upload = Upload::new(name.parse().unwrap(), content.into_bytes()).if_exists(if_exists);
    set_current(Current { call, name: name.clone(), overrides });
    let started = sky.clock.now();
    let outcome = client.upload(&upload);
    let at = sky.clock.now();
    let pause = pause(&outcome, patience);
    let left = sky.stored(&name);
    let outcome = told(outcome);
    (Ending { call, name, sha256, overrides, shared, started, at, outcome, left }, pause)
}

/// None, except where the client itself had no turn: without a pause the caller would ask for ever. A little more
/// than it must be, so that not all threads come for the same turn.
fn pause(outcome: &Result<LibraryFile, Error>, more: Duration) -> Duration {
    match outcome {
        Err(Error::Throttled(error)) if error.is_local() => {
            error.retry_after().unwrap_or_default() + more
        }
        _ => Duration::ZERO,
    }
}

fn told(outcome: Result<LibraryFile, Error>) -> Outcome {
    match outcome {
        Ok(file) => Outcome::Stored {
            sha256: file.sha256().map(ToString::to_string),
            resolved: file.is_resolved(),
        },
        Err(error) => Outcome::Failed {
            delivery: error.delivery(),
            is_conflict: error.is_conflict(),
            is_local: matches!(&error, Error::Throttled(error) if error.is_local()),
            text: error.to_string(),
        },
    }
}
