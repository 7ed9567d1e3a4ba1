//! Work on many items, some at a time: the one engine for uploads, deletions and hashing.

use std::collections::BTreeMap;
use std::iter::Enumerate;
use std::panic::{self, AssertUnwindSafe};
use std::slice::Iter;
use std::sync::{Mutex, PoisonError};
use std::thread;

use mde_live_response_core::{Client, Error, ErrorKind};

/// How many calls run at once, and when the rest does not start.
///
/// Nothing more starts after a cancel, after a missing or refused token (401 or 403), and after a panic. Running calls
/// end by themselves.
///
/// # Examples
///
/// ```
/// use mde_live_response::sync::{Jobs, Plan};
/// use mde_live_response::{Client, Error};
///
/// fn apply_gently(client: &Client, plan: &Plan) -> Result<bool, Error> {
///     let jobs = Jobs::new(2).with_fail_fast(true);
///     Ok(jobs.apply(client, plan, |_, _| {})?.is_complete())
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jobs {
    count: usize,
    fail_fast: bool,
}

impl Jobs {
    /// Sets how many calls run at once. 0 counts as 1. Default: 8, our choice.
    ///
    /// They share the client's rate limit and its connections. `UreqTransport` keeps 16 connections to a host.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self { count: count.max(1), fail_fast: false }
    }

    /// Sets whether the rest does not start when the service is down. Default: no.
    ///
    /// The service is down if a call failed, after its retries, without an answer, or with a redirect, 408, 429 or 5xx.
    #[must_use]
    pub fn with_fail_fast(mut self, fail_fast: bool) -> Self {
        self.fail_fast = fail_fast;
        self
    }

    /// Does the work for each item, starting in the items' order, on this many threads.
    ///
    /// Calls `done` when the work for an item has ended, one call at a time. No work starts during a call. Returns the
    /// results in the items' order, with `None` for an item whose work did not start.
    ///
    /// The threads are registered with the client's clock. The calling thread waits for them.
    ///
    /// # Panics
    ///
    /// A panic of `work` or `done` propagates when all threads have ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::sync::Jobs;
    /// use mde_live_response::{Client, Upload};
    ///
    /// fn upload_all(client: &Client, uploads: &[Upload]) -> bool {
    ///     let work = |upload: &Upload| client.upload(upload);
    ///     let all = Jobs::default().run(client, uploads, work, |upload, outcome| match outcome {
    ///         Ok(_) => println!("stored {}", upload.name()),
    ///         Err(error) => eprintln!("{error}"),
    ///     });
    ///     all.iter().all(|outcome| matches!(outcome, Some(Ok(_))))
    /// }
    /// ```
    pub fn run<T: Sync, R: Send>(
        self,
        client: &Client,
        items: &[T],
        work: impl Fn(&T) -> Result<R, Error> + Sync,
        done: impl FnMut(&T, &Result<R, Error>) + Send,
    ) -> Vec<Option<Result<R, Error>>> {
        self.run_until(client, items, work, |result| result.as_ref().err(), done)
    }

    /// As [`run`](Self::run), for results that contain an error in another way.
    pub(crate) fn run_until<T: Sync, R: Send>(
        self,
        client: &Client,
        items: &[T],
        work: impl Fn(&T) -> R + Sync,
        error_in: fn(&R) -> Option<&Error>,
        mut done: impl FnMut(&T, &R) + Send,
    ) -> Vec<Option<R>> {
        let threads = (0..self.count.min(items.len())).map(|_| client.clock().register());
        let mut is_over = false;
        side_by_side(threads.collect(), items, work, |ended| {
            if let Some((item, result)) = ended {
                is_over |= error_in(result).is_some_and(|error| self.ends_all(error));
                done(item, result);
            }
            !is_over && !client.is_cancelled()
        })
    }

    /// Returns whether no more work starts after this error.
    pub(crate) fn ends_all(self, error: &Error) -> bool {
        match error.kind() {
            ErrorKind::Cancelled
            | ErrorKind::NoToken
            | ErrorKind::Unauthorized
            | ErrorKind::Forbidden => true,
            ErrorKind::Transport(_)
            | ErrorKind::ServerFailed
            | ErrorKind::Throttled { .. }
            | ErrorKind::Redirected => self.fail_fast,
            _ => false,
        }
    }
}

impl Default for Jobs {
    fn default() -> Self {
        Self::new(8)
    }
}

/// State shared by the threads, under one lock.
struct Queue<'i, T, R, B> {
    left: Enumerate<Iter<'i, T>>,
    results: BTreeMap<usize, R>,
    between: B,
}

/// Does the work for each item, starting in the items' order. Each thread keeps one of `threads` until it ends.
///
/// A thread calls `between` before it takes an item, with the item that it did before, if any. It ends if that returns
/// false. There is one call at a time, and no item is taken meanwhile.
///
/// A panic poisons the queue, so that every thread ends after the item that it has.
pub(crate) fn side_by_side<K: Send, T: Sync, R: Send>(
    threads: Vec<K>,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    between: impl FnMut(Option<(&T, &R)>) -> bool + Send,
) -> Vec<Option<R>> {
    let left = items.iter().enumerate();
    let queue = Mutex::new(Queue { left, results: BTreeMap::new(), between });
    let run = &|| {
        let mut ended: Option<(usize, &T, R)> = None;
        while let Ok(mut locked) = queue.lock() {
            let goes_on = (locked.between)(ended.as_ref().map(|(_, item, result)| (*item, result)));
            if let Some((n, _, result)) = ended {
                locked.results.insert(n, result);
            }
            let Some((n, item)) = locked.left.next().filter(|_| goes_on) else { return };
            drop(locked);
            let result = panic::catch_unwind(AssertUnwindSafe(|| work(item)));
            let result = result.unwrap_or_else(|cause| {
                let _poisoned = queue.lock();
                panic::resume_unwind(cause)
            });
            ended = Some((n, item, result));
        }
    };
    thread::scope(|scope| {
        let start = |kept| {
            scope.spawn(move || {
                let _kept = kept;
                run();
            })
        };
        let threads: Vec<_> = threads.into_iter().map(start).collect();
        for thread in threads {
            thread.join().unwrap_or_else(|cause| panic::resume_unwind(cause));
        }
    });
    let mut results = queue.into_inner().unwrap_or_else(PoisonError::into_inner).results;
    (0..items.len()).map(|n| results.remove(&n)).collect()
}
