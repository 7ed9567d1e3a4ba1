//! Helpers of several tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use mde_live_response_core::transport::Transport;
use mde_live_response_core::{AccessToken, Client, Endpoint, Error, LibraryFile};
use mde_live_response_mock::{FakeLibrary, ManualClock, StoredFile};
use mde_live_response_sync::{Action, Desired, DesiredFile, Plan, Rules, plan};

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

/// A folder that is removed with the test.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("mde-sync-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// With these files.
    pub(crate) fn with<const N: usize>(files: [(&str, &str); N]) -> Self {
        let dir = Self::new();
        for (name, content) in files {
            dir.write(name, content);
        }
        dir
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
