//! Cancel and clock in every interleaving of their threads, and what such models of other modules share.
//!
//! A model checker runs each model once per interleaving. A model fails when an assertion does, and when all its threads
//! wait: time-outs never fire there, so a lost wake is a deadlock.

#![cfg(any(loom, shuttle))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::Response;
#[cfg(loom)]
pub(super) use loom::thread;
#[cfg(shuttle)]
pub(super) use shuttle::thread;

use super::task::Task;
use super::{Client, ClientBuilder, Clock, Credential, SystemClock};
use crate::error::{Error, ErrorKind};
use crate::exchange::{CancelToken, Exchange, Mutex, Transport, TransportError, lock};
use crate::values::{AccessToken, CallKind, Endpoint};

/// Runs a model in every interleaving, and prints how many there are.
///
/// If there are too many, the model sets a bound: loom takes those with at most this many preemptions, and shuttle takes
/// 5,000 at random. `LOOM_MAX_PREEMPTIONS` sets another bound for loom.
pub(super) fn explore(preemptions: Option<usize>, model: impl Fn() + Send + Sync + 'static) {
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let model = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    };
    #[cfg(loom)]
    {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = preemptions.map(|it| builder.preemption_bound.unwrap_or(it));
        builder.check(model);
    }
    #[cfg(shuttle)]
    match preemptions {
        None => shuttle::check_dfs(model, None),
        Some(_) => shuttle::check_random_with_seed(model, 1, 5_000),
    }
    let (test, count) = (std::thread::current(), count.load(Ordering::Relaxed));
    let which = preemptions.map_or("all", |_| "not all");
    println!("{}: {count} interleavings, {which}", test.name().unwrap_or_default());
}

#[derive(Debug)]
struct Unused;

impl Transport for Unused {
    fn send(&self, _: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        unreachable!("no call sends a request here")
    }
}

/// A client whose clock is the system's, unless the model sets another.
pub(super) fn builder(credential: impl Credential + 'static) -> ClientBuilder {
    Client::builder(Endpoint::COMMERCIAL, credential, Unused)
}

fn client() -> Client {
    builder(AccessToken::new("an-access-token").unwrap()).build()
}

/// A call that waits for this.
fn wait(client: &Client, ready: &mut dyn FnMut() -> bool) -> Result<bool, Error> {
    let task = Task::begin(client, CallKind::List, None);
    task.wait(task.until, ready)
}

fn assert_cancelled(outcome: Result<bool, Error>) {
    assert_eq!(outcome.unwrap_err().kind(), &ErrorKind::Cancelled);
}

/// At once, and for two clients, each with a clock of its own.
#[test]
fn in_every_interleaving_a_cancel_ends_a_call_that_waits() {
    explore(None, || {
        let cancel = CancelToken::new();
        let from_other = cancel.clone();
        let other = thread::spawn(move || from_other.cancel());
        assert_cancelled(wait(&client().cancelled_by(&cancel), &mut || false));
        other.join().unwrap();
    });
    explore(Some(3), || {
        let cancel = CancelToken::new();
        let waiting = [client(), client()].map(|client| {
            let cancel = cancel.clone();
            thread::spawn(move || wait(&client.cancelled_by(&cancel), &mut || false))
        });
        cancel.cancel();
        for it in waiting {
            assert_cancelled(it.join().unwrap());
        }
    });
}

#[test]
fn in_every_interleaving_a_call_ends_when_it_is_ready_or_cancelled() {
    explore(Some(3), || {
        let (cancel, is_ready) = (CancelToken::new(), Arc::new(Mutex::new(false)));
        let client = client().cancelled_by(&cancel);
        let other = thread::spawn(move || cancel.cancel());
        let (notifying, set) = (client.clone(), Arc::clone(&is_ready));
        let notifier = thread::spawn(move || {
            *lock(&set) = true;
            notifying.clock().notify();
        });
        match wait(&client, &mut || *lock(&is_ready)) {
            Ok(is_ready) => assert!(is_ready),
            cancelled => assert_cancelled(cancelled),
        }
        other.join().unwrap();
        notifier.join().unwrap();
        assert_cancelled(wait(&client, &mut || true));
    });
}

#[test]
fn in_every_interleaving_a_notify_wakes_all_that_wait_on_the_clock() {
    for until in [None, Some(Duration::MAX)] {
        for notifiers in 1..=2 {
            explore((notifiers > 1).then_some(3), move || {
                let clock = Arc::new(SystemClock::new());
                let count = Arc::new(Mutex::new(0));
                let threads = [(); 2].map(|()| (Arc::clone(&clock), Arc::clone(&count)));
                let threads = threads.into_iter().take(notifiers).map(|(clock, count)| {
                    thread::spawn(move || {
                        *lock(&count) += 1;
                        clock.notify();
                    })
                });
                let threads: Vec<_> = threads.collect();
                assert!(clock.wait(until, &mut || *lock(&count) == notifiers));
                for thread in threads {
                    thread.join().unwrap();
                }
            });
        }
        explore(Some(3), move || {
            let clock = Arc::new(SystemClock::new());
            let is_set = Arc::new(Mutex::new(false));
            let threads = [(); 2].map(|()| {
                let (clock, is_set) = (Arc::clone(&clock), Arc::clone(&is_set));
                thread::spawn(move || clock.wait(until, &mut || *lock(&is_set)))
            });
            *lock(&is_set) = true;
            clock.notify();
            assert!(threads.into_iter().all(|it| it.join().unwrap()));
        });
    }
}

/// Not with loom, whose locks are poisoned while a thread unwinds.
#[cfg(shuttle)]
#[test]
fn in_every_interleaving_a_panic_of_the_credential_lets_the_next_call_ask() {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    explore(Some(3), || {
        let times = Arc::new(AtomicU64::new(0));
        let asked = Arc::clone(&times);
        let credential = super::credential_fn(move |_| {
            let is_first = asked.fetch_add(1, Ordering::Relaxed) == 0;
            thread::yield_now();
            if is_first {
                // A panic that prints nothing.
                resume_unwind(Box::new("no vault"));
            }
            Ok(AccessToken::new("an-access-token").unwrap().into())
        });
        let client = builder(credential).build();
        let threads = [(); 3].map(|()| {
            let client = client.clone();
            thread::spawn(move || {
                let task = Task::begin(&client, CallKind::List, None);
                catch_unwind(AssertUnwindSafe(|| task.token(None).unwrap())).is_ok()
            })
        });
        let served = threads.map(|it| it.join().unwrap());
        assert_eq!(served.into_iter().filter(|is_served| *is_served).count(), 2);
        assert_eq!(times.load(Ordering::Relaxed), 2);
    });
}
