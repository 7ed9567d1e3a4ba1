//! Files that change while they are sent: the request is never completed, and its connection is not used again.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::thread;

use mde_live_response_core::error::SourceProblem;
use mde_live_response_testkit::TempDir;

use crate::support::*;

/// More than fits between two sockets, so that the end is not read before the server says so.
const SIZE: u64 = 20 * 1024 * 1024;

/// Changes the file after the server has read the head, and only then lets the server read on.
fn changed_while_sent(speech: Speech, change: fn(&mut File)) {
    let dir = TempDir::new();
    let path = dir.path().join("a.ps1");
    File::create(&path).unwrap().set_len(SIZE).unwrap();
    let upload = Upload::from_path(&path).unwrap();
    let (head_read, changed) = (Gate::new(), Gate::new());
    let first =
        vec![ReadHead, Open(head_read.clone()), Await(changed.clone()), ReadBody, say(stored())];
    let server = Server::start(speech, [first, served(1)]);
    let client = client(&server);
    let error = thread::scope(|scope| {
        let sending = scope.spawn(|| client.upload(&upload).unwrap_err());
        head_read.pass();
        change(&mut OpenOptions::new().write(true).open(&path).unwrap());
        changed.open();
        sending.join().unwrap()
    });
    assert_eq!(error.kind(), &ErrorKind::Source(SourceProblem::Changed));
    assert_eq!(error.effect(), Effect::NotApplied);
    assert_eq!(upload_by(&client, &small()), STORED);
    let connections = server.finish();
    assert_eq!(connections.len(), 2);
    let received = &connections[0].received;
    assert!(received.starts_with(b"POST "));
    assert!(!received.ends_with(b"--\r\n"), "the end was sent");
}

/// It grows, shrinks, becomes empty, and is written to.
#[test]
fn v40_v41_v42_a_file_that_changes_is_not_completed() {
    let changes: [fn(&mut File); 4] = [
        |file| file.set_len(SIZE + 1).unwrap(),
        |file| file.set_len(SIZE - 1).unwrap(),
        |file| file.set_len(0).unwrap(),
        |file| file.write_all(b"other").unwrap(),
    ];
    for change in changes {
        both(|speech| changed_while_sent(speech, change));
    }
}
