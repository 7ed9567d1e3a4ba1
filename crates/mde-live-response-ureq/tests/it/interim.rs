//! What comes before, or in place of, a final answer: interim answers, other protocols, endless heads, and
//! what is no HTTP at all.

use mde_live_response_core::TransportErrorKind::{Protocol, Receive};

use crate::server::{Script, Speech, Step};
use crate::support::{
    Outcome, after_request, answered, both, exchange, large, not_delivered, reply, small, stored,
    unknown,
};

const INTERIM: [&str; 3] = [
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 102 Processing\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n",
];

fn then_stored(interim: &str) -> Vec<u8> {
    let mut answer = interim.as_bytes().to_vec();
    answer.extend(stored());
    answer
}

#[test]
fn h34_interim_answers_are_skipped() {
    both(|speech| {
        for interim in INTERIM {
            assert_eq!(answered(speech, then_stored(interim)), Outcome::Stored, "case: {interim}");
        }
        assert_eq!(answered(speech, then_stored(&INTERIM.concat())), Outcome::Stored);
    });
}

/// An interim answer that comes before the body is no early answer: the body still goes out.
#[test]
fn h34_interim_answers_before_the_body_are_skipped() {
    both(|speech| {
        for interim in INTERIM {
            let script: Script = vec![
                Step::ReadHead,
                Step::Send(interim.into()),
                Step::ReadBody,
                Step::Send(reply("413 Content Too Large", "", "")),
            ];
            let seen = exchange(speech, script, &large());
            assert_eq!(seen.outcome, crate::support::too_large(), "case: {interim}");
            assert!(seen.received.ends_with(b"--\r\n"), "case: {interim}: the body was not sent");
        }
    });
}

/// Half an interim answer says nothing yet, and must not hold up the body.
#[test]
fn h34_an_interim_answer_in_pieces_is_skipped_while_the_body_is_sent() {
    both(|speech| {
        for cut in [1, 7, 10, 12, 20] {
            let (start, end) = INTERIM[0].split_at(cut);
            let script = vec![
                Step::ReadHead,
                Step::Send(start.into()),
                Step::ReadBytes(10_000_000),
                Step::Send(end.into()),
                Step::ReadBody,
                Step::Send(reply("413 Content Too Large", "", "")),
            ];
            let seen = exchange(speech, script, &large());
            assert_eq!(seen.outcome, crate::support::too_large(), "case: {cut}");
            assert!(seen.received.ends_with(b"--\r\n"), "case: {cut}: the body was not sent");
        }
    });
}

/// The final answer comes in one piece with the interim one, before the body.
#[test]
fn h34_an_early_answer_behind_an_interim_one_is_heard() {
    both(|speech| {
        for interim in [INTERIM.concat(), INTERIM.concat().replace("\r\n", "\n")] {
            let mut answer = interim.into_bytes();
            answer.extend(reply("413 Content Too Large", "", ""));
            let script = vec![Step::ReadHead, Step::Send(answer), Step::Stall];
            let seen = exchange(speech, script, &large());
            assert_eq!(seen.outcome, crate::support::too_large());
        }
    });
}

/// Old servers end lines with LF alone, in an interim answer too.
#[test]
fn h34_lines_that_end_in_lf_alone() {
    both(|speech| {
        let answer = String::from_utf8(stored()).unwrap().replace("\r\n", "\n");
        assert_eq!(answered(speech, answer.clone()), Outcome::Stored);
        let answer = format!("HTTP/1.1 100 Continue\n\n{answer}");
        assert_eq!(answered(speech, answer), Outcome::Stored);
    });
}

#[test]
fn h34_an_interim_answer_byte_by_byte_is_skipped() {
    both(|speech| {
        let steps = [Step::SendSlowly(then_stored(INTERIM[2]))];
        assert_eq!(exchange(speech, after_request(steps), &small()).outcome, Outcome::Stored);
    });
}

#[test]
fn h34_an_interim_answer_alone_is_no_answer() {
    both(|speech| {
        for interim in INTERIM {
            assert_eq!(answered(speech, interim), unknown(Receive), "case: {interim}");
        }
    });
}

#[test]
fn t27_endless_interim_answers_are_a_protocol_fault() {
    both(|speech| {
        for interim in INTERIM.into_iter().chain(["HTTP/1.1 102 Processing\n\n"]) {
            let steps = [Step::SendForever(interim.into())];
            let seen = exchange(speech, after_request(steps), &small());
            assert_eq!(seen.outcome, unknown(Protocol), "case: {interim}");
        }
    });
}

