//! Requests as sent, and answers that must return unchanged.

use mde_live_response_core::Upload;
use mde_live_response_core::error::SourceProblem;
use mde_live_response_core::http::Request;
use mde_live_response_core::library::Sha256Digest;

use super::*;
use crate::conformance::run::TOKEN;

const AS_GIVEN: &str = "a request is sent as given, with only the host added";
const LENGTH: &str = "the length of a request is that of its body";
const ANSWER: &str = "every answer is returned with its status, its headers and its body";
const NO_BODY: &str = "an answer with status 204 or 304 has no body";
const REDIRECT: &str = "no redirect is followed";
const CAP: &str = "an answer's body is read up to the limit";
const SOURCE: &str = "a request whose source fails is never completed";

/// The largest body of an answer, by default.
const MAX: usize = 1024 * 1024;

pub(super) fn add(cases: &mut Vec<Case>) {
    let pattern: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    cases.extend([as_given(b"Get-DnsClientCache\n"), as_given(&pattern)]);
    other_requests(cases);
    answers(cases);
    redirects(cases);
    cap(cases);
    // The file has other bytes than expected, which shows only after its last byte was read.
    let source = |level| {
        let changed = medium().expect_sha256(Sha256Digest::from([0; 32]));
        let expected = Other(ErrorKind::Source(SourceProblem::Changed), NotApplied);
        let case = Case::new(level, SOURCE).peer(after_request([])).upload(changed, expected);
        case.received(Received::Incomplete)
    };
    let next = source(Complete).peer(served()).upload(small(), Success).connections(2);
    cases.extend([source(Usable), next]);
}

