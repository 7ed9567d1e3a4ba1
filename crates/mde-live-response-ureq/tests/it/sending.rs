//! While a request is on its way: its file changes, or its call is cancelled.

use std::fs::File;
use std::thread;

use mde_live_response::auth::{EntraCredential, Secret};
use mde_live_response_core::error::SourceProblem;
use mde_live_response_core::policy::CancelToken;
use mde_live_response_testkit::TempDir;

use crate::support::*;

const SIZE: u64 = 20 * 1024 * 1024;

/// The file changes while the peer does not read, so that most of it was not sent yet.
#[test]
fn a_file_that_grows_or_shrinks_while_it_is_sent_is_not_completed() {
    let changed = ErrorKind::Source(SourceProblem::Changed);
    for len in [SIZE + 1, SIZE - 1, 0] {
        both(|speech| {
            let dir = TempDir::new();
            let path = dir.write(NAME, "");
            let file = File::options().write(true).open(&path).unwrap();
            file.set_len(SIZE).unwrap();
            let upload = Upload::from_path(&path).unwrap();
            let (begun, go_on) = (Gate::new(), Gate::new());
            let script = vec![ReadHead, Open(begun.clone()), Await(go_on.clone()), ReadBody];
            let server = Server::start(speech, [script]);
            let outcome = thread::scope(|scope| {
                scope.spawn(|| {
                    begun.pass();
                    file.set_len(len).unwrap();
                    go_on.open();
                });
                upload_by(&client(&server), &upload)
            });
            let (kind, effect) = (changed.clone(), Effect::NotApplied);
            assert_eq!(outcome, Err(Failed { kind, effect, status: None }), "case: {len} bytes");
            assert!(!server.finish_one().received.ends_with(b"--\r\n"), "case: {len} bytes");
        });
    }
}

/// The login host has the whole request, and does not answer.
#[test]
fn a_cancel_ends_a_token_request_that_waits_for_its_answer() {
    both(|speech| {
        let (asked, cancel) = (Gate::new(), CancelToken::new());
        let server = Server::start(speech, [after_request([Open(asked.clone()), ReadToEnd])]);
        let secret = Secret::new("a-secret").unwrap();
        let credential = EntraCredential::with_secret("a-tenant", "a-client", secret).unwrap();
        let credential = credential.with_login(&server.url()).unwrap();
        let client = Client::builder(Endpoint::COMMERCIAL, credential, transport().build());
        let client = client.deadline(PLENTY).build().cancelled_by(&cancel);
        let outcome = thread::scope(|scope| {
            scope.spawn(|| {
                asked.pass();
                cancel.cancel();
            });
            upload_by(&client, &small())
        });
        let (kind, effect) = (ErrorKind::Cancelled, Effect::NotApplied);
        assert_eq!(outcome, Err(Failed { kind, effect, status: None }));
        let received = server.finish_one().received;
        assert!(received.starts_with(b"POST /a-tenant/oauth2/"), "{}", received.escape_ascii());
    });
}

/// Twice as many calls at once as `sync` makes by default.
#[test]
fn as_many_connections_are_kept_as_calls_run_at_once() {
    const CALLS: usize = 16;
    let rounds = [(); 2].map(|()| ([(); CALLS].map(|()| Gate::new()), Gate::new()));
    let scripts = (0..CALLS).map(|n| -> Script {
        let answers = rounds.iter().map(|(begun, go_on)| {
            after_request([Open(begun[n].clone()), Await(go_on.clone()), say(stored())])
        });
        answers.flatten().collect()
    });
    let server = Server::start(Speech::Plain, scripts);
    let client = client(&server);
    for (begun, go_on) in &rounds {
        thread::scope(|scope| {
            for _ in 0..CALLS {
                scope.spawn(|| assert_eq!(upload_by(&client, &small()), STORED));
            }
            begun.iter().for_each(Gate::pass);
            go_on.open();
        });
    }
    assert_eq!(server.finish().len(), CALLS);
}
