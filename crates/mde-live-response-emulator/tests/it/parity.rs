//! Two parsers before one library: the mock's strict decoder and `multer` here. Where both take a form, both
//! answers are the same to the byte; where one refuses, the row says which and why.

use mde_live_response_core::{Body, Transport, http};
use mde_live_response_emulator::{Emulator, FakeLibrary};

use crate::support::{Answer, exchange, file, form, request, text};

const TYPE: &str = "multipart/form-data; boundary=b";
const TYPED: &str = "\r\nContent-Type: text/plain";

/// How the strict decoder's answer stands to the emulator's.
enum Strict {
    /// The same status, code and entity.
    Same,
    /// 400 with `InvalidRequestBody`, for a reason of its own.
    Refuses(&'static str),
}
use Strict::{Refuses, Same};

struct Row {
    case: &'static str,
    content_type: String,
    body: Vec<u8>,
    /// Status and code by the emulator.
    answer: (u16, &'static str),
    strict: Strict,
}

fn row(
    case: &'static str,
    content_type: &str,
    body: impl Into<Vec<u8>>,
    answer: (u16, &'static str),
    strict: Strict,
) -> Row {
    Row { case, content_type: content_type.to_owned(), body: body.into(), answer, strict }
}

const STORED: (u16, &str) = (200, "");
const BODY: (u16, &str) = (400, "InvalidRequestBody");
const INPUT: (u16, &str) = (400, "InvalidInput");
const MISSING: (u16, &str) = (400, "MissingRequiredParameter");

fn plain() -> Vec<u8> {
    file("a.ps1", b"Get-Date\r\n")
}

fn part(disposition: &str, more: &str) -> Vec<u8> {
    format!("Content-Disposition: form-data; {disposition}{more}\r\n\r\nx").into_bytes()
}

fn texts() -> [Vec<u8>; 4] {
    [
        text("Description", "what it is for"),
        text("ParametersDescription", "-Hours <n>"),
        text("HasParameters", "true"),
        text("OverrideIfExists", "false"),
    ]
}

/// Every field, and the file last.
fn whole() -> Vec<u8> {
    form(&[&texts()[..], &[plain()]].concat())
}

fn taken_by_both() -> Vec<Row> {
    let forms: [(_, &[Vec<u8>]); 10] = [
        ("every field", &[&texts()[..], &[plain()]].concat()),
        ("the file first", &[&[plain()][..], &texts()].concat()),
        ("a file alone", &[plain()]),
        ("an empty file", &[file("a", b"")]),
        ("an empty text", &[text("Description", ""), plain()]),
        ("a file without filename", &[part("name=\"file\"", "")]),
        ("a filename beyond ASCII", &[file("日本 é.ps1", b"x")]),
        ("content of line ends", &[file("a", b"\r\n\r\n\n\r\r\n--\r\n")]),
        ("any bytes", &[file("a", &(0..=255).collect::<Vec<u8>>())]),
        ("a flag as `True`", &[text("HasParameters", "True"), plain()]),
    ];
    forms.map(|(case, parts)| row(case, TYPE, form(parts), STORED, Same)).into()
}

fn refused_by_both() -> Vec<Row> {
    let other_case = part("name=\"File\"; filename=\"a\"", TYPED);
    let encoded = part("name=\"file\"; filename*=UTF-8''a", TYPED);
    let again = || text("Description", "x");
    let forms: [(_, &[Vec<u8>], _); 8] = [
        ("a flag as `1`", &[text("HasParameters", "1"), plain()], INPUT),
        ("a path", &[file("a/b", b"x")], INPUT),
        ("no file", &texts(), MISSING),
        ("`File`", &[other_case], MISSING),
        ("an unknown field", &[text("Size", "1"), plain()], BODY),
        ("the file twice", &[plain(), plain()], BODY),
        ("a text twice", &[again(), again(), plain()], BODY),
        ("`filename*`", &[encoded], BODY),
    ];
    let lf = String::from_utf8(whole()).unwrap().replace("\r\n", "\n");
    let others = [
        row("ends of line are LF", TYPE, lf, BODY, Same),
        row("no closing delimiter", TYPE, &whole()[..whole().len() - 7], BODY, Same),
        row("an empty body", TYPE, "", BODY, Same),
        row("no boundary", "multipart/form-data", whole(), BODY, Same),
        row("no multipart", "application/json", whole(), BODY, Same),
    ];
    let forms = forms.map(|(case, parts, answer)| row(case, TYPE, form(parts), answer, Same));
    forms.into_iter().chain(others).collect()
}

/// What a lenient server takes and our own client never sends. The mock refuses it, so that a client that
/// does send it is found out.
fn framing_that_only_multer_takes() -> Vec<Row> {
    let around = |before: &[u8], after: &[u8]| [before, &whole(), after].concat();
    let padded = String::from_utf8(whole()).unwrap().replacen("--b\r\n", "--b \t\r\n", 1);
    let form_data = "multipart/form-data";
    let rows: [(_, _, Vec<u8>, _); 10] = [
        ("a preamble", TYPE, around(b"hello\r\n", b""), "starts with the delimiter"),
        ("a preamble in the same line", TYPE, around(b"hello", b""), "starts with the delimiter"),
        (
            "more in the last line",
            TYPE,
            [&whole()[..whole().len() - 2], b"bye\r\n"].concat(),
            "ends with the last CRLF",
        ),
        ("an epilogue", TYPE, around(b"", b"bye"), "ends with the last CRLF"),
        ("no CRLF at the end", TYPE, whole()[..whole().len() - 2].into(), "the last CRLF is there"),
        ("blanks after a delimiter", TYPE, padded.into(), "no transport padding"),
        ("a delimiter in a line", TYPE, form(&[file("a", b"x--b--x")]), "content never holds it"),
        ("a quoted boundary", &format!("{form_data}; boundary=\"b\""), whole(), "no quotes"),
        (
            "a charset",
            &format!("{form_data}; charset=utf-8; boundary=b"),
            whole(),
            "boundary alone",
        ),
        ("capitals", "Multipart/Form-Data; boundary=b", whole(), "one spelling"),
    ];
    rows.map(|(case, content_type, body, why)| row(case, content_type, body, STORED, Refuses(why)))
        .into()
}

/// As [`framing_that_only_multer_takes`], inside the parts.
fn parts_that_only_multer_takes() -> Vec<Row> {
    let named = |more| part("name=\"Description\"", more);
    let escaped = part("name=\"file\"; filename=\"a\\\"b\"", TYPED);
    let last = [b"Content-Disposition: form-data; name=\"x\"\r\n", &plain()[..]].concat();
    let lf = part("name=\"file\"; filename=\"a\"", "\nContent-Type: text/plain");
    let rows: [(_, &[Vec<u8>], _, _); 10] = [
        ("two dispositions, the last counts", &[last], STORED, "has one"),
        ("a line of a head that ends with LF", &[lf], STORED, "CRLF alone"),
        ("a file without type", &[part("name=\"file\"; filename=\"a\"", "")], STORED, "has a type"),
        ("a text with a type", &[named(TYPED), plain()], STORED, "has no type"),
        ("another header", &[named("\r\nX: y"), plain()], STORED, "two headers only"),
        ("an unquoted name", &[part("name=file; filename=a", TYPED)], STORED, "quotes"),
        ("an escaped quote", &[escaped], STORED, "no backslash"),
        ("a backslash", &[file("a\\b", b"x")], INPUT, "refused before the name is judged"),
        ("an empty filename", &[file("", b"x")], INPUT, "refused before the name is judged"),
        ("nothing but the end", &[], MISSING, "has parts"),
    ];
    rows.map(|(case, parts, answer, why)| row(case, TYPE, form(parts), answer, Refuses(why))).into()
}

/// A library whose answers depend on nothing but the calls.
fn library() -> FakeLibrary {
    FakeLibrary::builder().token("T").build()
}

fn by_emulator(row: &Row) -> Answer {
    let emulator = Emulator::builder().library(library()).token("T").start().unwrap();
    let headers =
        format!("Content-Type: {}\r\nContent-Length: {}\r\n", row.content_type, row.body.len());
    exchange(&emulator, &request(&emulator, "POST /api/libraryfiles", &headers, &row.body))
}

fn by_mock(row: &Row) -> Answer {
    let request = http::Request::post("https://library.example/api/libraryfiles")
        .header("authorization", "Bearer T")
        .header("content-type", &row.content_type)
        .header("content-length", row.body.len())
        .body(Body::bytes(&row.body))
        .unwrap();
    let (head, body) = library().send(request).unwrap().into_parts();
    Answer { status: head.status.as_u16(), headers: [].into(), body }
}

#[test]
fn the_strict_decoder_and_the_emulator_give_the_same_answers() {
    let rows = [
        taken_by_both(),
        refused_by_both(),
        framing_that_only_multer_takes(),
        parts_that_only_multer_takes(),
    ];
    for row in rows.iter().flatten() {
        let (emulator, mock) = (by_emulator(row), by_mock(row));
        let case = row.case;
        assert_eq!((emulator.status, emulator.code().as_str()), row.answer, "case: {case}");
        let strict = (mock.status, mock.code());
        match row.strict {
            Same => assert_eq!((strict.0, strict.1.as_str()), row.answer, "case: {case}"),
            Refuses(why) => {
                assert_eq!((strict.0, strict.1.as_str()), BODY, "case: {case}: {why}");
                assert_ne!(row.answer, BODY, "case: {case}: no exception at all");
            }
        }
        if matches!(row.strict, Same) && row.answer != BODY {
            assert_eq!(emulator.json(), mock.json(), "case: {case}");
        }
    }
}
