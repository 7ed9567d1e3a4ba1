//! The client's rate limit: for any pattern of calls and any 429, no window holds more calls than the service takes, and no
//! call waits longer than the longest window.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response_core::http::Response;
use mde_live_response_core::policy::RetryPolicy;
use mde_live_response_core::transport::{Exchange, Transport, TransportError};
use mde_live_response_core::{AccessToken, Client, Endpoint};
use mde_live_response_mock::ManualClock;

use crate::pieces::Pieces;

/// The documented limits: so many calls in so much time.
const RATES: [(usize, Duration); 2] = [(100, MINUTE), (1_500, HOUR)];
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const MOST_CALLS: usize = 4_000;

/// Rounds of calls. Each is a piece of four numbers: calls, seconds before each, seconds that each takes, and `Retry-After`
/// of the last one, which is a success if that is 0.
pub fn pace(input: &[u8]) {
    let mut pieces = Pieces::of(input);
    let clock = ManualClock::new();
    let service = Service { clock: clock.clone(), state: Arc::default() };
    let token = AccessToken::new("a-test-token").expect("a token");
    let client = Client::builder(Endpoint::COMMERCIAL, token, service.clone())
        .clock(clock.clone())
        .retry(RetryPolicy::NONE)
        .deadline(3 * HOUR)
        .build();
    let mut calls = 0;
    while let Some(round) = pieces.text().and_then(Round::read) {
        for left in (0..round.calls).rev() {
            calls += 1;
            if calls > MOST_CALLS {
                return;
            }
            clock.advance(round.gap);
            service.set(&round, left == 0);
            let asked = clock.now();
            let outcome = client.list().next().transpose();
            assert_eq!(outcome.is_err(), left == 0 && round.refused.is_some(), "{outcome:?}");
            service.check(asked);
        }
    }
}

struct Round {
    calls: usize,
    gap: Duration,
    takes: Duration,
    refused: Option<u64>,
}

impl Round {
    fn read(text: &str) -> Option<Self> {
        let mut numbers = text.split_ascii_whitespace().map(|it| it.parse::<u64>().ok());
        let mut next = || numbers.next().flatten();
        let seconds = |number: u64| Duration::from_secs(number.min(10_000));
        Some(Self {
            calls: usize::try_from(next()?).ok()?,
            gap: seconds(next()?),
            takes: seconds(next()?),
            refused: next().filter(|it| *it > 0),
        })
    }
}

/// Answers every call, in its own time, and keeps when each started and ended.
#[derive(Debug, Clone)]
struct Service {
    clock: ManualClock,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<(Duration, Duration)>,
    takes: Duration,
    refused: Option<u64>,
    closed_until: Duration,
}

impl Service {
    fn set(&self, round: &Round, is_last: bool) {
        let mut state = self.state.lock().expect("nobody panicked");
        state.takes = round.takes;
        state.refused = round.refused.filter(|_| is_last);
    }

    /// Checks the last call, which was asked for at this time.
    fn check(&self, asked: Duration) {
        let mut state = self.state.lock().expect("nobody panicked");
        let (start, end) = *state.calls.last().expect("a call");
        assert!(start.saturating_sub(asked) <= HOUR, "waited from {asked:?} to {start:?}");
        assert!(start >= state.closed_until, "the service asked for a pause");
        for (most, window) in RATES {
            let Some(before) = state.calls.len().checked_sub(most + 1) else { continue };
            let (_, ended) = state.calls[before];
            assert!(start >= ended + window, "{} calls within {window:?} of {start:?}", most + 1);
        }
        if let Some(seconds) = state.refused {
            state.closed_until = end + Duration::from_secs(seconds).min(HOUR);
        }
    }
}

impl Transport for Service {
    fn send(&self, _: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        let mut state = self.state.lock().expect("nobody panicked");
        let start = self.clock.now();
        self.clock.advance(state.takes);
        state.calls.push((start, self.clock.now()));
        let answer = match state.refused {
            Some(seconds) => Response::builder().status(429).header("retry-after", seconds),
            None => Response::builder().status(200),
        };
        Ok(answer.body(br#"{"value": []}"#.to_vec()).expect("an answer"))
    }
}
