//! Connections that are kept for the next upload, and when they must not be.

use std::sync::Barrier;
use std::thread;

use crate::support::*;

/// Uploads twice to a server with these scripts; returns the number of connections.
#[track_caller]
fn twice(speech: Speech, scripts: impl IntoIterator<Item = Script>, first: &Outcome) -> usize {
    let server = Server::start(speech, scripts);
    let client = client(&server);
    assert_eq!(upload_by(&client, &small()), *first);
    assert_eq!(upload_by(&client, &small()), STORED);
    server.finish().len()
}

fn chunked(end: &str) -> Vec<u8> {
    let (len, entity) = (entity().len(), entity());
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    format!("{head}{len:x}\r\n{entity}\r\n0\r\n{end}").into_bytes()
}

#[test]
fn a_connection_is_kept_after_an_answer_that_was_read_whole() {
    let refusal = reply("400 Bad Request", "", "{}");
    let answers = [
        (stored(), STORED),
        (chunked("\r\n"), STORED),
        (refusal, refused(400, ErrorKind::Rejected)),
    ];
    both_each(answers, |speech, (answer, first)| {
        let script = [after_request([say(answer.clone())]), served(1)].concat();
        assert_eq!(twice(speech, [script], first), 1);
    });
}

/// In the last two cases, the bytes behind an answer without a body belong to nothing.
#[test]
fn a_connection_is_not_kept_after_some_answers() {
    let late = String::from_utf8(reply("400 Bad Request", "", "{}")).unwrap();
    let bodiless = |line: &str| reply(line, "", &late);
    let answers = [
        (reply("200 OK", "Connection: close\r\n", &entity()), None),
        ([b"HTTP/1.0", &stored()[8..]].concat(), None),
        (bodiless("204 No Content"), Some(204)),
        (bodiless("304 Not Modified"), Some(304)),
    ];
    both_each(answers, |speech, (answer, status)| {
        let server = Server::start(speech, [after_request([say(answer.clone())]), served(1)]);
        let client = client(&server);
        let first = upload_by(&client, &small());
        assert_eq!(first.err().and_then(|failed| failed.status), *status);
        assert_eq!(upload_by(&client, &small()), STORED);
        assert_eq!(server.finish().len(), 2);
    });
}

#[test]
fn t30_a_connection_closed_while_idle_is_replaced() {
    both_each([Close, Cut], |speech, end| {
        let closed = Gate::new();
        let first = after_request([say(stored()), end.clone(), Open(closed.clone())]);
        let server = Server::start(speech, [first, served(1)]);
        let client = client(&server);
        assert_eq!(upload_by(&client, &small()), STORED);
        closed.pass();
        assert_eq!(upload_by(&client, &small()), STORED);
        assert_eq!(server.finish().len(), 2);
    });
}

/// The server accepts the second request on the kept connection, and breaks it there. It is not sent again.
#[test]
fn t31_a_break_as_the_connection_is_used_again_counts_by_what_was_sent() {
    let cases = [
        (large(), vec![ReadHead, Reset], not_applied(Kind::Send)),
        (small(), after_request([Close]), unknown(Kind::Receive)),
    ];
    both_each(cases, |speech, (upload, then, expected)| {
        let server = Server::start(speech, [[served(1), then.clone()].concat()]);
        let client = client(&server);
        assert_eq!(upload_by(&client, &small()), STORED);
        assert_eq!(upload_by(&client, upload), *expected);
        server.finish_one();
    });
}

/// A whole answer, half a line, or the end of a chunked answer that was missing.
#[test]
fn t32_late_bytes_on_a_kept_connection_are_not_the_next_answer() {
    let answers = [
        (stored(), reply("400 Bad Request", "", "{}")),
        (stored(), b"\n".to_vec()),
        (chunked(""), b"\r\n".to_vec()),
    ];
    both_each(answers, |speech, (answer, late)| {
        let (idle, sent) = (Gate::new(), Gate::new());
        let first = after_request([
            say(answer.clone()),
            Await(idle.clone()),
            say(late.clone()),
            Open(sent.clone()),
        ]);
        let server = Server::start(speech, [first, served(1)]);
        let client = hasty_client(&server);
        let outcome = upload_by(&client, &small());
        assert_one_of(&outcome, &[STORED, unknown(Kind::Timeout(Phase::Receive))]);
        idle.open();
        sent.pass();
        assert_eq!(upload_by(&client, &small()), STORED);
        let connections = server.finish();
        assert_eq!(connections.len(), 2);
        assert!(connections[1].received.starts_with(b"POST "));
    });
}

/// Every thread gets its own answers, on any free connection.
#[test]
fn r11_many_threads_share_a_transport() {
    const THREADS: usize = 8;
    const UPLOADS: usize = 5;
    both(|speech| {
        let server = Server::start(speech, vec![served(THREADS * UPLOADS); THREADS * UPLOADS]);
        let client = client(&server);
        let start = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    start.wait();
                    for _ in 0..UPLOADS {
                        assert_eq!(upload_by(&client, &small()), STORED);
                    }
                });
            }
        });
    });
}
