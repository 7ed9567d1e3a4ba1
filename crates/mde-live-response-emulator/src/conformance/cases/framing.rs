//! How an answer says where it ends, truly or not.

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

fn with_headers(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{headers}\r\n{body}")
}

fn chunked(body: &str) -> String {
    with_headers("Transfer-Encoding: chunked\r\n", body)
}

/// The entity as one good chunk, without the end of the body.
fn chunk() -> String {
    format!("{:x}\r\n{}\r\n", entity().len(), entity())
}

fn failure(kind: &'static [Kind]) -> Expected {
    Failure(kind, Effect::Unknown)
}

fn unusable(problem: AnswerProblem) -> Expected {
    Other(ErrorKind::Unusable(problem), Effect::Unknown)
}

fn answered(
    rule: &'static str,
    name: impl Into<String>,
    answer: impl Into<Vec<u8>>,
    expected: Expected,
) -> Case {
    Case::new(Complete, rule, name)
        .peer(after_request([Step::send(answer), Close]))
        .upload(small(), expected)
}

pub(super) fn cases() -> Vec<Case> {
    [chunks(), broken_chunks(), ambiguous(), ends(), packed()].concat()
}

/// In the last two cases: trailers, and a missing line end after the last chunk, which says that the body is complete.
fn chunks() -> Vec<Case> {
    let (len, entity) = (entity().len(), entity());
    let (start, end) = entity.split_at(10);
    let extended = |it| format!("{len:x}{it}\r\n{entity}\r\n0{it}\r\n\r\n");
    let bodies = [
        ("two chunks", format!("a\r\n{start}\r\n{:X}\r\n{end}\r\n0\r\n\r\n", end.len())),
        ("zeros before the length", format!("000{}0\r\n\r\n", chunk())),
        ("an extension", extended(";a")),
        ("an extension with a value", extended(";a=b")),
        ("an extension with a quoted value", extended(";a=\"b\"")),
        ("an extension after a space", extended(" ;a=b")),
        ("a trailer", format!("{}0\r\nX-Checksum: 1\r\n\r\n", chunk())),
        ("no line end at the end", format!("{}0\r\n", chunk())),
    ];
    bodies.into_iter().map(|(name, body)| answered(CHUNKS, name, chunked(&body), Success)).collect()
}

fn broken_chunks() -> Vec<Case> {
    let (len, entity) = (entity().len(), entity());
    let cases = [
        (&[Kind::Protocol], format!("x\r\n{entity}\r\n0\r\n\r\n")),
        (&[Kind::Protocol], format!("\r\n{entity}\r\n0\r\n\r\n")),
        (&[Kind::Protocol], format!("-{len:x}\r\n{entity}\r\n0\r\n\r\n")),
        (&[Kind::Protocol], format!("0x{len:x}\r\n{entity}\r\n0\r\n\r\n")),
        (&[Kind::Protocol], format!("1{len:016x}\r\n{entity}\r\n0\r\n\r\n")),
        (&[Kind::Protocol], format!("{len:x}\r\n{entity}0\r\n\r\n")),
        (&[Kind::Protocol], format!("{len:x}\r\n{entity}XX0\r\n\r\n")),
        (&[Kind::Receive], chunk()),
        (&[Kind::Receive], chunk() + "0"),
        (&[Kind::Receive], format!("{len:x}")),
        (&[Kind::Receive], format!("{len:x}\r\n{}", &entity[..10])),
        (&[Kind::Receive], format!("{:x}\r\n{entity}\r\n0\r\n\r\n", len + 100)),
    ];
    let case = |(kind, body): (&'static [Kind; 1], String)| {
        answered(BROKEN, format!("{body:?}"), chunked(&body), failure(kind))
    };
    cases.into_iter().map(case).collect()
}

