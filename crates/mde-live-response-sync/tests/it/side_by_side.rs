//! Several calls at once: as many as allowed, at the earliest time, deletes last, and none after a stop.
//!
//! Every call takes its time on a manual clock, so the start of each is known exactly.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mde_live_response_core::http::{Method, Response};
use mde_live_response_core::policy::{CancelToken, Clock, RetryPolicy};
use mde_live_response_core::transport::{Exchange, Transport, TransportError, TransportErrorKind};
use mde_live_response_core::{AccessToken, Client, Endpoint, ErrorKind, Upload};
use mde_live_response_mock::{ExistsAnswer, FakeLibrary, ManualClock};
use mde_live_response_sync::{Desired, Jobs, Outcome, Report, Step, apply, plan};

use crate::support::{MARK, deleting, desired, file, outcomes, planned, put, rules};

const JOBS: [usize; 3] = [1, 3, 8];
const LATENCY: Duration = Duration::from_millis(500);

/// An event of a call.
enum Fate {
    /// The library answers after the usual time.
    Usual,
    /// The library answers after ten times the usual time.
    Late,
    /// This status, after half the usual time.
    Status(u16),
    /// No connection, after half the usual time.
    Refused,
}

/// Decides by the method, and the number of calls with it so far, this one included.
type Fates = dyn Fn(&FakeLibrary, &str, usize) -> Fate + Send + Sync;

/// Method, start and end of a call.
type Call = (Method, Duration, Option<Duration>);

/// The way to a library, where calls take time.
struct Way {
    library: FakeLibrary,
    clock: ManualClock,
    latency: Duration,
    fates: Box<Fates>,
    calls: Mutex<Vec<Call>>,
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.calls.lock().unwrap().fmt(f)
    }
}

impl Way {
    /// To a library with old files 0 to 4, which `many` makes unmanaged.
    fn new(
        latency: Duration,
        fates: impl Fn(&FakeLibrary, &str, usize) -> Fate + Send + Sync + 'static,
    ) -> Arc<Self> {
        Self::with_answer(ExistsAnswer::default(), latency, fates)
    }

    fn with_answer(
        answer: ExistsAnswer,
        latency: Duration,
        fates: impl Fn(&FakeLibrary, &str, usize) -> Fate + Send + Sync + 'static,
    ) -> Arc<Self> {
        let clock = ManualClock::new();
        let time = clock.clone();
        let library = FakeLibrary::builder().exists_answer(answer);
        let library = library.now(move || time.time_of_day()).build();
        let calls = Mutex::default();
        Arc::new(Self { library, clock, latency, fates: Box::new(fates), calls })
    }

    fn client(self: &Arc<Self>) -> Client {
        let token = AccessToken::new("an-access-token").unwrap();
        Client::builder(Endpoint::COMMERCIAL, token, Arc::clone(self))
            .clock(self.clock.clone())
            .retry(RetryPolicy::NONE)
            .build()
    }

    /// Start and end of the calls with this method, in the order of their starts.
    fn calls(&self, method: &str) -> Vec<(Duration, Duration)> {
        let calls = self.calls.lock().unwrap();
        let calls = calls.iter().filter(|(it, ..)| it == method);
        calls.map(|(_, start, end)| (*start, end.unwrap())).collect()
    }
}

impl Transport for Way {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        let method = exchange.head().method.clone();
        let (at, number) = {
            let mut calls = self.calls.lock().unwrap();
            calls.push((method.clone(), self.clock.now(), None));
            (calls.len() - 1, calls.iter().filter(|(it, ..)| *it == method).count())
        };
        let fate = (self.fates)(&self.library, method.as_str(), number);
        self.clock.sleep(match fate {
            Fate::Usual => self.latency,
            Fate::Late => self.latency * 10,
            Fate::Status(_) | Fate::Refused => self.latency / 2,
        });
        let answer = match fate {
            Fate::Usual | Fate::Late => self.library.send(exchange),
            Fate::Status(status) => Ok(Response::builder().status(status).body(vec![]).unwrap()),
            Fate::Refused => Err(TransportError::new(TransportErrorKind::Connect)),
        };
        self.calls.lock().unwrap()[at].2 = Some(self.clock.now());
        answer
    }
}

