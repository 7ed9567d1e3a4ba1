//! Threads that upload through a storm until so many calls were made, each with a clone of one client.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response_core::policy::{Clock, Pacing};
use mde_live_response_core::{Client, Endpoint, Error, ErrorKind, IfExists, LibraryFile, Upload};
use mde_live_response_mock::{FakeLibrary, ManualClock};

use super::credential::{Issuer, Rotating, seeded};
use super::evidence::{CallId, Ending, Evidence, Outcome, Stored};
use super::plan::{Job, job};
use super::sky::{Current, Sky, set_current};
use crate::support::sha256;

/// Runs a storm. Seeds also differ in the client's settings.
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
    .random(seeded(seed))
    .deadline(deadline)
    .pacing(if seed.is_multiple_of(4) { Pacing::FailFast } else { Pacing::Wait })
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
    let names = sky.library.names().into_iter();
    let files = names.filter_map(|name| Some((name.clone(), sky.stored(&name)?)));
    Evidence {
        seed,
        deadline,
        exchanges: std::mem::take(&mut *sky.exchanges.lock().unwrap()),
        changes: std::mem::take(&mut *sky.changes.lock().unwrap()),
        endings: endings.into_inner().unwrap(),
        files: files.collect(),
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
    let Job { name, content, description, overrides, shared, removed_before, patience } =
        job(sky.seed, call.thread, call.n);
    if removed_before {
        sky.remove(&name);
    }
    let sent = Stored { sha256: Some(sha256(content.as_bytes())), description };
    let if_exists = if overrides { IfExists::Override } else { IfExists::Fail };
    let mut upload =
        Upload::new(name.parse().unwrap(), content.into_bytes()).with_if_exists(if_exists);
    if let Some(text) = &sent.description {
        upload = upload.with_description(text.parse().unwrap());
    }
    set_current(Current { call, name: name.clone(), overrides });
    let started = sky.clock.now();
    let outcome = client.upload(&upload);
    let at = sky.clock.now();
    let pause = pause(&outcome, patience);
    let left = sky.stored(&name);
    let outcome = told(outcome);
    (Ending { call, name, sent, overrides, shared, started, at, outcome, left }, pause)
}

/// Zero, unless the client's own rate limit ended the call: without a pause the caller would repeat it for ever. A
/// little more than necessary, so that not all threads come at the same time.
fn pause(outcome: &Result<LibraryFile, Error>, more: Duration) -> Duration {
    match outcome {
        Err(error) if matches!(error.kind(), ErrorKind::Throttled { local: true }) => {
            error.retry_after().unwrap_or_default() + more
        }
        _ => Duration::ZERO,
    }
}

fn told(outcome: Result<LibraryFile, Error>) -> Outcome {
    match outcome {
        Ok(file) => Outcome::Stored {
            file: Stored {
                sha256: file.sha256().map(ToString::to_string),
                description: file.description().map(str::to_owned),
            },
            resolved: file.is_resolved(),
        },
        Err(error) => Outcome::Failed {
            kind: error.kind().clone(),
            effect: error.effect(),
            text: error.to_string(),
        },
    }
}