/// The same while the body is being sent.
#[test]
fn t27_endless_interim_answers_before_the_body_are_a_protocol_fault() {
    both(|speech| {
        for interim in [INTERIM[0], "HTTP/1.1 100 Continue\n\n"] {
            let script = vec![Step::ReadHead, Step::SendForever(interim.into())];
            let seen = exchange(speech, script, &large());
            assert_eq!(seen.outcome, not_delivered(Protocol), "case: {interim}");
        }
    });
}

#[test]
fn t27_a_head_without_end_is_a_protocol_fault() {
    let many_lines = "X-Line: x\r\n".repeat(101);
    let long_line = format!("X-Line: {}\r\n", "x".repeat(64 * 1024));
    both(|speech| {
        for (case, headers) in [("101 lines", &many_lines), ("64 KiB", &long_line)] {
            let outcome = answered(speech, reply("200 OK", headers, "{}"));
            assert_eq!(outcome, unknown(Protocol), "case: {case}");
        }
        for (case, forever) in [("lines", "X-Line: x\r\n"), ("one line", "xxxxxxxxxxxxxxxx")] {
            let start = Step::Send(b"HTTP/1.1 200 OK\r\nX-Line: ".to_vec());
            let steps = [start, Step::SendForever(forever.into())];
            let seen = exchange(speech, after_request(steps), &small());
            assert_eq!(seen.outcome, unknown(Protocol), "case: endless {case}");
        }
    });
}

#[test]
fn t27_a_head_within_its_limits_is_fine() {
    let many_lines = "X-Line: x\r\n".repeat(90);
    let long_line = format!("X-Line: {}\r\n", "x".repeat(32 * 1024));
    both(|speech| {
        for (case, headers) in [("90 lines", &many_lines), ("32 KiB", &long_line)] {
            let outcome = answered(speech, reply("200 OK", headers, &crate::support::entity()));
            assert_eq!(outcome, Outcome::Stored, "case: {case}");
        }
    });
}

#[test]
fn h35_another_protocol_is_a_protocol_fault() {
    both(|speech| {
        for headers in ["", "Connection: upgrade\r\nUpgrade: websocket\r\n"] {
            let answer = format!("HTTP/1.1 101 Switching Protocols\r\n{headers}\r\n");
            assert_eq!(answered(speech, answer), unknown(Protocol), "case: {headers}");
        }
    });
}

/// Answers of this status line.
fn status_line(speech: Speech, line: &str) -> Outcome {
    answered(speech, format!("{line}\r\nContent-Length: 2\r\n\r\n{{}}"))
}

#[test]
fn h36_status_lines_that_are_none() {
    both(|speech| {
        for line in [
            "HTTP/1.1 999 Odd",
            "HTTP/1.1 600 Odd",
            "HTTP/1.1 099 Odd",
            "HTTP/1.1 000 Odd",
            "HTTP/1.1 20 Odd",
            "HTTP/1.1 2000 Odd",
            "HTTP/1.1 -20 Odd",
            "HTTP/1.1 2O0 Odd",
            "HTTP/1.1 OK",
            "HTTP/1.1",
            "HTTP/2.0 200 OK",
            "HTTP/0.9 200 OK",
            "http/1.1 200 OK",
            "HTTP 200 OK",
            "ICY 200 OK",
            "200 OK",
            "POST / HTTP/1.1",
        ] {
            assert_eq!(status_line(speech, line), unknown(Protocol), "case: {line}");
        }
    });
}

#[test]
fn h36_garbage_is_a_protocol_fault() {
    both(|speech| {
        for garbage in [
            &b"\0\0\0\0\r\n\r\n"[..],
            b"<html></html>\r\n\r\n",
            b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n",
            b"SSH-2.0-OpenSSH_9.6\r\n",
            b"220 mail.example ESMTP\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ] {
            let case = garbage.escape_ascii();
            assert_eq!(answered(speech, garbage), unknown(Protocol), "case: {case}");
        }
    });
}

#[test]
fn h36_headers_that_are_none() {
    both(|speech| {
        for headers in [
            "no colon\r\n",
            ": no name\r\n",
            "sp ace: x\r\n",
            "Content-Length : 2\r\n",
            "X: a\0b\r\n",
        ] {
            let outcome = answered(speech, reply("200 OK", headers, &crate::support::entity()));
            assert_eq!(outcome, unknown(Protocol), "case: {headers:?}");
        }
    });
}

/// HTTP/1.0 is an answer, and its connection is not used again.
#[test]
fn h36_http_1_0_is_understood() {
    both(|speech| {
        let answer = stored();
        let answer = [b"HTTP/1.0", &answer[8..]].concat();
        assert_eq!(answered(speech, answer), Outcome::Stored);
    });
}
