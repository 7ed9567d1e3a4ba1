//! Framing of answers: right, missing and contradictory lengths.

use super::*;

const CHUNKS: &str = "a chunked answer is read to its last chunk";
const BROKEN: &str = "a broken chunk is a protocol fault, and a cut one is a lost answer";
const AMBIGUOUS: &str =
    "an answer whose end is ambiguous is a protocol fault, and its connection is not kept";
const SURPLUS: &str = "bytes behind an answer belong to nothing, and its connection is not kept";
const NO_LENGTH: &str = "an answer without a length ends with the connection";
const CLOSE_NOTIFY: &str = "over TLS, only close_notify ends an answer without a length";
const BENEATH: &str = "bytes beneath TLS are no answer";
const PACKED: &str = "an answer is not unpacked";

const PROTOCOL: Expected = Failure(&[Kind::Protocol], Unknown);
const LOST: Expected = Failure(&[Kind::Receive], Unknown);

fn with(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{headers}\r\n{body}")
}

fn unusable(problem: AnswerProblem) -> Expected {
    Other(ErrorKind::Unusable(problem), Unknown)
}

pub(super) fn add(cases: &mut Vec<Case>) {
    chunks(cases);
    ambiguous(cases);
    ends(cases);
    let packed: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabVJ\xcb\xccI\xf5K\xccMU\xb2RJ";
    for body in [packed, b"plain"] {
        let headers = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", body.len());
        let answer = [with(&headers, "").as_bytes(), body].concat();
        cases.push(answered(Complete, PACKED, answer, unusable(AnswerProblem::Encoding)));
    }
}

fn chunks(cases: &mut Vec<Case>) {
    let (len, entity) = (entity().len(), entity());
    let (start, end) = entity.split_at(10);
    let chunk = format!("{len:x}\r\n{entity}\r\n");
    let extended = |it| format!("{len:x}{it}\r\n{entity}\r\n0{it}\r\n\r\n");
    let mut add = |rule, body: String, expected| {
        let answer = with("Transfer-Encoding: chunked\r\n", &body);
        cases.push(answered(Complete, rule, answer, expected));
    };
    for body in [
        format!("a\r\n{start}\r\n{:X}\r\n{end}\r\n0\r\n\r\n", end.len()),
        format!("000{chunk}0\r\n\r\n"),
        extended(";a"),
        extended(";a=b"),
        extended(";a=\"b\""),
        extended(" ;a=b"),
        format!("{chunk}0\r\nX-Checksum: 1\r\n\r\n"),
        // Without its line end, but the last chunk says that the body is complete.
        format!("{chunk}0\r\n"),
    ] {
        add(CHUNKS, body, Success);
    }
    for body in [
        format!("x\r\n{entity}\r\n0\r\n\r\n"),
        format!("\r\n{entity}\r\n0\r\n\r\n"),
        format!("-{len:x}\r\n{entity}\r\n0\r\n\r\n"),
        format!("0x{len:x}\r\n{entity}\r\n0\r\n\r\n"),
        format!("1{len:016x}\r\n{entity}\r\n0\r\n\r\n"),
        format!("{len:x}\r\n{entity}0\r\n\r\n"),
        format!("{len:x}\r\n{entity}XX0\r\n\r\n"),
    ] {
        add(BROKEN, body, PROTOCOL);
    }
    for body in [
        chunk.clone(),
        chunk + "0",
        format!("{len:x}"),
        format!("{len:x}\r\n{start}"),
        format!("{:x}\r\n{entity}\r\n0\r\n\r\n", len + 100),
    ] {
        add(BROKEN, body, LOST);
    }
}

fn ambiguous(cases: &mut Vec<Case>) {
    let len = entity().len();
    let body = format!("{len:x}\r\n{}\r\n0\r\n\r\n", entity());
    let whole = body.len();
    for headers in [
        format!("Content-Length: {len}\r\nContent-Length: {}\r\n", len - 1),
        format!("Content-Length: {whole}\r\nTransfer-Encoding: chunked\r\n"),
        format!("Content-Length: {len}\r\nContent-Length: {len}\r\n"),
        format!("Content-Length: {len}, {len}\r\n"),
        format!("Content-Length: {len}, {}\r\n", len - 1),
        format!("Content-Length: -{len}\r\n"),
        format!("Content-Length: +{len}\r\n"),
        format!("Content-Length: 0x{len:x}\r\n"),
        format!("Content-Length: {len}.0\r\n"),
        format!("Content-Length: {len} bytes\r\n"),
        "Content-Length: \r\n".into(),
        "Content-Length: 18446744073709551616\r\n".into(),
        "Content-Length: 99999999999999999999999999\r\n".into(),
        "Transfer-Encoding: gzip\r\n".into(),
        "Transfer-Encoding: gzip, chunked\r\n".into(),
        "Transfer-Encoding: chunked, gzip\r\n".into(),
        "Transfer-Encoding: identity\r\n".into(),
        "Transfer-Encoding: chunked, chunked\r\n".into(),
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n".into(),
        format!("Content-Length: {len}\r\nTransfer-Encoding: gzip\r\n"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {whole}\r\n"),
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n".into(),
    ] {
        let body = if headers.contains("chunked") { &body } else { &entity() };
        let answer = with(&headers, body);
        // Every transport returns both lines, and the client refuses them. Some HTTP clients keep a transfer coding to
        // themselves.
        if headers.lines().filter(|it| it.starts_with("Content-Length")).count() == 2 {
            cases.push(answered(Usable, AMBIGUOUS, answer.as_str(), PROTOCOL));
        }
        cases.push(twice(AMBIGUOUS, after_request([Step::send(answer)]), PROTOCOL));
    }
}

fn ends(cases: &mut Vec<Case>) {
    let cut = &entity()[..entity().len() - 1];
    let not_json = unusable(AnswerProblem::NotJson);
    cases.extend([
        answered(Usable, NO_LENGTH, with("", &entity()), Success),
        answered(Complete, NO_LENGTH, with("", cut), not_json),
    ]);
    for surplus in ["X", "\r\n", &stored()] {
        let script = after_request([Step::send(stored() + surplus)]);
        cases.push(twice(SURPLUS, script, Success));
    }
    let mut over_tls = |rule, steps: [Step; 2], expected| {
        let case = Case::new(Complete, rule).over(Carriage::Tls);
        cases.push(case.peer(after_request(steps)).upload(small(), expected));
    };
    over_tls(CLOSE_NOTIFY, [Step::send(with("", &entity()[..20])), Cut], LOST);
    over_tls(CLOSE_NOTIFY, [Step::send(with("", &entity())), Cut], LOST);
    over_tls(CLOSE_NOTIFY, [Step::send(stored()), Cut], Success);
    for bare in [stored().into_bytes(), b"\x17\x03\x03\x00\x20".repeat(8)] {
        for start in [0, 30] {
            let steps = [Step::send(&stored()[..start]), SendBare(bare.clone())];
            over_tls(BENEATH, steps, LOST);
        }
    }
}
