//! What goes over the wire, and what comes back from it unchanged.

use mde_live_response_core::error::SourceProblem;
use mde_live_response_core::http::Request;
use mde_live_response_core::library::Sha256Digest;
use mde_live_response_core::transport::Limits;

use super::*;
use crate::conformance::run::TOKEN;

const AS_GIVEN: &str = "a request is sent as given, with only the host added";
const LENGTH: &str = "the length of a request is that of its body";
const ANSWER: &str = "every answer is returned with its status, its headers and its body";
const NO_BODY: &str = "an answer with status 204 or 304 has no body";
const REDIRECT: &str = "no redirect is followed";
const CAP: &str = "an answer's body is read up to the limit";
const SOURCE: &str = "a request whose source fails is never completed";

/// The largest body of an answer, by [`Limits::DEFAULT_MAX_ANSWER`].
const MAX: usize = 1024 * 1024;

pub(super) fn cases() -> Vec<Case> {
    let groups = [as_given(), other_requests(), answers(), redirects(), cap(), sources()];
    groups.into_iter().flatten().collect()
}

fn as_given() -> Vec<Case> {
    let pattern: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    let uploads = [("a script", &b"Get-DnsClientCache\n"[..]), ("1.2 MB of all bytes", &pattern)];
    let case = |(name, content): (&str, &[u8])| {
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
        let body = [start.as_bytes(), content, b"\r\n--2a", &boundary.as_bytes()[2..]].concat();
        let body = [&body[..], b"--\r\n"].concat();
        let headers = vec![
            "accept: application/json".to_owned(),
            "accept-encoding: identity".to_owned(),
            format!("user-agent: mde-live-response/{}", env!("CARGO_PKG_VERSION")),
            format!("content-type: multipart/form-data; boundary={boundary}"),
            format!("content-length: {}", body.len()),
            format!("authorization: Bearer {TOKEN}"),
        ];
        let upload = Upload::new(NAME.parse().unwrap(), content.to_vec());
        Case::new(Usable, AS_GIVEN, name)
            .peer(after_request([Step::send(reply("409 Conflict", "", "")), Close]))
            .upload(upload, Status(409, Effect::NotApplied))
            .received(Received::Request { line: "POST /api/libraryfiles", headers, body })
    };
    uploads.into_iter().map(case).collect()
}

pub(super) fn exchange(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Box<Request<Vec<u8>>> {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |it, (name, value)| it.header(*name, *value));
    Box::new(request.body(body.into()).unwrap())
}

fn other_requests() -> Vec<Case> {
    let nine = &["content-length: 9"][..];
    let of = |length| vec![("content-length", length)];
    let cases = [
        (Usable, "GET /api/a%20b?x=%2F", vec![], "", &[][..]),
        (Usable, "DELETE /x", vec![], "", &[]),
        (Usable, "POST /token", of("9"), "grant=one", nine),
        (Complete, "POST /empty", vec![], "", &["content-length: 0"]),
        (Complete, "POST /without", vec![], "grant=one", nine),
        (Complete, "POST /less", of("1"), "grant=one", nine),
        (Complete, "POST /more", of("100"), "grant=one", nine),
        (Complete, "POST /other", of("x"), "grant=one", nine),
    ];
    let case = |(level, line, headers, body, sent): (_, &'static str, Vec<_>, &str, &[&str])| {
        let (method, path) = line.split_once(' ').unwrap_or_default();
        let request = exchange(method, path, &headers, body);
        let headers = sent.iter().map(|it| (*it).to_owned()).collect();
        Case::new(level, LENGTH, line)
            .peer(after_request([Step::send(reply("200 OK", "", "[]")), Close]))
            .act(Act::Exchange(request, Limits::new(), Answer(200, "[]")))
            .received(Received::Request { line, headers, body: body.into() })
    };
    cases.into_iter().map(case).collect()
}

fn answers() -> Vec<Case> {
    let get = |answer: &str, end: Vec<Step>, expected| {
        let script = [after_request([Step::send(answer)]), end].concat();
        let act = Act::Exchange(exchange("GET", "/", &[], ""), Limits::new(), expected);
        Case::new(Usable, ANSWER, "").peer(script).act(act)
    };
    let mut cases = Vec::new();
    for status in [200, 201, 400, 401, 404, 407, 429, 500, 503, 599] {
        let headers = "X-Two: one\r\nX-Two: two\r\nX-Empty:\r\n";
        let answer = reply(&format!("{status} Some Reason"), headers, "body");
        let expected = Answer(status, "x-empty: \nx-two: one\nx-two: two\nbody");
        cases.push(Case { name: status.to_string(), ..get(&answer, vec![Close], expected) });
    }
    for (status, headers) in
        [(204, ""), (304, ""), (204, "Content-Length: 0\r\n"), (304, "Content-Length: 9\r\n")]
    {
        let answer = format!("HTTP/1.1 {status} Some Reason\r\n{headers}\r\n");
        for (level, end) in [(Usable, vec![Close]), (Complete, vec![])] {
            let name = format!("{status} {headers:?}, then {end:?}");
            let case = get(&answer, end, Answer(status, ""));
            cases.push(Case { level, rule: NO_BODY, name, ..case });
        }
    }
    cases
}

