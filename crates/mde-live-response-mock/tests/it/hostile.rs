//! The strict decoder on requests that are nearly right: each is refused, with the place of its fault.

use http::{HeaderMap, HeaderValue};
use mde_live_response_mock::Form;

use crate::forms::{TYPE, headers};

const TEXT: &str = "--B\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\n1\r\n";
const END: &str = "--B--\r\n";

/// Asserts that a sound body is refused for one of these headers, which the message names.
#[track_caller]
fn assert_header_refused(fields: &[(&'static str, &str)], named: &str) {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    let body = format!("{TEXT}{END}");
    let error = Form::decode(&headers, body.as_bytes()).unwrap_err();
    assert_eq!(error.at(), None, "case: {fields:?}");
    assert!(error.to_string().starts_with(&format!("header {named}: ")), "{fields:?}: {error}");
}

#[test]
fn content_types_that_are_nearly_right_are_refused() {
    let long = format!("multipart/form-data; boundary={}", "B".repeat(71));
    for value in [
        "",
        "multipart/mixed; boundary=B",
        "Multipart/Form-Data; boundary=B",
        " multipart/form-data; boundary=B",
        "multipart/form-data",
        "multipart/form-data; charset=utf-8; boundary=B",
        "multipart/form-data;boundary=B",
        "multipart/form-data; Boundary=B",
        "multipart/form-datax; boundary=B",
        "multipart/form-data; boundary=",
        &long,
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"",
        "multipart/form-data; boundary=\"B",
        "multipart/form-data; boundary=B\"",
        "multipart/form-data; boundary=B=",
        "multipart/form-data; boundary=\"B C\"",
        "multipart/form-data; boundary=\"B\"; charset=utf-8",
        "multipart/form-data; boundary=B; charset=utf-8",
        "multipart/form-data; boundary=B ",
        "multipart/form-data; boundary=é",
    ] {
        assert_header_refused(&[("content-type", value), ("content-length", "59")], "content-type");
    }
    let twice = [("content-type", TYPE), ("content-type", TYPE), ("content-length", "59")];
    assert_header_refused(&twice, "content-type");
    assert_header_refused(&twice[2..], "content-type");
}

#[test]
fn lengths_that_are_nearly_right_are_refused() {
    let content_type = ("content-type", TYPE);
    for value in ["58", "60", "059", "+59", "-59", "59, 59", "0x3b", "", "99999999999999999999"] {
        assert_header_refused(&[content_type, ("content-length", value)], "content-length");
    }
    let (length, chunked) = (("content-length", "59"), ("transfer-encoding", "chunked"));
    assert_header_refused(&[content_type], "content-length");
    assert_header_refused(&[content_type, length, length], "content-length");
    for codings in [
        &[("transfer-encoding", "gzip")][..],
        &[("transfer-encoding", "chunked, gzip")],
        &[chunked, chunked],
        &[chunked, length],
    ] {
        assert_header_refused(&[&[content_type], codings].concat(), "transfer-encoding");
    }
}

#[track_caller]
fn assert_refused_at(case: &str, body: &[u8], at: usize) {
    let error = Form::decode(&headers(TYPE, body.len()), body).unwrap_err();
    assert_eq!(error.at(), Some(at), "case: {case}: {error}");
}

#[test]
fn framing_that_is_nearly_right_is_refused() {
    let sound = format!("{TEXT}{END}");
    let first = |to: &str| sound.replacen("--B\r\n", to, 1);
    let content = TEXT.trim_end();
    for (case, body, at) in [
        ("empty body", String::new(), 0),
        ("preamble", format!("x\r\n{sound}"), 0),
        ("CRLF before the first delimiter", format!("\r\n{sound}"), 0),
        ("byte order mark", format!("\u{FEFF}{sound}"), 0),
        ("boundary without dashes", first("B\r\n"), 0),
        ("boundary in another letter case", first("--b\r\n"), 0),
        ("delimiter alone", "--B".to_owned(), 3),
        ("delimiter with LF", first("--B\n"), 3),
        ("delimiter with CR", first("--B\r"), 3),
        ("space after the delimiter", first("--B \r\n"), 3),
        ("delimiter that goes on", first("--BB\r\n"), 3),
        ("one dash at the end", format!("{TEXT}--B-\r\n"), 55),
        ("no parts", END.to_owned(), 5),
        ("no closing delimiter", TEXT.to_owned(), 49),
        ("LF at the end", format!("{TEXT}--B--\n"), 57),
        ("CR at the end", format!("{TEXT}--B--\r"), 57),
        ("epilogue", format!("{sound}x"), 57),
        ("CRLF twice", format!("{sound}\r\n"), 57),
        ("a second form", format!("{sound}{sound}"), 57),
        ("content ends with LF", format!("{content}\n{END}"), 51),
        ("content ends with CR", format!("{content}\r{END}"), 51),
        ("delimiter inside a line", format!("{content}--B\r\n{END}"), 50),
        ("delimiter right after the head", TEXT.replace("1\r\n", END), 49),
        ("content that goes on after a delimiter", format!("{TEXT}--Bx\r\n{END}"), 55),
        ("two parts of one name", format!("{TEXT}{TEXT}{END}"), 57),
    ] {
        assert_refused_at(case, body.as_bytes(), at);
    }
}

const NAME: &str = "Content-Disposition: form-data; name=\"t\"";
const FILE: &str = "Content-Disposition: form-data; name=\"t\"; filename=\"f\"";

#[test]
fn heads_of_parts_that_are_nearly_right_are_refused() {
    let name = |to: &str| NAME.replace("\"t\"", to);
    let filename = |to: &str| FILE.replace("\"f\"", to);
    for (head, at) in [
        (String::new(), 5),
        ("Content-Disposition".to_owned(), 5),
        ("Content-Type: a/b".to_owned(), 5),
        (NAME.replace(": ", ":"), 5),
        (NAME.replace(": ", " : "), 5),
        (format!(" {NAME}"), 5),
        (NAME.replace("; ", ";\r\n "), 38),
        (format!("{NAME}\r\n{NAME}"), 47),
        (format!("{FILE}\r\nContent-Type: a/b\r\nContent-Type: a/b"), 80),
        (format!("{NAME}\r\nContent-Transfer-Encoding: binary"), 47),
        (format!("{NAME}\nContent-Type: a/b"), 45),
        (name("\"t\r\""), 44),
        (name("\"t\0\""), 44),
        (name("\"\tt\""), 43),
        (name("\"t\u{7f}\""), 44),
        (format!("{FILE}\r\nContent-Type: "), 61),
        (format!("{FILE}\r\nContent-Type: a/é"), 61),
        (format!("{NAME}\r\nContent-Type: Multipart/Mixed; boundary=c"), 47),
        (NAME.replace("form-data", "attachment"), 5),
        (NAME.replace("form-data", "Form-Data"), 5),
        ("Content-Disposition: form-data".to_owned(), 5),
        (FILE.replace(" name=\"t\";", ""), 5),
        (name("\"\""), 5),
        (name("t"), 5),
        (name("\"t"), 5),
        (name("'t'"), 5),
        (NAME.replace("; ", ";"), 5),
        (format!("{NAME};"), 5),
        (format!("{NAME} "), 5),
        (format!("{NAME}; name=\"u\""), 5),
        (filename("\"\""), 5),
        (filename("\"f\\\"g\""), 5),
        (filename("\"f\"g\""), 5),
        (format!("{FILE}; filename=\"g\""), 5),
        (format!("{FILE}; filename*=\"f\""), 5),
        (format!("{NAME}; FILENAME=\"f\""), 5),
        (format!("{FILE}; size=\"1\""), 5),
    ] {
        assert_refused_at(&head, format!("--B\r\n{head}\r\n\r\n1\r\n{END}").as_bytes(), at);
    }
    let mut binary = format!("--B\r\n{NAME}\r\n\r\n1\r\n{END}").into_bytes();
    binary[43] = 0xff;
    assert_refused_at("not UTF-8", &binary, 43);
    assert_refused_at("a head without an end", b"--B\r\nContent-Disposition: form-data", 5);
}

/// Only the last CRLF may be missing, and no cut makes the decoder panic.
#[test]
fn every_cut_is_refused() {
    let body = format!("{TEXT}{}{END}", TEXT.replace("\"t\"", "\"u\""));
    let decode = |end: usize| {
        let cut = &body.as_bytes()[..end];
        Form::decode(&headers(TYPE, end), cut).map(|form| form.parts().len())
    };
    assert_eq!((decode(body.len()), decode(body.len() - 2)), (Ok(2), Ok(2)));
    for end in (0..body.len() - 2).chain([body.len() - 1]) {
        assert!(decode(end).is_err(), "case: {end} bytes");
    }
}
