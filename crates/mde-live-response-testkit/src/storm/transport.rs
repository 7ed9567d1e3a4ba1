//! The client's transport: draws the fault of each exchange, lets its time pass, and records how it ended.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response_core::Effect;
use mde_live_response_core::http::header::AUTHORIZATION;
use mde_live_response_core::http::request::Parts;
use mde_live_response_core::http::{Method, Response};
use mde_live_response_core::policy::Clock;
use mde_live_response_core::transport::{
    Exchange, Phase, Transport, TransportError, TransportErrorKind as Kind,
};

use super::plan::{Fault, Job, Weather, weather};
use super::service::{Order, Service};
use super::{Wire, evidence};

type Answer = Result<Response<Vec<u8>>, TransportError>;

/// Less time than this is not enough for any exchange: a wire of sockets needs some that no manual clock knows.
const LEAST: Duration = Duration::from_millis(100);

thread_local! {
    /// The upload that a thread is in: the transport is called on the thread of the caller.
    static JOB: RefCell<Option<Arc<Job>>> = const { RefCell::new(None) };
}

pub(super) fn set_job(job: &Arc<Job>) {
    JOB.set(Some(Arc::clone(job)));
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Upload,
    List,
    Delete,
    Token,
}

impl Purpose {
    fn of(head: &Parts) -> Self {
        if head.uri.path().contains("oauth2") {
            Self::Token
        } else if head.method == Method::GET {
            Self::List
        } else if head.method == Method::DELETE {
            Self::Delete
        } else {
            Self::Upload
        }
    }
}

#[derive(Debug)]
pub(super) struct Sky<W> {
    pub(super) seed: u64,
    pub(super) service: Arc<Service>,
    pub(super) wire: W,
    /// Exchanges of the API so far, and of all.
    pub(super) calls: AtomicU64,
    pub(super) orders: AtomicU64,
    pub(super) secrets: Mutex<BTreeSet<String>>,
    pub(super) attempts: Mutex<HashMap<String, u64>>,
    pub(super) exchanges: Mutex<Vec<evidence::Exchange>>,
}

impl<W: Wire> Transport for Sky<W> {
    fn send(&self, exchange: &mut Exchange<'_>) -> Answer {
        let job = JOB.with_borrow(|job| job.clone().expect("an upload"));
        let order = Arc::new(self.order(job, Purpose::of(exchange.head())));
        if let Some(token) = exchange.head().headers.get(AUTHORIZATION) {
            let token = token.to_str().unwrap().replace("Bearer ", "");
            self.secrets.lock().unwrap().insert(token);
        }
        let began = self.service.clock.now();
        let answer = self.exchange(exchange, &order, began);
        if order.purpose != Purpose::Token {
            self.exchanges.lock().unwrap().push(evidence::Exchange {
                job: Arc::clone(&order.job),
                fault: order.fault(),
                is_listing: order.purpose == Purpose::List,
                began,
                arrived: *order.arrived.lock().unwrap(),
                ended: self.service.clock.now(),
                is_unknown: is_unknown(&answer, exchange),
            });
        }
        answer
    }
}

impl<W: Wire> Sky<W> {
    fn order(&self, job: Arc<Job>, purpose: Purpose) -> Order {
        let name = match purpose {
            Purpose::Upload | Purpose::Delete => &job.name,
            Purpose::List => "a listing",
            Purpose::Token => "a token",
        };
        let mut attempts = self.attempts.lock().unwrap();
        let attempt = attempts.entry(name.to_owned()).or_default();
        *attempt += 1;
        let mut weather = weather(self.seed, name, *attempt);
        drop(attempts);
        if weather.fault == Fault::Late && (purpose != Purpose::Upload || job.shared) {
            weather.fault = Fault::None;
        }
        if purpose != Purpose::Token {
            self.calls.fetch_add(1, Ordering::SeqCst);
        }
        let number = self.orders.fetch_add(1, Ordering::SeqCst);
        Order { number, weather, job, purpose, arrived: Arc::default() }
    }

    fn exchange(&self, exchange: &mut Exchange<'_>, order: &Arc<Order>, began: Duration) -> Answer {
        let Weather { fault, there, back, patience, .. } = order.weather;
        let until = began + exchange.limits().time_left().expect("a call has a deadline");
        let pass = |time, phase| self.pass(time, until, phase);
        if until.saturating_sub(began) < LEAST {
            pass(LEAST, Phase::Connect)?;
        }
        if let Fault::TimeOut(phase) = fault {
            pass(patience, phase)?;
            return Err(TransportError::new(Kind::Timeout(phase)));
        }
        pass(there, Phase::Connect)?;
        if fault == Fault::Refused {
            return Err(TransportError::new(Kind::Connect));
        }
        let answer = self.wire.send(exchange, Arc::clone(order));
        match (fault, answer) {
            (Fault::NoAnswer { .. }, Err(_)) => {
                pass(patience, Phase::Receive)?;
                Err(TransportError::new(Kind::Timeout(Phase::Receive)))
            }
            (_, answer @ Err(_)) => answer,
            (_, Ok(answer)) => pass(back, Phase::Receive).map(|()| answer),
        }
    }

    /// Lets time pass, at most until the exchange must end.
    fn pass(&self, time: Duration, until: Duration, phase: Phase) -> Result<(), TransportError> {
        let clock = &self.service.clock;
        let left = until.saturating_sub(clock.now());
        clock.sleep(time.min(left));
        if time <= left {
            return Ok(());
        }
        Err(TransportError::new(Kind::Timeout(phase)))
    }
}

/// Whether the answer leaves open what the service did.
fn is_unknown(answer: &Answer, exchange: &Exchange<'_>) -> bool {
    match answer {
        Err(error) => {
            error.effect().map_or(!exchange.is_incomplete(), |it| it != Effect::NotApplied)
        }
        Ok(answer) if answer.status().is_success() => {
            !answer.body().is_empty() && !answer.body().ends_with(b"}")
        }
        Ok(answer) => !exchange.is_incomplete() && answer.status().is_server_error(),
    }
}
