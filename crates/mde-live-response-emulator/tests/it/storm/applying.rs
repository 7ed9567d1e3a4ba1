//! A plan applied side by side through a storm, interrupted again and again, ends in the desired state.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response::sync::{
    self, Desired, DesiredFile, Jobs, Outcome, Report, Rules, Unmanaged,
};
use mde_live_response_core::http::Response;
use mde_live_response_core::policy::CancelToken;
use mde_live_response_core::transport::{Exchange, TransportError};
use mde_live_response_core::{Error, LibraryFile};
use mde_live_response_emulator::Emulator;
use mde_live_response_mock::{FakeLibrary, StoredFile};
use mde_live_response_testkit::rng;
use mde_live_response_testkit::storm::{FarEnd, Kept, Order, Service, Sockets, Wire, storms};
use mde_live_response_ureq::UreqTransport;

/// Seeds that once failed. A seed here has no number of calls.
const KEPT: [Kept; 0] = [];

/// Runs that are interrupted, and all runs that a seed may need.
const INTERRUPTED: u64 = 20;
const MOST: u64 = 200;

/// The exchanges until a cancel, and what is cancelled then.
type Countdown = Arc<Mutex<(u64, CancelToken)>>;

/// Cancels as an exchange begins.
#[derive(Debug)]
struct Interrupted {
    sockets: Sockets<UreqTransport>,
    countdown: Countdown,
}

impl Wire for Interrupted {
    fn send(
        &self,
        exchange: &mut Exchange<'_>,
        order: Arc<Order>,
    ) -> Result<Response<Vec<u8>>, TransportError> {
        let cancel = {
            let mut countdown = self.countdown.lock().unwrap();
            countdown.0 = countdown.0.saturating_sub(1);
            (countdown.0 == 0).then(|| countdown.1.clone())
        };
        if let Some(cancel) = cancel {
            cancel.cancel();
        }
        self.sockets.send(exchange, order)
    }
}

type Files = BTreeMap<String, Vec<u8>>;

fn files(library: &FakeLibrary) -> Files {
    library.snapshot().into_iter().map(|(entry, bytes)| (entry.file_name, bytes.to_vec())).collect()
}

/// Old files of ours, and files of another owner.
fn put_files(library: &FakeLibrary) {
    for n in 0..30 {
        let (name, owner) = match n % 3 {
            0 => (format!("file-{n}.ps1"), "ours"),
            1 => (format!("old-{n}.ps1"), "ours"),
            _ => (format!("hers-{n}.ps1"), "hers"),
        };
        let mut entry = StoredFile::new(&name, b"before", library.now());
        entry.description = Some(format!("managed-by: {owner}"));
        library.insert_entry(entry, b"before");
    }
}

/// Every change that counts as made was made.
fn check(report: &Report, wanted: &Files, before: &Files, after: &Files) {
    for (name, outcome) in report.outcomes() {
        let now = after.get(name);
        let is_true = match outcome {
            Outcome::Created(_)
            | Outcome::Updated(_)
            | Outcome::Deleted(_)
            | Outcome::AlreadyDone => now == wanted.get(name),
            Outcome::Nothing => now == before.get(name),
            _ => true,
        };
        assert!(is_true, "{name}: {outcome:?}");
    }
}

#[test]
fn a_plan_applied_through_a_storm_and_interrupted_anywhere_ends_in_the_desired_state() {
    for storm in storms(0, &KEPT) {
        let service = Service::new();
        let library = service.library();
        put_files(library);
        let content = |n: u32| format!("content {n}").into_bytes();
        let wanted: Files = (0..60).map(|n| (format!("file-{n}.ps1"), content(n))).collect();
        let desired = wanted.iter().map(|(name, content)| {
            DesiredFile::new(name.parse().unwrap(), content.clone()).unwrap()
        });
        let desired = Desired::new(desired).unwrap();
        let rules = Rules::new("ours".parse().unwrap()).with_unmanaged(Unmanaged::DeleteOwned);
        let is_hers = |name: &String| name.starts_with("hers");
        let mut expected = wanted.clone();
        expected.extend(files(library).into_iter().filter(|(name, _)| is_hers(name)));

        let emulator = Emulator::builder().library(library.clone()).start().unwrap();
        let sockets = Sockets::new(UreqTransport::new());
        let relay = FarEnd::new(emulator.base_url(), &service, &sockets).start(0);
        let countdown = Countdown::default();
        let wire = Interrupted { sockets, countdown: Arc::clone(&countdown) };
        let client = storm.client(&service, &relay.url(), wire);
        let mut rng = rng(storm.seed, "interruptions", 0);
        let mut cancels = 0;
        let last = (0..MOST).find(|run| {
            let cancel = CancelToken::new();
            let exchanges = if *run < INTERRUPTED { rng.u64(1..=40) } else { u64::MAX };
            *countdown.lock().unwrap() = (exchanges, cancel.clone());
            let client = client.cancelled_by(&cancel);
            // Otherwise the windows would stay full.
            service.pass(Duration::from_secs(60));
            let stored = client.list().collect::<Result<Vec<LibraryFile>, Error>>();
            let plan = stored.map(|stored| sync::plan(&desired, &stored, &rules));
            let before = files(library);
            let report = plan.and_then(|plan| Jobs::default().apply(&client, &plan, |_, _| {}));
            cancels += u64::from(cancel.is_cancelled());
            let after = files(library);
            for (name, now) in &after {
                let is_known = before.get(name) == Some(now) || wanted.get(name) == Some(now);
                assert!(is_known, "{name} holds neither the old nor the new bytes");
            }
            report.is_ok_and(|report| {
                check(&report, &wanted, &before, &after);
                report.is_complete()
            })
        });
        // The relay ends when the connections do.
        drop(client);
        relay.stop();
        assert!(last.is_some(), "not complete after {MOST} runs");
        assert_eq!(files(library), expected, "after run {last:?}");
        assert!(cancels > 0, "no run was interrupted");
    }
}