fn redirects() -> Vec<Case> {
    let targets =
        [None, Some("/other"), Some("http://127.0.0.1:1/"), Some("//127.0.0.1:1/api"), Some("?")];
    let odd = ["", "other", "::::", "http://", "https://[", "\u{e9}", "a b c", "mailto:a@b"];
    let mut cases = Vec::new();
    for status in [300, 301, 302, 303, 307, 308] {
        let usable = targets.into_iter().map(|it| (Usable, it));
        for (level, target) in usable.chain(odd.map(|it| (Complete, Some(it)))) {
            let header = target.map(|to| format!("Location: {to}\r\n")).unwrap_or_default();
            let answer = reply(&format!("{status} Elsewhere"), &header, "");
            let case = Case::new(level, REDIRECT, format!("{status} to {target:?}"))
                .peer(after_request([Step::send(answer), Close]))
                .upload(small(), Status(status, Effect::NotApplied));
            cases.push(case);
        }
    }
    cases
}

fn cap() -> Vec<Case> {
    let padded = |len: usize| entity() + &" ".repeat(len - entity().len());
    let long = padded(MAX + 1);
    let head = |headers: &str| format!("HTTP/1.1 200 OK\r\n{headers}\r\n");
    let too_large = || Failure(&[Kind::AnswerTooLarge], Effect::Unknown);
    let case = |level, name: &str, answer: String, end: Step, expected| {
        Case::new(level, CAP, format!("{name}, then {}", end.name()))
            .peer(after_request([Step::send(answer), end]))
            .upload(small(), expected)
    };
    let mut cases = vec![
        case(Usable, "1 MiB", reply("200 OK", "", &padded(MAX)), Close, Success),
        case(Usable, "one byte more", reply("200 OK", "", &long), Close, too_large()),
        case(Usable, "one byte more, no length", head("") + &long, Close, too_large()),
    ];
    // Also with the largest lengths that can be written: nothing overflows, and the rest is not waited for.
    let chunked = |len: &str| head("Transfer-Encoding: chunked\r\n") + len + "\r\n" + &long;
    for (name, answer) in [
        ("a length", head("Content-Length: 1048577\r\n") + &long),
        ("the largest length", head("Content-Length: 18446744073709551615\r\n") + &long),
        ("no length", head("") + &long),
        ("a chunk", chunked("100001")),
        ("the largest chunk", chunked("7fffffffffffffff")),
    ] {
        for end in [Stall, SendForever(vec![b' '; 16 * 1024])] {
            cases.push(case(Complete, name, answer.clone(), end, too_large()));
        }
    }
    for (max, expected) in [
        (5, Answer(200, "12345")),
        (4, Failure(&[Kind::AnswerTooLarge], Effect::Unknown)),
        (0, Failure(&[Kind::AnswerTooLarge], Effect::Unknown)),
    ] {
        let limits = Limits::new().with_max_answer(max);
        let act = Act::Exchange(exchange("GET", "/", &[], ""), limits, expected);
        let case = Case::new(Usable, CAP, format!("5 bytes, limit {max}"))
            .peer(after_request([Step::send(reply("200 OK", "", "12345")), Close]))
            .act(act);
        cases.push(case);
    }
    cases
}

/// The file has other bytes than expected, which shows only after its last byte was read.
fn sources() -> Vec<Case> {
    let changed = || Other(ErrorKind::Source(SourceProblem::Changed), Effect::NotApplied);
    let upload = || medium().expect_sha256(Sha256Digest::from([0; 32]));
    let case = |level, name| {
        Case::new(level, SOURCE, name)
            .peer(after_request([]))
            .upload(upload(), changed())
            .received(Received::Incomplete)
    };
    vec![
        case(Usable, "the file changed"),
        case(Complete, "the connection is not used again")
            .peer(served())
            .upload(small(), Success)
            .connections(2),
    ]
}