fn usual(_: &FakeLibrary, _: &str, _: usize) -> Fate {
    Fate::Usual
}

/// As many new files.
fn many(count: usize) -> Desired {
    desired((0..count).map(|n| file(&format!("{n:03}.ps1"), "new")))
}

/// Files of the owner that are no longer desired.
fn put_old(library: &FakeLibrary) {
    for n in 0..5 {
        put(library, &format!("old-{n}.ps1"), "x", Some(MARK));
    }
}

/// How many steps have this outcome.
fn count(report: &Report, outcome: &str) -> usize {
    outcomes(report).split(", ").filter(|it| it.ends_with(&format!(" {outcome}"))).count()
}

#[test]
fn as_many_calls_as_jobs_run_at_once_and_the_report_is_in_the_order_of_the_plan() {
    let mut reports = Vec::new();
    for (jobs, millis) in [(0, 23_000), (1, 23_000), (3, 8_500), (8, 3_500), (100, 1_500)] {
        let way = Way::new(LATENCY, usual);
        put_old(&way.library);
        let plan = deleting(&many(40), &way.library);
        let mut told = Vec::new();
        let tell = |step: &Step, _: &_| told.push(step.name().to_owned());
        let report = Jobs::new(jobs).apply(&way.client(), &plan, tell).unwrap();
        assert_eq!(way.clock.now(), Duration::from_millis(millis), "{jobs} jobs");
        told.sort();
        assert!(told.iter().eq(report.outcomes().map(|(name, _)| name)), "each once: {told:?}");
        reports.push(outcomes(&report));
    }
    assert_eq!(reports[0].matches("Created").count(), 40);
    assert!(reports.iter().all(|report| *report == reports[0]), "{reports:?}");
    let way = Way::new(LATENCY, usual);
    apply(&way.client(), &planned(&many(40), &way.library, &rules()), |_, _| {}).unwrap();
    assert_eq!(way.clock.now(), Duration::from_secs(3), "the default is 8");
}

#[test]
fn three_hundred_files_start_at_the_earliest_time_that_the_window_allows() {
    for (jobs, latency) in JOBS.into_iter().flat_map(|it| [(it, Duration::ZERO), (it, LATENCY)]) {
        let way = Way::new(latency, usual);
        let plan = plan(&many(300), &[], &rules());
        let report = Jobs::new(jobs).apply(&way.client(), &plan, |_, _| {}).unwrap();
        assert!(report.is_complete(), "{report:?}");
        assert_eq!(way.library.calls(), 301, "no call was refused");
        let posts = way.calls("POST");
        let all: Vec<_> = way.calls("GET").into_iter().chain(posts).collect();
        for (n, (start, _)) in all.iter().enumerate().skip(1) {
            let end_of = |n: usize| all[n].1;
            let is_free = if n > jobs { end_of(n - jobs) } else { end_of(0) };
            let is_allowed =
                n.checked_sub(100).map_or(Duration::ZERO, |n| end_of(n) + Duration::from_secs(60));
            assert_eq!(*start, is_free.max(is_allowed), "call {n} of {jobs} jobs");
        }
    }
}

#[test]
fn deletes_begin_when_all_creates_and_updates_have_ended() {
    for jobs in JOBS {
        let way = Way::new(LATENCY, |_, method, number| match (method, number) {
            ("POST", 2) => Fate::Late,
            _ => Fate::Usual,
        });
        put_old(&way.library);
        put(&way.library, "001.ps1", "stale", Some(MARK));
        let plan = deleting(&many(4), &way.library);
        let report = Jobs::new(jobs).apply(&way.client(), &plan, |_, _| {}).unwrap();
        assert!(report.is_complete(), "{report:?}");
        let last = way.calls("POST").into_iter().map(|(_, end)| end).max().unwrap();
        let deletes = way.calls("DELETE");
        assert_eq!(deletes.len(), 5);
        assert_eq!(deletes[0].0, last, "{way:?}");
    }
}

