//! Files that change while they are being sent: the request is never completed, and its connection is not
//! used again.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use mde_live_response_core::{Error, SourceErrorKind, Upload};

use crate::server::{Gate, Server, Speech, Step};
use crate::support::{Outcome, after_request, both, client, small, stored};

/// More than fits between two sockets, so that the end is not read before the server says so.
const SIZE: usize = 20 * 1024 * 1024;

/// A file that is gone with the test.
struct TempFile(PathBuf);

impl TempFile {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("mde-live-response-ureq-{}-{n}.ps1", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, vec![b'x'; SIZE]).unwrap();
        Self(path)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        // A left-over file harms nobody.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Changes the file when the server has read the head, and lets the server read on then.
#[track_caller]
fn changed_while_sent(speech: Speech, change: impl FnOnce(&Path)) {
    let file = TempFile::new();
    let upload = Upload::from_path(&file.0).unwrap();
    let (head_read, changed) = (Gate::new(), Gate::new());
    let first = vec![
        Step::ReadHead,
        Step::Open(head_read.clone()),
        Step::Await(changed.clone()),
        Step::ReadBody,
        Step::Send(stored()),
    ];
    let server = Server::start(speech, [first, after_request([Step::Send(stored())])]);
    let client = client(&server);
    let error = std::thread::scope(|scope| {
        let sending = scope.spawn(|| client.upload(&upload).unwrap_err());
        head_read.pass();
        change(&file.0);
        changed.open();
        sending.join().unwrap()
    });
    let Error::Source(told) = &error else { panic!("{error:?}") };
    assert_eq!(told.kind(), SourceErrorKind::Changed);
    assert_eq!(Outcome::of(client.upload(&small())), Outcome::Stored);
    let connections = server.finish();
    assert_eq!(connections.len(), 2);
    let received = &connections[0].received;
    assert!(received.starts_with(b"POST "));
    assert!(!received.ends_with(b"--\r\n"), "the end was sent");
}

#[test]
fn v40_a_file_that_grows_is_not_completed() {
    both(|speech| {
        changed_while_sent(speech, |path| {
            OpenOptions::new().append(true).open(path).unwrap().write_all(b"more").unwrap();
        });
    });
}

#[test]
fn v41_a_file_that_shrinks_is_not_completed() {
    both(|speech| {
        changed_while_sent(speech, |path| {
            OpenOptions::new().write(true).open(path).unwrap().set_len(SIZE as u64 - 1).unwrap();
        });
    });
}

#[test]
fn v41_a_file_that_becomes_empty_is_not_completed() {
    both(|speech| {
        changed_while_sent(speech, |path| {
            OpenOptions::new().write(true).open(path).unwrap().set_len(0).unwrap();
        });
    });
}

#[test]
fn v42_a_file_that_is_written_to_is_not_completed() {
    both(|speech| {
        changed_while_sent(speech, |path| {
            OpenOptions::new().write(true).open(path).unwrap().write_all(b"other").unwrap();
        });
    });
}
