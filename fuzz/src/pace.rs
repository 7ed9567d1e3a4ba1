//! What a store of shared calls may hold: any bytes keep a client waiting for an hour and its share, never for ever.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response_core::{AccessToken, Client, Clock, Endpoint, IfExists, PaceStore, Upload};
use mde_live_response_mock::{FakeLibrary, ManualClock};

/// Longest that what others have said can hold up a call.
const LONGEST: Duration = Duration::from_secs(3600);

/// What the store holds at first.
pub fn pace(input: &[u8]) {
    let store = Store(Arc::new(Mutex::new(input.to_vec())));
    let clock = ManualClock::new();
    let token = AccessToken::new("a-test-token").expect("a token");
    let client = Client::builder(Endpoint::COMMERCIAL, token, FakeLibrary::new());
    let client =
        client.clock(clock.clone()).pace_store(store.clone()).deadline(3 * LONGEST).build();
    let upload = Upload::new("a.ps1".parse().expect("a name"), b"Get-Date\n");
    let upload = upload.if_exists(IfExists::Override);
    client.upload(&upload).expect("it is stored in the end");
    assert!(clock.now() <= LONGEST + Duration::from_secs(1), "waited {:?}", clock.now());

    let kept = store.0.lock().expect("nobody panicked").clone();
    serde_json::from_slice::<serde_json::Value>(&kept).expect("what it keeps is JSON");
    let before = clock.now();
    client.upload(&upload).expect("it is stored");
    let more = clock.now().saturating_sub(before);
    assert!(more <= LONGEST, "waited {more:?} more");
}

#[derive(Debug, Clone)]
struct Store(Arc<Mutex<Vec<u8>>>);

impl PaceStore for Store {
    fn update(&self, change: &mut dyn FnMut(&[u8]) -> Vec<u8>) -> io::Result<()> {
        let mut kept = self.0.lock().expect("nobody panicked");
        *kept = change(&kept);
        Ok(())
    }
}
