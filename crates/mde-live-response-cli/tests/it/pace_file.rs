//! The pace in a file: locked, private, and shared for real.

use std::env;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use mde_live_response_cli::PaceFile;
use mde_live_response_core::{AccessToken, Client, Clock, Endpoint, IfExists, PaceStore, Upload};
use mde_live_response_mock::{FakeLibrary, ManualClock};

use crate::support::TempDir;

/// Where a child process finds the file.
const FILE: &str = "LRLIB_TEST_PACE_FILE";

/// This test binary, about to run one child test on this file. Without a parent, a child test has nothing to do.
fn child(test: &str, path: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--nocapture", "--exact", &format!("pace_file::{test}")]).env(FILE, path);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn of_parent() -> Option<PaceFile> {
    env::var_os(FILE).map(PaceFile::new)
}

/// Adds one to the number that is kept.
fn count(store: &PaceFile) -> io::Result<()> {
    store.update(&mut |kept| {
        let number: u64 = String::from_utf8_lossy(kept).parse().unwrap_or_default();
        (number + 1).to_string().into_bytes()
    })
}

fn count_in_the_end(store: &PaceFile) {
    while let Err(error) = count(store) {
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "{error}");
        thread::yield_now();
    }
}

fn count_to_a_hundred(store: &PaceFile) {
    for _ in 0..100 {
        count_in_the_end(store);
    }
}

#[test]
fn threads_with_files_of_their_own_lose_no_change() {
    let dir = TempDir::new();
    let path = dir.path().join("not/there/yet/pace.json");
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let store = PaceFile::new(&path);
                count_to_a_hundred(&store);
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
fn child_counts_to_a_hundred() {
    let Some(store) = of_parent() else { return };
    count_to_a_hundred(&store);
}

#[test]
fn processes_lose_no_change() {
    let dir = TempDir::new();
    let path = dir.path().join("pace.json");
    let start = || child("child_counts_to_a_hundred", &path).spawn().unwrap();
    let children = [(); 4].map(|()| start());
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "400");
}

#[test]
fn child_stops_in_the_midst_of_a_change() {
    let Some(store) = of_parent() else { return };
    let stop = |kept: &[u8]| {
        println!("\nlocked");
        io::stdin().read_to_end(&mut Vec::new()).unwrap();
        kept.to_vec()
    };
    store.update(&mut { stop }).unwrap();
}

#[test]
fn a_process_that_is_killed_locks_nobody_out() {
    let dir = TempDir::new();
    let path = dir.path().join("pace.json");
    let store = PaceFile::new(&path);
    count(&store).unwrap();
    let mut process = child("child_stops_in_the_midst_of_a_change", &path).spawn().unwrap();
    let mut told = BufReader::new(process.stdout.take().unwrap()).lines();
    assert!(told.any(|line| line.unwrap() == "locked"), "the child ended");

    assert_eq!(count(&store).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    process.kill().unwrap();
    process.wait().unwrap();
    // Not every system lets go of the lock at once.
    count_in_the_end(&store);
    assert_eq!(fs::read_to_string(&path).unwrap(), "2");
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

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_not_read() {
    let error = count(&PaceFile::new("/dev/null")).unwrap_err();
    assert_eq!(error.to_string(), "/dev/null: not a regular file");
}

#[test]
fn a_file_that_cannot_be_read_as_a_pace_is_begun_anew() {
    let dir = TempDir::new();
    for garbage in [b"{\"format\":1,\"led".to_vec(), vec![0; 3], vec![b' '; 3 << 20]] {
        let path = dir.write("pace.json", &garbage);
        let library = FakeLibrary::new();
        let token = AccessToken::new("an-access-token").unwrap();
        let client = Client::builder(Endpoint::COMMERCIAL, token, library.clone())
            .clock(ManualClock::new())
            .pace_store(PaceFile::new(&path))
            .build();
        client.upload(&Upload::new("a.ps1".parse().unwrap(), b"x")).unwrap();
        let kept = fs::read_to_string(&path).unwrap();
        assert!(kept.starts_with('{') && kept.ends_with('}') && kept.len() < 1_000, "{kept:.100}");
    }
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
