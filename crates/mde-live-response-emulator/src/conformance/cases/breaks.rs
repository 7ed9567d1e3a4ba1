//! Connections that break: before, in and after the request, and in the answer.

use mde_live_response_core::transport::Limits;

use super::requests::exchange;
use super::*;

const NOT_SENT: &str = "a request whose end was not sent is not applied";
const SENT: &str = "a request that was sent whole may be applied";
const BY_HEAD: &str = "a request without a body may be applied once its head was sent";
const CUT: &str = "an answer that was cut is no success";
const REFUSED: &str = "a refusal counts although its body is cut";
const RECOVERS: &str = "the request after a break takes a new connection";

pub(super) fn cases() -> Vec<Case> {
    [before_the_end(), after_the_end(), refusals()].concat()
}

fn before_the_end() -> Vec<Case> {
    let broken = || Failure(&[Kind::Send, Kind::Receive], Effect::NotApplied);
    let case = |level, name: &str, script: Vec<Step>, expected| {
        Case::new(level, NOT_SENT, name).peer(script).upload(large(), expected)
    };
    let mut cases = vec![
        case(Usable, "a reset at once", vec![Reset], broken()),
        case(Usable, "a close at once", vec![Close], broken()),
    ];
    for n in [0, 1, 100_000] {
        let name = format!("a reset after {n} bytes of the body");
        cases.push(case(Usable, &name, vec![ReadHead, ReadBytes(n), Reset], broken()));
    }
    let end = vec![ReadHead, HalfClose, Stall];
    let received = Failure(&[Kind::Receive], Effect::NotApplied);
    cases.push(case(Complete, "a half close after the head", end, received));
    // There will be no answer. The outcome follows from what the peer has.
    for (name, upload) in [("small", small()), ("large", large())] {
        let case = Case::new(Complete, SENT, format!("a half close at once, {name} file"))
            .peer([HalfClose, ReadToEnd])
            .upload(upload, FailureByReceived(&[Kind::Receive]));
        cases.push(case);
    }
    cases
}

fn after_the_end() -> Vec<Case> {
    let lost = || Failure(&[Kind::Receive], Effect::Unknown);
    let answer = stored();
    let len = answer.len();
    let mut cases = Vec::new();
    for (sent, rule) in
        [(0, SENT), (1, SENT), (12, SENT), (17, SENT), (len - 40, CUT), (len - 1, CUT)]
    {
        for end in [Close, Reset] {
            let name = format!("{} after {sent} bytes of the answer", end.name());
            let script = after_request([Step::send(&answer[..sent]), end]);
            cases.push(Case::new(Usable, rule, name).peer(script).upload(medium(), lost()));
        }
    }
    for surplus in [1, 1000] {
        let headers = format!("Content-Length: {}\r\n", entity().len() + surplus);
        let answer = format!("HTTP/1.1 200 OK\r\n{headers}\r\n{}", entity());
        let case = Case::new(Usable, CUT, format!("a length of {surplus} bytes more than come"))
            .peer(after_request([Step::send(answer), Close]))
            .upload(small(), lost());
        cases.push(case);
    }
    for script in [vec![ReadHead, Close], vec![ReadHead, Reset]] {
        let case = Case::new(Usable, BY_HEAD, format!("DELETE, then {}", script[1].name()))
            .peer(script)
            .act(Act::Delete(lost()));
        cases.push(case);
    }
    let nobody = exchange("DELETE", "http://127.0.0.1:1/x", &[], "");
    let refused = Failure(&[Kind::Connect], Effect::NotApplied);
    let case = Case::new(Complete, NOT_SENT, "a DELETE to a port on which nobody listens");
    cases.push(case.act(Act::Exchange(nobody, Limits::new(), refused)));
    let case = Case::new(Complete, RECOVERS, "a close after the request")
        .peer(after_request([Close]))
        .peer(served())
        .upload(small(), lost())
        .upload(small(), Success)
        .connections(2)
        .received(Received::Whole);
    cases.push(case);
    cases
}

fn refusals() -> Vec<Case> {
    let case = |(status, effect)| {
        let head = format!("HTTP/1.1 {status} No\r\nContent-Length: 100\r\n\r\nthe start");
        Case::new(Usable, REFUSED, format!("{status}, 9 of 100 bytes"))
            .peer(after_request([Step::send(head), Close]))
            .upload(small(), Status(status, effect))
    };
    let cases = [(302, Effect::NotApplied), (400, Effect::NotApplied), (413, Effect::NotApplied)];
    let mut cases: Vec<Case> =
        cases.into_iter().chain([(503, Effect::Unknown)]).map(case).collect();
    let answer = "HTTP/1.1 400 No\r\nContent-Length: 100\r\n\r\nthe start";
    let request = exchange("GET", "/", &[], "");
    let case = Case::new(Complete, REFUSED, "what arrived is returned")
        .peer(after_request([Step::send(answer), Close]))
        .act(Act::Exchange(request, Limits::new(), Answer(400, "the start")));
    cases.push(case);
    cases
}
