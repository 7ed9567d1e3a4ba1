//! Every short sequence of calls on a coarse grid of times, against a search for the earliest permitted time.
//!
//! One thread plays all calls: its clock ends running calls while a call waits. Times are in ticks of 1 ns.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::SystemTime;

use http::Response;

use super::*;
use crate::client::Client;
use crate::exchange::{Exchange, Transport, TransportError};
use crate::values::{AccessToken, CallKind, Endpoint};

#[cfg(loom)]
mod interleavings;

/// Running calls, and the window that they count in.
#[derive(Debug)]
struct Times {
    window: RateWindow,
    moving: Mutex<Moving>,
}

#[derive(Debug, Clone, Default)]
struct Moving {
    now: Duration,
    /// The end of each running call, and the wait that the service then asks for.
    ends: Vec<(Duration, Option<Duration>)>,
}

#[derive(Debug, Clone)]
struct Simulated(Arc<Times>);

impl Simulated {
    /// Ends the calls that end until then, in order. Returns after the first one if `is_step`.
    fn advance(&self, until: Duration, is_step: bool) -> bool {
        loop {
            let mut moving = self.0.moving.lock().unwrap();
            let next = moving.ends.iter().copied().min().filter(|(end, _)| *end <= until);
            moving.now = next.map_or(until, |(end, _)| end).max(moving.now);
            let Some(next) = next else { return false };
            let at = moving.ends.iter().position(|call| *call == next).unwrap();
            moving.ends.swap_remove(at);
            drop(moving);
            if let (_, Some(asked)) = next {
                self.0.window.close_for(asked, self);
            }
            drop(Slot { window: &self.0.window, clock: self });
            if is_step {
                return true;
            }
        }
    }
}

impl Clock for Simulated {
    fn now(&self) -> Duration {
        self.0.moving.lock().unwrap().now
    }

    fn time_of_day(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn wait(&self, until: Option<Duration>, ready: &mut dyn FnMut() -> bool) -> bool {
        loop {
            if ready() {
                return true;
            }
            if !self.advance(until.unwrap(), true) {
                return ready();
            }
        }
    }

    fn notify(&self) {}
}

#[derive(Debug)]
struct Unused;

impl Transport for Unused {
    fn send(&self, _: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        unreachable!("no call sends a request here")
    }
}

/// The grid: the calls of a sequence, ticks between two arrivals, ticks that a call takes, and waits that the service
/// asks for at the end of a call.
struct Grid {
    calls: usize,
    gaps: &'static [u64],
    durations: &'static [u64],
    asked: &'static [Option<u64>],
}

/// First and last tick of a call, and the ticks that the service asks to wait then.
type Call = (u64, u64, Option<u64>);

struct Walk<'a> {
    grid: &'a Grid,
    /// Calls and ticks of each window.
    limits: [(usize, u64); 2],
    clock: Simulated,
    task: Task<'a>,
    /// The time of tick 0, and the tick at which the time ends.
    start: Duration,
    end: u64,
    sequences: u64,
    waited: u64,
}