#[test]
fn after_a_cancel_nothing_starts() {
    for jobs in JOBS {
        let way = Way::new(LATENCY, usual);
        put_old(&way.library);
        let plan = deleting(&many(20), &way.library);
        let cancel = CancelToken::new();
        let mut calls = Vec::new();
        let tell = |_: &_, _: &_| {
            cancel.cancel();
            calls.push(way.calls.lock().unwrap().len());
        };
        let client = way.client().cancelled_by(&cancel);
        assert!(!client.is_cancelled());
        let report = Jobs::new(jobs).apply(&client, &plan, tell).unwrap();
        assert!(client.is_cancelled());
        assert_eq!(calls[0], 1 + jobs, "one listing, and one call for each job");
        assert_eq!(way.calls.lock().unwrap().len(), calls[0], "{way:?}");
        assert_eq!(calls.len(), 25, "each step is told");
        // The other calls that ran were cancelled, too, unless they ended at the same time.
        assert_eq!(count(&report, "Created") + count(&report, "Failed"), jobs);
        assert_eq!(count(&report, "NotTried"), 25 - jobs, "{report:?}");
    }
}

/// The second upload fails while others are on their way. A file that changed since the plan needs another listing.
#[test]
fn after_a_refused_token_nothing_starts_and_with_fail_fast_after_a_failure_of_the_service() {
    for (fate, ends_all, ends_if_fail_fast) in [
        ((|| Fate::Status(401)) as fn() -> Fate, true, true),
        (|| Fate::Status(403), true, true),
        (|| Fate::Status(302), false, true),
        (|| Fate::Status(429), false, true),
        (|| Fate::Status(500), false, true),
        (|| Fate::Refused, false, true),
        (|| Fate::Status(413), false, false),
        (|| Fate::Status(400), false, false),
    ] {
        for (jobs, fail_fast) in JOBS.into_iter().flat_map(|it| [(it, false), (it, true)]) {
            let way = Way::new(LATENCY, move |_, method, number| match (method, number) {
                ("POST", 2) => fate(),
                _ => Fate::Usual,
            });
            put_old(&way.library);
            let plan = deleting(&many(21), &way.library);
            put(&way.library, "000.ps1", "hers", None);
            let jobs_of = Jobs::new(jobs).with_fail_fast(fail_fast);
            let report = jobs_of.apply(&way.client(), &plan, |_, _| {}).unwrap();
            let is_over = ends_all || fail_fast && ends_if_fail_fast;
            let expected = if is_over { (jobs.max(2), 0) } else { (20, 5) };
            let calls = (way.calls("POST").len(), way.calls("DELETE").len());
            assert_eq!(calls, expected, "{jobs} jobs, fail fast {fail_fast}: {report:?}");
            assert_eq!(count(&report, "NotTried"), 25 - expected.0 - expected.1);
            assert_eq!((count(&report, "Failed"), count(&report, "Changed")), (1, 1));
            assert_eq!(way.calls("GET").len(), if is_over { 1 } else { 2 }, "{way:?}");
        }
    }
}

#[test]
fn a_panic_propagates_and_leaves_no_thread() {
    for jobs in JOBS {
        let way = Way::new(LATENCY, |_, method, number| {
            assert!((method, number) != ("POST", 15), "in a call");
            Fate::Usual
        });
        let plan = planned(&many(20), &way.library, &rules());
        for (message, told) in [("in a callback", 0), ("in a call", 100)] {
            let client = way.client();
            let mut left = told;
            let caught = catch_unwind(AssertUnwindSafe(|| {
                let tell = |_: &_, _: &_| {
                    assert!(left > 0, "in a callback");
                    left -= 1;
                };
                drop(Jobs::new(jobs).apply(&client, &plan, tell));
            }));
            assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&message));
            // Every thread has dropped its registration: otherwise this would never end.
            way.clock.sleep(LATENCY);
            assert!(Arc::strong_count(&way) <= 2, "only this test and its client are left");
            let calls = way.calls.lock().unwrap().len();
            assert!(calls <= 2 + 14 + jobs, "{calls} calls");
        }
    }
}

