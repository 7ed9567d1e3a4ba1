//! Files that change between opening and the end of the request.

use std::fs::{self, File, FileTimes};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use mde_live_response_core::error::SourceProblem;
use mde_live_response_core::policy::RetryPolicy;
use mde_live_response_core::{Effect, Error, ErrorKind, IfExists, Upload};
use mde_live_response_mock::ManualClock;
use mde_live_response_testkit::TempDir;

use crate::support::{Canned, broken, file_of, json, sha256};

const NAME: &str = "f.bin";
const SIZE: usize = 200_000;
/// Where the change comes, in bytes of the body: well inside the content.
const READ_FIRST: u64 = 100_000;

/// Reads the first part of the body, changes the file, reads on. If the body comes to its end, answers as a server that
/// stored it.
fn changing(change: impl Fn() + Send + Sync + 'static) -> Canned {
    Canned::with(move |exchange, body| {
        exchange.by_ref().take(READ_FIRST).read_to_end(body).unwrap();
        change();
        if let Err(cause) = exchange.read_to_end(body) {
            // A transport that reads again must not spin, and must not get the rest.
            exchange.read(&mut [0; 100]).expect_err("still an error");
            return Err(broken(cause));
        }
        Ok(entity(file_of(body)))
    })
}

/// The answer of a server that stored these bytes.
fn entity(stored: &[u8]) -> mde_live_response_core::http::Response<Vec<u8>> {
    json(200, &format!(r#"{{"fileName":"{NAME}","sha256":"{}"}}"#, sha256(stored)))
}

#[track_caller]
fn assert_changed(error: &Error, case: &str) {
    assert_eq!(error.kind(), &ErrorKind::Source(SourceProblem::Changed), "case: {case}");
    assert_eq!(error.effect(), Effect::NotApplied, "case: {case}");
    assert!(!error.is_retryable(), "case: {case}");
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

fn set_modified(path: &Path, time: SystemTime) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_times(FileTimes::new().set_modified(time)).unwrap();
}

/// Keeps the time.
fn set_len(path: &Path, len: u64) {
    let before = modified(path);
    File::options().write(true).open(path).unwrap().set_len(len).unwrap();
    set_modified(path, before);
}

fn touch(path: &Path) {
    set_modified(path, modified(path) + Duration::from_secs(2));
}

/// A file with these bytes, opened: its folder, its path and its upload.
fn opened(bytes: impl AsRef<[u8]>) -> (TempDir, PathBuf, Upload) {
    let dir = TempDir::new();
    let path = dir.write(NAME, bytes);
    let upload = Upload::from_path(&path).unwrap();
    (dir, path, upload)
}

/// A change to a file, given its path.
type Change = fn(&Path);

#[test]
fn a_file_that_changes_while_it_is_sent_is_never_completed() {
    let changes: [(&str, Change); 7] = [
        ("grows by a byte", |path| set_len(path, SIZE as u64 + 1)),
        ("shrinks to nothing", |path| set_len(path, 0)),
        ("shrinks to what was read", |path| set_len(path, READ_FIRST)),
        ("shrinks by a byte", |path| set_len(path, SIZE as u64 - 1)),
        ("is written again", |path| fs::write(path, vec![b'x'; 2 * SIZE]).unwrap()),
        ("a later time", touch),
        ("an earlier time", |path| set_modified(path, modified(path) - Duration::from_secs(2))),
    ];
    for (case, change) in changes {
        let (_dir, path, upload) = opened(vec![b'x'; SIZE]);
        let transport = changing(move || change(&path));
        assert_changed(&transport.client().upload(&upload).expect_err(case), case);
        let body = transport.only().into_body();
        let start = body.windows(4).position(|it| it == b"xxxx").unwrap();
        assert!(body[start..].iter().all(|b| *b == b'x'), "case: {case}: only content follows");
    }
}

#[test]
fn a_file_that_changed_before_it_is_sent_is_not_sent_at_all() {
    let (_dir, path, upload) = opened("x");
    let (before, transport) = (modified(&path), Canned::storing(NAME));
    fs::write(&path, "xy").unwrap();
    for case in ["its time and its length", "its length alone"] {
        assert_changed(&transport.client().upload(&upload).expect_err(case), case);
        let error = upload.content().sha256().unwrap_err();
        assert_eq!((error.problem(), error.path()), (&SourceProblem::Changed, Some(&*path)));
        set_modified(&path, before);
    }
    assert_eq!(transport.sent().len(), 0);
}

#[cfg(unix)]
#[test]
fn a_file_replaced_under_its_name_is_sent_as_it_was_opened() {
    let (dir, path, upload) = opened("first");
    let other = dir.write("other", "another, longer content");
    fs::rename(&other, &path).unwrap();
    let transport = Canned::storing(NAME);
    transport.client().upload(&upload).unwrap();
    assert_eq!(file_of(transport.only().body()), b"first");

    fs::remove_file(&path).unwrap();
    transport.client().upload(&upload).expect("the open file outlives its name");
}

/// A change that leaves length and time as they were is sent as read, and verified as sent.
#[test]
fn a_file_rewritten_unseen_is_verified_as_sent() {
    let (_dir, path, upload) = opened(vec![b'x'; SIZE]);
    let transport = changing(move || {
        let before = modified(&path);
        fs::write(&path, vec![b'y'; SIZE]).unwrap();
        set_modified(&path, before);
    });
    let stored = transport.client().upload(&upload).unwrap();
    let sent = transport.only();
    let content = file_of(sent.body());
    assert_eq!(content.len(), SIZE);
    assert_eq!((content[0], content[SIZE - 1]), (b'x', b'y'), "both, as read");
    assert_eq!(stored.sha256().unwrap().to_string(), sha256(content));
}

#[test]
fn a_file_that_changes_between_attempts_is_not_completed_again() {
    let (_dir, path, upload) = opened("x");
    let upload = upload.with_if_exists(IfExists::Override);
    let transport = Canned::with(move |exchange, body| {
        exchange.read_to_end(body).map_err(broken)?;
        touch(&path);
        Ok(json(500, "{}"))
    });
    let client = transport.builder().retry(RetryPolicy::DEFAULT).clock(ManualClock::new()).build();
    let error = client.upload(&upload).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Source(SourceProblem::Changed));
    assert_eq!((error.effect(), error.attempts()), (Effect::Unknown, 2), "of the first attempt");
    let [whole, cut] = <[_; 2]>::try_from(transport.sent()).unwrap();
    assert!(whole.body().starts_with(cut.body()) && cut.body().ends_with(b"\r\n\r\nx"));
}

#[test]
fn a_transport_that_hides_the_read_error_is_not_believed() {
    let (_dir, path, upload) = opened(vec![b'x'; SIZE]);
    let transport = Canned::with(move |exchange, body| {
        set_len(&path, 10);
        let _ = exchange.read_to_end(body);
        Ok(entity(b"anything"))
    });
    assert_changed(&transport.client().upload(&upload).unwrap_err(), "a success");
}
