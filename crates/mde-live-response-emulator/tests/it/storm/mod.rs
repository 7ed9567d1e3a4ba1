//! The storm of the core's tests, smaller, over real sockets: eight threads, one client, and faults between it and the
//! emulator. What is checked is what the library really holds.
//!
//! `STORM_SEED` runs one seed, `STORM_SEEDS` as many, from 1 on; without either it is one. `STORM_CALLS` sets how many
//! uploads a seed makes: 320 at least, or not every fault comes.

mod plan;
mod relay;
mod watch;

use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::time::Duration;

use mde_live_response_core::auth::Secret;
use mde_live_response_core::policy::{Pacing, RetryPolicy};
use mde_live_response_core::{
    Client, Effect, Endpoint, Error, ErrorKind, IfExists, LibraryFile, Upload,
};
use mde_live_response_emulator::{Application, Emulator};
use mde_live_response_entra::EntraCredential;
use mde_live_response_ureq::UreqTransport;

use plan::{Fault, job};
use relay::Relay;
use watch::{Watch, watched};

const THREADS: u64 = 8;
const CALLS: u64 = 320;

struct Ending {
    name: String,
    content: String,
    is_shared: bool,
    overrides: bool,
    /// How often it was sent although it may have been stored.
    blind: u32,
    outcome: Result<LibraryFile, Error>,
}

/// The seeds to run, and how many uploads each makes.
fn storms() -> (RangeInclusive<u64>, u64) {
    let number = |name| {
        let text = std::env::var(name).ok()?;
        Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
    };
    let seeds = match (number("STORM_SEED"), number("STORM_SEEDS")) {
        (Some(seed), _) => seed..=seed,
        (None, Some(seeds)) => 1..=seeds,
        (None, None) => 1..=1,
    };
    (seeds, number("STORM_CALLS").unwrap_or(CALLS))
}

fn client(url: &str) -> Client {
    let secret = Secret::new("a-client-secret").unwrap();
    let credential = EntraCredential::with_secret("a-tenant", "a-client", secret).unwrap();
    let endpoint = Endpoint::parse(url).unwrap().with_login(url).unwrap();
    let instant = Duration::from_millis(1);
    Client::builder(endpoint, credential, Watch(UreqTransport::new()))
        .pacing(Pacing::Off)
        .retry(RetryPolicy::DEFAULT.with_backoff(instant, instant))
        .build()
}

fn storm(seed: u64, calls: u64) -> (Vec<Ending>, Emulator, BTreeSet<Fault>) {
    let application = Application::new("a-tenant", "a-client").with_secret("a-client-secret");
    let emulator = Emulator::builder().application(application).no_limits().start().unwrap();
    let relay = Relay::start(seed, emulator.base_url(), emulator.library());
    let endings = Mutex::new(Vec::new());
    let client = client(&relay.url());
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (client, endings) = (client.clone(), &endings);
            scope.spawn(move || {
                for n in 0..calls.div_ceil(THREADS) {
                    let (name, content, overrides) = job(seed, thread, n);
                    let existing = if overrides { IfExists::Override } else { IfExists::Fail };
                    let upload = Upload::new(name.parse().unwrap(), content.clone().into_bytes());
                    let upload = upload.with_if_exists(existing);
                    let (outcome, blind) = watched(|| client.upload(&upload));
                    let is_shared = name.starts_with("shared");
                    let ending = Ending { name, content, is_shared, overrides, blind, outcome };
                    endings.lock().unwrap().push(ending);
                }
            });
        }
    });
    drop(client);
    let faults = relay.stop();
    (endings.into_inner().unwrap(), emulator, faults)
}

#[test]
fn in_a_storm_over_sockets_every_word_is_true() {
    let (seeds, calls) = storms();
    for seed in seeds {
        let (endings, emulator, faults) = storm(seed, calls);
        let library = emulator.library();
        let mut winners: HashMap<&str, &str> = HashMap::new();
        let mut kinds: HashMap<&str, u32> = HashMap::new();
        for Ending { name, content, is_shared, overrides, blind, outcome } in &endings {
            let held = library.content(name);
            let is_ours = held.as_deref() == Some(content.as_bytes());
            let said = format!("STORM_SEED={seed}: {name}: ours is there: {is_ours}: {outcome:?}");
            assert!(*overrides || *blind == 0, "{said}: repeated blindly {blind} times");
            let kind = match outcome {
                Ok(file) => {
                    assert!(is_ours, "{said}");
                    if *is_shared {
                        let other = winners.insert(name, content);
                        assert_eq!(other, None, "{said}: two were told that they stored it");
                    }
                    if file.is_resolved() { "resolved" } else { "stored" }
                }
                Err(error) => match error.effect() {
                    Effect::NotApplied => {
                        assert!(!is_ours, "{said}");
                        if *error.kind() == ErrorKind::NameTaken {
                            "conflict"
                        } else {
                            "not delivered"
                        }
                    }
                    Effect::Unknown => "unknown",
                    Effect::Applied => {
                        assert!(is_ours || *is_shared, "{said}");
                        "delivered"
                    }
                },
            };
            *kinds.entry(kind).or_default() += 1;
        }
        assert!(endings.len() as u64 >= calls);
        assert_eq!(faults.len(), Fault::KINDS, "STORM_SEED={seed}: only {faults:?}");
        for kind in ["stored", "resolved", "not delivered", "unknown"] {
            assert!(kinds.contains_key(kind), "STORM_SEED={seed}: {kind} did not come: {kinds:?}");
        }
        assert!(library.token_calls() > 1, "STORM_SEED={seed}: no token was renewed");
    }
}