/// Both begin at the same time, with plans from before.
#[test]
fn two_programs_can_apply_the_same_folder_at_the_same_time() {
    for answer in [ExistsAnswer::BadRequest400, ExistsAnswer::Conflict409] {
        let way = Way::with_answer(answer, LATENCY, usual);
        put_old(&way.library);
        put(&way.library, "001.ps1", "stale", Some(MARK));
        let plan = deleting(&many(20), &way.library);
        let reports: Vec<_> = thread::scope(|scope| {
            let one = || Jobs::new(4).apply(&way.client(), &plan, |_, _| {}).unwrap();
            let both = [scope.spawn(one), scope.spawn(one)];
            both.into_iter().map(|it| it.join().unwrap()).collect()
        });
        for report in &reports {
            assert!(report.is_complete(), "{report:?}");
        }
        let made = reports.iter().map(|report| count(report, "Created")).sum::<usize>();
        assert_eq!(made, 19, "each file was created once: {reports:?}");
        assert!(planned(&many(20), &way.library, &rules()).is_empty());
        assert_eq!(way.library.names().len(), 20);
    }
}

/// Another program stores files while this one uploads its first.
#[test]
fn conflicts_cost_one_more_listing_and_only_files_as_desired_are_done() {
    for (jobs, answer) in [(1, ExistsAnswer::BadRequest400), (8, ExistsAnswer::Conflict409)] {
        let way = Way::with_answer(answer, LATENCY, |library, method, number| {
            if (method, number) == ("POST", 1) {
                for (name, content, mark) in [
                    ("000.ps1", "new", Some(MARK)),
                    ("001.ps1", "new", Some(MARK)),
                    ("002.ps1", "hers", Some(MARK)),
                    ("003.ps1", "new", None),
                    ("004.ps1", "new", Some(MARK)),
                ] {
                    put(library, name, content, mark);
                }
            }
            Fate::Usual
        });
        put_old(&way.library);
        let plan = deleting(&many(6), &way.library);
        // Seen by the first listing, so that no upload is tried.
        put(&way.library, "004.ps1", "hers", Some(MARK));
        let mut told = Vec::new();
        let tell = |step: &Step, outcome: &Outcome| {
            told.push((step.name().to_owned(), matches!(outcome, Outcome::AlreadyDone)));
        };
        let report = Jobs::new(jobs).apply(&way.client(), &plan, tell).unwrap();
        let (before, old) = (outcomes(&report), "old-0.ps1 Deleted");
        assert_eq!(
            before.split_once(old).unwrap().0,
            "000.ps1 AlreadyDone, 001.ps1 AlreadyDone, 002.ps1 Failed, 003.ps1 Failed, \
             004.ps1 AlreadyDone, 005.ps1 Created, "
        );
        assert_eq!(way.calls("GET").len(), 2, "{way:?}");
        assert_eq!(way.calls("POST").len(), 5);
        told.sort();
        let done = told.iter().map(|(_, is_done)| *is_done).collect::<Vec<_>>();
        assert_eq!(done[..6], [true, true, false, false, true, false], "each is told once");
        assert_eq!(done.len(), 11);
    }
}

#[test]
fn results_are_in_the_order_of_the_items_and_missing_if_their_work_did_not_start() {
    let last = AtomicUsize::new(0);
    let way = Way::new(LATENCY, |_, _, number| match number {
        2 => Fate::Late,
        6 => Fate::Status(403),
        _ => Fate::Usual,
    });
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let uploads = names.map(|name| Upload::new(name.parse().unwrap(), b"x"));
    let client = way.client();
    let work = |upload: &Upload| client.upload(upload);
    let results = Jobs::new(2).run(&client, &uploads, work, |_, _| {
        last.fetch_add(1, Ordering::SeqCst);
    });
    let results = results.iter().map(|result| match result {
        Some(Ok(file)) => file.file_name(),
        Some(Err(error)) if *error.kind() == ErrorKind::Forbidden => "refused",
        Some(Err(_)) => "failed",
        None => "not started",
    });
    let expected = ["a", "b", "c", "d", "e", "refused", "not started", "not started"];
    assert!(results.clone().eq(expected), "{:?}", results.collect::<Vec<_>>());
    assert_eq!(last.load(Ordering::SeqCst), 6);
    let none: Vec<_> = Jobs::default().run(&client, &[], work, |_, _| {});
    assert!(none.is_empty());
}
