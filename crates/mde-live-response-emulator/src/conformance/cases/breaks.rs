//! Connections that break: before, in and after the request, and in the answer.

use super::early::HALF;
use super::requests::{exchange, get};
use super::*;

const NOT_SENT: &str = "a request whose end was not sent is not applied";
const SENT: &str = "a request that was sent whole may be applied";
const BY_HEAD: &str = "a request without a body may be applied once its head was sent";
const CUT: &str = "an answer that was cut is no success";
const REFUSED: &str = "a refusal counts although its body is cut";
const RECOVERS: &str = "the request after a break takes a new connection";

pub(super) fn add(cases: &mut Vec<Case>) {
    before_the_end(cases);
    after_the_end(cases);
    for (status, effect) in [(302, Unknown), (400, NotApplied), (413, NotApplied), (503, Unknown)] {
        let head = format!("HTTP/1.1 {status} No\r\nContent-Length: 100\r\n\r\nthe start");
        cases.push(answered(Usable, REFUSED, head.as_str(), Status(status, effect)));
        let script = after_request([Step::send(head), Close]);
        let what_arrived = get(Answer(status, "the start"));
        cases.push(Case::new(Complete, REFUSED).peer(script).act(what_arrived));
    }
}

fn before_the_end(cases: &mut Vec<Case>) {
    for script in [
        vec![Reset],
        vec![Close],
        vec![ReadHead, Reset],
        vec![ReadHead, ReadBytes(1), Reset],
        vec![ReadHead, ReadBytes(100_000), Reset],
    ] {
        // A reset may come before the client knows that it is connected.
        let broken = Failure(&[Kind::Connect, Kind::Send, Kind::Receive], NotApplied);
        cases.push(Case::new(Usable, NOT_SENT).peer(script).upload(large(), broken));
    }
    let nobody = "DELETE http://127.0.0.1:1/x";
    let refused = exchange(nobody, None, "", 0, Failure(&[Kind::Connect], NotApplied));
    let ended = Failure(&[Kind::Receive], NotApplied);
    cases.extend([
        Case::new(Complete, NOT_SENT).act(refused),
        Case::new(Complete, NOT_SENT).peer([ReadHead, HalfClose, Stall]).upload(large(), ended),
    ]);
    // The peer does not answer. The outcome follows from the bytes that it has.
    for upload in [small(), large()] {
        let expected = FailureByReceived(&[Kind::Receive]);
        let case = Case::new(Complete, SENT).peer([HalfClose, ReadToEnd]);
        cases.push(case.upload(upload, expected));
    }
}

fn after_the_end(cases: &mut Vec<Case>) {
    let lost = || Failure(&[Kind::Receive], Unknown);
    let answer = stored();
    let len = answer.len();
    for (rule, sent) in
        [0, 1, 12, 17].map(|it| (SENT, it)).into_iter().chain([(CUT, len - 40), (CUT, len - 1)])
    {
        for end in [Close, Reset] {
            let script = after_request([Step::send(&answer[..sent]), end]);
            cases.push(Case::new(Usable, rule).peer(script).upload(medium(), lost()));
        }
    }
    for status in ["200 OK", "409 Conflict", "503 Busy"] {
        for rest in ["", "\r\n", "\r\nRetry-After: 1", "\r\nRetry-After: 1\r\n"] {
            let head = format!("HTTP/1.1 {status}{rest}");
            cases.push(answered(Usable, HALF, head.as_str(), lost()));
        }
    }
    for status in ["204 No Content", "404 Not Found"] {
        for rest in ["", "\r\n", "\r\nDate: x\r\n"] {
            let head = format!("HTTP/1.1 {status}{rest}");
            let case = Case::new(Usable, HALF).peer([ReadHead, Step::send(head), Close]);
            cases.push(case.act(Act::Delete(lost())));
        }
    }
    for surplus in [1, 1000] {
        let len = entity().len() + surplus;
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n{}", entity());
        cases.push(answered(Usable, CUT, answer, lost()));
    }
    for end in [Close, Reset] {
        let case = Case::new(Usable, BY_HEAD).peer([ReadHead, end]);
        cases.push(case.act(Act::Delete(lost())));
    }
    let recovers = twice(RECOVERS, after_request([Close]), lost());
    cases.push(recovers.received(Received::Whole));
}
