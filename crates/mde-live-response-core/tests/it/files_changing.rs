//! V39-V42: files that change between opening and the end of the request.

use std::fs::{self, File, FileTimes, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use mde_live_response_core::{Delivery, Error, MismatchErrorKind, SourceErrorKind, Upload};

use crate::files::TempDir;
use crate::support::{Canned, broken, expect_error, file_of, json, sha256};

const SIZE: usize = 200_000;
/// Where the change comes, in bytes of the body: well inside the content.
const READ_FIRST: usize = 100_000;

/// What a transport saw of a body that changed under it.
#[derive(Debug, Default, Clone)]
struct Seen {
    errors: Vec<String>,
    answered: bool,
}

/// Reads the first part of the body, changes the file, reads on. Answers as a server that stored what came,
/// if the body came to its end.
fn changing(change: impl Fn() + Send + Sync + 'static) -> (Canned, Arc<Mutex<Seen>>) {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let shared = Arc::clone(&seen);
    let transport = Canned::with(move |request, body| {
        let stream = request.body_mut();
        stream.by_ref().take(READ_FIRST as u64).read_to_end(body).unwrap();
        change();
        let mut seen = shared.lock().unwrap();
        if let Err(cause) = stream.read_to_end(body) {
            seen.errors.push(cause.to_string());
            // A transport that tries again must not spin, and must not get the rest.
            let again = stream.read(&mut [0; 100]).expect_err("still an error");
            seen.errors.push(again.to_string());
            return Err(broken(cause));
        }
        seen.answered = true;
        Ok(json(200, &format!(r#"{{"fileName":"f.bin","sha256":"{}"}}"#, sha256(file_of(body)))))
    });
    (transport, seen)
}

/// Sends a file while `change` happens to it; expects [`SourceErrorKind::Changed`] and no closing boundary.
#[track_caller]
fn assert_changed(change: impl Fn(&Path) + Send + Sync + 'static, case: &str) {
    let dir = TempDir::new();
    let path = dir.file("f.bin", vec![b'x'; SIZE]);
    let upload = Upload::from_path(&path).unwrap();
    let changed = path.clone();
    let (transport, seen) = changing(move || change(&changed));
    let error = transport.client().upload(&upload).expect_err(case);
    assert_eq!(error.delivery(), Delivery::NotDelivered, "case: {case}");
    assert!(!error.is_retryable(), "case: {case}");
    let shown = error.to_string();
    assert_eq!(
        shown,
        format!(
            "`f.bin`: the file changed after it was opened ({}); nothing was stored",
            path.display()
        )
    );
    let error = expect_error!(error, Source, case);
    assert_eq!(
        (error.kind(), error.path()),
        (SourceErrorKind::Changed, Some(&*path)),
        "case: {case}"
    );
    let body = transport.only().body;
    let start = body.windows(4).position(|it| it == b"xxxx").unwrap();
    assert!(body[start..].iter().all(|b| *b == b'x'), "case: {case}: nothing follows the content");
    let seen = seen.lock().unwrap();
    assert_eq!((seen.errors.len(), seen.answered), (2, false), "case: {case}");
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

fn open(path: &Path) -> File {
    OpenOptions::new().read(true).write(true).open(path).unwrap()
}

fn set_modified(path: &Path, time: SystemTime) {
    open(path).set_times(FileTimes::new().set_modified(time)).unwrap();
}

#[cfg(unix)]
#[test]
fn v39_file_replaced_under_its_name() {
    let dir = TempDir::new();
    let path = dir.file("f.bin", "first");
    let upload = Upload::from_path(&path).unwrap();
    let other = dir.file("other", "another, longer content");
    fs::rename(&other, &path).unwrap();
    let transport = Canned::storing("f.bin");
    let stored = transport.client().upload(&upload).unwrap();
    assert_eq!(file_of(&transport.only().body), b"first", "the file that was opened");
    assert_eq!(stored.sha256().unwrap().to_string(), sha256(b"first"));

    fs::remove_file(&path).unwrap();
    transport.client().upload(&upload).expect("the open file outlives its name");
}

#[test]
fn v40_file_grows_while_sent() {
    assert_changed(
        |path| OpenOptions::new().append(true).open(path).unwrap().write_all(b"x").unwrap(),
        "one byte",
    );
    assert_changed(
        |path| {
            let before = modified(path);
            open(path).set_len(10 * SIZE as u64).unwrap();
            set_modified(path, before);
        },
        "much, with its time put back",
    );
}

#[test]
fn v40_file_grows_before_it_is_sent() {
    let dir = TempDir::new();
    let path = dir.file("f.bin", "x");
    let upload = Upload::from_path(&path).unwrap();
    let (before, transport) = (modified(&path), Canned::storing("f.bin"));
    fs::write(&path, "xy").unwrap();
    for case in ["its time", "its length alone"] {
        let error = transport.client().upload(&upload).expect_err(case);
        assert_eq!(expect_error!(error, Source, case).kind(), SourceErrorKind::Changed);
        set_modified(&path, before);
    }
    assert_eq!(transport.sent().len(), 0, "seen before a connection");
}

#[test]
fn v41_file_shrinks_while_sent() {
    for len in [0, 1, READ_FIRST as u64, SIZE as u64 - 1] {
        assert_changed(
            move |path| {
                let before = modified(path);
                open(path).set_len(len).unwrap();
                set_modified(path, before);
            },
            &format!("to {len} bytes"),
        );
    }
}

#[test]
fn v42_file_touched_while_sent() {
    assert_changed(
        |path| set_modified(path, modified(path) + Duration::from_secs(2)),
        "a later time",
    );
    assert_changed(
        |path| set_modified(path, modified(path) - Duration::from_secs(2)),
        "an earlier time",
    );
}

/// A change that leaves length and time as they were is sent as read, and verified as sent.
#[test]
fn v42_file_rewritten_unseen() {
    let dir = TempDir::new();
    let path = dir.file("f.bin", vec![b'x'; SIZE]);
    let upload = Upload::from_path(&path).unwrap();
    let rewritten = path.clone();
    let (transport, _) = changing(move || {
        let before = modified(&rewritten);
        fs::write(&rewritten, vec![b'y'; SIZE]).unwrap();
        set_modified(&rewritten, before);
    });
    let stored = transport.client().upload(&upload).unwrap();
    let sent = transport.only();
    let content = file_of(&sent.body);
    assert_eq!(content.len(), SIZE);
    assert_eq!((content[0], content[SIZE - 1]), (b'x', b'y'), "both, as read");
    assert_eq!(stored.sha256().unwrap().to_string(), sha256(content), "the hash of what was sent");
}

#[test]
fn v42_answer_names_the_file_before_the_change() {
    let dir = TempDir::new();
    let path = dir.file("f.bin", "before");
    let upload = Upload::from_path(&path).unwrap();
    let before = modified(&path);
    fs::write(&path, "behind").unwrap();
    set_modified(&path, before);
    let transport = Canned::new(json(
        200,
        &format!(r#"{{"fileName":"f.bin","sha256":"{}"}}"#, sha256(b"before")),
    ));
    let error = transport.client().upload(&upload).unwrap_err();
    assert_eq!(error.delivery(), Delivery::Delivered);
    let digest = |bytes| sha256(bytes).parse().unwrap();
    let expected = MismatchErrorKind::Sha256 { sent: digest(b"behind"), stored: digest(b"before") };
    assert_eq!(expect_error!(error, Mismatch, "").kind(), &expected);
}

/// A transport that swallows the read error and reports a success is not believed.
#[test]
fn v41_answer_in_spite_of_a_shrunk_file() {
    let dir = TempDir::new();
    let path = dir.file("f.bin", vec![b'x'; SIZE]);
    let upload = Upload::from_path(&path).unwrap();
    let transport = Canned::with(move |request, body| {
        open(&path).set_len(10).unwrap();
        let _ = request.body_mut().read_to_end(body);
        Ok(json(200, &format!(r#"{{"fileName":"f.bin","sha256":"{}"}}"#, sha256(b"anything"))))
    });
    let error: Error = transport.client().upload(&upload).unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    assert_eq!(expect_error!(error, Source, "").kind(), SourceErrorKind::Changed);
}
