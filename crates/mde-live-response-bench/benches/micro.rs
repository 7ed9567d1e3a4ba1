//! Frequent work without a network: a call under the rate limit, and a list and a plan of 10,000 files.

use mde_live_response_core::http::{Response, StatusCode};
use mde_live_response_core::policy::Pacing;
use mde_live_response_core::transport::{Exchange, Transport, TransportError};
use mde_live_response_core::{AccessToken, Client, Endpoint, FileName, LibraryFile};
use mde_live_response_mock::{FakeLibrary, ManualClock, StoredFile};
use mde_live_response_sync::{Desired, DesiredFile, Rules, plan};

fn main() {
    divan::main();
}

/// Answers 204 to every request.
#[derive(Debug)]
struct Nothing;

impl Transport for Nothing {
    fn send(&self, _: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        let mut answer = Response::new(Vec::new());
        *answer.status_mut() = StatusCode::NO_CONTENT;
        Ok(answer)
    }
}

fn client(pacing: Pacing) -> Client {
    let token = AccessToken::new("an-access-token").expect("a token");
    Client::builder(Endpoint::COMMERCIAL, token, Nothing)
        .clock(ManualClock::new())
        .deadline(std::time::Duration::from_secs(1_000_000))
        .pacing(pacing)
        .build()
}

/// The hour is full: every call waits for a slot of the 1,500 to free, on a clock that jumps.
#[divan::bench(args = [Pacing::Off, Pacing::Wait])]
fn a_call(bencher: divan::Bencher, pacing: Pacing) {
    let client = client(pacing);
    let name: FileName = "a.ps1".parse().expect("a name");
    for _ in 0..1_500 {
        client.delete(&name).expect("a call");
    }
    bencher.bench(|| client.delete(&name).expect("a call"));
}

#[divan::bench]
fn a_plan_for_10_000_files(bencher: divan::Bencher) {
    let library = FakeLibrary::builder().no_limits().build();
    let mut files = Vec::new();
    for n in 0..10_000 {
        let (name, content) = (format!("{n}.ps1"), format!("content {n}"));
        let mut entry = StoredFile::new(&name, content.as_bytes(), library.now());
        entry.description = Some("managed-by: bench".to_owned());
        library.insert_entry(entry, content.clone().into_bytes());
        let name = name.parse().expect("a name");
        files.push(DesiredFile::new(name, content.into_bytes()).expect("bytes in memory"));
    }
    let desired = Desired::new(files).expect("names that differ");
    let token = AccessToken::new("an-access-token").expect("a token");
    let client = Client::builder(Endpoint::COMMERCIAL, token, library).build();
    let remote: Vec<LibraryFile> = client.list().map(|file| file.expect("a file")).collect();
    let rules = Rules::new("bench".parse().expect("an owner"));
    bencher.bench(|| {
        let plan = plan(&desired, &remote, &rules);
        assert!(plan.is_empty());
        plan
    });
}

#[divan::bench]
fn a_list_of_10_000_files(bencher: divan::Bencher) {
    let library = FakeLibrary::builder().no_limits().build();
    for n in 0..10_000 {
        library.insert(format!("{n}.ps1"), b"x");
    }
    let token = AccessToken::new("an-access-token").expect("a token");
    let client = Client::builder(Endpoint::COMMERCIAL, token, library).pacing(Pacing::Off).build();
    bencher.bench(|| client.list().count());
}
