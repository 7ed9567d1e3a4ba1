//! What comes before, or in place of, a final answer: interim answers, other protocols, endless heads, and bytes that are
//! not HTTP.

use super::*;

const SKIPPED: &str = "interim answers (1xx) are skipped";
const BEFORE: &str = "the body is sent although interim answers come before";
const ALONE: &str = "an interim answer alone is no answer";
const ENDLESS: &str = "interim answers or a head without end are a protocol fault";
const LINES: &str = "lines may end in LF alone";
const STATUS: &str = "a status line that is not one of HTTP/1 with 200 to 599 is a protocol fault";
const NOT_HTTP: &str = "bytes that are not HTTP are a protocol fault";

const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";
const HINTS: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n";
const INTERIM: [&str; 3] = [CONTINUE, "HTTP/1.1 102 Processing\r\n\r\n", HINTS];

fn answered(rule: &'static str, name: impl Into<String>, answer: impl Into<Vec<u8>>) -> Case {
    Case::new(Complete, rule, name).peer(after_request([Step::send(answer), Close]))
}

pub(super) fn cases() -> Vec<Case> {
    [skipped(), before_the_body(), endless(), not_an_answer()].concat()
}

fn skipped() -> Vec<Case> {
    let mut cases = Vec::new();
    let all = INTERIM.concat();
    for interim in INTERIM.into_iter().chain([&*all, &CONTINUE.repeat(5)]) {
        let answer = interim.to_owned() + &stored();
        cases.push(answered(SKIPPED, interim, answer).upload(small(), Success));
    }
    let slowly = SendSlowly((HINTS.to_owned() + &stored()).into());
    cases.push(
        Case::new(Complete, SKIPPED, "byte by byte")
            .peer(after_request([slowly]))
            .upload(small(), Success),
    );
    for interim in ["", CONTINUE] {
        let answer = (interim.to_owned() + &stored()).replace("\r\n", "\n");
        cases.push(answered(LINES, format!("after {interim:?}"), answer).upload(small(), Success));
    }
    for interim in INTERIM {
        let lost = Failure(&[Kind::Receive], Effect::Unknown);
        cases.push(answered(ALONE, interim, interim).upload(small(), lost));
    }
    cases
}

/// Also after half an interim answer, which says nothing yet, and in one piece with the final one.
fn before_the_body() -> Vec<Case> {
    let mut cases = Vec::new();
    let answer = reply("413 Content Too Large", "", "");
    let whole = INTERIM.map(|interim| (interim, interim.len()));
    for (interim, cut) in whole.into_iter().chain([1, 7, 10, 12, 20].map(|cut| (CONTINUE, cut))) {
        let (start, end) = interim.split_at(cut);
        let (start, end) = (Step::send(start), Step::send(end));
        let case = Case::new(Complete, BEFORE, format!("{cut} bytes of {interim:?}"))
            .peer([ReadHead, start, ReadBytes(10_000_000), end, ReadBody, Step::send(&*answer)])
            .upload(large(), Status(413, Effect::NotApplied))
            .received(Received::Whole);
        cases.push(case);
    }
    let all = INTERIM.concat();
    for interim in [all.clone(), all.replace("\r\n", "\n")] {
        let case = Case::new(Complete, SKIPPED, format!("413 behind {interim:?}, early"))
            .peer([ReadHead, Step::send(interim + &answer), Stall])
            .upload(large(), Status(413, Effect::NotApplied));
        cases.push(case);
    }
    cases
}

fn endless() -> Vec<Case> {
    let protocol = |effect| Failure(&[Kind::Protocol], effect);
    let mut cases = Vec::new();
    for interim in INTERIM.into_iter().chain([&*CONTINUE.replace("\r\n", "\n")]) {
        let forever = SendForever(interim.into());
        let late = Case::new(Complete, ENDLESS, interim)
            .peer(after_request([forever.clone()]))
            .upload(small(), protocol(Effect::Unknown));
        let early = Case::new(Complete, ENDLESS, format!("{interim}, early"))
            .peer([ReadHead, forever])
            .upload(large(), protocol(Effect::NotApplied));
        cases.extend([late, early]);
    }
    for forever in ["X-Line: x\r\n", "xxxxxxxxxxxxxxxx"] {
        let start = Step::send("HTTP/1.1 200 OK\r\nX-Line: ");
        let case = Case::new(Complete, ENDLESS, forever)
            .peer(after_request([start, SendForever(forever.into())]))
            .upload(small(), protocol(Effect::Unknown));
        cases.push(case);
    }
    let headers = [("90 lines", "X-Line: x\r\n".repeat(90)), ("a line of 32 KiB", long_line(32))];
    for (name, headers) in headers {
        let answer = reply("200 OK", &headers, &entity());
        cases.push(answered("a head of usual size is read", name, answer).upload(small(), Success));
    }
    cases
}

fn long_line(kib: usize) -> String {
    format!("X-Line: {}\r\n", "x".repeat(kib * 1024))
}

fn not_an_answer() -> Vec<Case> {
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
    let status = |line| (STATUS, line, format!("{line}\r\nContent-Length: 2\r\n\r\n{{}}").into());
    let garbage: [&[u8]; 6] = [
        b"\0\0\0\0\r\n\r\n",
        b"<html></html>\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"220 mail.example ESMTP\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    let garbage = garbage.map(|it| (NOT_HTTP, "", it.to_vec()));
    let headers = ["no colon", ": no name", "sp ace: x", "Content-Length : 2", "X: a\0b"];
    let header = |it| (NOT_HTTP, it, reply("200 OK", &format!("{it}\r\n"), &entity()).into());
    let all = lines.map(status).into_iter().chain(garbage).chain(headers.map(header));
    let case = |(rule, name, answer): (&'static str, &str, Vec<u8>)| {
        let name = if name.is_empty() { answer.escape_ascii().to_string() } else { name.into() };
        let protocol = Failure(&[Kind::Protocol], Effect::Unknown);
        answered(rule, name, answer).upload(small(), protocol)
    };
    all.map(case).collect()
}
