//! Threads that upload through a storm until so many calls were made, each with a clone of one client.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response_core::auth::Secret;
use mde_live_response_core::policy::{Call, ClientBuilder, Clock, Event, Observer, Pacing};
use mde_live_response_core::{Client, Endpoint, ErrorKind, IfExists, Upload};
use mde_live_response_entra::EntraCredential;
use mde_live_response_mock::StoredFile;

use super::Wire;
use super::evidence::{Ending, Evidence, Outcome, Stored};
use super::plan::{Job, job};
use super::service::{CLIENT, SECRET, Service, TENANT};
use super::transport::{Sky, set_job};
use crate::rng;

/// What is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Storm {
    /// The seed of all its faults.
    pub seed: u64,
    /// The number of calls of the API.
    pub calls: u64,
    /// Size of the largest files, in bytes. All others are a few bytes long.
    pub large: usize,
    /// Whether an intermediary sends requests again that the service may have acted on, against the rules of HTTP.
    pub repeats: bool,
}

impl Storm {
    /// Runs it. Seeds also differ in the client's settings.
    ///
    /// The wire leads to this service, at this URL.
    pub fn run(
        self,
        threads: u64,
        service: &Arc<Service>,
        url: &str,
        wire: impl Wire + 'static,
    ) -> Evidence {
        let Self { seed, calls, large, repeats } = self;
        let (sky, client) = self.builder(service, url, wire);
        let (deadline, client) = (self.deadline(), client.build());
        let endings = Mutex::new(Vec::new());
        let registrations: Vec<_> = (0..threads).map(|_| service.clock.register()).collect();
        std::thread::scope(|scope| {
            for (thread, registration) in (0..threads).zip(registrations) {
                let (client, calls_made, endings) = (client.clone(), &sky.calls, &endings);
                scope.spawn(move || {
                    let _registration = registration;
                    for number in 0.. {
                        if calls_made.load(Ordering::SeqCst) >= calls {
                            break;
                        }
                        let (ending, pause) =
                            upload(&client, service, job(seed, thread, number, large));
                        endings.lock().unwrap().push(ending);
                        service.clock.sleep(pause);
                    }
                });
            }
        });
        let names = service.library.names().into_iter();
        Evidence {
            deadline,
            repeats,
            exchanges: std::mem::take(&mut *sky.exchanges.lock().unwrap()),
            changes: std::mem::take(&mut *service.changes.lock().unwrap()),
            endings: endings.into_inner().unwrap(),
            files: names.filter_map(|name| Some((name.clone(), service.stored(&name)?))).collect(),
            secrets: std::mem::take(&mut *sky.secrets.lock().unwrap()),
            token_calls: service.library.token_calls(),
        }
    }

    /// A client whose calls go through the storm to this service, at this URL.
    pub fn client(self, service: &Arc<Service>, url: &str, wire: impl Wire + 'static) -> Client {
        self.builder(service, url, wire).1.observer(SetsJob).build()
    }

    fn deadline(self) -> Duration {
        Duration::from_secs([30, 120, 300][usize::try_from(self.seed % 3).unwrap()])
    }

    fn builder<W: Wire + 'static>(
        self,
        service: &Arc<Service>,
        url: &str,
        wire: W,
    ) -> (Arc<Sky<W>>, ClientBuilder) {
        let Self { seed, .. } = self;
        let pacing = if seed.is_multiple_of(4) { Pacing::FailFast } else { Pacing::Wait };
        let sky = Arc::new(Sky {
            seed,
            service: Arc::clone(service),
            wire,
            calls: AtomicU64::new(0),
            orders: AtomicU64::new(0),
            secrets: Mutex::new([SECRET.to_owned()].into()),
            attempts: Mutex::default(),
            exchanges: Mutex::default(),
        });
        let random = Mutex::new(rng(seed, "client", 0));
        let secret = Secret::new(SECRET).unwrap();
        let client = Client::builder(
            Endpoint::parse(url).unwrap().with_login(url).unwrap(),
            EntraCredential::with_secret(TENANT, CLIENT, secret).unwrap(),
            Arc::clone(&sky),
        )
        .clock(service.clock.clone())
        .random(move |bytes| {
            random.lock().unwrap().fill(bytes);
            Ok(())
        })
        .deadline(self.deadline())
        .pacing(pacing);
        (sky, client)
    }
}

/// Makes a job of every call, on the thread of its caller.
struct SetsJob;

impl Observer for SetsJob {
    fn event(&self, call: &Call<'_>, _: &Event<'_>) {
        set_job(&Arc::new(Job::of_call(call.id(), call.file().map(ToString::to_string))));
    }
}

/// One upload, and how long its caller waits before the next.
fn upload(client: &Client, service: &Service, job: Job) -> (Ending, Duration) {
    let clock = &service.clock;
    if job.removed_before {
        service.remove(&job.name);
    }
    let mut content = job.content.clone().into_bytes();
    content.resize(content.len() + job.padding, b'#');
    let entry = StoredFile::new(&job.name, &content, clock.time_of_day());
    let sent = Stored { sha256: entry.sha256, description: job.description.clone() };
    let if_exists = if job.overrides { IfExists::Override } else { IfExists::Fail };
    let mut upload = Upload::new(job.name.parse().unwrap(), content).with_if_exists(if_exists);
    if let Some(text) = &job.description {
        upload = upload.with_description(text.parse().unwrap());
    }
    let job = Arc::new(job);
    set_job(&job);
    let started = clock.now();
    let outcome = client.upload(&upload);
    let (at, left) = (clock.now(), service.stored(&job.name));
    let mut pause = Duration::ZERO;
    let outcome = match outcome {
        Ok(file) => Outcome::Stored {
            file: Stored {
                sha256: file.sha256().map(ToString::to_string),
                description: file.description().map(str::to_owned),
            },
            resolved: file.is_resolved(),
        },
        Err(error) => {
            // Without a pause the caller would repeat such a call for ever. A little more than necessary, so that not
            // all threads come at the same time.
            if matches!(error.kind(), ErrorKind::Throttled { local: true }) {
                pause = error.retry_after().unwrap_or_default() + job.patience;
            }
            let (kind, effect) = (error.kind().clone(), error.effect());
            // The second has the causes and the help.
            Outcome::Failed { kind, effect, text: format!("{error}\n{error:?}") }
        }
    };
    (Ending { job, sent, started, at, outcome, left }, pause)
}