fn ambiguous() -> Vec<Case> {
    let len = entity().len();
    let body = format!("{}0\r\n\r\n", chunk());
    let whole = body.len();
    let two = Usable;
    let cases = [
        (two, format!("Content-Length: {len}\r\nContent-Length: {}\r\n", len - 1)),
        (two, format!("Content-Length: {whole}\r\nTransfer-Encoding: chunked\r\n")),
        (Complete, format!("Content-Length: {len}\r\nContent-Length: {len}\r\n")),
        (Complete, format!("Content-Length: {len}, {len}\r\n")),
        (Complete, format!("Content-Length: {len}, {}\r\n", len - 1)),
        (Complete, format!("Content-Length: -{len}\r\n")),
        (Complete, format!("Content-Length: +{len}\r\n")),
        (Complete, format!("Content-Length: 0x{len:x}\r\n")),
        (Complete, format!("Content-Length: {len}.0\r\n")),
        (Complete, format!("Content-Length: {len} bytes\r\n")),
        (Complete, "Content-Length: \r\n".to_owned()),
        (Complete, "Content-Length: 18446744073709551616\r\n".to_owned()),
        (Complete, "Content-Length: 99999999999999999999999999\r\n".to_owned()),
        (Complete, "Transfer-Encoding: gzip\r\n".to_owned()),
        (Complete, "Transfer-Encoding: gzip, chunked\r\n".to_owned()),
        (Complete, "Transfer-Encoding: chunked, gzip\r\n".to_owned()),
        (Complete, "Transfer-Encoding: identity\r\n".to_owned()),
        (Complete, "Transfer-Encoding: chunked, chunked\r\n".to_owned()),
        (Complete, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n".to_owned()),
        (Complete, format!("Content-Length: {len}\r\nTransfer-Encoding: gzip\r\n")),
        (Complete, format!("Transfer-Encoding: chunked\r\nContent-Length: {whole}\r\n")),
        (Complete, "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n".to_owned()),
    ];
    let mut all = Vec::new();
    for (level, headers) in cases {
        let body = if headers.contains("chunked") { &body } else { &entity() };
        let answer = with_headers(&headers, body);
        if level == Usable {
            let case = answered(AMBIGUOUS, &headers, answer.as_str(), failure(&[Kind::Protocol]));
            all.push(Case { level, ..case });
        }
        let case = Case::new(Complete, AMBIGUOUS, headers)
            .peer(after_request([Step::send(answer)]))
            .peer(served())
            .upload(small(), failure(&[Kind::Protocol]))
            .upload(small(), Success)
            .connections(2);
        all.push(case);
    }
    all
}

fn ends() -> Vec<Case> {
    let cut = &entity()[..entity().len() - 1];
    let mut cases = vec![
        Case {
            level: Usable,
            ..answered(NO_LENGTH, "no length", with_headers("", &entity()), Success)
        },
        answered(
            NO_LENGTH,
            "one byte less",
            with_headers("", cut),
            unusable(AnswerProblem::NotJson),
        ),
    ];
    for surplus in ["X".to_owned(), "\r\n".to_owned(), stored()] {
        let case = Case::new(Complete, SURPLUS, format!("{surplus:?}"))
            .peer(after_request([Step::send(stored() + &surplus)]))
            .peer(served())
            .upload(small(), Success)
            .upload(small(), Success)
            .connections(2);
        cases.push(case);
    }
    for (name, answer, expected) in [
        ("half of it", with_headers("", &entity()[..20]), failure(&[Kind::Receive])),
        ("all of it", with_headers("", &entity()), failure(&[Kind::Receive])),
        ("with a length", stored(), Success),
    ] {
        let case = Case::new(Complete, CLOSE_NOTIFY, name).over(Carriage::Tls);
        cases.push(case.peer(after_request([Step::send(answer), Cut])).upload(small(), expected));
    }
    for (name, bytes) in
        [("plain text", stored().into_bytes()), ("records", b"\x17\x03\x03\x00\x20".repeat(8))]
    {
        for start in [0, 30] {
            let script = [Step::send(&stored()[..start]), SendBare(bytes.clone())];
            let case = Case::new(Complete, BENEATH, format!("{name} after {start} bytes"))
                .over(Carriage::Tls)
                .peer(after_request(script))
                .upload(small(), failure(&[Kind::Receive]));
            cases.push(case);
        }
    }
    cases
}

fn packed() -> Vec<Case> {
    let packed: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabVJ\xcb\xccI\xf5K\xccMU\xb2RJ\xce\xcf\xc9IM.\xd1M\xc9+\xd6+(6T\xaa\x05\x00Qj\xe4\xa8\x1e\x00\x00\x00";
    let case = |(name, body): (&str, &[u8])| {
        let headers = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", body.len());
        let answer = [with_headers(&headers, "").as_bytes(), body].concat();
        answered(PACKED, name, answer, unusable(AnswerProblem::Encoding))
    };
    let bodies = [("whole", packed), ("cut", &packed[..20]), ("not packed", b"plain")];
    bodies.into_iter().map(case).collect()
}
