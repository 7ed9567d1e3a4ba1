//! A thread that runs libcurl, one exchange after the other.
//!
//! libcurl's handle for connections cannot leave its thread. Nor does it always return in time: when an exchange is
//! stopped while a name is looked up, it waits for the lookup. So the caller must be able to go without it.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use crate::connections::Connections;
use crate::facts::Shared;
use crate::fault::Fault;
use crate::handler::Handler;
use crate::head::Answer;
use crate::outgoing::Outgoing;
use crate::settings::CurlTransportBuilder;

/// What the worker tells the caller.
pub(crate) enum Event {
    /// libcurl wants more of the body, this much at most.
    Need(Vec<u8>),
    /// The exchange is over.
    Done(Box<Result<Answer, Fault>>),
}

/// One exchange, as the caller hands it over.
pub(crate) struct Job {
    pub(crate) outgoing: Outgoing,
    pub(crate) shared: Arc<Shared>,
    pub(crate) events: Sender<Event>,
    pub(crate) chunks: Receiver<Vec<u8>>,
}

/// The caller's end of a worker, whose thread ends when this is dropped.
pub(crate) struct Worker {
    jobs: Sender<Job>,
}

impl Worker {
    pub(crate) fn start(settings: Arc<CurlTransportBuilder>) -> io::Result<Self> {
        let (jobs, inbox) = mpsc::channel();
        thread::Builder::new().name("curl-transport".to_owned()).spawn(move || {
            let mut connections = Connections::new();
            for job in inbox {
                run(&mut connections, job, &settings);
            }
        })?;
        Ok(Self { jobs })
    }

    pub(crate) fn give(&self, job: Job) -> Result<(), Fault> {
        self.jobs.send(job).map_err(|_| Fault::local("the thread of the connection has died"))
    }
}

fn run(connections: &mut Connections, job: Job, settings: &CurlTransportBuilder) {
    let Job { outgoing, shared, events, chunks } = job;
    connections.check();
    shared.is_woken_by(connections.waker());
    let handler = Handler::new(Arc::clone(&shared), events.clone(), chunks, &outgoing);
    let outcome = connections.run(&outgoing, settings, handler, &shared);
    // The caller may have turned away.
    let _ = events.send(Event::Done(Box::new(outcome)));
}
