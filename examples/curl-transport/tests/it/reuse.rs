//! Connections that are kept for the next exchange, and when they must not be.

use std::sync::Barrier;

use mde_live_response_core::TransportErrorKind::{Receive, Send};
use mde_live_response_core::{Body, CancelToken, Client, Delivery, Error, Transport, Upload, http};

use crate::pairs::{BOTH, client, curl};
use crate::server::{Gate, Script, Server, Speech, Step};
use crate::support::{
    Outcome, after_request, both, entity, large, not_delivered, reply, small, stored, unknown,
};

fn served(n: usize) -> Script {
    (0..n).flat_map(|_| after_request([Step::Send(stored())])).collect()
}

#[track_caller]
fn stores(client: &Client, upload: &Upload) {
    assert_eq!(Outcome::of(client.upload(upload)), Outcome::Stored);
}

#[test]
fn a_connection_serves_one_exchange_after_the_other() {
    for which in BOTH {
        both(|speech| {
            let refusal = after_request([Step::Send(reply("400 Bad Request", "", "{}"))]);
            let server = Server::start(speech, [[served(2), refusal, served(2)].concat()]);
            let client = client(&server.url(), which.transport());
            stores(&client, &small());
            stores(&client, &small());
            let refused = Outcome::of(client.upload(&small()));
            assert!(matches!(refused, Outcome::Service(_, 400, _)), "{which}: {refused:?}");
            stores(&client, &small());
            stores(&client, &small());
            server.finish_one();
        });
    }
}

/// The thread that keeps a connection serves other threads, too.
#[test]
fn a_connection_is_not_bound_to_the_thread_that_opened_it() {
    both(|speech| {
        let server = Server::start(speech, [served(3)]);
        let client = client(&server.url(), curl().build());
        for _ in 0..3 {
            std::thread::scope(|scope| {
                scope.spawn(|| stores(&client, &small()));
            });
        }
        server.finish_one();
    });
}

#[test]
fn a_connection_that_is_over_is_not_used_again() {
    let close = after_request([Step::Send(reply("200 OK", "Connection: close\r\n", &entity()))]);
    let old = after_request([Step::Send([b"HTTP/1.0", &stored()[8..]].concat())]);
    let surplus = after_request([Step::Send([stored(), stored()].concat())]);
    let early = vec![Step::ReadHead, Step::Send(reply("413 No", "", "")), Step::Stall];
    let broken = after_request([Step::Close]);
    let late = "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}";
    let bodied = after_request([Step::Send(late.into())]);
    for (case, script) in [
        ("Connection: close", close),
        ("HTTP/1.0", old),
        ("bytes behind the answer", surplus),
        ("an early answer", early),
        ("a break", broken),
        ("a body where none may be", bodied),
    ] {
        for which in BOTH {
            both(|speech| {
                let server = Server::start(speech, [script.clone(), served(1)]);
                let client = client(&server.url(), which.transport());
                let upload = if case == "an early answer" { large() } else { small() };
                let _ = client.upload(&upload);
                stores(&client, &small());
                assert_eq!(server.finish().len(), 2, "{case}, {which}");
            });
        }
    }
}

#[test]
fn t30_closed_while_idle() {
    for which in BOTH {
        both(|speech| {
            for end in [Step::Close, Step::Cut] {
                let closed = Gate::new();
                let first = after_request([Step::Send(stored()), end, Step::Open(closed.clone())]);
                let server = Server::start(speech, [first, served(1)]);
                let client = client(&server.url(), which.transport());
                stores(&client, &small());
                closed.pass();
                stores(&client, &small());
                assert_eq!(server.finish().len(), 2, "{which}");
            }
        });
    }
}

/// libcurl by itself would send the request once more, on a new connection.
#[test]
fn t31_broken_as_it_is_used_again() {
    for which in BOTH {
        both(|speech| {
            for (upload, steps, told) in [
                (large(), vec![Step::ReadHead, Step::Reset], not_delivered(Send)),
                (
                    large(),
                    vec![Step::ReadHead, Step::ReadBytes(9), Step::Reset],
                    not_delivered(Send),
                ),
                (small(), after_request([Step::Close]), unknown(Receive)),
                (small(), vec![Step::ReadHead, Step::ReadBody, Step::Cut], unknown(Receive)),
            ] {
                let server = Server::start(speech, [[served(1), steps].concat(), served(1)]);
                let client = client(&server.url(), which.transport());
                stores(&client, &small());
                assert_eq!(Outcome::of(client.upload(&upload)), told, "{which}");
                server.finish_one();
            }
        });
    }
}

/// As above, for a request without a body, of which libcurl has nothing to rewind.
#[test]
fn t31_a_request_without_a_body_is_not_sent_twice() {
    for which in BOTH {
        both(|speech| {
            let answered = || vec![Step::ReadHead, Step::Send(reply("200 OK", "", ""))];
            let script = [answered(), vec![Step::ReadHead, Step::Close]].concat();
            let server = Server::start(speech, [script, answered()]);
            let transport = which.transport();
            let delete = || http::Request::delete(server.url()).body(Body::empty()).unwrap();
            transport.send(delete()).unwrap();
            let error = transport.send(delete()).unwrap_err();
            let told = (error.kind(), error.delivery());
            assert_eq!(told, (Receive, Delivery::Unknown), "{which}");
            server.finish_one();
        });
    }
}

#[test]
fn t32_late_bytes_are_nobodys_answer() {
    for which in BOTH {
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
                let client = client(&server.url(), which.transport());
                stores(&client, &small());
                idle.open();
                sent.pass();
                stores(&client, &small());
                assert_eq!(server.finish().len(), 2, "{which}");
            }
        });
    }
}

/// The exchange is left behind with its thread; the next one gets another.
#[test]
fn the_next_exchange_after_a_cancelled_one_takes_another_connection() {
    both(|speech| {
        let reached = Gate::new();
        let first = after_request([Step::Open(reached.clone()), Step::Stall]);
        let server = Server::start(speech, [first, served(1)]);
        let (client, cancel) = (client(&server.url(), curl().build()), CancelToken::new());
        let cancelled = std::thread::scope(|scope| {
            scope.spawn(|| {
                reached.pass();
                cancel.cancel();
            });
            client.cancelled_by(&cancel).upload(&small())
        });
        let error = cancelled.unwrap_err();
        assert!(matches!(error, Error::Cancelled(_)), "{error:?}");
        assert_eq!(error.delivery(), Delivery::Unknown);
        stores(&client, &small());
        assert_eq!(server.finish().len(), 2);
    });
}

/// Every thread gets its own answers, on whichever connection is free.
#[test]
fn r11_many_threads_share_a_transport() {
    const THREADS: usize = 8;
    const UPLOADS: usize = 5;
    for speech in [Speech::Plain, Speech::Tls] {
        let server = Server::start(speech, vec![served(THREADS * UPLOADS); THREADS]);
        let client = client(&server.url(), curl().build());
        let start = Barrier::new(THREADS);
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    start.wait();
                    for _ in 0..UPLOADS {
                        stores(&client, &small());
                    }
                });
            }
        });
        assert!(server.finish().len() <= THREADS);
    }
}
