//! Requests that are none: each is refused with a 4xx, stores nothing, and the emulator serves on.

use mde_live_response_emulator::Emulator;

use crate::support::{exchange, file, file_form, form, list, post, request, text, upload};

/// An upload with this `Content-Type` line (or none) and body.
fn typed(emulator: &Emulator, content_type: &str, body: &[u8]) -> Vec<u8> {
    let headers = format!("{content_type}Content-Length: {}\r\n", body.len());
    request(emulator, "POST /api/libraryfiles", &headers, body)
}

fn chunked(emulator: &Emulator, body: &[u8]) -> Vec<u8> {
    let headers = "Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n";
    request(emulator, "POST /api/libraryfiles", headers, body)
}

fn part(headers: &str, content: &str) -> Vec<u8> {
    format!("{headers}\r\n\r\n{content}").into_bytes()
}

/// Sends each, and looks at the status and code of what comes back.
#[track_caller]
fn assert_refused(emulator: &Emulator, cases: &[(&str, Vec<u8>, u16, &str)]) {
    for (case, request, status, code) in cases {
        let answer = exchange(emulator, request);
        assert_eq!((answer.status, answer.code().as_str()), (*status, *code), "case: {case}");
        assert!(emulator.library().names().is_empty(), "case: {case}");
        assert_eq!(list(emulator).status, 200, "after case: {case}");
    }
    assert_eq!(upload(emulator, &file_form("a", b"x")).status, 200);
}

fn emulator() -> Emulator {
    Emulator::builder().no_limits().start().unwrap()
}

#[test]
fn a_wrong_content_type_is_refused() {
    let emulator = emulator();
    let good = file_form("a", b"x");
    let types = [
        ("no content type", ""),
        ("empty content type", "Content-Type: \r\n"),
        ("JSON", "Content-Type: application/json\r\n"),
        ("another multipart", "Content-Type: multipart/mixed; boundary=b\r\n"),
        ("no boundary", "Content-Type: multipart/form-data\r\n"),
        ("empty quoted boundary", "Content-Type: multipart/form-data; boundary=\"\"\r\n"),
        ("boundary never closed", "Content-Type: multipart/form-data; boundary=\"b\r\n"),
        ("another boundary", "Content-Type: multipart/form-data; boundary=other\r\n"),
        ("longer boundary", "Content-Type: multipart/form-data; boundary=bb\r\n"),
        ("no ASCII", "Content-Type: multipart/form-data; boundary=\u{e9}\r\n"),
        (
            "two content types",
            "Content-Type: multipart/form-data; boundary=b\r\n\
             Content-Type: multipart/form-data; boundary=b\r\n",
        ),
    ];
    let bare = String::from_utf8(good.clone()).unwrap().replace("--b", "--").into_bytes();
    let empty = "Content-Type: multipart/form-data; boundary=\r\n";
    let bare =
        ("an empty boundary in use", typed(&emulator, empty, &bare), 400, "InvalidRequestBody");
    assert_refused(&emulator, &[bare]);
    emulator.library().restore(Vec::<(_, Vec<u8>)>::new());

    let cases = types.map(|(case, content_type)| {
        (case, typed(&emulator, content_type, &good), 400, "InvalidRequestBody")
    });
    assert_refused(&emulator, &cases);
}

#[test]
fn a_broken_form_is_refused() {
    let emulator = emulator();
    let good = file_form("a", b"x");
    let lines_end_with_lf = String::from_utf8(good.clone()).unwrap().replace("\r\n", "\n");
    let forms: [(&str, Vec<u8>); 14] = [
        ("no body", vec![]),
        ("no form", b"hello".to_vec()),
        ("NULs", vec![0; 1_000]),
        ("a delimiter alone", b"--b".to_vec()),
        ("a delimiter and an end of line", b"--b\r\n".to_vec()),
        ("one dash at the end", good[..good.len() - 3].to_vec()),
        ("no closing delimiter", good[..good.len() - 7].to_vec()),
        ("cut in the content", good[..good.len() - 9].to_vec()),
        ("cut in a part's header", b"--b\r\nContent-Disposition: form-da".to_vec()),
        ("a header without a colon", form(&[part("Content-Disposition", "x")])),
        ("a control character in a header", form(&[part("Content-Disposition: \u{1}", "x")])),
        ("too many headers", form(&[part(&"A: b\r\n".repeat(40), "x")])),
        ("ends of line are LF", lines_end_with_lf.into_bytes()),
        ("no CRLF before a delimiter", b"--b\r\nA: b\r\n\r\nx--b--\r\n".to_vec()),
    ];
    let cases = forms.map(|(case, form)| (case, post(&emulator, &form), 400, "InvalidRequestBody"));
    assert_refused(&emulator, &cases);
}

