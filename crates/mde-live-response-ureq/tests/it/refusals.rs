//! A refusal counts with its status, although its body stalls or is cut.

use std::thread;

use crate::support::*;

const REFUSALS: [(u16, &str, ErrorKind, Effect); 4] = [
    (302, "302 Found", ErrorKind::Redirected, Effect::NotApplied),
    (400, "400 Bad Request", ErrorKind::Rejected, Effect::NotApplied),
    (413, "413 Content Too Large", ErrorKind::TooLarge, Effect::NotApplied),
    (503, "503 Service Unavailable", ErrorKind::ServerFailed, Effect::Unknown),
];

/// Its head says more than comes.
const FRAMINGS: [&str; 2] =
    ["Content-Length: 100\r\n\r\nthe start", "Transfer-Encoding: chunked\r\n\r\n64\r\nthe start"];

/// All at once, because each stalled body takes the grace.
fn each(case: impl Fn(Speech, &str, &str, Step) -> Outcome + Sync, is_early: bool) {
    thread::scope(|scope| {
        for (status, line, kind, effect) in REFUSALS {
            let effect = if is_early { Effect::NotApplied } else { effect };
            let expected = Err(Failed { kind, effect, status: Some(status) });
            for framing in FRAMINGS {
                for end in [Stall, Close, Cut] {
                    for speech in [Speech::Plain, Speech::Tls] {
                        let (case, expected, end) = (&case, expected.clone(), end.clone());
                        scope.spawn(move || {
                            let named = format!("{speech:?}, {line}, {end:?}: {framing}");
                            assert_eq!(case(speech, line, framing, end), expected, "{named}");
                        });
                    }
                }
            }
        }
    });
}

/// The connection is not used again: the rest of the body could pass for the next answer.
#[test]
fn a_refusal_whose_body_stalls_or_is_cut_counts() {
    let case = |speech, line: &str, framing: &str, end| {
        let first = after_request([say(format!("HTTP/1.1 {line}\r\n{framing}")), end]);
        let server = Server::start(speech, [first, served(1)]);
        let client = client(&server);
        let outcome = upload_by(&client, &small());
        assert_eq!(upload_by(&client, &small()), STORED);
        assert_eq!(server.finish().len(), 2);
        outcome
    };
    each(case, false);
}

#[test]
fn an_early_refusal_whose_body_stalls_or_is_cut_counts() {
    let case = |speech, line: &str, framing: &str, end| {
        let script = vec![ReadHead, say(format!("HTTP/1.1 {line}\r\n{framing}")), end];
        exchange(speech, script, &large()).outcome
    };
    each(case, true);
}

/// A body that keeps coming is not waited for either.
#[test]
fn a_refusal_whose_body_trickles_counts() {
    both(|speech| {
        let head = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 1000000\r\n\r\n";
        let script = after_request([say(head), Drip(b"x".to_vec())]);
        assert_eq!(exchange(speech, script, &small()).outcome, too_large());
    });
}

/// The facts of a body that was cut are those that arrived.
#[test]
fn a_refusal_without_the_end_of_its_body_tells_what_arrived() {
    let body = r#"{"error":{"code":"BadRequest","message":"no","target":"an-id"}}"#;
    both_each([(body, Some("BadRequest")), (&body[..30], None)], |speech, (body, code)| {
        let answer = format!("HTTP/1.1 400 Bad Request\r\nContent-Length: 1000\r\n\r\n{body}");
        let server = Server::start(speech, [after_request([say(answer), Close])]);
        let error = client(&server).upload(&small()).unwrap_err();
        assert_eq!(error.code(), *code);
        server.finish_one();
    });
}

/// Only a refusal is complete without its body.
#[test]
fn a_success_whose_body_is_cut_does_not_count() {
    both_each(FRAMINGS, |speech, framing| {
        let outcome = answered(speech, format!("HTTP/1.1 200 OK\r\n{framing}"));
        assert_eq!(outcome, unknown(Kind::Receive));
    });
}
