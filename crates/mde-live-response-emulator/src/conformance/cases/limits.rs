//! Slow and silent peers: deadline, silence limit and cancel.

use mde_live_response_core::Upload;
use mde_live_response_core::transport::Phase::{Connect, Receive, Send as Sending};

use super::*;

const SILENCE: &str = "the deadline and the silence limit end an exchange in which no byte moves";
const NO_SILENCE: &str = "bytes that trickle are no silence";
const DEADLINE: &str = "the deadline ends an exchange although bytes trickle";
const CANCEL: &str = "a cancel ends an exchange in every phase";
const CANCELLED: &str = "a cancelled exchange opens no connection";

const SENDING: Expected = Failure(&[Kind::Timeout(Sending)], NotApplied);
const RECEIVING: Expected = Failure(&[Kind::Timeout(Receive)], Unknown);

pub(super) fn add(cases: &mut Vec<Case>) {
    silence(cases);
    trickles(cases);
    cancels(cases);
}

fn silence(cases: &mut Vec<Case>) {
    let mut both = |script: Vec<Step>, upload, expected: Expected, over| {
        let case = Case::new(Complete, SILENCE).peer(script).upload(upload, expected).over(over);
        cases.extend([case.clone().deadline(SHORT), case.silence(SHORT)]);
    };
    // In the last two of these, the kernel has the whole request, and the peer does not read it.
    for (script, upload, expected) in [
        (vec![Stall], large(), SENDING),
        (vec![ReadHead, Stall], large(), SENDING),
        (vec![ReadHead, ReadBytes(1_000_000), Stall], large(), SENDING),
        (after_request([Stall]), small(), RECEIVING),
        (vec![ReadHead, Stall], small(), RECEIVING),
        (vec![Stall], small(), RECEIVING),
    ] {
        both(script, upload, expected, Carriage::Any);
    }
    let answer = stored();
    for sent in [1, 20, answer.len() - entity().len(), answer.len() - 1] {
        let script = after_request([Step::send(&answer[..sent]), Stall]);
        both(script, small(), RECEIVING, Carriage::Any);
    }
    for start in ["H", "HTTP/1.1 100 Con", "HTTP/1.1 413 Con"] {
        let early = Failure(&[Kind::Timeout(Sending), Kind::Timeout(Receive)], NotApplied);
        both(vec![ReadHead, Step::send(start), Stall], large(), early, Carriage::Any);
    }
    let half_a_record = vec![ReadBytes(5), Step::send(b"\x16\x03\x03"), Stall];
    for script in [vec![Stall], half_a_record] {
        let connecting = Failure(&[Kind::Timeout(Connect)], NotApplied);
        both(script, small(), connecting, Carriage::TlsToPlain);
    }
}

fn trickles(cases: &mut Vec<Case>) {
    let case = |rule, script: Vec<Step>, upload: Upload, expected| {
        Case::new(Complete, rule).peer(script).upload(upload, expected)
    };
    // Takes longer than the silence limit.
    let long = format!("X-Line: {}\r\n", "x".repeat(400));
    let answer = || reply("200 OK", &long, &entity()).into_bytes();
    let sip = |n| vec![ReadHead, Sip(n), Step::send(reply("413 No", "", ""))];
    cases.extend([
        // Over TLS, one record, so that none of its bytes reaches HTTP before the last one.
        case(NO_SILENCE, after_request([DripOnce(answer())]), small(), Success).silence(SHORT),
        case(NO_SILENCE, after_request([Drip(answer())]), small(), Success).silence(SHORT),
        case(NO_SILENCE, after_request([SendSlowly(answer())]), small(), Success),
        case(NO_SILENCE, sip(64 * 1024), large(), Status(413, NotApplied)).silence(SHORT),
        case(DEADLINE, sip(1024), large(), SENDING).deadline(SHORT),
    ]);
    for (start, drip) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", "x"),
        ("HTTP/1.1 200 OK\r\n", "X: x\r\n"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
    ] {
        let script = after_request([Step::send(start), Drip(drip.into())]);
        cases.push(case(DEADLINE, script, small(), RECEIVING).deadline(SHORT));
    }
}

fn cancels(cases: &mut Vec<Case>) {
    let case = |script: Vec<Step>, upload, effect| {
        let reached = Gate::new();
        let script = [script, vec![Open(reached.clone()), Stall]].concat();
        let case = Case::new(Complete, CANCEL).peer(script).connections(1);
        case.act(Act::CancelAt(reached)).upload(upload, Failure(&[Kind::Cancelled], effect))
    };
    for script in [vec![], vec![ReadHead], vec![ReadHead, ReadBytes(99_999)]] {
        cases.push(case(script, large(), NotApplied));
    }
    for sent in [0, 20, stored().len() - 1] {
        let script = after_request([Step::send(&stored()[..sent])]);
        cases.push(case(script, small(), Unknown));
    }
    cases.push(case(vec![], small(), NotApplied).over(Carriage::TlsToPlain));
    let open = Gate::new();
    open.open();
    let before = Case::new(Complete, CANCELLED).act(Act::CancelAt(open)).connections(0);
    cases.push(before.upload(small(), Failure(&[Kind::Cancelled], NotApplied)));
}