#[test]
fn a_form_with_the_wrong_parts_is_refused() {
    let emulator = emulator();
    let (body, missing, input) = ("InvalidRequestBody", "MissingRequiredParameter", "InvalidInput");
    let plain = || file("a", b"x");
    let disposition = |it: &str| part(&format!("Content-Disposition: form-data; {it}"), "x");
    let forms: [(&str, Vec<Vec<u8>>, &str); 19] = [
        ("no parts, but for the end", vec![], missing),
        ("no file", vec![text("Description", "x")], missing),
        ("`File`", vec![disposition("name=\"File\"; filename=\"a\"")], missing),
        ("a part without disposition", vec![part("Content-Type: text/plain", "x")], missing),
        ("a part without name", vec![disposition("filename=\"a\"")], missing),
        ("a nameless part beside the file", vec![plain(), disposition("filename=\"b\"")], body),
        ("the file twice", vec![plain(), plain()], body),
        ("a field twice", vec![text("Description", "1"), text("Description", "2"), plain()], body),
        ("an unknown field", vec![text("Descriptions", "x"), plain()], body),
        ("a field in lower case", vec![text("description", "x"), plain()], body),
        (
            "a field that is a file",
            vec![disposition("name=\"Description\"; filename=\"b\""), plain()],
            body,
        ),
        ("an encoded filename", vec![disposition("name=\"file\"; filename*=UTF-8''a")], body),
        ("a filename never closed", vec![disposition("name=\"file\"; filename=\"a")], body),
        ("a flag that is none", vec![text("HasParameters", "yes"), plain()], input),
        ("a flag in capitals", vec![text("OverrideIfExists", "TRUE"), plain()], input),
        ("an empty flag", vec![text("OverrideIfExists", ""), plain()], input),
        ("an empty filename", vec![file("", b"x")], input),
        ("a filename with a path", vec![file("../a", b"x")], input),
        ("a filename with a backslash", vec![file("a\\b", b"x")], input),
    ];
    let cases = forms.map(|(case, parts, code)| (case, post(&emulator, &form(&parts)), 400, code));
    assert_refused(&emulator, &cases);
}

#[test]
fn what_is_no_utf8_where_text_belongs_is_refused() {
    let emulator = emulator();
    let broken = |mut part: Vec<u8>| {
        let at = part.iter().position(|b| *b == b'?').unwrap();
        part[at] = 0xff;
        part
    };
    let in_text = form(&[broken(text("Description", "?")), file("a", b"x")]);
    let cases = [
        ("a filename", form(&[broken(file("a?", b"x"))])),
        ("a text", in_text),
        ("a field's name", form(&[broken(text("?", "x")), file("a", b"x")])),
    ];
    let cases = cases.map(|(case, form)| (case, post(&emulator, &form), 400, "InvalidRequestBody"));
    assert_refused(&emulator, &cases);
}

#[test]
fn a_body_that_ends_early_is_refused() {
    let emulator = emulator();
    let good = file_form("a", b"x");
    let whole = post(&emulator, &good);
    let content_type = "Content-Type: multipart/form-data; boundary=b\r\n";
    let longer = format!("{content_type}Content-Length: {}\r\n", good.len() + 1);
    let cases = [
        ("the head alone", whole[..whole.len() - good.len()].to_vec()),
        ("half of the form", whole[..whole.len() - good.len() / 2].to_vec()),
        ("all but the last byte", whole[..whole.len() - 1].to_vec()),
        ("less than promised", request(&emulator, "POST /api/libraryfiles", &longer, &good)),
    ];
    let cases = cases.map(|(case, request)| (case, request, 400, "InvalidRequestBody"));
    assert_refused(&emulator, &cases);
}

#[test]
fn a_broken_chunk_is_refused() {
    let emulator = emulator();
    let good = file_form("a", b"x");
    let one_chunk = [format!("{:x}\r\n", good.len()).as_bytes(), &good, b"\r\n"].concat();
    let cases = [
        ("a cut chunk", &one_chunk[..one_chunk.len() - 3]),
        ("no last chunk", &one_chunk),
        ("a size that is none", b"zz\r\n--b"),
        ("a size that is huge", b"fffffffffffffffff\r\n"),
        ("a chunk without its end", b"1\r\n--\r\n"),
    ];
    let cases =
        cases.map(|(case, chunks)| (case, chunked(&emulator, chunks), 400, "InvalidRequestBody"));
    assert_refused(&emulator, &cases);
}

/// Here the HTTP server answers, before there is a call: the status is all there is.
#[test]
fn what_is_no_http_is_refused() {
    let emulator = emulator();
    let post = |headers: &str| request(&emulator, "POST /api/libraryfiles", headers, b"x");
    let cases: [(&str, Vec<u8>, u16, &str); 11] = [
        ("no HTTP at all", b"hello\r\n\r\n".to_vec(), 400, ""),
        ("TLS", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n".to_vec(), 400, ""),
        ("an unknown version", b"GET / HTTP/9.9\r\n\r\n".to_vec(), 400, ""),
        ("a target with a space", b"GET /a b HTTP/1.1\r\n\r\n".to_vec(), 400, ""),
        ("a header without a colon", post("Broken\r\n"), 400, ""),
        ("a header with NUL", post("A: \0\r\n"), 400, ""),
        ("a header that never ends", post(&format!("A: {}\r\n", "x".repeat(600_000))), 431, ""),
        ("a thousand headers", post(&"A: b\r\n".repeat(1_000)), 431, ""),
        ("a negative length", post("Content-Length: -1\r\n"), 400, ""),
        ("two lengths", post("Content-Length: 1\r\nContent-Length: 2\r\n"), 400, ""),
        ("a length that is no number", post("Content-Length: one\r\n"), 400, ""),
    ];
    assert_refused(&emulator, &cases);
}
