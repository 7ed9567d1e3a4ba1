//! Helpers of several tests.

use mde_live_response_core::transport::Transport;
use mde_live_response_core::{AccessToken, Client, Endpoint, Error, LibraryFile};
use mde_live_response_mock::{FakeLibrary, ManualClock, StoredFile};
use mde_live_response_sync::{
    Action, Desired, DesiredFile, Outcome, Plan, Report, Rules, Unmanaged, plan,
};

pub(crate) const MARK: &str = "managed-by: our-repository";

pub(crate) fn rules() -> Rules {
    Rules::new("our-repository".parse().unwrap())
}

pub(crate) fn client(transport: impl Transport + 'static) -> Client {
    let token = AccessToken::new("an-access-token").unwrap();
    Client::builder(Endpoint::COMMERCIAL, token, transport).clock(ManualClock::new()).build()
}

pub(crate) fn file(name: &str, content: &str) -> DesiredFile {
    DesiredFile::new(name.parse().unwrap(), content.as_bytes().to_vec()).unwrap()
}

pub(crate) fn desired(files: impl IntoIterator<Item = DesiredFile>) -> Desired {
    Desired::new(files).unwrap()
}

/// Puts a file with a description into the library.
pub(crate) fn put(library: &FakeLibrary, name: &str, content: &str, description: Option<&str>) {
    let mut entry = StoredFile::new(name, content.as_bytes(), library.now());
    entry.description = description.map(str::to_owned);
    library.insert_entry(entry, content.as_bytes());
}

pub(crate) fn planned(desired: &Desired, library: &FakeLibrary, rules: &Rules) -> Plan {
    let stored = client(library.clone()).list().collect::<Result<Vec<LibraryFile>, Error>>();
    plan(desired, &stored.unwrap(), rules)
}

pub(crate) fn actions(plan: &Plan) -> Vec<(&str, &Action)> {
    plan.steps().map(|step| (step.name(), step.action())).collect()
}

pub(crate) fn deleting(desired: &Desired, library: &FakeLibrary) -> Plan {
    planned(desired, library, &rules().with_unmanaged(Unmanaged::DeleteOwned))
}

/// Each file with the name of its outcome, in a line.
pub(crate) fn outcomes(report: &Report) -> String {
    let name = |outcome: &Outcome| format!("{outcome:?}").split('(').next().unwrap().to_owned();
    let outcomes = report.outcomes().map(|(file, outcome)| format!("{file} {}", name(outcome)));
    outcomes.collect::<Vec<_>>().join(", ")
}