impl Walk<'_> {
    /// Plays all sequences that begin with these calls.
    fn from(&mut self, calls: &mut Vec<Call>) {
        if calls.len() == self.grid.calls {
            self.sequences += 1;
            return;
        }
        for gap in self.grid.gaps {
            let before = self.save();
            self.clock.advance(self.clock.now().saturating_add(Duration::from_nanos(*gap)), false);
            let arrival = self.tick();
            let expected = self.earliest(calls, arrival);
            self.waited += u64::from(expected > arrival);
            if expected > arrival {
                self.fail(arrival, expected, calls);
                self.fail(expected - 1, expected, calls);
                let before = self.save();
                self.take(expected, expected, calls);
                self.restore(before);
            }
            self.take(expected.saturating_add(99), expected, calls);
            self.check_windows(calls, expected);
            self.go_on(calls, expected);
            self.restore(before);
        }
    }

    /// Goes on with every duration of the call that just began, and every wait that the service asks for.
    fn go_on(&mut self, calls: &mut Vec<Call>, start: u64) {
        for duration in self.grid.durations {
            for asked in self.grid.asked {
                let before = self.save();
                let end = start.saturating_add(*duration).min(self.end);
                let call = (self.at(end), asked.map(Duration::from_nanos));
                self.clock.0.moving.lock().unwrap().ends.push(call);
                calls.push((start, end, *asked));
                self.from(calls);
                calls.pop();
                self.restore(before);
            }
        }
    }

    /// Takes a slot at the expected time. `Simulated::advance` ends it.
    fn take(&self, until: u64, expected: u64, calls: &[Call]) {
        let slot = self.clock.0.window.take(&self.task, self.at(until));
        std::mem::forget(slot.expect("a slot"));
        assert_eq!(self.tick(), expected, "{calls:?}, until {until}");
    }

    /// Asks for a slot with too early a deadline.
    fn fail(&self, until: u64, expected: u64, calls: &[Call]) {
        let (before, arrival) = (self.save(), self.tick());
        let error = self.clock.0.window.take(&self.task, self.at(until)).expect_err("no room");
        let (now, shown) = (self.tick(), format!("{calls:?}, until {until}: {error}"));
        let is_any_running = calls.iter().any(|(_, end, _)| *end > arrival);
        let latest = if is_any_running { until } else { arrival };
        assert!(now <= latest, "{shown}: waited until {now}");
        if let Some(wait) = error.retry_after() {
            let at = self.clock.now() + wait;
            let may_close = calls.iter().any(|(_, end, asked)| *end > now && asked.is_some());
            assert!(at == self.at(expected) || (may_close && at < self.at(expected)), "{shown}");
        }
        self.restore(before);
    }

    /// The earliest time that the rule permits: a call counts from its start until the window's length after its end, and
    /// a refusal closes all windows, at most for the longest.
    fn earliest(&self, calls: &[Call], arrival: u64) -> u64 {
        let [_, (_, longest)] = self.limits;
        let is_open = |at| {
            calls
                .iter()
                .filter(|(_, end, _)| *end <= at)
                .all(|(_, end, asked)| at >= end.saturating_add(asked.unwrap_or(0).min(longest)))
        };
        let has_room = |at| {
            self.limits.into_iter().all(|(limit, window)| {
                let counts =
                    |(start, end, _): &&Call| *start <= at && at < end.saturating_add(window);
                calls.iter().filter(counts).count() < limit
            })
        };
        let permits = |at: &u64| *at == self.end || (is_open(*at) && has_room(*at));
        (arrival.min(self.end)..=self.end).find(permits).unwrap()
    }

    /// The service counts a call at any time from its start to its end. No window may have too many.
    fn check_windows(&self, calls: &[Call], start: u64) {
        if start >= self.end {
            return;
        }
        for (limit, window) in self.limits {
            for from in start.saturating_sub(window - 1)..=start {
                let others = calls.iter().filter(|(_, end, _)| *end >= from).count();
                assert!(others < limit, "{calls:?}, {start}: over {limit} from {from}");
            }
        }
    }

    fn at(&self, tick: u64) -> Duration {
        self.start.saturating_add(Duration::from_nanos(tick))
    }

    fn tick(&self) -> u64 {
        nanos_between(self.start, self.clock.now())
    }

    fn save(&self) -> (Moving, State) {
        (self.clock.0.moving.lock().unwrap().clone(), copy(&self.clock.0.window.lock()))
    }

    fn restore(&self, (moving, state): (Moving, State)) {
        *self.clock.0.moving.lock().unwrap() = moving;
        *self.clock.0.window.lock() = state;
    }
}

fn nanos_between(from: Duration, to: Duration) -> u64 {
    u64::try_from(to.checked_sub(from).unwrap().as_nanos()).unwrap_or(u64::MAX)
}

fn copy(State { closed_until, running, ended, changes }: &State) -> State {
    State {
        closed_until: *closed_until,
        running: *running,
        ended: ended.clone(),
        changes: *changes,
    }
}

