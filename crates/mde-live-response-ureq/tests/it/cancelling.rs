//! A cancelled exchange ends in each of its phases. `examples/measure.rs` measures that it does so within 100 ms.

use std::thread;

use mde_live_response_core::policy::CancelToken;

use crate::support::*;

/// Uploads, and cancels when the gate opens.
#[track_caller]
fn cancelled(client: &Client, upload: &Upload, reached: &Gate) -> Effect {
    let cancel = CancelToken::new();
    let client = client.cancelled_by(&cancel);
    let outcome = thread::scope(|scope| {
        scope.spawn(|| {
            reached.pass();
            cancel.cancel();
        });
        client.upload(upload)
    });
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Cancelled);
    error.effect()
}

/// As [`cancelled`], with a server that opens the gate after these steps and falls silent.
#[track_caller]
fn cancelled_after(speech: Speech, script: &[Step], upload: &Upload) -> Effect {
    let reached = Gate::new();
    let script = [script, &[Open(reached.clone()), Stall]].concat();
    let server = Server::start(speech, [script]);
    let effect = cancelled(&client(&server), upload, &reached);
    server.finish_one();
    effect
}

#[test]
fn r13_a_cancel_while_the_body_is_sent() {
    let scripts = [vec![], vec![ReadHead], vec![ReadHead, ReadBytes(99_999)]];
    both_each(scripts, |speech, script| {
        assert_eq!(cancelled_after(speech, script, &large()), Effect::NotApplied);
    });
}

#[test]
fn r13_a_cancel_while_the_answer_is_awaited_or_read() {
    both_each([0, 20, stored().len() - 1], |speech, sent| {
        let script = after_request([say(&stored()[..*sent])]);
        assert_eq!(cancelled_after(speech, &script, &small()), Effect::Unknown);
    });
}

/// The peer accepts the connection and says nothing.
#[test]
fn r13_a_cancel_while_tls_is_set_up() {
    let reached = Gate::new();
    let server = Server::start(Speech::Plain, [vec![Open(reached.clone()), Stall]]);
    let client = builder(&server.url().replace("http:", "https:")).build();
    assert_eq!(cancelled(&client, &small(), &reached), Effect::NotApplied);
    server.finish_one();
}

#[test]
fn r13_a_cancel_before_the_call_opens_no_connection() {
    let server = Server::start(Speech::Plain, []);
    let cancel = CancelToken::new();
    cancel.cancel();
    let error = client(&server).cancelled_by(&cancel).upload(&small()).unwrap_err();
    assert_eq!((error.kind(), error.effect()), (&ErrorKind::Cancelled, Effect::NotApplied));
    assert_eq!(server.finish().len(), 0);
}

#[test]
fn r14_a_cancel_after_success_has_no_effect() {
    both(|speech| {
        let server = Server::start(speech, [served(2)]);
        let (client, cancel) = (client(&server), CancelToken::new());
        let cancellable = client.cancelled_by(&cancel);
        cancellable.upload(&small()).unwrap();
        cancel.cancel();
        assert_eq!(cancellable.upload(&small()).unwrap_err().kind(), &ErrorKind::Cancelled);
        // The other handle of the client does not have the token.
        client.upload(&small()).unwrap();
        server.finish_one();
    });
}
