//! Connections that may, or must not, be kept for another request.

use super::*;

const KEPT: &str = "a connection is kept after an answer that was read whole";
const NOT_KEPT: &str = "a connection is not kept after an answer that ends it";
const IDLE: &str = "a connection that was closed while idle is replaced";
const BREAK: &str =
    "a break on a kept connection counts by what was sent, and nothing is sent again";
const LATE: &str = "late bytes on a kept connection are not the next answer";
const SHARED: &str = "many threads share a transport, and each gets its own answers";

fn chunked(end: &str) -> String {
    let (len, entity) = (entity().len(), entity());
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    format!("{head}{len:x}\r\n{entity}\r\n0\r\n{end}")
}

pub(super) fn add(cases: &mut Vec<Case>) {
    let refusal = reply("400 Bad Request", "", "{}");
    for (answer, first) in [
        (stored(), Success),
        (chunked("\r\n"), Success),
        (refusal.clone(), Status(400, NotApplied)),
    ] {
        let script = [after_request([Step::send(answer)]), served()].concat();
        let case = Case::new(Complete, KEPT).peer(script).connections(1);
        cases.push(case.upload(small(), first).upload(small(), Success));
    }
    let missing = Other(ErrorKind::Unusable(AnswerProblem::Missing), Effect::Applied);
    for (answer, first) in [
        (reply("200 OK", "Connection: close\r\n", &entity()), Success),
        (stored().replacen("1.1", "1.0", 1), Success),
        // Bytes after an answer without a body belong to no answer.
        (reply("204 No Content", "", &refusal), missing),
        (reply("304 Not Modified", "", &refusal), Status(304, Unknown)),
    ] {
        cases.push(twice(NOT_KEPT, after_request([Step::send(answer)]), first));
    }
    breaks(cases);
    late(cases);
    let closing = Step::send(reply("200 OK", "Connection: close\r\n", &entity()));
    let kept: Script = (0..40).flat_map(|_| served()).collect();
    for (level, script) in [(Usable, after_request([closing, Close])), (Complete, kept)] {
        let case = (0..40).fold(Case::new(level, SHARED), |case, _| case.peer(script.clone()));
        cases.push(case.act(Act::Together(small(), Success)));
    }
}

fn breaks(cases: &mut Vec<Case>) {
    for end in [Close, Cut] {
        let closed = Gate::new();
        let case = Case::new(Complete, IDLE)
            .peer(after_request([Step::send(stored()), end, Open(closed.clone())]))
            .peer(served())
            .upload(small(), Success)
            .act(Act::Pass(closed))
            .upload(small(), Success)
            .connections(2);
        cases.push(case);
    }
    let not_sent = Failure(&[Kind::Send, Kind::Receive], NotApplied);
    let sent = Failure(&[Kind::Receive], Unknown);
    for (upload, then, expected) in
        [(large(), vec![ReadHead, Reset], not_sent), (small(), after_request([Close]), sent)]
    {
        let case = Case::new(Complete, BREAK).peer([served(), then].concat()).connections(1);
        cases.push(case.upload(small(), Success).upload(upload, expected));
    }
}

/// A whole answer, half a line, or the end of a chunked answer that was missing.
fn late(cases: &mut Vec<Case>) {
    for (answer, late) in [
        (stored(), reply("400 Bad Request", "", "{}")),
        (stored(), "\n".into()),
        (chunked(""), "\r\n".into()),
    ] {
        let (idle, sent) = (Gate::new(), Gate::new());
        let gates = [Await(idle.clone()), Step::send(late), Open(sent.clone())];
        let timeout = Failure(&[Kind::Timeout(Phase::Receive)], Unknown);
        let case = Case::new(Complete, LATE)
            .peer([after_request([Step::send(answer)]), gates.into()].concat())
            .peer(served())
            .upload(small(), OneOf(vec![Success, timeout]))
            .act(Act::Open(idle))
            .act(Act::Pass(sent))
            .upload(small(), Success)
            .connections(2)
            .deadline(SHORT);
        cases.push(case);
    }
}
