//! The transport of a storm: a library behind faults, which writes down what really happened.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mde_live_response_core::http::{Method, Request, Response};
use mde_live_response_core::{
    Body, Clock, Delivery, Limits, Phase, Transport, TransportError, TransportErrorKind,
};
use mde_live_response_mock::{FakeLibrary, ManualClock, bearer_token};

use super::credential::Issuer;
use super::evidence::{CallId, Change, Exchange};
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
    pub(super) exchanges: Mutex<Vec<Exchange>>,
    /// Held while the library is changed: the order here is the order there.
    pub(super) changes: Mutex<Vec<Change>>,
}

impl Transport for Sky {
    fn send(&self, request: Request<Body<'_>>) -> Answer {
        let current = CURRENT.with_borrow(|current| current.clone().expect("an upload"));
        let attempt = self.next_attempt(&current.name);
        let weather = weather(self.seed, &current.name, attempt);
        let began = self.clock.now();
        let time = Limits::of(&request).time_left().expect("a call has a deadline");
        let mut exchange = Exchange {
            call: current.call,
            attempt,
            fault: weather.fault,
            is_listing: request.method() == Method::GET,
            began,
            arrived: None,
            ended: began,
            is_unknown: false,
            said: None,
        };
        self.count.fetch_add(1, Ordering::SeqCst);
        let way = Way { sky: self, weather, current: &current, until: began + time };
        let answer = way.exchange(request, &mut exchange);
        exchange.ended = self.clock.now();
        exchange.is_unknown = is_unknown(weather.fault, &answer);
        self.exchanges.lock().unwrap().push(exchange);
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

    pub(super) fn stored(&self, name: &str) -> Option<String> {
        self.library.entry(name)?.sha256
    }
}

/// One exchange on its way.
struct Way<'a> {
    sky: &'a Sky,
    weather: Weather,
    current: &'a Current,
    until: Duration,
}

fn lost(kind: TransportErrorKind, delivery: Delivery) -> TransportError {
    TransportError::new(kind, delivery)
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
        let delivery = match phase {
            Phase::Receive => Delivery::Unknown,
            _ => Delivery::NotDelivered,
        };
        Err(lost(TransportErrorKind::Timeout(phase), delivery))
    }

    fn exchange(&self, mut request: Request<Body<'_>>, seen: &mut Exchange) -> Answer {
        let Weather { fault, back, patience, .. } = self.weather;
        self.there(&mut request)?;
        let said = match fault {
            Fault::Busy(seconds) => answer(429, seconds, ""),
            Fault::Slow => answer(408, None, ""),
            Fault::Closed(seconds) => answer(503, Some(seconds), ""),
            Fault::Broken { status, acts: false } => answer(status, None, ""),
            // Will not be seen.
            Fault::ResetAfter { acts: false } | Fault::NoAnswer { acts: false } => {
                Response::default()
            }
            _ => self.ask_library(request, seen)?,
        };
        match fault {
            Fault::ResetAfter { .. } => Err(lost(TransportErrorKind::Receive, Delivery::Unknown)),
            Fault::NoAnswer { .. } => {
                self.pass(patience, Phase::Receive)?;
                let kind = TransportErrorKind::Timeout(Phase::Receive);
                Err(lost(kind, Delivery::Unknown))
            }
            _ => self.pass(back, Phase::Receive).map(|()| garbled(fault, said)),
        }
    }

    /// The way to the service, with what can end it, and the body where the library is not to have it.
    fn there(&self, request: &mut Request<Body<'_>>) -> Result<(), TransportError> {
        use TransportErrorKind as Kind;
        let Weather { fault, there, patience, reads, .. } = self.weather;
        let undelivered = |kind| Err(lost(kind, Delivery::NotDelivered));
        if let Fault::TimeOut(phase) = fault {
            self.pass(patience, phase)?;
            return undelivered(Kind::Timeout(phase));
        }
        self.pass(there, Phase::Connect)?;
        let (body, decisive) = (request.body().len(), request.body().decisive_from());
        let read = match fault {
            Fault::Refused => return undelivered(Kind::Connect),
            Fault::ResetBefore => return undelivered(Kind::Send),
            Fault::ResetDuring => decisive / 2,
            Fault::ResetAfter { acts: false } | Fault::NoAnswer { acts: false } => body,
            Fault::Busy(_) | Fault::Slow | Fault::Closed(_) | Fault::Broken { acts: false, .. }
                if reads =>
            {
                body
            }
            _ => 0,
        };
        io::copy(&mut request.body_mut().take(read), &mut io::sink()).unwrap();
        if fault == Fault::ResetDuring { undelivered(Kind::Send) } else { Ok(()) }
    }

    /// Gives the library the whole request, and writes down what it made of it.
    fn ask_library(&self, mut request: Request<Body<'_>>, seen: &mut Exchange) -> Answer {
        let sky = self.sky;
        let Current { call, name, overrides } = self.current;
        let mut changes = sky.changes.lock().unwrap();
        let now = sky.clock.now();
        if !sky.issuer.is_good(bearer_token(request.headers()).expect("a token"), now) {
            io::copy(request.body_mut(), &mut io::sink()).unwrap();
            seen.said = Some(401);
            return Ok(answer(401, None, ""));
        }
        seen.arrived = Some(now);
        let replaced = sky.stored(name);
        let answer = sky.library.send(request)?;
        seen.said = Some(answer.status().as_u16());
        if !seen.is_listing && answer.status().is_success() {
            changes.push(Change::Applied {
                call: *call,
                name: name.clone(),
                sha256: sky.stored(name).expect("a file that was just stored"),
                overrides: *overrides,
                replaced,
                at: now,
            });
        }
        Ok(answer)
    }
}

fn is_unknown(fault: Fault, answer: &Answer) -> bool {
    match answer {
        Err(error) => error.delivery() == Delivery::Unknown,
        Ok(answer) if answer.status().is_success() => matches!(fault, Fault::Cut | Fault::Page),
        Ok(answer) => {
            answer.status().is_server_error() && !answer.headers().contains_key("retry-after")
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
        // Only then: a refusal without a word must not become a success.
        Fault::Empty if said.status().is_success() => answer(200, None, ""),
        _ => said,
    }
}
