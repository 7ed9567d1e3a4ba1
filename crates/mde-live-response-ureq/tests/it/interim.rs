//! What comes before, or in place of, a final answer: interim answers, other protocols, endless heads, and bytes that are
//! not HTTP.

use crate::support::*;

const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";
const HINTS: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n";
const INTERIM: [&str; 3] = [CONTINUE, "HTTP/1.1 102 Processing\r\n\r\n", HINTS];

fn then_stored(interim: &str) -> Vec<u8> {
    [interim.as_bytes(), &stored()].concat()
}

/// The most that are allowed.
#[test]
fn h34_interim_answers_are_skipped() {
    let all = INTERIM.concat();
    let most = CONTINUE.repeat(32);
    both_each(INTERIM.into_iter().chain([&*all, &*most]), |speech, interim| {
        assert_eq!(answered(speech, then_stored(interim)), STORED);
    });
}

#[test]
fn h34_more_than_32_interim_answers_are_a_protocol_fault() {
    both(|speech| {
        assert_eq!(answered(speech, then_stored(&CONTINUE.repeat(33))), unknown(Kind::Protocol));
    });
}

#[test]
fn h34_an_interim_answer_byte_by_byte_is_skipped() {
    both(|speech| {
        let script = after_request([SendSlowly(then_stored(HINTS))]);
        assert_eq!(exchange(speech, script, &small()).outcome, STORED);
    });
}

/// The body is sent nevertheless, also after half an interim answer, which says nothing yet.
#[test]
fn h34_interim_answers_before_the_body_are_skipped() {
    let whole = INTERIM.map(|interim| (interim, interim.len()));
    let cut = [1, 7, 10, 12, 20].map(|cut| (CONTINUE, cut));
    both_each(whole.into_iter().chain(cut), |speech, (interim, cut)| {
        let (start, end) = interim.split_at(*cut);
        let answer = say(reply("413 Content Too Large", "", ""));
        let script = vec![ReadHead, say(start), ReadBytes(10_000_000), say(end), ReadBody, answer];
        let seen = exchange(speech, script, &large());
        assert_eq!(seen.outcome, too_large());
        assert!(seen.received.ends_with(b"--\r\n"), "the body was not sent");
    });
}

/// In one piece with the interim answers, before the body.
#[test]
fn h34_an_early_answer_behind_an_interim_one_is_heard() {
    let all = INTERIM.concat();
    both_each([all.clone(), all.replace("\r\n", "\n")], |speech, interim| {
        let answer = [interim.as_bytes(), &reply("413 Content Too Large", "", "")].concat();
        let seen = exchange(speech, vec![ReadHead, say(answer), Stall], &large());
        assert_eq!(seen.outcome, too_large());
    });
}

#[test]
fn h34_lines_that_end_in_lf_alone() {
    both_each(["", "HTTP/1.1 100 Continue\r\n\r\n"], |speech, interim| {
        let answer = String::from_utf8(then_stored(interim)).unwrap().replace("\r\n", "\n");
        assert_eq!(answered(speech, answer), STORED);
    });
}

#[test]
fn h34_an_interim_answer_alone_is_no_answer() {
    both_each(INTERIM, |speech, interim| {
        assert_eq!(answered(speech, *interim), unknown(Kind::Receive));
    });
}

#[test]
fn t27_endless_interim_answers_are_a_protocol_fault() {
    let lf = CONTINUE.replace("\r\n", "\n");
    both_each(INTERIM.into_iter().chain([&*lf]), |speech, interim| {
        let script = after_request([SendForever((*interim).into())]);
        assert_eq!(exchange(speech, script, &small()).outcome, unknown(Kind::Protocol));
        let script = vec![ReadHead, SendForever((*interim).into())];
        assert_eq!(exchange(speech, script, &large()).outcome, not_applied(Kind::Protocol));
    });
}

#[test]
fn t27_a_head_has_at_most_64_kib_and_100_lines() {
    let long = |kib: usize| format!("X-Line: {}\r\n", "x".repeat(kib * 1024));
    let lines = |n| "X-Line: x\r\n".repeat(n);
    let cases = [(lines(90), true), (lines(101), false), (long(32), true), (long(64), false)];
    both(|speech| {
        for (headers, fits) in &cases {
            let outcome = answered(speech, reply("200 OK", headers, &entity()));
            assert_eq!(outcome, if *fits { STORED } else { unknown(Kind::Protocol) });
        }
    });
}

#[test]
fn t27_a_head_without_end_is_a_protocol_fault() {
    both_each(["X-Line: x\r\n", "xxxxxxxxxxxxxxxx"], |speech, forever| {
        let start = say("HTTP/1.1 200 OK\r\nX-Line: ");
        let script = after_request([start, SendForever((*forever).into())]);
        assert_eq!(exchange(speech, script, &small()).outcome, unknown(Kind::Protocol));
    });
}

#[test]
fn h35_h36_a_wrong_status_line_is_a_protocol_fault() {
    let lines = [
        "HTTP/1.1 101 Switching Protocols",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket",
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
    ];
    both_each(lines, |speech, line| {
        let answer = format!("{line}\r\nContent-Length: 2\r\n\r\n{{}}");
        assert_eq!(answered(speech, answer), unknown(Kind::Protocol));
    });
}

#[test]
fn h36_garbage_is_a_protocol_fault() {
    let garbage: [&[u8]; 6] = [
        b"\0\0\0\0\r\n\r\n",
        b"<html></html>\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"220 mail.example ESMTP\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    both_each(garbage, |speech, garbage| {
        assert_eq!(answered(speech, *garbage), unknown(Kind::Protocol));
    });
}

#[test]
fn h36_wrong_headers_are_a_protocol_fault() {
    let headers = ["no colon", ": no name", "sp ace: x", "Content-Length : 2", "X: a\0b"];
    both_each(headers, |speech, header| {
        let answer = reply("200 OK", &format!("{header}\r\n"), &entity());
        assert_eq!(answered(speech, answer), unknown(Kind::Protocol));
    });
}
