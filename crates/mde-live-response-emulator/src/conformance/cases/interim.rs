//! Bytes before or instead of a final answer.
//!
//! Interim answers, other protocols, endless heads, and bytes that are not HTTP.

use super::*;

const SKIPPED: &str = "interim answers (1xx) are skipped";
const BEFORE: &str = "the body is sent although interim answers come before";
const ALONE: &str = "an interim answer alone is no answer";
const ENDLESS: &str = "interim answers or a head without end are a protocol fault";
const USUAL: &str = "a head of usual size is read";
const LINES: &str = "lines may end in LF alone";
const STATUS: &str = "a status line that is not one of HTTP/1 with 200 to 599 is a protocol fault";
const NOT_HTTP: &str = "bytes that are not HTTP are a protocol fault";

const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";
const HINTS: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n";
const INTERIM: [&str; 3] = [CONTINUE, "HTTP/1.1 102 Processing\r\n\r\n", HINTS];

const PROTOCOL: Expected = Failure(&[Kind::Protocol], Unknown);

pub(super) fn add(cases: &mut Vec<Case>) {
    for interim in INTERIM.into_iter().chain([&*INTERIM.concat(), &CONTINUE.repeat(5)]) {
        cases.push(answered(Complete, SKIPPED, interim.to_owned() + &stored(), Success));
    }
    let slowly = after_request([SendSlowly((HINTS.to_owned() + &stored()).into())]);
    cases.push(Case::new(Complete, SKIPPED).peer(slowly).upload(small(), Success));
    for interim in ["", CONTINUE] {
        let answer = (interim.to_owned() + &stored()).replace("\r\n", "\n");
        cases.push(answered(Complete, LINES, answer, Success));
    }
    for interim in INTERIM {
        cases.push(answered(Complete, ALONE, interim, Failure(&[Kind::Receive], Unknown)));
    }
    before_the_body(cases);
    endless(cases);
    not_an_answer(cases);
}

/// Interim answers before the body, also in halves or together with the final answer.
fn before_the_body(cases: &mut Vec<Case>) {
    let answer = reply("413 Content Too Large", "", "");
    let mut add = |rule, script: Vec<Step>, received| {
        let case = Case::new(Complete, rule).peer(script).received(received);
        cases.push(case.upload(large(), Status(413, NotApplied)));
    };
    let whole = INTERIM.map(|interim| (interim, interim.len()));
    for (interim, cut) in whole.into_iter().chain([1, 7, 10, 12, 20].map(|cut| (CONTINUE, cut))) {
        let [start, end] = [&interim[..cut], &interim[cut..]].map(Step::send);
        let answer = Step::send(&*answer);
        let script = vec![ReadHead, start, ReadBytes(10_000_000), end, ReadBody, answer];
        add(BEFORE, script, Received::Whole);
    }
    let all = INTERIM.concat();
    for interim in [all.clone(), all.replace("\r\n", "\n")] {
        add(SKIPPED, vec![ReadHead, Step::send(interim + &answer), Stall], Received::Any);
    }
}

fn endless(cases: &mut Vec<Case>) {
    for interim in INTERIM.into_iter().chain([&*CONTINUE.replace("\r\n", "\n")]) {
        let forever = SendForever(interim.into());
        let late = after_request([forever.clone()]);
        let not_applied = Failure(&[Kind::Protocol], NotApplied);
        cases.extend([
            Case::new(Complete, ENDLESS).peer(late).upload(small(), PROTOCOL),
            Case::new(Complete, ENDLESS).peer([ReadHead, forever]).upload(large(), not_applied),
        ]);
    }
    for forever in ["X-Line: x\r\n", "xxxxxxxxxxxxxxxx"] {
        let start = Step::send("HTTP/1.1 200 OK\r\nX-Line: ");
        let script = after_request([start, SendForever(forever.into())]);
        cases.push(Case::new(Complete, ENDLESS).peer(script).upload(small(), PROTOCOL));
    }
    let long = format!("X-Line: {}\r\n", "x".repeat(32 * 1024));
    for headers in ["X-Line: x\r\n".repeat(90), long] {
        cases.push(answered(Complete, USUAL, reply("200 OK", &headers, &entity()), Success));
    }
}

fn not_an_answer(cases: &mut Vec<Case>) {
    for line in [
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
    ] {
        let answer = format!("{line}\r\nContent-Length: 2\r\n\r\n{{}}");
        cases.push(answered(Complete, STATUS, answer, PROTOCOL));
    }
    for garbage in [
        "\0\0\0\0\r\n\r\n",
        "<html></html>\r\n\r\n",
        "\x15\x03\x01\x00\x02\x02\x46\r\n\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n",
        "220 mail.example ESMTP\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        cases.push(answered(Complete, NOT_HTTP, garbage, PROTOCOL));
    }
    for header in ["no colon", ": no name", "sp ace: x", "Content-Length : 2", "X: a\0b"] {
        let answer = reply("200 OK", &format!("{header}\r\n"), &entity());
        cases.push(answered(Complete, NOT_HTTP, answer, PROTOCOL));
    }
}
