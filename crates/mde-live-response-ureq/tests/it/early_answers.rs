//! Answers that come before the request was sent whole.

use mde_live_response_core::Delivery::{NotDelivered, Unknown};
use mde_live_response_core::ServiceErrorKind;
use mde_live_response_core::TransportErrorKind::{Protocol, Receive, Send, Timeout};

use crate::server::{Server, Speech, Step};
use crate::support::{
    Outcome, after_request, both, client, exchange, exchange_in_haste, large, reply, stored,
    too_large, unknown,
};

const TIMES: usize = 100;

fn answer_413() -> Vec<u8> {
    reply("413 Content Too Large", "Connection: close\r\n", "too large")
}

/// An early answer followed by a close, [`TIMES`] times: the answer is heard each time.
#[track_caller]
fn heard(speech: Speech, answer: &[u8], expected: &Outcome) {
    let script = vec![Step::ReadHead, Step::Send(answer.to_vec()), Step::Close];
    let server = Server::start(speech, vec![script; TIMES]);
    let client = client(&server);
    let upload = large();
    for n in 0..TIMES {
        assert_eq!(Outcome::of(client.upload(&upload)), *expected, "upload {n}");
    }
    assert_eq!(server.finish().len(), TIMES);
}

#[test]
fn h16_413_before_the_body_and_a_close_is_heard_plain() {
    heard(Speech::Plain, &answer_413(), &too_large());
}

#[test]
fn h16_413_before_the_body_and_a_close_is_heard_with_tls() {
    heard(Speech::Tls, &answer_413(), &too_large());
}

/// The server has not even read the head.
#[test]
fn h16_413_before_anything_and_a_close_is_heard() {
    both(|speech| {
        let script = vec![Step::Send(answer_413()), Step::Close];
        assert_eq!(exchange(speech, script, &large()).outcome, too_large());
    });
}

#[test]
fn h18_401_before_the_body_and_a_close_is_heard_plain() {
    let answer = reply("401 Unauthorized", "WWW-Authenticate: Bearer\r\n", "");
    heard(Speech::Plain, &answer, &Outcome::Auth(401));
}

#[test]
fn h18_401_before_the_body_and_a_close_is_heard_with_tls() {
    let answer = reply("401 Unauthorized", "WWW-Authenticate: Bearer\r\n", "");
    heard(Speech::Tls, &answer, &Outcome::Auth(401));
}

#[test]
fn h18_403_before_the_body_and_a_close_is_heard_plain() {
    heard(Speech::Plain, &reply("403 Forbidden", "", "{}"), &Outcome::Auth(403));
}

#[test]
fn h18_403_before_the_body_and_a_close_is_heard_with_tls() {
    heard(Speech::Tls, &reply("403 Forbidden", "", "{}"), &Outcome::Auth(403));
}

#[test]
fn h18_429_before_the_body_and_a_close_is_heard_plain() {
    let answer = reply("429 Too Many Requests", "Retry-After: 2\r\n", "");
    heard(Speech::Plain, &answer, &Outcome::Throttled(429));
}

#[test]
fn h18_429_before_the_body_and_a_close_is_heard_with_tls() {
    let answer = reply("429 Too Many Requests", "Retry-After: 2\r\n", "");
    heard(Speech::Tls, &answer, &Outcome::Throttled(429));
}

/// The answer's end is the connection's end.
#[test]
fn h18_an_early_answer_without_a_length_is_heard() {
    both(|speech| {
        let answer = b"HTTP/1.1 400 Bad Request\r\n\r\nno length".to_vec();
        let script = vec![Step::ReadHead, Step::Send(answer), Step::HalfClose, Step::Stall];
        let rejected = Outcome::Service(ServiceErrorKind::Rejected, 400, NotDelivered);
        assert_eq!(exchange(speech, script, &large()).outcome, rejected);
    });
}

/// Nothing but the answer itself says that the server reads no more.
#[test]
fn h17_413_before_the_body_is_heard_when_the_server_stops_reading() {
    both(|speech| {
        let answer = reply("413 Content Too Large", "", "too large");
        let script = vec![Step::ReadHead, Step::Send(answer), Step::Stall];
        assert_eq!(exchange(speech, script, &large()).outcome, too_large());
    });
}

#[test]
fn h17_413_before_the_body_ends_the_sending_when_the_server_keeps_reading() {
    both(|speech| {
        let answer = reply("413 Content Too Large", "", "too large");
        let script = vec![Step::ReadHead, Step::Send(answer), Step::ReadToEnd];
        let seen = exchange(speech, script, &large());
        assert_eq!(seen.outcome, too_large());
        let received = seen.received.len();
        assert!(received < 10 * 1024 * 1024, "{received} bytes went out for nothing");
        assert!(!seen.received.ends_with(b"--\r\n"), "the end was sent");
    });
}

#[test]
fn h17_413_in_the_middle_of_the_body_is_heard() {
    both(|speech| {
        let answer = reply("413 Content Too Large", "", "too large");
        let read = Step::ReadBytes(5_000_000);
        let script = vec![Step::ReadHead, read, Step::Send(answer), Step::Stall];
        assert_eq!(exchange(speech, script, &large()).outcome, too_large());
    });
}

