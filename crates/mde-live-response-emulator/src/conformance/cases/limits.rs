//! Slow and silent peers: the deadline, the silence limit or a cancel ends the exchange.

use mde_live_response_core::transport::Phase::{Connect, Receive, Send as Sending};

use super::*;

const SILENCE: &str = "the deadline and the silence limit end an exchange in which no byte moves";
const NO_SILENCE: &str = "bytes that trickle are no silence";
const DEADLINE: &str = "the deadline ends an exchange although bytes trickle";
const CANCEL: &str = "a cancel ends an exchange in every phase";
const CANCELLED: &str = "a cancelled exchange opens no connection";

pub(super) fn cases() -> Vec<Case> {
    [silence(), trickles(), cancels()].concat()
}

/// Both limits give the same outcome.
fn silence() -> Vec<Case> {
    let sending = || Failure(&[Kind::Timeout(Sending)], Effect::NotApplied);
    let receiving = || Failure(&[Kind::Timeout(Receive)], Effect::Unknown);
    let early = || Failure(&[Kind::Timeout(Sending), Kind::Timeout(Receive)], Effect::NotApplied);
    let mut cases: Vec<(String, Vec<Step>, Upload, Expected)> = vec![
        ("reads nothing".into(), vec![Stall], large(), sending()),
        ("reads the head".into(), vec![ReadHead, Stall], large(), sending()),
        ("reads 1 MB".into(), vec![ReadHead, ReadBytes(1_000_000), Stall], large(), sending()),
        // In the last two of these, the kernel has the whole request, and nobody reads it.
        ("reads all".into(), after_request([Stall]), small(), receiving()),
        ("reads the head".into(), vec![ReadHead, Stall], small(), receiving()),
        ("reads nothing".into(), vec![Stall], small(), receiving()),
    ];
    let answer = stored();
    let head = answer.len() - entity().len();
    for sent in [1, 20, head, answer.len() - 1] {
        let script = after_request([Step::send(&answer[..sent]), Stall]);
        cases.push((format!("sends {sent} bytes"), script, small(), receiving()));
    }
    for start in ["H", "HTTP/1.1 100 Con", "HTTP/1.1 413 Con"] {
        let script = vec![ReadHead, Step::send(start), Stall];
        cases.push((format!("sends {start:?} early"), script, large(), early()));
    }
    let mut all = Vec::new();
    let mut both = |name: String, script: Vec<Step>, upload, expected: Expected, over| {
        let case =
            Case::new(Complete, SILENCE, "").peer(script).upload(upload, expected).over(over);
        let limited = [case.clone().deadline(SHORT), case.silence(SHORT)];
        for (case, limit) in limited.into_iter().zip(["deadline", "silence limit"]) {
            all.push(Case { name: format!("a peer {name}, {limit}"), ..case });
        }
    };
    for (name, script, upload, expected) in cases {
        both(name, script, upload, expected, Carriage::Any);
    }
    let half_a_record = vec![ReadBytes(5), Step::send(b"\x16\x03\x03"), Stall];
    for (name, script) in [("nothing", vec![Stall]), ("half a record", half_a_record)] {
        let connecting = Failure(&[Kind::Timeout(Connect)], Effect::NotApplied);
        let name = format!("says {name} while TLS is set up");
        both(name, script, small(), connecting, Carriage::TlsToPlain);
    }
    all
}

/// Over TLS, the answer of the first case is one record, so that none of its bytes reaches HTTP before the last one.
fn trickles() -> Vec<Case> {
    let case = |rule, name, script: Vec<Step>, upload, expected| {
        Case::new(Complete, rule, name).peer(script).upload(upload, expected)
    };
    let answer = || stored().into_bytes();
    let too_large = || Step::send(reply("413 No", "", ""));
    let refused = Status(413, Effect::NotApplied);
    let sip = |n| vec![ReadHead, Sip(n), too_large()];
    let sending = Failure(&[Kind::Timeout(Sending)], Effect::NotApplied);
    let mut cases = vec![
        case(NO_SILENCE, "one record", after_request([DripOnce(answer())]), small(), Success)
            .silence(SHORT),
        case(NO_SILENCE, "an answer", after_request([Drip(answer())]), small(), Success)
            .silence(SHORT),
        case(NO_SILENCE, "a reader", sip(128 * 1024), large(), refused).silence(SHORT),
        case(NO_SILENCE, "an answer", after_request([SendSlowly(answer())]), small(), Success),
        case(DEADLINE, "a reader", sip(1024), large(), sending).deadline(SHORT),
    ];
    for (start, drip) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", "x"),
        ("HTTP/1.1 200 OK\r\n", "X: x\r\n"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
    ] {
        let script = after_request([Step::send(start), Drip(drip.into())]);
        let expected = Failure(&[Kind::Timeout(Receive)], Effect::Unknown);
        cases.push(case(DEADLINE, drip, script, small(), expected).deadline(SHORT));
    }
    cases
}

fn cancels() -> Vec<Case> {
    let case = |name: String, script: Vec<Step>, upload, effect| {
        let reached = Gate::new();
        let script = [script, vec![Open(reached.clone()), Stall]].concat();
        Case::new(Complete, CANCEL, name)
            .peer(script)
            .act(Act::CancelAt(reached))
            .upload(upload, Failure(&[Kind::Cancelled], effect))
            .connections(1)
    };
    let mut cases = Vec::new();
    for (name, script) in [
        ("before the head is read", vec![]),
        ("after the head", vec![ReadHead]),
        ("within the body", vec![ReadHead, ReadBytes(99_999)]),
    ] {
        cases.push(case(name.into(), script, large(), Effect::NotApplied));
    }
    for sent in [0, 20, stored().len() - 1] {
        let script = after_request([Step::send(&stored()[..sent])]);
        let name = format!("after {sent} bytes of the answer");
        cases.push(case(name, script, small(), Effect::Unknown));
    }
    let handshake = case("while TLS is set up".into(), vec![], small(), Effect::NotApplied);
    cases.push(handshake.over(Carriage::TlsToPlain));
    let open = Gate::new();
    open.open();
    let before = Case::new(Complete, CANCELLED, "a cancel before the call")
        .act(Act::CancelAt(open))
        .upload(small(), Failure(&[Kind::Cancelled], Effect::NotApplied))
        .connections(0);
    cases.push(before);
    cases
}
