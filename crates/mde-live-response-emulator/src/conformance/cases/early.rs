//! Answers that come before the request was sent whole.

use super::*;

pub(crate) const EARLY: &str = "an answer that comes before the request was sent whole is heard";
pub(crate) const BODY: &str = "a refusal counts although its body stalls, is cut or trickles";
pub(crate) const TOO_EARLY: &str =
    "a success before the request was sent whole is a protocol fault, and may be true";
const STOPS: &str = "sending stops when the answer is there";
const NOT_KEPT: &str = "the connection of a request that was not sent whole is not used again";
pub(super) const HALF: &str = "a part of an answer's head is no answer";
const NOT_HTTP: &str = "bytes that are not HTTP are a protocol fault";

const LOST: &[Kind] = &[Kind::Send, Kind::Receive];
const TIMEOUT: &[Kind] = &[Kind::Timeout(Phase::Send), Kind::Timeout(Phase::Receive)];

fn too_large() -> String {
    reply("413 Content Too Large", "Connection: close\r\n", "too large")
}

/// The upload of a large file, answered after its head.
fn early(rule: &'static str, answer: &str, then: Step, expected: Expected) -> Case {
    let script = [ReadHead, Step::send(answer), then];
    Case::new(Complete, rule).peer(script).upload(large(), expected)
}

/// Each refusal must be heard this many times.
pub(crate) fn heard(times: usize) -> Vec<Case> {
    let refusals = [
        (413, too_large()),
        (401, reply("401 Unauthorized", "WWW-Authenticate: Bearer\r\n", "")),
        (403, reply("403 Forbidden", "", "{}")),
        (429, reply("429 Too Many Requests", "Retry-After: 2\r\n", "")),
    ];
    let case = |(status, answer): (u16, String)| {
        (0..times).fold(Case::new(Complete, EARLY).connections(times), |case, _| {
            let script = [ReadHead, Step::send(answer.as_str()), Close];
            case.peer(script).upload(large(), Status(status, NotApplied))
        })
    };
    refusals.map(case).into()
}

pub(super) fn add(cases: &mut Vec<Case>) {
    let refused = |status| Status(status, NotApplied);
    cases.extend([
        // The end of the answer is the end of the connection.
        early(EARLY, "HTTP/1.1 400 No\r\n\r\nno", HalfClose, refused(400)),
        early(STOPS, &too_large(), ReadToEnd, refused(413)).received(Received::Incomplete),
        early(NOT_KEPT, &too_large(), ReadToEnd, refused(413))
            .peer(served())
            .upload(small(), Success)
            .connections(2),
    ]);
    // It had no effect either: the end of the body was not sent.
    for then in [Close, Stall, HalfClose, ReadToEnd] {
        cases.push(early(EARLY, &reply("503 No", "", "{}"), then, refused(503)));
    }
    let answer = || Step::send(too_large());
    for script in [
        vec![answer(), Close],
        vec![ReadHead, answer(), Stall],
        vec![ReadHead, answer(), HalfClose, Stall],
        vec![ReadHead, ReadBytes(5_000_000), answer(), Stall],
        vec![ReadHead, SendSlowly(too_large().into()), Stall],
    ] {
        cases.push(Case::new(Complete, EARLY).peer(script).upload(large(), refused(413)));
    }
    without_end(cases);
    no_answers(cases);
    successes(cases);
}

/// Refusals with less body than announced. The rest of it could pass for the next answer.
fn without_end(cases: &mut Vec<Case>) {
    for (status, effect) in [(413, NotApplied), (503, Unknown)] {
        for framing in [
            "Content-Length: 100\r\n\r\nthe start",
            "Transfer-Encoding: chunked\r\n\r\n64\r\nthe start",
        ] {
            for end in [Stall, Close, Cut] {
                let answer = format!("HTTP/1.1 {status} No\r\n{framing}");
                cases.push(early(BODY, &answer, end.clone(), Status(status, NotApplied)));
                let script = after_request([Step::send(answer), end]);
                cases.push(twice(BODY, script, Status(status, effect)));
            }
        }
    }
    let endless = Step::send("HTTP/1.1 413 No\r\nContent-Length: 1000000\r\n\r\n");
    let case = Case::new(Complete, BODY).peer(after_request([endless, Drip(b"x".to_vec())]));
    cases.push(case.upload(small(), Status(413, NotApplied)));
}

fn no_answers(cases: &mut Vec<Case>) {
    for sent in [1, 12, 40] {
        let part = &too_large()[..sent];
        let timeout = Failure(TIMEOUT, NotApplied);
        cases.push(early(HALF, part, Close, Failure(LOST, NotApplied)));
        cases.push(early(HALF, part, Stall, timeout).deadline(SHORT));
    }
    for garbage in ["SSH-2.0-OpenSSH_9.6\r\n", "HTTP/2 200\r\n\r\n", "\0\0\0\0\r\n\r\n"] {
        let expected = Failure(&[Kind::Protocol], NotApplied);
        cases.push(early(NOT_HTTP, garbage, HalfClose, expected));
    }
}

/// A success cannot be true before all bytes were sent. Its status counts, whether or not the rest can be read.
fn successes(cases: &mut Vec<Case>) {
    let protocol = || Failure(&[Kind::Protocol], Unknown);
    for then in [Stall, Close, ReadToEnd] {
        cases.push(early(TOO_EARLY, &stored(), then, protocol()));
    }
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "HTTP/1.1 201 Created\r\nno header\r\n\r\n",
        &reply("200 OK", &"X: x\r\n".repeat(200), "{}"),
    ] {
        cases.push(early(TOO_EARLY, answer, Stall, protocol()));
    }
    let part = &stored()[..20];
    cases.push(early(TOO_EARLY, part, Close, Failure(LOST, Unknown)));
    cases.push(early(TOO_EARLY, part, Stall, Failure(TIMEOUT, Unknown)).deadline(SHORT));
}
