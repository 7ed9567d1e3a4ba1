//! R13: an exchange that another thread cancels ends, wherever it is. That it does so within 100 ms is measured
//! by `examples/measure.rs`.

use std::thread;

use mde_live_response_core::{CancelToken, Client, Delivery, Error, Upload};

use crate::server::{Gate, Script, Server, Speech, Step};
use crate::support::{after_request, both, builder, client, large, small, stored, transport};

/// Uploads, cancels when the gate opens, and tells what was known of the library then.
#[track_caller]
fn cancelled(client: &Client, upload: &Upload, reached: &Gate) -> Delivery {
    let cancel = CancelToken::new();
    let client = client.cancelled_by(&cancel);
    let outcome = thread::scope(|scope| {
        scope.spawn(|| {
            reached.pass();
            cancel.cancel();
        });
        client.upload(upload)
    });
    match outcome {
        Err(Error::Cancelled(error)) => error.delivery(),
        other => panic!("not cancelled: {other:?}"),
    }
}

/// As [`cancelled`], with a server that opens the gate and falls silent.
#[track_caller]
fn cancelled_after(speech: Speech, mut script: Script, upload: &Upload) -> Delivery {
    let reached = Gate::new();
    script.extend([Step::Open(reached.clone()), Step::Stall]);
    let server = Server::start(speech, [script]);
    let delivery = cancelled(&client(&server), upload, &reached);
    server.finish_one();
    delivery
}

#[test]
fn r13_a_cancel_while_the_body_is_sent() {
    both(|speech| {
        for script in [vec![], vec![Step::ReadHead], vec![Step::ReadHead, Step::ReadBytes(99_999)]]
        {
            assert_eq!(cancelled_after(speech, script, &large()), Delivery::NotDelivered);
        }
    });
}

#[test]
fn r13_a_cancel_while_the_answer_is_awaited_or_read() {
    both(|speech| {
        let part = |len: usize| Step::Send(stored()[..len].to_vec());
        for steps in [vec![], vec![part(20)], vec![part(stored().len() - 1)]] {
            let script = after_request(steps);
            assert_eq!(cancelled_after(speech, script, &small()), Delivery::Unknown);
        }
    });
}

/// The peer takes the connection and does not speak TLS, nor anything else.
#[test]
fn r13_a_cancel_while_tls_is_set_up() {
    let reached = Gate::new();
    let server = Server::start(Speech::Plain, [vec![Step::Open(reached.clone()), Step::Stall]]);
    let url = server.url().replace("http:", "https:");
    let client = builder(&url, transport().build()).build();
    assert_eq!(cancelled(&client, &small(), &reached), Delivery::NotDelivered);
    server.finish_one();
}

#[test]
fn r13_a_cancel_before_the_call_opens_no_connection() {
    let server = Server::start(Speech::Plain, []);
    let cancel = CancelToken::new();
    cancel.cancel();
    let error = client(&server).cancelled_by(&cancel).upload(&small()).unwrap_err();
    assert_eq!(error.to_string(), "`collect-dns.ps1`: cancelled; nothing was stored");
    assert_eq!(server.finish().len(), 0);
}

/// What can be cancelled and is not goes its usual way, on a connection that is kept.
#[test]
fn r14_a_cancel_after_success_has_no_effect() {
    both(|speech| {
        let twice = after_request([Step::Send(stored())])
            .into_iter()
            .chain(after_request([Step::Send(stored())]))
            .collect();
        let server = Server::start(speech, [twice]);
        let (client, cancel) = (client(&server), CancelToken::new());
        let cancellable = client.cancelled_by(&cancel);
        cancellable.upload(&small()).unwrap();
        cancel.cancel();
        assert!(matches!(cancellable.upload(&small()), Err(Error::Cancelled(_))));
        // The other handle of the client was not given the token.
        client.upload(&small()).unwrap();
        server.finish_one();
    });
}
