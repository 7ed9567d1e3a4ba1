//! Threads that share a window, in every interleaving.

use super::*;
use crate::client::SystemClock;
use crate::client::tests::{builder, explore, thread};
use crate::exchange::CancelToken;

/// A clock whose time moves only by `advance`.
#[derive(Debug, Clone)]
struct Steps(Arc<(Mutex<Duration>, SystemClock)>);

impl Steps {
    fn advance(&self, ticks: u64) {
        *lock(&self.0.0) += Duration::from_nanos(ticks);
        self.notify();
    }
}

impl Clock for Steps {
    fn now(&self) -> Duration {
        *lock(&self.0.0)
    }

    fn time_of_day(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn wait(&self, until: Option<Duration>, ready: &mut dyn FnMut() -> bool) -> bool {
        let mut is_ready = false;
        self.0.1.wait(None, &mut || {
            is_ready = ready();
            is_ready || until.is_some_and(|until| until <= self.now())
        });
        is_ready
    }

    fn notify(&self) {
        self.0.1.notify();
    }
}

#[derive(Clone)]
struct Model {
    client: Client,
    clock: Steps,
    window: Arc<RateWindow>,
}

impl Model {
    /// With this limit of calls, and this window in ticks.
    fn new(calls: usize, window: u64) -> Self {
        let rate = |calls, window, reason| Rate { calls, window, reason };
        let window = Duration::from_nanos(window);
        let rates = [
            rate(calls, window, WaitReason::MinuteLimit),
            rate(9, Duration::from_nanos(99), WaitReason::HourLimit),
        ];
        let clock = Steps(Arc::new((Mutex::default(), SystemClock::new())));
        let client = builder(AccessToken::new("an-access-token").unwrap()).clock(clock.clone());
        let window = Arc::new(RateWindow { rates, state: Mutex::default() });
        Self { client: client.build(), clock, window }
    }

    /// A call that starts until this tick. Returns the ticks of its start and end.
    fn call(&self, until: u64, within: impl FnOnce()) -> Result<(u64, u64), Error> {
        let task = Task::begin(&self.client, CallKind::List, None);
        let slot = self.window.take(&task, Duration::from_nanos(until))?;
        let start = self.tick();
        within();
        let end = self.tick();
        drop(slot);
        Ok((start, end))
    }

    fn tick(&self) -> u64 {
        nanos_between(Duration::ZERO, self.clock.now())
    }

    /// Runs this on several threads.
    fn on_each<const N: usize, T: Send + 'static>(
        &self,
        part: impl Fn(&Self) -> T + Clone + Send + 'static,
    ) -> [T; N] {
        let threads = [(); N].map(|()| {
            let (model, part) = (self.clone(), part.clone());
            thread::spawn(move || part(&model))
        });
        threads.map(|it| it.join().unwrap())
    }
}

/// No time passes, so the slots are all that there are.
fn slots<const N: usize>(preemptions: Option<usize>) {
    explore(preemptions, || {
        let model = Model::new(N - 1, 10);
        let taken = model.on_each::<N, _>(|model| model.call(5, || {}));
        assert_eq!(taken.iter().filter(|it| it.is_ok()).count(), N - 1);
    });
}

#[test]
fn in_every_interleaving_as_many_calls_start_as_the_limit_says() {
    slots::<2>(None);
    slots::<3>(Some(2));
}

/// Every call gets its turn, as soon as the window has room.
fn windows<const N: usize>(preemptions: usize, calls: usize) {
    const WINDOW: u64 = 2;
    explore(Some(preemptions), move || {
        let model = Model::new(calls, WINDOW);
        let taken = model.on_each::<N, _>(|model| {
            let times = model.call(50, || {}).unwrap();
            model.clock.advance(WINDOW);
            times
        });
        for (start, _) in taken {
            let counts = |(first, end): &&(u64, u64)| *first <= start && start < end + WINDOW;
            assert!(taken.iter().filter(counts).count() <= calls, "{taken:?}");
        }
    });
}

#[test]
fn in_every_interleaving_no_window_has_more_calls_than_its_limit() {
    windows::<2>(4, 1);
    windows::<3>(2, 1);
    windows::<3>(2, 2);
}

#[test]
fn in_every_interleaving_no_call_starts_in_a_closed_window_and_none_waits_for_ever() {
    for calls in 1..=2 {
        explore(Some(3), move || {
            let model = Model::new(calls, 1);
            let closed_until = Arc::new(Mutex::new(0));
            let (refused, closing) = (model.clone(), Arc::clone(&closed_until));
            let refused = thread::spawn(move || {
                let close = || {
                    let (at, clock) = (refused.tick(), &refused.clock);
                    refused.window.close_for(Duration::from_nanos(5), clock);
                    *lock(&closing) = at + 5;
                };
                refused.call(50, close).unwrap();
                refused.clock.advance(5);
            });
            let closed = *lock(&closed_until);
            let (start, _) = model.call(50, || {}).unwrap();
            assert!(start >= closed, "started at {start}, closed until {closed}");
            model.clock.advance(1);
            refused.join().unwrap();
        });
    }
}

#[test]
fn in_every_interleaving_a_cancel_ends_the_wait_for_a_slot() {
    explore(None, || {
        let (model, cancel) = (Model::new(1, 1), CancelToken::new());
        let waiting = model.client.cancelled_by(&cancel);
        let waiting = Model { client: waiting, ..model.clone() };
        model
            .call(50, || {
                let waiting = thread::spawn(move || waiting.call(50, || {}));
                cancel.cancel();
                let error = waiting.join().unwrap().unwrap_err();
                assert_eq!(error.kind(), &ErrorKind::Cancelled);
            })
            .unwrap();
    });
}