/// Returns the number of sequences, and of calls in them that had to wait.
fn play(grid: &Grid, limits: [(usize, u64); 2], start: Duration) -> (u64, u64) {
    let reasons = [WaitReason::MinuteLimit, WaitReason::HourLimit].into_iter();
    let mut rates = limits.into_iter().zip(reasons).map(|((calls, window), reason)| Rate {
        calls,
        window: Duration::from_nanos(window),
        reason,
    });
    let rates = [rates.next().unwrap(), rates.next().unwrap()];
    let window = RateWindow { rates, state: Mutex::default() };
    let moving = Mutex::new(Moving { now: start, ends: Vec::new() });
    let clock = Simulated(Arc::new(Times { window, moving }));
    let token = AccessToken::new("an-access-token").unwrap();
    let client = Client::builder(Endpoint::COMMERCIAL, token, Unused).clock(clock.clone()).build();
    let task = Task::begin(&client, CallKind::List, None);
    let end = nanos_between(start, Duration::MAX);
    let mut walk = Walk { grid, limits, clock, task, start, end, sequences: 0, waited: 0 };
    walk.from(&mut Vec::new());
    (walk.sequences, walk.waited)
}

#[test]
fn every_short_sequence_of_calls_starts_at_the_earliest_permitted_times() {
    const GRID: Grid = Grid { calls: 6, gaps: &[0, 1, 3], durations: &[0, 1, 4], asked: &[None] };
    const SMALL: Grid = Grid { calls: 5, ..GRID };
    const ASKED: Grid = Grid {
        calls: 3,
        gaps: &[0, 1, 3, 9],
        durations: &[0, 4],
        asked: &[None, Some(0), Some(3), Some(u64::MAX)],
    };
    let (mut sequences, mut waits) = play(&GRID, [(2, 3), (3, 8)], Duration::ZERO);
    for limits in [[(1, 2), (2, 5)], [(2, 2), (2, 3)], [(3, 4), (4, 9)], [(1, 1), (4, 12)]] {
        for (grid, start) in [(&SMALL, Duration::from_secs(1)), (&ASKED, Duration::ZERO)] {
            let more = play(grid, limits, start);
            (sequences, waits) = (sequences + more.0, waits + more.1);
        }
    }
    println!("{sequences} sequences; {waits} calls had to wait");
    assert!(waits > 0);
}

/// At the last moment every call ends and the window is free: time stands still there.
#[test]
fn the_end_of_time_neither_overflows_nor_panics() {
    const GRID: Grid = Grid {
        calls: 3,
        gaps: &[0, 1, u64::MAX],
        durations: &[0, 2, u64::MAX],
        asked: &[None, Some(u64::MAX)],
    };
    let (mut sequences, mut waits) = (0, 0);
    for before in 0..12 {
        for longest in [8, u64::MAX] {
            let start = Duration::MAX.saturating_sub(Duration::from_nanos(before));
            let more = play(&GRID, [(1, 3), (2, longest)], start);
            (sequences, waits) = (sequences + more.0, waits + more.1);
        }
    }
    println!("{sequences} sequences; {waits} calls had to wait");
    assert!(waits > 0);
}

/// Of two limits that end at the same time, the first one is told: the service's own word, then the minute's.
#[test]
fn the_reason_to_wait_is_that_of_the_first_limit_that_ends_last() {
    use WaitReason::{HourLimit, MinuteLimit, Throttled};
    for (closed_until, [minute, hour], reason) in [
        (10, [10, 10], Throttled),
        (9, [10, 10], MinuteLimit),
        (9, [9, 10], HourLimit),
        (10, [9, 9], Throttled),
    ] {
        let nanos = Duration::from_nanos;
        let rate = |window, reason| Rate { calls: 1, window: nanos(window), reason };
        let rates = [rate(minute, MinuteLimit), rate(hour, HourLimit)];
        let ended = [Duration::ZERO].into();
        let mut state = State { closed_until: nanos(closed_until), ended, ..State::default() };
        assert_eq!(state.next(Duration::ZERO, &rates), Next::At(nanos(10), reason));
    }
}
