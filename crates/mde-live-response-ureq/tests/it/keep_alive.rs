//! Connections that are kept for the next upload, and when they must not be.

use std::sync::Barrier;

use mde_live_response_core::TransportErrorKind::{Receive, Send};
use mde_live_response_core::{Client, Phase, Upload};

use crate::server::{Gate, Script, Server, Step};
use crate::support::{
    Outcome, after_request, both, client, entity, hasty_client, large, not_delivered, reply, small,
    stored, timeout, unknown,
};

fn served(n: usize) -> Script {
    (0..n).flat_map(|_| after_request([Step::Send(stored())])).collect()
}

#[track_caller]
fn stores(client: &Client, upload: &Upload) {
    assert_eq!(Outcome::of(client.upload(upload)), Outcome::Stored);
}

#[test]
fn a_connection_serves_one_upload_after_the_other() {
    both(|speech| {
        let server = Server::start(speech, [served(5)]);
        let client = client(&server);
        for _ in 0..5 {
            stores(&client, &small());
        }
        server.finish_one();
    });
}

/// A refusal that was read whole leaves the connection as good as before.
#[test]
fn a_connection_is_kept_over_a_refusal() {
    both(|speech| {
        let refusal = after_request([Step::Send(reply("400 Bad Request", "", "{}"))]);
        let server = Server::start(speech, [[refusal, served(1)].concat()]);
        let client = client(&server);
        assert!(matches!(Outcome::of(client.upload(&small())), Outcome::Service(_, 400, _)));
        stores(&client, &small());
        server.finish_one();
    });
}

#[test]
fn a_connection_that_the_server_will_close_is_not_used_again() {
    both(|speech| {
        for answer in [
            reply("200 OK", "Connection: close\r\n", &entity()),
            [b"HTTP/1.0", &stored()[8..]].concat(),
        ] {
            let first = after_request([Step::Send(answer)]);
            let server = Server::start(speech, [first, served(1)]);
            let client = client(&server);
            stores(&client, &small());
            stores(&client, &small());
            assert_eq!(server.finish().len(), 2);
        }
    });
}

/// What stands behind an answer that has no body belongs to nothing.
#[test]
fn t20_a_body_where_none_may_be_is_not_the_next_answer() {
    both(|speech| {
        let late = String::from_utf8(reply("400 Bad Request", "", "{}")).unwrap();
        for head in ["HTTP/1.1 204 No Content\r\n", "HTTP/1.1 304 Not Modified\r\n"] {
            let length = format!("Content-Length: {}\r\n", late.len());
            let answer = format!("{head}{length}\r\n{late}");
            let first = after_request([Step::Send(answer.into_bytes())]);
            let server = Server::start(speech, [first, served(1)]);
            let client = client(&server);
            assert_ne!(Outcome::of(client.upload(&small())), Outcome::Stored);
            stores(&client, &small());
            assert_eq!(server.finish().len(), 2, "case: {head}");
        }
    });
}

#[test]
fn a_connection_is_kept_over_chunked_answers() {
    both(|speech| {
        let body = format!("{:x}\r\n{}\r\n0\r\n\r\n", entity().len(), entity());
        let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        let once = after_request([Step::Send(answer.into_bytes())]);
        let server = Server::start(speech, [[once.clone(), once].concat()]);
        let client = client(&server);
        stores(&client, &small());
        stores(&client, &small());
        server.finish_one();
    });
}

/// The line end that is missing may still come: it must not stand before the next answer.
#[test]
fn t32_the_late_end_of_a_chunked_answer_is_not_the_start_of_the_next() {
    both(|speech| {
        let (idle, sent) = (Gate::new(), Gate::new());
        let body = format!("{:x}\r\n{}\r\n0\r\n", entity().len(), entity());
        let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        let first = after_request([
            Step::Send(answer.into_bytes()),
            Step::Await(idle.clone()),
            Step::Send(b"\r\n".to_vec()),
            Step::Open(sent.clone()),
        ]);
        let server = Server::start(speech, [first, served(1)]);
        let client = hasty_client(&server);
        let outcome = Outcome::of(client.upload(&small()));
        assert!(
            [Outcome::Stored, unknown(timeout(Phase::Receive))].contains(&outcome),
            "{outcome:?}"
        );
        idle.open();
        sent.pass();
        stores(&client, &small());
        assert_eq!(server.finish().len(), 2);
    });
}

#[test]
fn t30_a_connection_closed_while_idle_is_replaced() {
    both(|speech| {
        for end in [Step::Close, Step::Cut] {
            let closed = Gate::new();
            let first = after_request([Step::Send(stored()), end, Step::Open(closed.clone())]);
            let server = Server::start(speech, [first, served(1)]);
            let client = client(&server);
            stores(&client, &small());
            closed.pass();
            stores(&client, &small());
            assert_eq!(server.finish().len(), 2);
        }
    });
}

/// The server takes the second request on the kept connection, and breaks it there.
#[test]
fn t31_broken_as_it_is_used_again_before_the_end_was_sent_is_not_delivered() {
    both(|speech| {
        let script = [served(1), vec![Step::ReadHead, Step::Reset]].concat();
        let server = Server::start(speech, [script]);
        let client = client(&server);
        stores(&client, &small());
        assert_eq!(Outcome::of(client.upload(&large())), not_delivered(Send));
        server.finish_one();
    });
}

#[test]
fn t31_broken_as_it_is_used_again_after_the_end_was_sent_is_unknown() {
    both(|speech| {
        let script = [served(1), after_request([Step::Close])].concat();
        let server = Server::start(speech, [script]);
        let client = client(&server);
        stores(&client, &small());
        assert_eq!(Outcome::of(client.upload(&small())), unknown(Receive));
        server.finish_one();
    });
}

/// The late bytes are a whole answer, such as the next upload would get.
#[test]
fn t32_late_bytes_on_a_kept_connection_are_nobodys_answer() {
    both(|speech| {
        for late in [reply("400 Bad Request", "", "{}"), b"\n".to_vec()] {
            let (idle, sent) = (Gate::new(), Gate::new());
            let first = after_request([
                Step::Send(stored()),
                Step::Await(idle.clone()),
                Step::Send(late),
                Step::Open(sent.clone()),
            ]);
            let server = Server::start(speech, [first, served(1)]);
            let client = client(&server);
            stores(&client, &small());
            idle.open();
            sent.pass();
            stores(&client, &small());
            let connections = server.finish();
            assert_eq!(connections.len(), 2);
            let second_head = connections[1].received.starts_with(b"POST ");
            assert!(second_head, "the second upload went elsewhere");
        }
    });
}

/// Every thread gets its own answers, on whichever connection is free.
#[test]
fn r11_many_threads_share_a_transport() {
    const THREADS: usize = 8;
    const UPLOADS: usize = 5;
    both(|speech| {
        let server = Server::start(speech, vec![served(THREADS * UPLOADS); THREADS * UPLOADS]);
        let client = client(&server);
        let start = Barrier::new(THREADS);
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let (client, start) = (&client, &start);
                scope.spawn(move || {
                    start.wait();
                    for _ in 0..UPLOADS {
                        let outcome = Outcome::of(client.upload(&small()));
                        assert_eq!(outcome, Outcome::Stored, "thread {thread}");
                    }
                });
            }
        });
    });
}