#[test]
fn h17_413_byte_by_byte_is_heard() {
    both(|speech| {
        let script = vec![Step::ReadHead, Step::SendSlowly(answer_413()), Step::Stall];
        assert_eq!(exchange(speech, script, &large()).outcome, too_large());
    });
}

/// What was left unsent would be read as the start of the next request.
#[test]
fn h17_the_connection_of_an_early_answer_is_not_used_again() {
    both(|speech| {
        let answer = reply("413 Content Too Large", "", "too large");
        let early = vec![Step::ReadHead, Step::Send(answer), Step::ReadToEnd];
        let server = Server::start(speech, [early, after_request([Step::Send(stored())])]);
        let client = client(&server);
        assert_eq!(Outcome::of(client.upload(&large())), too_large());
        assert_eq!(Outcome::of(client.upload(&crate::support::small())), Outcome::Stored);
        assert_eq!(server.finish().len(), 2);
    });
}

/// It is heard that there is an answer, and then it does not come.
#[test]
fn h17_an_early_answer_that_never_ends_is_no_answer() {
    both(|speech| {
        let whole = answer_413();
        for sent in [1, 12, 40, whole.len() - 1] {
            let script = vec![Step::ReadHead, Step::Send(whole[..sent].to_vec()), Step::Stall];
            match exchange_in_haste(speech, script, &large()) {
                Outcome::Transport(Timeout(_), NotDelivered) => {}
                other => panic!("case: {sent}: {other:?}"),
            }
        }
    });
}

#[test]
fn h17_half_an_early_answer_and_a_close_is_no_answer() {
    both(|speech| {
        let whole = answer_413();
        for sent in [1, 12, 40, whole.len() - 1] {
            let script = vec![Step::ReadHead, Step::Send(whole[..sent].to_vec()), Step::Close];
            match exchange(speech, script, &large()).outcome {
                Outcome::Transport(Send | Receive, NotDelivered) => {}
                other => panic!("case: {sent}: {other:?}"),
            }
        }
    });
}

#[test]
fn h36_garbage_before_the_body_is_sent_is_a_protocol_fault() {
    both(|speech| {
        for garbage in [&b"SSH-2.0-OpenSSH_9.6\r\n"[..], b"HTTP/2 200\r\n\r\n", b"\0\0\0\0\r\n\r\n"]
        {
            let script =
                vec![Step::ReadHead, Step::Send(garbage.to_vec()), Step::HalfClose, Step::Stall];
            let seen = exchange(speech, script, &large());
            let expected = Outcome::Transport(Protocol, NotDelivered);
            assert_eq!(seen.outcome, expected, "case: {}", garbage.escape_ascii());
        }
    });
}

#[test]
fn t14_an_answer_and_a_half_close_with_the_body_unread_is_heard() {
    both(|speech| {
        let script = vec![Step::ReadHead, Step::Send(answer_413()), Step::HalfClose, Step::Stall];
        assert_eq!(exchange(speech, script, &large()).outcome, too_large());
    });
}

/// Nobody can have computed the hash of what was not sent.
#[test]
fn t33_a_success_before_the_body_is_sent_is_a_protocol_fault() {
    both(|speech| {
        for end in [Step::Stall, Step::Close, Step::ReadToEnd] {
            let script = vec![Step::ReadHead, Step::Send(stored()), end.clone()];
            let seen = exchange(speech, script, &large());
            assert_eq!(seen.outcome, unknown(Protocol), "case: {end:?}");
        }
    });
}

/// What counts is that the server says so, not whether the rest of what it says can be read.
#[test]
fn t33_a_success_before_the_body_is_sent_makes_it_unknown_even_when_it_cannot_be_read() {
    let two_lengths =
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}".to_vec();
    let no_header = b"HTTP/1.1 201 Created\r\nno header\r\n\r\n".to_vec();
    let many_lines = reply("200 OK", &"X: x\r\n".repeat(200), "{}");
    let cut = stored()[..20].to_vec();
    both(|speech| {
        for answer in [&two_lengths, &no_header, &many_lines] {
            let script = vec![Step::ReadHead, Step::Send(answer.clone()), Step::Stall];
            let seen = exchange(speech, script, &large());
            assert_eq!(seen.outcome, unknown(Protocol), "case: {}", answer.escape_ascii());
        }
        let script = vec![Step::ReadHead, Step::Send(cut.clone()), Step::Stall];
        match exchange_in_haste(speech, script, &large()) {
            Outcome::Transport(Timeout(_), Unknown) => {}
            other => panic!("silence: {other:?}"),
        }
        let script = vec![Step::ReadHead, Step::Send(cut.clone()), Step::Close];
        match exchange(speech, script, &large()).outcome {
            Outcome::Transport(Send | Receive, Unknown) => {}
            other => panic!("close: {other:?}"),
        }
    });
}