fn as_given(content: &[u8]) -> Case {
    let boundary = "2a".repeat(20);
    let start = format!(
        "--{boundary}\r\n\
         Content-Disposition: form-data; name=\"HasParameters\"\r\n\r\n\
         false\r\n\
         --{boundary}\r\n\
         Content-Disposition: form-data; name=\"OverrideIfExists\"\r\n\r\n\
         false\r\n\
         --{boundary}\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"{NAME}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    let end = format!("\r\n--{boundary}--\r\n");
    let body = [start.as_bytes(), content, end.as_bytes()].concat();
    let head = format!(
        "POST /api/libraryfiles\n\
         accept: application/json\n\
         accept-encoding: identity\n\
         user-agent: mde-live-response/{}\n\
         content-type: multipart/form-data; boundary={boundary}\n\
         content-length: {}\n\
         authorization: Bearer {TOKEN}",
        env!("CARGO_PKG_VERSION"),
        body.len()
    );
    let upload = Upload::new(NAME.parse().unwrap(), content.to_vec());
    Case::new(Usable, AS_GIVEN)
        .peer(after_request([Step::send(reply("409 Conflict", "", "")), Close]))
        .upload(upload, Status(409, NotApplied))
        .received(Received::Request(head, body))
}

/// One exchange without a client. `length` is the header.
pub(super) fn exchange(
    line: &str,
    length: Option<&str>,
    body: &str,
    max: u64,
    expected: Expected,
) -> Act {
    let (method, url) = line.split_once(' ').unwrap_or_default();
    let request = Request::builder().method(method).uri(url);
    let request =
        length.into_iter().fold(request, |it, length| it.header("content-length", length));
    Act::Exchange(request.body(body.into()).unwrap(), max, expected)
}

pub(super) fn get(expected: Expected) -> Act {
    exchange("GET /", None, "", MAX as u64, expected)
}

fn other_requests(cases: &mut Vec<Case>) {
    for (level, line, length, body, sent) in [
        (Usable, "GET /api/a%20b?x=%2F", None, "", ""),
        (Usable, "DELETE /x", None, "", ""),
        (Usable, "POST /token", Some("9"), "grant=one", "\ncontent-length: 9"),
        (Complete, "POST /", None, "", "\ncontent-length: 0"),
        (Complete, "POST /", None, "grant=one", "\ncontent-length: 9"),
        (Complete, "POST /", Some("1"), "grant=one", "\ncontent-length: 9"),
        (Complete, "POST /", Some("100"), "grant=one", "\ncontent-length: 9"),
        (Complete, "POST /", Some("x"), "grant=one", "\ncontent-length: 9"),
    ] {
        let case = Case::new(level, LENGTH)
            .peer(after_request([Step::send(reply("200 OK", "", "[]")), Close]))
            .act(exchange(line, length, body, MAX as u64, Answer(200, "[]")))
            .received(Received::Request(format!("{line}{sent}"), body.into()));
        cases.push(case);
    }
}

fn answers(cases: &mut Vec<Case>) {
    let case = |level, rule, answer: String, end: &[Step], expected| {
        let script = [&after_request([Step::send(answer)]), end].concat();
        Case::new(level, rule).peer(script).act(get(expected))
    };
    for status in [200, 201, 400, 401, 404, 407, 429, 500, 503, 599] {
        let headers = "X-Two: one\r\nX-Two: two\r\nX-Empty:\r\n";
        let answer = reply(&format!("{status} Some Reason"), headers, "body");
        let expected = Answer(status, "x-empty: \nx-two: one\nx-two: two\nbody");
        cases.push(case(Usable, ANSWER, answer, &[Close], expected));
    }
    for (status, headers) in
        [(204, ""), (304, ""), (204, "Content-Length: 0\r\n"), (304, "Content-Length: 9\r\n")]
    {
        let answer = format!("HTTP/1.1 {status} Some Reason\r\n{headers}\r\n");
        cases.push(case(Usable, NO_BODY, answer.clone(), &[Close], Answer(status, "")));
        cases.push(case(Complete, NO_BODY, answer, &[], Answer(status, "")));
    }
}

fn redirects(cases: &mut Vec<Case>) {
    let targets = ["/other", "http://127.0.0.1:1/", "//127.0.0.1:1/api", "?"];
    let odd = ["", "other", "::::", "http://", "https://[", "\u{e9}", "a b c", "mailto:a@b"];
    for status in [300, 301, 302, 303, 307, 308] {
        let mut redirect = |level, header: &str| {
            let answer = reply(&format!("{status} Elsewhere"), header, "");
            cases.push(answered(level, REDIRECT, answer, Status(status, Unknown)));
        };
        redirect(Usable, "");
        let all = targets.map(|to| (Usable, to)).into_iter().chain(odd.map(|to| (Complete, to)));
        all.for_each(|(level, to)| redirect(level, &format!("Location: {to}\r\n")));
    }
}

fn cap(cases: &mut Vec<Case>) {
    let padded = |len: usize| entity() + &" ".repeat(len - entity().len());
    let long = padded(MAX + 1);
    let with = |headers: &str| format!("HTTP/1.1 200 OK\r\n{headers}\r\n");
    let too_large = || Failure(&[Kind::AnswerTooLarge], Unknown);
    cases.extend([
        answered(Usable, CAP, reply("200 OK", "", &padded(MAX)), Success),
        answered(Usable, CAP, reply("200 OK", "", &long), too_large()),
        answered(Usable, CAP, with("") + &long, too_large()),
    ]);
    // Also with the largest lengths that can be written: nothing overflows, and the transport does not wait for the
    // rest.
    for start in [
        with("Content-Length: 1048577\r\n"),
        with("Content-Length: 18446744073709551615\r\n"),
        with(""),
        with("Transfer-Encoding: chunked\r\n") + "100001\r\n",
        with("Transfer-Encoding: chunked\r\n") + "7fffffffffffffff\r\n",
    ] {
        for end in [Stall, SendForever(vec![b' '; 16 * 1024])] {
            let script = after_request([Step::send(start.clone() + &long), end]);
            cases.push(Case::new(Complete, CAP).peer(script).upload(small(), too_large()));
        }
    }
    for (max, expected) in [(5, Answer(200, "12345")), (4, too_large()), (0, too_large())] {
        let script = after_request([Step::send(reply("200 OK", "", "12345")), Close]);
        let act = exchange("GET /", None, "", max, expected);
        cases.push(Case::new(Usable, CAP).peer(script).act(act));
    }
}
