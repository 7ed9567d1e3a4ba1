//! Answers that come before the request was sent whole.

use crate::support::*;

const TIMES: usize = 100;

fn answer_413() -> Vec<u8> {
    reply("413 Content Too Large", "", "too large")
}

/// Of an upload that is answered early, before anything else happens.
#[track_caller]
fn early(speech: Speech, answer: impl Into<Vec<u8>>, then: &[Step]) -> Outcome {
    let script = [&[ReadHead, say(answer)], then].concat();
    exchange(speech, script, &large()).outcome
}

/// An early answer followed by a close is heard [`TIMES`] of [`TIMES`] times, plain and over TLS.
#[track_caller]
fn heard(status: u16, answer: &[u8]) {
    both(|speech| {
        let script = vec![ReadHead, say(answer), Close];
        let server = Server::start(speech, vec![script; TIMES]);
        let (client, upload) = (client(&server), large());
        for n in 0..TIMES {
            let failed = upload_by(&client, &upload).unwrap_err();
            assert_eq!(failed.status, Some(status), "upload {n}");
            assert_eq!(failed.effect, Effect::NotApplied, "upload {n}");
        }
        assert_eq!(server.finish().len(), TIMES);
    });
}

#[test]
fn h16_413_before_the_body_and_a_close_is_heard() {
    heard(413, &reply("413 Content Too Large", "Connection: close\r\n", "too large"));
}

#[test]
fn h18_401_before_the_body_and_a_close_is_heard() {
    heard(401, &reply("401 Unauthorized", "WWW-Authenticate: Bearer\r\n", ""));
}

#[test]
fn h18_403_before_the_body_and_a_close_is_heard() {
    heard(403, &reply("403 Forbidden", "", "{}"));
}

#[test]
fn h18_429_before_the_body_and_a_close_is_heard() {
    heard(429, &reply("429 Too Many Requests", "Retry-After: 2\r\n", ""));
}

/// An early 5xx had no effect either: the end of the body was never sent.
#[test]
fn h18_503_before_the_body_is_not_applied() {
    let refused = refused(503, ErrorKind::ServerFailed);
    both_each([Close, Stall, HalfClose, ReadToEnd], |speech, end| {
        let answer = reply("503 Service Unavailable", "", "{}");
        assert_eq!(early(speech, answer, std::slice::from_ref(end)), refused);
    });
}

/// Whatever comes after the answer, or before it.
#[test]
fn h17_t14_413_before_the_end_of_the_body_is_heard() {
    let scripts = [
        vec![say(answer_413()), Close],
        vec![ReadHead, say(answer_413()), Stall],
        vec![ReadHead, say(answer_413()), HalfClose, Stall],
        vec![ReadHead, ReadBytes(5_000_000), say(answer_413()), Stall],
        vec![ReadHead, SendSlowly(answer_413()), Stall],
    ];
    both_each(scripts, |speech, script| {
        assert_eq!(exchange(speech, script.clone(), &large()).outcome, too_large());
    });
}

#[test]
fn h17_413_before_the_body_ends_the_sending_when_the_server_keeps_reading() {
    both(|speech| {
        let script = vec![ReadHead, say(answer_413()), ReadToEnd];
        let seen = exchange(speech, script, &large());
        assert_eq!(seen.outcome, too_large());
        let received = seen.received.len();
        assert!(received < 10 * 1024 * 1024, "{received} bytes were sent for nothing");
        assert!(!seen.received.ends_with(b"--\r\n"), "the end was sent");
    });
}

/// The end of the answer is the end of the connection.
#[test]
fn h18_an_early_answer_without_a_length_is_heard() {
    both(|speech| {
        let outcome =
            early(speech, "HTTP/1.1 400 Bad Request\r\n\r\nno length", &[HalfClose, Stall]);
        assert_eq!(outcome, refused(400, ErrorKind::Rejected));
    });
}

/// The unsent rest would pass for the start of the next request.
#[test]
fn h17_the_connection_of_an_early_answer_is_not_used_again() {
    both(|speech| {
        let early = vec![ReadHead, say(answer_413()), ReadToEnd];
        let server = Server::start(speech, [early, served(1)]);
        let client = client(&server);
        assert_eq!(upload_by(&client, &large()), too_large());
        assert_eq!(upload_by(&client, &small()), STORED);
        assert_eq!(server.finish().len(), 2);
    });
}

/// Half a head is no answer. (`refusals` has the cases in which the head is whole.)
#[test]
fn h17_an_early_answer_without_the_end_of_its_head_is_no_answer() {
    both_each([1, 12, 40], |speech, sent| {
        let broken = [Kind::Send, Kind::Receive].map(not_applied);
        assert_one_of(&early(speech, &answer_413()[..*sent], &[Close]), &broken);
        let script = vec![ReadHead, say(&answer_413()[..*sent]), Stall];
        let timeouts = [Phase::Send, Phase::Receive].map(|it| not_applied(Kind::Timeout(it)));
        let outcome = exchange_by(speech, script, &large(), hasty_client).outcome;
        assert_one_of(&outcome, &timeouts);
    });
}

#[test]
fn h36_garbage_before_the_body_is_sent_is_a_protocol_fault() {
    let garbage = ["SSH-2.0-OpenSSH_9.6\r\n", "HTTP/2 200\r\n\r\n", "\0\0\0\0\r\n\r\n"];
    both_each(garbage, |speech, garbage| {
        let outcome = early(speech, *garbage, &[HalfClose, Stall]);
        assert_eq!(outcome, not_applied(Kind::Protocol));
    });
}

/// Nobody can have hashed bytes that were not sent.
#[test]
fn t33_a_success_before_the_body_is_sent_is_a_protocol_fault() {
    both_each([Stall, Close, ReadToEnd], |speech, end| {
        assert_eq!(early(speech, stored(), std::slice::from_ref(end)), unknown(Kind::Protocol));
    });
}

/// The status counts, whether or not the rest of the answer can be read.
#[test]
fn t33_an_early_success_that_cannot_be_read_is_unknown() {
    let many_lines = String::from_utf8(reply("200 OK", &"X: x\r\n".repeat(200), "{}")).unwrap();
    let unreadable = [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "HTTP/1.1 201 Created\r\nno header\r\n\r\n",
        &many_lines,
    ];
    both_each(unreadable, |speech, answer| {
        assert_eq!(early(speech, *answer, &[Stall]), unknown(Kind::Protocol));
    });
    both(|speech| {
        let cut = &stored()[..20];
        assert_one_of(&early(speech, cut, &[Close]), &[Kind::Send, Kind::Receive].map(unknown));
        let script = vec![ReadHead, say(cut), Stall];
        let timeouts = [Phase::Send, Phase::Receive].map(|it| unknown(Kind::Timeout(it)));
        assert_one_of(&exchange_by(speech, script, &large(), hasty_client).outcome, &timeouts);
    });
}
