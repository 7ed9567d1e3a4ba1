//! Libraries that are to hold what is desired: what is planned, what is done, and what is left alone.

mod applying;
mod planning;
mod properties;

use mde_live_response_core::sync::{Action, Desired, DesiredFile, Plan, Rules, plan};
use mde_live_response_core::{AccessToken, Client, Endpoint, Error, LibraryFile, Transport};
use mde_live_response_mock::{FakeLibrary, ManualClock, StoredFile};

const OWNER: &str = "our-repository";
const MARK: &str = "managed-by: our-repository";

fn rules() -> Rules {
    Rules::new(OWNER.parse().unwrap())
}

fn client(transport: impl Transport + 'static) -> Client {
    let token = AccessToken::new("an-access-token").unwrap();
    Client::builder(Endpoint::COMMERCIAL, token, transport).clock(ManualClock::new()).build()
}

fn file(name: &str, content: &str) -> DesiredFile {
    DesiredFile::new(name.parse().unwrap(), content.as_bytes().to_vec()).unwrap()
}

fn desired(files: impl IntoIterator<Item = DesiredFile>) -> Desired {
    Desired::new(files).unwrap()
}

/// Puts a file into the library, with a description.
fn put(library: &FakeLibrary, name: &str, content: &str, description: Option<&str>) {
    let mut entry = StoredFile::new(name, content.as_bytes(), library.now());
    entry.description = description.map(str::to_owned);
    library.insert_entry(entry, content.as_bytes());
}

fn remote(library: &FakeLibrary) -> Vec<LibraryFile> {
    client(library.clone()).list().collect::<Result<_, Error>>().unwrap()
}

fn planned(desired: &Desired, library: &FakeLibrary, rules: &Rules) -> Plan {
    plan(desired, &remote(library), rules)
}

fn actions(plan: &Plan) -> Vec<(&str, &Action)> {
    plan.steps().map(|step| (step.name(), step.action())).collect()
}
