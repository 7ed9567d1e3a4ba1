//! The far side of the wire: a library behind faults, which records what it does.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response_core::http::Response;
use mde_live_response_core::policy::Clock;
use mde_live_response_mock::{Application, FakeLibrary, ManualClock};

use super::evidence::{Change, Stored};
use super::plan::{Fault, Job, Weather};
use super::transport::Purpose;

/// Asks the library, which gets the whole request.
type Ask = Box<dyn FnOnce() -> Response<Vec<u8>> + Send>;

pub(super) const TENANT: &str = "a-tenant";
pub(super) const CLIENT: &str = "a-client";
pub(super) const SECRET: &str = "a-client-secret";

/// One exchange, and what is to happen to it.
#[derive(Debug)]
pub struct Order {
    /// Its number in the storm.
    pub(super) number: u64,
    pub(super) weather: Weather,
    pub(super) job: Arc<Job>,
    pub(super) purpose: Purpose,
    /// When the library got the request, and the status of its answer.
    pub(super) arrived: Arc<Mutex<Option<(Duration, u16)>>>,
}

impl Order {
    /// The same request once more, without a fault.
    pub(super) fn again(&self) -> Self {
        let weather = Weather { fault: Fault::None, ..self.weather };
        let (job, arrived) = (Arc::clone(&self.job), Arc::clone(&self.arrived));
        Self { weather, job, arrived, ..*self }
    }

    /// What is to happen.
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.weather.fault
    }

    /// Whether the service reads the body before it answers.
    #[must_use]
    pub fn reads_body(&self) -> bool {
        let is_refusal = matches!(
            self.weather.fault,
            Fault::Busy { .. }
                | Fault::Slow
                | Fault::Closed { acts: false }
                | Fault::Broken { acts: false }
        );
        self.weather.reads || !is_refusal
    }
}

/// What comes back.
#[derive(Debug)]
pub enum Reply {
    /// This answer.
    Answer(Response<Vec<u8>>),
    /// The first half of this answer.
    Half(Response<Vec<u8>>),
    /// The end of the connection.
    Nothing,
}

/// The library of a storm, and all that happened to it.
pub struct Service {
    pub(super) clock: ManualClock,
    pub(super) library: FakeLibrary,
    /// Held while the library is asked: the order here is the order there.
    pub(super) changes: Mutex<Vec<Change>>,
    /// Requests that are still on their way, by file.
    late: Mutex<HashMap<String, (Arc<Order>, Ask)>>,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Service").field(&self.library).finish()
    }
}

impl Service {
    /// An empty library.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "every storm has its own")]
    pub fn new() -> Arc<Self> {
        let (clock, application) = (ManualClock::new(), Application::new(TENANT, CLIENT));
        let time = clock.clone();
        let library = FakeLibrary::builder()
            .application(application.with_secret(SECRET))
            .token_life(Duration::from_secs(900))
            .now(move || time.time_of_day())
            // A late request is in no window. The checks look at all windows.
            .no_limits()
            .build();
        Arc::new(Self { clock, library, changes: Mutex::default(), late: Mutex::default() })
    }

    /// The library.
    #[must_use]
    pub fn library(&self) -> &FakeLibrary {
        &self.library
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.clock.sleep(time);
    }

    /// What comes of an order whose request has arrived, whole if [`Order::reads_body`].
    pub fn serve(&self, order: &Arc<Order>, ask: Ask) -> Reply {
        let Weather { fault, status, asked, .. } = order.weather;
        match fault {
            Fault::Busy { asks } => Reply::Answer(answer(429, asks.then_some(asked), "")),
            Fault::Slow => Reply::Answer(answer(408, None, "")),
            Fault::Closed { acts: false } => Reply::Answer(answer(503, Some(asked), "")),
            Fault::Broken { acts: false } => Reply::Answer(answer(status, None, "")),
            Fault::Late => {
                self.late.lock().unwrap().insert(order.job.name.clone(), (Arc::clone(order), ask));
                Reply::Nothing
            }
            // The last ones do not arrive.
            Fault::ResetAfter { acts: false } | Fault::NoAnswer { acts: false } => Reply::Nothing,
            Fault::Refused | Fault::ResetBefore | Fault::ResetDuring | Fault::TimeOut(_) => {
                Reply::Nothing
            }
            _ => {
                if fault == Fault::None && order.purpose == Purpose::Upload {
                    let late = self.late.lock().unwrap().remove(&order.job.name);
                    late.map(|(order, ask)| self.act(&order, ask));
                }
                if fault == Fault::Revoked {
                    self.library.revoke_tokens();
                }
                let said = self.act(order, ask);
                match fault {
                    Fault::Closed { .. } => Reply::Answer(answer(503, Some(asked), "")),
                    Fault::Broken { .. } => Reply::Answer(answer(status, None, "")),
                    Fault::ResetAfter { .. } | Fault::NoAnswer { .. } => Reply::Nothing,
                    Fault::Cut => Reply::Half(said),
                    Fault::Page => Reply::Answer(answer(200, None, "<html>Please log in</html>")),
                    // Only then: a refusal must not become a success.
                    Fault::Empty if said.status().is_success() => {
                        Reply::Answer(answer(200, None, ""))
                    }
                    _ => Reply::Answer(said),
                }
            }
        }
    }

    /// Lets the library act, and records what it did.
    fn act(&self, order: &Order, ask: Ask) -> Response<Vec<u8>> {
        let mut changes = self.changes.lock().unwrap();
        let (at, name) = (self.clock.now(), &order.job.name);
        let replaced = self.stored(name);
        let answer = ask();
        *order.arrived.lock().unwrap() = Some((at, answer.status().as_u16()));
        match order.purpose {
            _ if !answer.status().is_success() => {}
            Purpose::Upload => {
                let file = self.stored(name).expect("a file that was just stored");
                changes.push(Change::Applied { job: Arc::clone(&order.job), file, replaced, at });
            }
            Purpose::Delete => changes.push(Change::Removed { name: name.clone() }),
            Purpose::List | Purpose::Token => {}
        }
        answer
    }

    /// Removes a file, and whatever is still on its way there.
    pub(super) fn remove(&self, name: &str) {
        let mut changes = self.changes.lock().unwrap();
        self.late.lock().unwrap().remove(name);
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

fn answer(status: u16, retry_after: Option<u64>, body: &str) -> Response<Vec<u8>> {
    let answer = Response::builder().status(status);
    let answer = match retry_after {
        Some(seconds) => answer.header("retry-after", seconds),
        None => answer,
    };
    answer.body(body.as_bytes().to_vec()).unwrap()
}
