//! Answers that come before the request was sent whole.

use super::*;

pub(crate) const EARLY: &str = "an answer that comes before the request was sent whole is heard";
const STOPS: &str = "sending stops when the answer is there";
const NOT_KEPT: &str = "the connection of a request that was not sent whole is not used again";
pub(crate) const BODY: &str = "a refusal counts although its body stalls, is cut or trickles";
const HALF: &str = "a part of an answer's head is no answer";
const NOT_HTTP: &str = "bytes that are not HTTP are a protocol fault";
pub(crate) const TOO_EARLY: &str =
    "a success before the request was sent whole is a protocol fault, and may be true";

const LOST: &[Kind] = &[Kind::Send, Kind::Receive];
const TIMEOUT: &[Kind] = &[Kind::Timeout(Phase::Send), Kind::Timeout(Phase::Receive)];

fn too_large() -> String {
    reply("413 Content Too Large", "Connection: close\r\n", "too large")
}

/// The upload of a large file, answered after its head.
fn early(
    rule: &'static str,
    name: impl Into<String>,
    answer: &str,
    then: Step,
    expected: Expected,
) -> Case {
    let name = format!("{}, then {}", name.into(), then.name());
    Case::new(Complete, rule, name)
        .peer([ReadHead, Step::send(answer), then])
        .upload(large(), expected)
}

/// Each refusal is heard so many times.
pub(crate) fn heard(times: usize) -> Vec<Case> {
    let refusals = [
        (413, too_large()),
        (401, reply("401 Unauthorized", "WWW-Authenticate: Bearer\r\n", "")),
        (403, reply("403 Forbidden", "", "{}")),
        (429, reply("429 Too Many Requests", "Retry-After: 2\r\n", "")),
    ];
    let case = |(status, answer): (u16, String)| {
        let name = format!("{status} and a close, {times} times");
        let case = Case::new(Complete, EARLY, name).connections(times);
        (0..times).fold(case, |case, _| {
            let script = [ReadHead, Step::send(answer.as_str()), Close];
            case.peer(script).upload(large(), Status(status, Effect::NotApplied))
        })
    };
    refusals.into_iter().map(case).collect()
}

pub(super) fn cases() -> Vec<Case> {
    [refusals(), without_end(), no_answers(), successes()].concat()
}

fn refusals() -> Vec<Case> {
    let refused = |status| Status(status, Effect::NotApplied);
    let mut cases = vec![
        // The end of the answer is the end of the connection.
        early(EARLY, "400 without a length", "HTTP/1.1 400 No\r\n\r\nno", HalfClose, refused(400)),
        early(STOPS, "413", &too_large(), ReadToEnd, refused(413)).received(Received::Incomplete),
        early(NOT_KEPT, "413", &too_large(), ReadToEnd, refused(413))
            .peer(served())
            .upload(small(), Success)
            .connections(2),
    ];
    // It had no effect either: the end of the body was not sent.
    for then in [Close, Stall, HalfClose, ReadToEnd] {
        cases.push(early(EARLY, "503", &reply("503 No", "", "{}"), then, refused(503)));
    }
    let answer = || Step::send(too_large());
    for (name, script) in [
        ("before the head", vec![answer(), Close]),
        ("after the head", vec![ReadHead, answer(), Stall]),
        ("after the head, half closed", vec![ReadHead, answer(), HalfClose, Stall]),
        ("within the body", vec![ReadHead, ReadBytes(5_000_000), answer(), Stall]),
        ("byte by byte", vec![ReadHead, SendSlowly(too_large().into()), Stall]),
    ] {
        let case = Case::new(Complete, EARLY, format!("413 {name}"));
        cases.push(case.peer(script).upload(large(), refused(413)));
    }
    cases
}

/// Refusals whose head says more than comes.
fn without_end() -> Vec<Case> {
    let mut cases = Vec::new();
    for (status, effect) in [(413, Effect::NotApplied), (503, Effect::Unknown)] {
        for framing in [
            "Content-Length: 100\r\n\r\nthe start",
            "Transfer-Encoding: chunked\r\n\r\n64\r\nthe start",
        ] {
            for end in [Stall, Close, Cut] {
                let answer = format!("HTTP/1.1 {status} No\r\n{framing}");
                let name = format!("early {status}, {framing:?}");
                let refused = Status(status, Effect::NotApplied);
                cases.push(early(BODY, name, &answer, end.clone(), refused));
                // The rest of the body could pass for the next answer.
                let name = format!("{status}, {framing:?}, then {}", end.name());
                let case = Case::new(Complete, BODY, name)
                    .peer(after_request([Step::send(answer), end]))
                    .peer(served())
                    .upload(small(), Status(status, effect))
                    .upload(small(), Success)
                    .connections(2);
                cases.push(case);
            }
        }
    }
    let endless = "HTTP/1.1 413 No\r\nContent-Length: 1000000\r\n\r\n";
    let case = Case::new(Complete, BODY, "413, a byte at a time")
        .peer(after_request([Step::send(endless), Drip(b"x".to_vec())]))
        .upload(small(), Status(413, Effect::NotApplied));
    cases.push(case);
    cases
}

fn no_answers() -> Vec<Case> {
    let lost = || Failure(LOST, Effect::NotApplied);
    let timeout = || Failure(TIMEOUT, Effect::NotApplied);
    let mut cases = Vec::new();
    for sent in [1, 12, 40] {
        let name = format!("{sent} bytes");
        cases.push(early(HALF, &name, &too_large()[..sent], Close, lost()));
        cases.push(early(HALF, name, &too_large()[..sent], Stall, timeout()).deadline(SHORT));
    }
    for garbage in ["SSH-2.0-OpenSSH_9.6\r\n", "HTTP/2 200\r\n\r\n", "\0\0\0\0\r\n\r\n"] {
        let expected = Failure(&[Kind::Protocol], Effect::NotApplied);
        cases.push(early(NOT_HTTP, format!("early {garbage:?}"), garbage, HalfClose, expected));
    }
    cases
}

/// Nobody can have hashed bytes that were not sent. Its status counts, whether or not the rest can be read.
fn successes() -> Vec<Case> {
    let protocol = || Failure(&[Kind::Protocol], Effect::Unknown);
    let mut cases = Vec::new();
    for then in [Stall, Close, ReadToEnd] {
        cases.push(early(TOO_EARLY, "200", &stored(), then, protocol()));
    }
    for (name, answer) in [
        ("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
        ("a line without a colon", "HTTP/1.1 201 Created\r\nno header\r\n\r\n"),
        ("200 lines", &reply("200 OK", &"X: x\r\n".repeat(200), "{}")),
    ] {
        cases.push(early(TOO_EARLY, name, answer, Stall, protocol()));
    }
    let lost = Failure(LOST, Effect::Unknown);
    let timeout = Failure(TIMEOUT, Effect::Unknown);
    cases.push(early(TOO_EARLY, "20 bytes of 200", &stored()[..20], Close, lost));
    let stalled = early(TOO_EARLY, "20 bytes of 200", &stored()[..20], Stall, timeout);
    cases.push(stalled.deadline(SHORT));
    cases
}
