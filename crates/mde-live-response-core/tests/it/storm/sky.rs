//! The transport of a storm: a library behind faults, which records what happened.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mde_live_response_core::http::{Method, Response};
use mde_live_response_core::policy::Clock;
use mde_live_response_core::transport::{
    Exchange, Phase, Transport, TransportError, TransportErrorKind as Kind,
};
use mde_live_response_mock::{FakeLibrary, ManualClock};

use super::credential::Issuer;
use super::evidence::{self, CallId, Change, Stored};
use super::plan::{Fault, Weather, weather};

type Answer = Result<Response<Vec<u8>>, TransportError>;

/// The upload that a thread is in: the transport is called on the thread of the caller.
#[derive(Debug, Clone)]
pub(super) struct Current {
    pub(super) call: CallId,
    pub(super) name: String,
    pub(super) overrides: bool,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

pub(super) fn set_current(current: Current) {
    CURRENT.set(Some(current));
}

#[derive(Debug)]
pub(super) struct Sky {
    pub(super) seed: u64,
    pub(super) clock: ManualClock,
    pub(super) library: FakeLibrary,
    pub(super) issuer: Issuer,
    pub(super) count: AtomicUsize,
    pub(super) attempts: Mutex<HashMap<String, u64>>,
    pub(super) exchanges: Mutex<Vec<evidence::Exchange>>,
    /// Held while the library is changed: the order here is the order there.
    pub(super) changes: Mutex<Vec<Change>>,
}

impl Transport for Sky {
    fn send(&self, exchange: &mut Exchange<'_>) -> Answer {
        let current = CURRENT.with_borrow(|current| current.clone().expect("an upload"));
        let attempt = self.next_attempt(&current.name);
        let weather = weather(self.seed, &current.name, attempt);
        let began = self.clock.now();
        let time = exchange.limits().time_left().expect("a call has a deadline");
        let mut seen = evidence::Exchange {
            call: current.call,
            attempt,
            fault: weather.fault,
            is_listing: exchange.head().method == Method::GET,
            began,
            arrived: None,
            ended: began,
            is_whole: false,
            is_unknown: false,
            status: None,
        };
        self.count.fetch_add(1, Ordering::SeqCst);
        let way = Way { sky: self, weather, current: &current, until: began + time };
        let answer = way.exchange(exchange, &mut seen);
        seen.ended = self.clock.now();
        seen.is_unknown = is_unknown(weather.fault, &answer, seen.is_whole);
        self.exchanges.lock().unwrap().push(seen);
        answer
    }
}

impl Sky {
    fn next_attempt(&self, name: &str) -> u64 {
        let mut attempts = self.attempts.lock().unwrap();
        let attempt = attempts.entry(name.to_owned()).or_default();
        *attempt += 1;
        *attempt
    }

    pub(super) fn remove(&self, name: &str) {
        let mut changes = self.changes.lock().unwrap();
        let mut files = self.library.snapshot();
        files.retain(|(entry, _)| entry.file_name != name);
        self.library.restore(files);
        changes.push(Change::Removed { name: name.to_owned() });
    }

    pub(super) fn stored(&self, name: &str) -> Option<Stored> {
        let entry = self.library.entry(name)?;
        Some(Stored { sha256: entry.sha256, description: entry.description })
    }
}

/// One exchange on its way.
struct Way<'a> {
    sky: &'a Sky,
    weather: Weather,
    current: &'a Current,
    until: Duration,
}

fn answer(status: u16, retry_after: Option<u64>, body: &str) -> Response<Vec<u8>> {
    let mut answer = Response::builder().status(status);
    if let Some(seconds) = retry_after {
        answer = answer.header("retry-after", seconds);
    }
    answer.body(body.as_bytes().to_vec()).unwrap()
}

