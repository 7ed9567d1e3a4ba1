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

#[test]
fn headers_that_are_nearly_right_are_refused() {
    let body = format!("{TEXT}{END}");
    let length = body.len().to_string();
    let not_all = format!("0{length}");
    let signed = format!("+{length}");
    let cases: [(&str, &[(&'static str, &str)], &str); 21] = [
        ("no type", &[("content-length", &length)], "content-type: missing"),
        (
            "two types",
            &[("content-type", TYPE), ("content-type", TYPE)],
            "content-type: comes more than once",
        ),
        ("empty type", &[("content-type", "")], "content-type: is not multipart/form-data"),
        (
            "other type",
            &[("content-type", "multipart/mixed; boundary=B")],
            "content-type: is not multipart/form-data",
        ),
        (
            "upper-case type",
            &[("content-type", "Multipart/Form-Data; boundary=B")],
            "content-type: is not multipart/form-data",
        ),
        (
            "no boundary",
            &[("content-type", "multipart/form-data")],
            "content-type: is not followed by `; boundary=`",
        ),
        (
            "charset first",
            &[("content-type", "multipart/form-data; charset=utf-8; boundary=B")],
            "content-type: is not followed by `; boundary=`",
        ),
        (
            "no space",
            &[("content-type", "multipart/form-data;boundary=B")],
            "content-type: is not followed by `; boundary=`",
        ),
        (
            "longer type",
            &[("content-type", "multipart/form-datax; boundary=B")],
            "content-type: is not followed by `; boundary=`",
        ),
        (
            "empty boundary",
            &[("content-type", "multipart/form-data; boundary=")],
            "content-type: the boundary does not have 1 to 70 characters",
        ),
        (
            "boundary of 71",
            &[(
                "content-type",
                "multipart/form-data; boundary=\
                 BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
            )],
            "content-type: the boundary does not have 1 to 70 characters",
        ),
        (
            "quoted boundary",
            &[("content-type", "multipart/form-data; boundary=\"B\"")],
            "content-type: the boundary needs quotes, has some, or is followed by more",
        ),
        (
            "charset last",
            &[("content-type", "multipart/form-data; boundary=B; charset=utf-8")],
            "content-type: the boundary needs quotes, has some, or is followed by more",
        ),
        (
            "two boundaries",
            &[("content-type", "multipart/form-data; boundary=B; boundary=C")],
            "content-type: the boundary needs quotes, has some, or is followed by more",
        ),
        (
            "type not ASCII",
            &[("content-type", "multipart/form-data; boundary=é")],
            "content-type: is not visible ASCII",
        ),
        ("no length", &[("content-type", TYPE)], "content-length: missing"),
        (
            "two lengths",
            &[("content-type", TYPE), ("content-length", &length), ("content-length", &length)],
            "content-length: comes more than once",
        ),
        (
            "length with a zero before it",
            &[("content-type", TYPE), ("content-length", &not_all)],
            "content-length: says 059, but the body has 59 bytes",
        ),
        (
            "length with a sign",
            &[("content-type", TYPE), ("content-length", &signed)],
            "content-length: says +59, but the body has 59 bytes",
        ),
        (
            "length too short",
            &[("content-type", TYPE), ("content-length", "58")],
            "content-length: says 58, but the body has 59 bytes",
        ),
        (
            "chunked",
            &[
                ("content-type", TYPE),
                ("content-length", &length),
                ("transfer-encoding", "chunked"),
            ],
            "transfer-encoding: is there",
        ),
    ];
    for (case, fields, expected) in cases {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let error = Form::decode(&headers, body.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), format!("header {expected}"), "case: {case}");
        assert_eq!(error.at(), None, "case: {case}");
    }
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

#[test]
fn part_headers_that_are_nearly_right_are_refused() {
    const NAME: &str = "Content-Disposition: form-data; name=\"t\"";
    const FILE: &str = "Content-Disposition: form-data; name=\"t\"; filename=\"f\"";
    const CONTROL: &str = "a header line holds a control character";
    let cases: [(&str, String, usize, &str); 34] = [
        ("no headers", String::new(), 5, "a part has no Content-Disposition"),
        ("no colon", "Content-Disposition".into(), 5, "a part's header has no `: `"),
        ("no space", NAME.replace(": ", ":"), 5, "a part's header has no `: `"),
        (
            "space before the colon",
            NAME.replace(": ", " : "),
            5,
            "a part has another header, Content-Disposition ",
        ),
        ("only a type", "Content-Type: a/b".into(), 5, "a part has no Content-Disposition"),
        (
            "two dispositions",
            format!("{NAME}\r\n{NAME}"),
            47,
            "header Content-Disposition comes twice in a part",
        ),
        (
            "two types",
            format!("{FILE}\r\nContent-Type: a/b\r\nContent-Type: a/b"),
            80,
            "header Content-Type comes twice in a part",
        ),
        (
            "transfer encoding",
            format!("{NAME}\r\nContent-Transfer-Encoding: binary"),
            47,
            "a part has another header, Content-Transfer-Encoding",
        ),
        (
            "length",
            format!("{NAME}\r\nContent-Length: 1"),
            47,
            "a part has another header, Content-Length",
        ),
        ("folded line", NAME.replace("; ", ";\r\n "), 5, "Content-Disposition is not form-data"),
        ("LF between lines", format!("{NAME}\nContent-Type: a/b"), 45, CONTROL),
        ("CR inside a line", NAME.replace("\"t\"", "\"t\r\""), 43, CONTROL),
        ("NUL in the name", NAME.replace("\"t\"", "\"t\0\""), 43, CONTROL),
        ("TAB in the name", NAME.replace("\"t\"", "\"\tt\""), 42, CONTROL),
        ("DEL in the name", NAME.replace("\"t\"", "\"t\u{7f}\""), 43, CONTROL),
        (
            "attachment",
            NAME.replace("form-data", "attachment"),
            5,
            "Content-Disposition is not form-data",
        ),
        (
            "upper case",
            NAME.replace("form-data", "Form-Data"),
            5,
            "Content-Disposition is not form-data",
        ),
        ("no name", "Content-Disposition: form-data".into(), 5, "Content-Disposition has no name"),
        (
            "only a file name",
            FILE.replace(" name=\"t\";", ""),
            5,
            "Content-Disposition has no name",
        ),
        ("empty name", NAME.replace("\"t\"", "\"\""), 5, "name is empty or holds a backslash"),
        (
            "empty file name",
            FILE.replace("\"f\"", "\"\""),
            5,
            "filename is empty or holds a backslash",
        ),
        (
            "name without quotes",
            NAME.replace("\"t\"", "t"),
            5,
            "; name=t is no parameter of the form `; key=\"value\"`",
        ),
        (
            "name with one quote",
            NAME.replace("\"t\"", "\"t"),
            5,
            "; name=\"t is no parameter of the form `; key=\"value\"`",
        ),
        (
            "name in single quotes",
            NAME.replace('"', "'"),
            5,
            "; name='t' is no parameter of the form `; key=\"value\"`",
        ),
        (
            "no space after the semicolon",
            NAME.replace("; ", ";"),
            5,
            ";name=\"t\" is no parameter of the form `; key=\"value\"`",
        ),
        (
            "semicolon at the end",
            format!("{NAME};"),
            5,
            "; is no parameter of the form `; key=\"value\"`",
        ),
        (
            "quote in the file name",
            FILE.replace("\"f\"", "\"f\"g\""),
            5,
            "g\" is no parameter of the form `; key=\"value\"`",
        ),
        (
            "escaped quote",
            FILE.replace("\"f\"", "\"f\\\"g\""),
            5,
            "filename is empty or holds a backslash",
        ),
        ("name twice", format!("{NAME}; name=\"u\""), 5, "name comes twice"),
        ("file name twice", format!("{FILE}; filename=\"g\""), 5, "filename comes twice"),
        (
            "extended file name",
            format!("{FILE}; filename*=\"UTF-8''f\""),
            5,
            "Content-Disposition has a filename*",
        ),
        ("size", format!("{FILE}; size=\"1\""), 5, "Content-Disposition has a size"),
        ("file without a type", FILE.into(), 5, "a file has no Content-Type"),
        (
            "text with a type",
            format!("{NAME}\r\nContent-Type: text/plain"),
            47,
            "a text has a Content-Type",
        ),
    ];
    for (case, head, at, expected) in cases {
        let error = refused(&one_part(&head, "1"));
        assert_eq!(error.to_string(), format!("byte {at} of the body: {expected}"), "case: {case}");
    }
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
