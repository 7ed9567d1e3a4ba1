//! The pace in a file: locked, private, and shared for real.

use std::fs::{self, File};
use std::io;
use std::thread;
use std::time::Duration;

use mde_live_response_cli::PaceFile;
use mde_live_response_core::{AccessToken, Client, Clock, Endpoint, IfExists, PaceStore, Upload};
use mde_live_response_mock::{FakeLibrary, ManualClock};

use crate::support::TempDir;

/// Adds one to the number that is kept.
fn count(store: &PaceFile) -> io::Result<()> {
    store.update(&mut |kept| {
        let number: u64 = String::from_utf8_lossy(kept).parse().unwrap_or_default();
        (number + 1).to_string().into_bytes()
    })
}

#[test]
fn threads_with_files_of_their_own_lose_no_change() {
    let dir = TempDir::new();
    let path = dir.path().join("not/there/yet/pace.json");
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let store = PaceFile::new(&path);
                for _ in 0..100 {
                    while let Err(error) = count(&store) {
                        assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "{error}");
                        thread::yield_now();
                    }
                }
            });
        }
    });
    assert_eq!(fs::read_to_string(&path).unwrap(), "800");
}

#[test]
fn a_file_that_somebody_else_has_locked_is_busy_and_not_waited_for() {
    let dir = TempDir::new();
    let path = dir.path().join("pace.json");
    let other = File::create(&path).unwrap();
    other.lock().unwrap();
    let error = count(&PaceFile::new(&path)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    other.unlock().unwrap();
    count(&PaceFile::new(&path)).unwrap();
}

#[test]
fn a_shorter_text_leaves_nothing_of_a_longer_one() {
    let dir = TempDir::new();
    let store = PaceFile::new(dir.path().join("pace.json"));
    store.update(&mut |_| b"a longer text".to_vec()).unwrap();
    store.update(&mut |kept| kept[..3].to_vec()).unwrap();
    assert_eq!(fs::read(store.path()).unwrap(), b"a l");
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new();
    let store = PaceFile::new(dir.path().join("pace.json"));
    count(&store).unwrap();
    assert_eq!(fs::metadata(store.path()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_error_names_the_file() {
    let dir = TempDir::new();
    let error = count(&PaceFile::new(dir.path())).unwrap_err();
    assert!(error.to_string().starts_with(&dir.path().display().to_string()), "{error}");
}

/// As two runs of a program would, one after the other and side by side.
#[test]
fn r05_clients_that_share_a_file_share_the_services_minute() {
    let dir = TempDir::new();
    let path = dir.path().join("pace.json");
    let clock = ManualClock::new();
    let now = clock.clone();
    let library = FakeLibrary::builder().now(move || now.time_of_day()).build();
    let client = || {
        let token = AccessToken::new("an-access-token").unwrap();
        Client::builder(Endpoint::COMMERCIAL, token, library.clone())
            .clock(clock.clone())
            .pace_store(PaceFile::new(&path))
            .build()
    };
    let registrations: Vec<_> = (0..4).map(|_| clock.register()).collect();
    thread::scope(|scope| {
        for registration in registrations {
            let client = client();
            scope.spawn(move || {
                let _registration = registration;
                let name = "a.ps1".parse().unwrap();
                let upload = Upload::new(name, b"x").if_exists(IfExists::Override);
                for _ in 0..60 {
                    client.upload(&upload).unwrap();
                }
            });
        }
    });
    assert_eq!(library.calls(), 240, "none refused");
    // Looking again for a file that is busy may take some milliseconds of the manual clock.
    let took = clock.now();
    assert!(took >= Duration::from_secs(120) && took < Duration::from_secs(125), "{took:?}");
}