impl Way<'_> {
    /// Lets time pass, at most until the exchange must end.
    fn pass(&self, time: Duration, phase: Phase) -> Result<(), TransportError> {
        let left = self.until.saturating_sub(self.sky.clock.now());
        self.sky.clock.sleep(time.min(left));
        if time <= left {
            return Ok(());
        }
        Err(TransportError::new(Kind::Timeout(phase)))
    }

    fn exchange(&self, exchange: &mut Exchange<'_>, seen: &mut evidence::Exchange) -> Answer {
        let Weather { fault, back, patience, .. } = self.weather;
        self.there(exchange, seen)?;
        let said = match fault {
            Fault::Busy(seconds) => answer(429, seconds, ""),
            Fault::Slow => answer(408, None, ""),
            Fault::Closed(seconds) => answer(503, Some(seconds), ""),
            Fault::Broken { status, acts: false } => answer(status, None, ""),
            // Will not be seen.
            Fault::ResetAfter { acts: false } | Fault::NoAnswer { acts: false } => {
                Response::default()
            }
            _ => self.ask_library(exchange, seen),
        };
        match fault {
            Fault::ResetAfter { .. } => Err(TransportError::new(Kind::Receive)),
            Fault::NoAnswer { .. } => {
                self.pass(patience, Phase::Receive)?;
                Err(TransportError::new(Kind::Timeout(Phase::Receive)))
            }
            _ => self.pass(back, Phase::Receive).map(|()| garbled(fault, said)),
        }
    }

    /// The way to the service, with what can end it. Reads the body if the library does not get it.
    ///
    /// Sets no effect on its errors: the client derives it from the bytes that were read.
    fn there(
        &self,
        exchange: &mut Exchange<'_>,
        seen: &mut evidence::Exchange,
    ) -> Result<(), TransportError> {
        let Weather { fault, there, patience, reads, .. } = self.weather;
        let failed = |kind| Err(TransportError::new(kind));
        if let Fault::TimeOut(phase) = fault {
            self.pass(patience, phase)?;
            return failed(Kind::Timeout(phase));
        }
        self.pass(there, Phase::Connect)?;
        let (body, decisive) = (exchange.body_len(), exchange.decisive_from());
        let read = match fault {
            Fault::Refused => return failed(Kind::Connect),
            Fault::ResetBefore => return failed(Kind::Send),
            Fault::ResetDuring => decisive / 2,
            Fault::ResetAfter { acts: false } | Fault::NoAnswer { acts: false } => body,
            Fault::Busy(_) | Fault::Slow | Fault::Closed(_) | Fault::Broken { acts: false, .. }
                if reads =>
            {
                body
            }
            _ => 0,
        };
        io::copy(&mut exchange.take(read), &mut io::sink()).unwrap();
        seen.is_whole = read == body;
        if fault == Fault::ResetDuring { failed(Kind::Send) } else { Ok(()) }
    }

    /// Gives the library the whole request, and records what it did.
    fn ask_library(
        &self,
        exchange: &mut Exchange<'_>,
        seen: &mut evidence::Exchange,
    ) -> Response<Vec<u8>> {
        let sky = self.sky;
        let Current { call, name, overrides } = self.current;
        let head = exchange.take_head();
        let mut body = Vec::new();
        exchange.read_to_end(&mut body).unwrap();
        seen.is_whole = true;
        let mut changes = sky.changes.lock().unwrap();
        let now = sky.clock.now();
        let token = head.headers["authorization"].to_str().unwrap().strip_prefix("Bearer ");
        if !sky.issuer.is_good(token.expect("a token"), now) {
            seen.status = Some(401);
            return answer(401, None, "");
        }
        seen.arrived = Some(now);
        let replaced = sky.stored(name);
        let answer = match sky.library.begin(&head) {
            Ok(accepted) => accepted.finish(&body),
            Err(refusal) => refusal,
        };
        seen.status = Some(answer.status().as_u16());
        if !seen.is_listing && answer.status().is_success() {
            changes.push(Change::Applied {
                call: *call,
                name: name.clone(),
                file: sky.stored(name).expect("a file that was just stored"),
                overrides: *overrides,
                replaced,
                at: now,
            });
        }
        answer
    }
}

fn is_unknown(fault: Fault, answer: &Answer, is_whole: bool) -> bool {
    match answer {
        Err(_) => is_whole,
        Ok(answer) if answer.status().is_success() => matches!(fault, Fault::Cut | Fault::Page),
        Ok(answer) => {
            let is_failure = answer.status().is_server_error();
            is_whole && is_failure && !answer.headers().contains_key("retry-after")
        }
    }
}

/// What is left of an answer.
fn garbled(fault: Fault, mut said: Response<Vec<u8>>) -> Response<Vec<u8>> {
    match fault {
        Fault::Broken { status, .. } => answer(status, None, ""),
        Fault::Page => answer(200, None, "<html>Please log in</html>"),
        Fault::Cut => {
            let half = said.body().len() / 2;
            said.body_mut().truncate(half);
            said
        }
        // Only then: a refusal must not become a success.
        Fault::Empty if said.status().is_success() => answer(200, None, ""),
        _ => said,
    }
}
