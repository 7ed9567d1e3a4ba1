//! The strict decoder on bodies that are nearly right.

use http::{HeaderMap, HeaderValue};
use mde_live_response_mock::{Form, FormError};

use crate::forms::{TYPE, headers};

const TEXT: &str = "--B\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\n1\r\n";
const END: &str = "--B--\r\n";

fn refused(body: &[u8]) -> FormError {
    Form::decode(&headers(TYPE, body.len()), body).unwrap_err()
}

/// A form of one part with this head and content.
fn one_part(head: &str, content: &str) -> Vec<u8> {
    format!("--B\r\n{head}\r\n\r\n{content}\r\n{END}").into_bytes()
}

/// The error for a good body under these headers.
fn header_error(fields: &[(&'static str, &str)]) -> String {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    let body = format!("{TEXT}{END}");
    let error = Form::decode(&headers, body.as_bytes()).unwrap_err();
    assert_eq!(error.at(), None, "case: {fields:?}");
    error.to_string()
}

#[test]
fn content_types_that_are_nearly_right_are_refused() {
    const OTHER: &str = "is not multipart/form-data";
    const NO_BOUNDARY: &str = "is not followed by `; boundary=`";
    const LENGTH: &str = "the boundary does not have 1 to 70 characters";
    const QUOTES: &str = "the boundary needs quotes, has some, or is followed by more";
    let long = format!("multipart/form-data; boundary={}", "B".repeat(71));
    let cases = [
        ("", OTHER),
        ("multipart/mixed; boundary=B", OTHER),
        ("Multipart/Form-Data; boundary=B", OTHER),
        (" multipart/form-data; boundary=B", OTHER),
        ("multipart/form-data", NO_BOUNDARY),
        ("multipart/form-data; charset=utf-8; boundary=B", NO_BOUNDARY),
        ("multipart/form-data;boundary=B", NO_BOUNDARY),
        ("multipart/form-data; Boundary=B", NO_BOUNDARY),
        ("multipart/form-datax; boundary=B", NO_BOUNDARY),
        ("multipart/form-data; boundary=", LENGTH),
        (&long, LENGTH),
        ("multipart/form-data; boundary=\"B\"", QUOTES),
        ("multipart/form-data; boundary=B; charset=utf-8", QUOTES),
        ("multipart/form-data; boundary=B; boundary=C", QUOTES),
        ("multipart/form-data; boundary=B ", QUOTES),
        ("multipart/form-data; boundary=é", "is not visible ASCII"),
    ];
    for (value, expected) in cases {
        let error = header_error(&[("content-type", value), ("content-length", "59")]);
        assert_eq!(error, format!("header content-type: {expected}"), "case: {value}");
    }
    assert_eq!(header_error(&[("content-length", "59")]), "header content-type: missing");
    assert_eq!(
        header_error(&[("content-type", TYPE), ("content-type", TYPE), ("content-length", "59")]),
        "header content-type: comes more than once"
    );
}

#[test]
fn lengths_that_are_nearly_right_are_refused() {
    for value in ["58", "60", "059", "+59", "-59", "59, 59", "0x3b", "", "99999999999999999999"] {
        let error = header_error(&[("content-type", TYPE), ("content-length", value)]);
        let expected = format!("header content-length: says {value}, but the body has 59 bytes");
        assert_eq!(error, expected, "case: {value}");
    }
    assert_eq!(header_error(&[("content-type", TYPE)]), "header content-length: missing");
    assert_eq!(
        header_error(&[("content-type", TYPE), ("content-length", "59"), ("content-length", "59")]),
        "header content-length: comes more than once"
    );
    let chunked = [("content-type", TYPE), ("transfer-encoding", "chunked")];
    assert_eq!(header_error(&chunked), "header transfer-encoding: is there");
}

#[test]
fn framing_that_is_nearly_right_is_refused() {
    const FIRST: &str = "the body does not start with the delimiter";
    const AFTER: &str = "the delimiter is followed by neither CRLF nor `--`";
    const LINE: &str = "the delimiter does not follow a CRLF";
    const OPEN: &str = "no delimiter ends this content";
    const CLOSING: &str = "the closing delimiter does not end with CRLF";
    let cases = [
        ("empty body", String::new(), 0, FIRST),
        ("preamble", format!("x\r\n{TEXT}{END}"), 0, FIRST),
        ("CRLF before the first delimiter", format!("\r\n{TEXT}{END}"), 0, FIRST),
        ("byte order mark", format!("\u{FEFF}{TEXT}{END}"), 0, FIRST),
        ("boundary without dashes", format!("{TEXT}{END}").replacen("--B", "B", 1), 0, FIRST),
        ("boundary in another letter case", "--b\r\n".to_owned(), 0, FIRST),
        ("delimiter alone", "--B".to_owned(), 3, AFTER),
        ("delimiter with LF", format!("{TEXT}{END}").replacen("--B\r\n", "--B\n", 1), 3, AFTER),
        ("delimiter with CR", format!("{TEXT}{END}").replacen("--B\r\n", "--B\r", 1), 3, AFTER),
        ("space after the delimiter", format!("{TEXT}{END}").replacen("--B", "--B ", 1), 3, AFTER),
        ("delimiter that goes on", format!("{TEXT}{END}").replacen("--B", "--BB", 1), 3, AFTER),
        ("one dash at the end", format!("{TEXT}--B-\r\n"), 55, AFTER),
        ("no parts", END.to_owned(), 7, "the form has no parts"),
        ("no closing delimiter", TEXT.to_owned(), 49, OPEN),
        ("cut inside the closing delimiter", format!("{TEXT}--"), 49, OPEN),
        ("cut inside the content", TEXT.trim_end().to_owned(), 49, OPEN),
        ("cut before the closing dashes", format!("{TEXT}--B"), 55, AFTER),
        ("no CRLF at the end", format!("{TEXT}--B--"), 57, CLOSING),
        ("LF at the end", format!("{TEXT}--B--\n"), 57, CLOSING),
        ("epilogue", format!("{TEXT}{END}x"), 59, "the closing delimiter is followed by 1 byte"),
        (
            "CRLF twice",
            format!("{TEXT}{END}\r\n"),
            59,
            "the closing delimiter is followed by 2 bytes",
        ),
        (
            "a second form",
            format!("{TEXT}{END}{TEXT}{END}"),
            59,
            "the closing delimiter is followed by 59 bytes",
        ),
        ("content ends with LF", format!("{}\n{END}", TEXT.trim_end()), 51, LINE),
        ("content ends with CR", format!("{}\r{END}", TEXT.trim_end()), 51, LINE),
        ("delimiter inside a line", format!("{}--B\r\n{END}", TEXT.trim_end()), 50, LINE),
        ("delimiter right after the head", TEXT.replace("1\r\n", END), 49, LINE),
        ("content that goes on after a delimiter", format!("{TEXT}--Bx\r\n{END}"), 55, AFTER),
        ("two parts of one name", format!("{TEXT}{TEXT}{END}"), 57, "part t comes twice"),
    ];
    for (case, body, at, expected) in cases {
        let error = refused(body.as_bytes());
        assert_eq!(error.to_string(), format!("byte {at} of the body: {expected}"), "case: {case}");
        assert_eq!(error.at(), Some(at), "case: {case}");
    }
}

const NAME: &str = "Content-Disposition: form-data; name=\"t\"";
const FILE: &str = "Content-Disposition: form-data; name=\"t\"; filename=\"f\"";

fn assert_refused(cases: &[(&str, String, usize, &str)]) {
    for (case, head, at, expected) in cases {
        let error = refused(&one_part(head, "1"));
        assert_eq!(error.to_string(), format!("byte {at} of the body: {expected}"), "case: {case}");
    }
}

#[test]
fn part_headers_that_are_nearly_right_are_refused() {
    const CONTROL: &str = "a header line holds a control character";
    const COLON: &str = "a part's header has no `: `";
    let name = |and: &str| format!("{NAME}{and}");
    let file = |and: &str| format!("{FILE}{and}");
    assert_refused(&[
        ("none", String::new(), 5, "a part has no Content-Disposition"),
        ("no colon", "Content-Disposition".into(), 5, COLON),
        ("no space", NAME.replace(": ", ":"), 5, COLON),
        ("folded line", NAME.replace("; ", ";\r\n "), 38, COLON),
        (
            "space before colon",
            NAME.replace(": ", " : "),
            5,
            "a part has another header, Content-Disposition ",
        ),
        (
            "space before name",
            format!(" {NAME}"),
            5,
            "a part has another header,  Content-Disposition",
        ),
        ("only a type", "Content-Type: a/b".into(), 5, "a part has no Content-Disposition"),
        (
            "two dispositions",
            name(&format!("\r\n{NAME}")),
            47,
            "header Content-Disposition comes twice in a part",
        ),
        (
            "two types",
            file("\r\nContent-Type: a/b\r\nContent-Type: a/b"),
            80,
            "header Content-Type comes twice in a part",
        ),
        (
            "encoding",
            name("\r\nContent-Transfer-Encoding: binary"),
            47,
            "a part has another header, Content-Transfer-Encoding",
        ),
        ("length", name("\r\nContent-Length: 1"), 47, "a part has another header, Content-Length"),
        ("LF between lines", name("\nContent-Type: a/b"), 45, CONTROL),
        ("CR in a line", NAME.replace("\"t\"", "\"t\r\""), 44, CONTROL),
        ("NUL in the name", NAME.replace("\"t\"", "\"t\0\""), 44, CONTROL),
        ("TAB in the name", NAME.replace("\"t\"", "\"\tt\""), 43, CONTROL),
        ("DEL in the name", NAME.replace("\"t\"", "\"t\u{7f}\""), 44, CONTROL),
        ("file without a type", FILE.into(), 5, "a file has no Content-Type"),
        ("file with an empty type", file("\r\nContent-Type: "), 61, "Content-Type is empty"),
        (
            "file with an odd type",
            file("\r\nContent-Type: a/\u{e9}"),
            61,
            "Content-Type is not ASCII",
        ),
        ("text with a type", name("\r\nContent-Type: text/plain"), 47, "a text has a Content-Type"),
    ]);
}

#[test]
fn dispositions_that_are_nearly_right_are_refused() {
    const FORM_DATA: &str = "Content-Disposition is not form-data";
    const NO_NAME: &str = "Content-Disposition has no name";
    const SHAPE: &str = "is no parameter of the form `; key=\"value\"`";
    let form_data = |other: &str| NAME.replace("form-data", other);
    let name = |other: &str| NAME.replace("\"t\"", other);
    let filename = |other: &str| FILE.replace("\"f\"", other);
    let value = |key: &str| format!("{key} is empty or holds a backslash");
    assert_refused(&[
        ("attachment", form_data("attachment"), 5, FORM_DATA),
        ("upper case", form_data("Form-Data"), 5, FORM_DATA),
        ("empty", "Content-Disposition: ".into(), 5, FORM_DATA),
        ("no name", "Content-Disposition: form-data".into(), 5, NO_NAME),
        ("only a file name", FILE.replace(" name=\"t\";", ""), 5, NO_NAME),
        ("empty name", name("\"\""), 5, &value("name")),
        ("empty file name", filename("\"\""), 5, &value("filename")),
        ("escaped quote", filename("\"f\\\"g\""), 5, &value("filename")),
        ("name without quotes", name("t"), 5, &format!("; name=t {SHAPE}")),
        ("name with one quote", name("\"t"), 5, &format!("; name=\"t {SHAPE}")),
        ("single quotes", name("'t'"), 5, &format!("; name='t' {SHAPE}")),
        ("no space", NAME.replace("; ", ";"), 5, &format!(";name=\"t\" {SHAPE}")),
        ("semicolon at the end", format!("{NAME};"), 5, &format!("; {SHAPE}")),
        ("space at the end", format!("{NAME} "), 5, &format!("  {SHAPE}")),
        ("quote in the file name", filename("\"f\"g\""), 5, &format!("g\" {SHAPE}")),
        ("name twice", format!("{NAME}; name=\"u\""), 5, "name comes twice"),
        ("file name twice", format!("{FILE}; filename=\"g\""), 5, "filename comes twice"),
        (
            "extended name",
            format!("{FILE}; filename*=\"f\""),
            5,
            "Content-Disposition has a filename*",
        ),
        (
            "upper-case key",
            format!("{NAME}; FILENAME=\"f\""),
            5,
            "Content-Disposition has a FILENAME",
        ),
        ("size", format!("{FILE}; size=\"1\""), 5, "Content-Disposition has a size"),
    ]);
}

#[test]
fn a_head_that_is_not_text_is_refused() {
    let mut body = one_part("Content-Disposition: form-data; name=\"tt\"", "1");
    body[43] = 0xff;
    let error = refused(&body);
    assert_eq!(error.to_string(), "byte 43 of the body: a header line is not UTF-8");
    let error = refused(b"--B\r\nContent-Disposition: form-data");
    assert_eq!(error.to_string(), "byte 5 of the body: a header line does not end with CRLF");
}

/// No prefix of a good form is a form, and none makes the decoder panic.
#[test]
fn every_cut_is_refused() {
    let body = format!("{TEXT}{}{END}", TEXT.replace("\"t\"", "\"u\""));
    assert!(Form::decode(&headers(TYPE, body.len()), body.as_bytes()).is_ok());
    for end in 0..body.len() {
        let cut = &body.as_bytes()[..end];
        assert!(Form::decode(&headers(TYPE, end), cut).is_err(), "case: {end} bytes");
    }
}
