//! Connections that are kept for the next request, and when they must not be.

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

fn case(rule: &'static str, name: impl Into<String>) -> Case {
    Case::new(Complete, rule, name)
}

pub(super) fn cases() -> Vec<Case> {
    [kept(), not_kept(), idle(), breaks(), late(), shared()].concat()
}

fn shared() -> Vec<Case> {
    let closing = Step::send(reply("200 OK", "Connection: close\r\n", &entity()));
    let kept: Vec<Step> = (0..40).flat_map(|_| served()).collect();
    let of = |(level, name, script): (_, _, Vec<Step>)| {
        let case = Case::new(level, SHARED, name);
        let case = (0..40).fold(case, |case, _| case.peer(script.clone()));
        case.act(Act::Together(small(), Success))
    };
    let closing = [after_request([closing]), vec![Close]].concat();
    [(Usable, "a request a connection", closing), (Complete, "kept connections", kept)]
        .into_iter()
        .map(of)
        .collect()
}

fn kept() -> Vec<Case> {
    let refusal = reply("400 Bad Request", "", "{}");
    let answers = [
        ("a length", stored(), Success),
        ("chunks", chunked("\r\n"), Success),
        ("a refusal", refusal, Status(400, Effect::NotApplied)),
    ];
    let of = |(name, answer, first): (_, String, _)| {
        case(KEPT, name)
            .peer([after_request([Step::send(answer)]), served()].concat())
            .upload(small(), first)
            .upload(small(), Success)
            .connections(1)
    };
    answers.into_iter().map(of).collect()
}

/// In the last two cases, the bytes behind an answer without a body belong to nothing.
fn not_kept() -> Vec<Case> {
    let late = reply("400 Bad Request", "", "{}");
    let unusable = Other(ErrorKind::Unusable(AnswerProblem::Missing), Effect::Applied);
    let answers = [
        ("Connection: close", reply("200 OK", "Connection: close\r\n", &entity()), Success),
        ("HTTP/1.0", stored().replacen("1.1", "1.0", 1), Success),
        ("204 with a body", reply("204 No Content", "", &late), unusable),
        ("304 with a body", reply("304 Not Modified", "", &late), Status(304, Effect::NotApplied)),
    ];
    let of = |(name, answer, first): (_, String, _)| {
        case(NOT_KEPT, name)
            .peer(after_request([Step::send(answer)]))
            .peer(served())
            .upload(small(), first)
            .upload(small(), Success)
            .connections(2)
    };
    answers.into_iter().map(of).collect()
}

fn idle() -> Vec<Case> {
    let of = |end: Step| {
        let closed = Gate::new();
        case(IDLE, end.name())
            .peer(after_request([Step::send(stored()), end, Open(closed.clone())]))
            .peer(served())
            .upload(small(), Success)
            .act(Act::Pass(closed))
            .upload(small(), Success)
            .connections(2)
    };
    [Close, Cut].into_iter().map(of).collect()
}

fn breaks() -> Vec<Case> {
    let cases: [(_, Upload, Vec<Step>, Expected); 2] = [
        (
            "a reset after the head",
            large(),
            vec![ReadHead, Reset],
            Failure(&[Kind::Send], Effect::NotApplied),
        ),
        (
            "a close after the request",
            small(),
            after_request([Close]),
            Failure(&[Kind::Receive], Effect::Unknown),
        ),
    ];
    let of = |(name, upload, then, expected): (_, _, Vec<Step>, _)| {
        case(BREAK, name)
            .peer([served(), then].concat())
            .upload(small(), Success)
            .upload(upload, expected)
            .connections(1)
    };
    cases.into_iter().map(of).collect()
}

/// A whole answer, half a line, or the end of a chunked answer that was missing.
fn late() -> Vec<Case> {
    let answers = [
        ("an answer", stored(), reply("400 Bad Request", "", "{}")),
        ("half a line", stored(), "\n".to_owned()),
        ("the end of the chunks", chunked(""), "\r\n".to_owned()),
    ];
    let of = |(name, answer, late): (_, String, String)| {
        let (idle, sent) = (Gate::new(), Gate::new());
        let script =
            [Step::send(answer), Await(idle.clone()), Step::send(late), Open(sent.clone())];
        let timeout = Failure(&[Kind::Timeout(Phase::Receive)], Effect::Unknown);
        case(LATE, name)
            .peer(after_request(script))
            .peer(served())
            .upload(small(), OneOf(vec![Success, timeout]))
            .act(Act::Open(idle))
            .act(Act::Pass(sent))
            .upload(small(), Success)
            .connections(2)
            .deadline(SHORT)
    };
    answers.into_iter().map(of).collect()
}
