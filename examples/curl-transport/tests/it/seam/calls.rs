//! What the caller does while an exchange runs: files that change, calls that are cancelled, a progress that panics.

use std::fs::OpenOptions;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use mde_live_response_core::{
    Body, CancelToken, Delivery, Error, SourceErrorKind, Transport, Upload, http,
};

use crate::pairs::{BOTH, Which, client};
use crate::server::{Gate, Script, Server, Speech, Step};
use crate::support::{Outcome, after_request, both, large, reply, small, stored};

/// More than fits between two sockets, so that the end is not read before the server says so.
const SIZE: usize = 20 * 1024 * 1024;

/// A file that is gone with the test.
struct TempFile(PathBuf);

impl TempFile {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("curl-transport-{}-{n}.ps1", std::process::id());
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
fn changed_while_sent(which: Which, speech: Speech, change: impl FnOnce(&Path)) {
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
    let client = client(&server.url(), which.transport());
    let error = thread::scope(|scope| {
        let sending = scope.spawn(|| client.upload(&upload).unwrap_err());
        head_read.pass();
        change(&file.0);
        changed.open();
        sending.join().unwrap()
    });
    let Error::Source(told) = &error else { panic!("{which}: {error:?}") };
    assert_eq!(told.kind(), SourceErrorKind::Changed, "{which}");
    assert_eq!(error.delivery(), Delivery::NotDelivered, "{which}");
    assert_eq!(Outcome::of(client.upload(&small())), Outcome::Stored, "{which}");
    let connections = server.finish();
    assert_eq!(connections.len(), 2, "{which}");
    let received = &connections[0].received;
    assert!(received.starts_with(b"POST "), "{which}");
    assert!(!received.ends_with(b"--\r\n"), "{which}: the end was sent");
}

#[test]
fn v40_v41_v42_a_file_that_changes_is_not_completed() {
    let open = |path: &Path| OpenOptions::new().append(true).open(path).unwrap();
    let grow = |path: &Path| open(path).write_all(b"more").unwrap();
    let cut = |path: &Path| open(path).set_len(SIZE as u64 - 1).unwrap();
    let empty = |path: &Path| open(path).set_len(0).unwrap();
    let write = |path: &Path| {
        OpenOptions::new().write(true).open(path).unwrap().write_all(b"other").unwrap();
    };
    for which in BOTH {
        both(|speech| {
            changed_while_sent(which, speech, grow);
            changed_while_sent(which, speech, cut);
            changed_while_sent(which, speech, empty);
            changed_while_sent(which, speech, write);
        });
    }
}

/// Uploads to a server that opens the gate and falls silent, cancels then, and tells what was known.
#[track_caller]
fn cancelled(which: Which, speech: Speech, mut script: Script, upload: &Upload) -> Delivery {
    let reached = Gate::new();
    script.extend([Step::Open(reached.clone()), Step::Stall]);
    let server = Server::start(speech, [script]);
    let url = match speech {
        // The peer takes the connection and does not speak TLS, nor anything else.
        Speech::TlsAs(_) => panic!("not here"),
        _ => server.url(),
    };
    let delivery = cancelled_at(which, &url, upload, &reached);
    server.finish_one();
    delivery
}

#[track_caller]
fn cancelled_at(which: Which, url: &str, upload: &Upload, reached: &Gate) -> Delivery {
    let cancel = CancelToken::new();
    let client = client(url, which.transport()).cancelled_by(&cancel);
    let outcome = thread::scope(|scope| {
        scope.spawn(|| {
            reached.pass();
            cancel.cancel();
        });
        client.upload(upload)
    });
    match outcome {
        Err(Error::Cancelled(error)) => error.delivery(),
        other => panic!("{which}: not cancelled: {other:?}"),
    }
}

#[test]
fn r13_a_cancel_ends_the_exchange_wherever_it_is() {
    for which in BOTH {
        both(|speech| {
            for script in
                [vec![], vec![Step::ReadHead], vec![Step::ReadHead, Step::ReadBytes(99_999)]]
            {
                let known = cancelled(which, speech, script, &large());
                assert_eq!(known, Delivery::NotDelivered, "{which}, while sending");
            }
            for sent in [0, 20, stored().len() - 1] {
                let script = after_request([Step::Send(stored()[..sent].to_vec())]);
                let known = cancelled(which, speech, script, &small());
                assert_eq!(known, Delivery::Unknown, "{which}, {sent} bytes of the answer read");
            }
        });
        let reached = Gate::new();
        let script = vec![Step::Open(reached.clone()), Step::Stall];
        let server = Server::start(Speech::Plain, [script]);
        let url = server.url().replace("http:", "https:");
        let known = cancelled_at(which, &url, &small(), &reached);
        assert_eq!(known, Delivery::NotDelivered, "{which}, in the handshake");
    }
}

#[test]
fn r13_a_cancel_before_the_call_opens_no_connection() {
    for which in BOTH {
        let server = Server::start(Speech::Plain, []);
        let cancel = CancelToken::new();
        cancel.cancel();
        let limits = mde_live_response_core::Limits::new().with_cancel(Some(cancel));
        let mut request = http::Request::get(server.url()).body(Body::empty()).unwrap();
        request.extensions_mut().insert(limits);
        let error = which.transport().send(request).unwrap_err();
        assert_eq!(error.kind(), mde_live_response_core::TransportErrorKind::Cancelled, "{which}");
        assert_eq!(error.delivery(), Delivery::NotDelivered, "{which}");
        assert_eq!(server.finish().len(), 0, "{which}");
    }
}

/// The panic passes on, what completes the request is never sent, and the next exchange is as good as any.
#[test]
fn r18_a_progress_that_panics() {
    for which in BOTH {
        let ended = Gate::new();
        let first = vec![Step::ReadToEnd, Step::Open(ended.clone())];
        let second = after_request([Step::Send(reply("200 OK", "", "fine"))]);
        let server = Server::start(Speech::Plain, [first, second]);
        let transport = which.transport();
        let post = |body| http::Request::post(server.url()).body(body).unwrap();
        let progress = |_: u64| std::panic::resume_unwind(Box::new("from the progress"));
        let bytes = vec![b'x'; 1000];
        let panic = catch_unwind(AssertUnwindSafe(|| {
            transport.send(post(Body::bytes(&bytes).with_progress(&progress)))
        }));
        let panic = panic.map(|_| ()).unwrap_err();
        assert_eq!(*panic.downcast::<&str>().unwrap(), "from the progress", "{which}");
        let answer = transport.send(post(Body::bytes(&bytes))).unwrap();
        assert_eq!(answer.body(), b"fine", "{which}");
        // Its connection ends by itself.
        ended.pass();
        let connections = server.finish();
        assert!(!connections[0].received.ends_with(b"x"), "{which}: the body was sent");
    }
}
