//! The strict decoder: what it reads, and where it finds the fault of a form that is nearly right.

use http::{HeaderMap, HeaderValue};
use mde_live_response_mock::Form;

const TYPE: &str = "multipart/form-data; boundary=B";
const TEXT: &str = "--B\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\n1\r\n";
const END: &str = "--B--\r\n";

fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

fn sized(content_type: &str, length: usize) -> HeaderMap {
    headers(&[("content-type", content_type), ("content-length", &length.to_string())])
}

#[test]
fn a_form_is_read_back_part_by_part() {
    let body = "--B\r\nContent-Disposition: form-data; name=\"Description\"\r\n\r\n\
        two\r\nlines\n--\r\n\
        --B\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n\
        --B\r\ncontent-type: text/x; charset=\"a: b\"\r\n\
        CONTENT-DISPOSITION: form-data; filename=\"é 日本;.ps1\"; name=\"file\"\r\n\r\n\
        \r\n\r\n--\u{0}\r\n--B--\r\n";
    let form = Form::decode(&sized(TYPE, body.len()), body.as_bytes()).unwrap();
    let parts = form.parts().iter();
    let seen: Vec<_> = parts
        .map(|part| (part.name(), part.filename(), part.content_type(), part.text().unwrap()))
        .collect();
    let content_type = Some("text/x; charset=\"a: b\"");
    assert_eq!(
        seen,
        [
            ("Description", None, None, "two\r\nlines\n--"),
            ("empty", None, None, ""),
            ("file", Some("é 日本;.ps1"), content_type, "\r\n\r\n--\0"),
        ]
    );
    assert_eq!(
        form.to_string(),
        "Description  text, 13 bytes, \"two\\r\\nlines\\n--\"\n\
         empty        text, 0 bytes, \"\"\n\
         file         file `é 日本;.ps1`, 7 bytes, \"\\r\\n\\r\\n--\\0\""
    );
    assert!(form.part("FILE").is_none());

    let all: Vec<u8> = (0..=255).collect();
    let body = crate::common::form(&[("file", Some("a"), &all)]);
    let form = Form::decode(&sized(TYPE, body.len()), &body).unwrap();
    let part = form.part("file").unwrap();
    assert_eq!((part.bytes(), part.text()), (&*all, None));
}

/// As PowerShell 7 writes it: a quoted boundary, and a text with a type, which comes first. No length, as Node.js may send it.
#[test]
fn what_common_clients_send_is_read() {
    let body = "--7c5a-93b2\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Content-Disposition: form-data; name=\"Description\"\r\n\r\nd\r\n--7c5a-93b2--\r\n";
    let content_type = "multipart/form-data; boundary=\"7c5a-93b2\"";
    let chunked = [("content-type", content_type), ("transfer-encoding", "chunked")];
    for headers in [sized(content_type, body.len()), headers(&chunked)] {
        let form = Form::decode(&headers, body.as_bytes()).unwrap();
        assert_eq!(form.part("Description").unwrap().text(), Some("d"));
    }
}

#[test]
fn p03_headers_that_are_nearly_right_are_refused() {
    let body = format!("{TEXT}{END}");
    assert!(Form::decode(&sized(TYPE, 59), body.as_bytes()).is_ok());
    let long = format!("multipart/form-data; boundary={}", "B".repeat(71));
    let types = [
        "",
        "application/json",
        "multipart/form-data",
        "Multipart/Form-Data; boundary=B",
        "multipart/form-data; charset=utf-8; boundary=B",
        "multipart/form-data;boundary=B",
        "multipart/form-data; Boundary=B",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"B",
        "multipart/form-data; boundary=B=",
        "multipart/form-data; boundary=\"B C\"",
        "multipart/form-data; boundary=B; charset=utf-8",
        "multipart/form-data; boundary=é",
        &long,
    ];
    let lengths = ["58", "059", "+59", "59, 59", "", "99999999999999999999"];
    let (content_type, length) = (("content-type", TYPE), ("content-length", "59"));
    let coding = |value| ("transfer-encoding", value);
    let mut cases = vec![
        ("content-type", vec![length]),
        ("content-type", vec![content_type, content_type, length]),
        ("content-length", vec![content_type]),
        ("content-length", vec![content_type, length, length]),
        ("transfer-encoding", vec![content_type, coding("gzip")]),
        ("transfer-encoding", vec![content_type, coding("chunked, gzip")]),
        ("transfer-encoding", vec![content_type, coding("chunked"), coding("chunked")]),
        ("transfer-encoding", vec![content_type, coding("chunked"), length]),
    ];
    cases.extend(types.map(|value| ("content-type", vec![("content-type", value), length])));
    cases.extend(lengths.map(|it| ("content-length", vec![content_type, ("content-length", it)])));
    for (named, fields) in cases {
        let error = Form::decode(&headers(&fields), body.as_bytes()).unwrap_err();
        assert_eq!(error.at(), None, "case: {fields:?}");
        assert!(error.to_string().starts_with(&format!("header {named}: ")), "{fields:?}: {error}");
    }
}

/// Each with the byte at which its fault is found.
#[test]
fn bodies_that_are_nearly_right_are_refused() {
    const NAME: &str = "Content-Disposition: form-data; name=\"t\"";
    const FILE: &str = "Content-Disposition: form-data; name=\"t\"; filename=\"f\"";
    let first = |to: &str| format!("{TEXT}{END}").replacen("--B\r\n", to, 1);
    let head = |head: String| format!("--B\r\n{head}\r\n\r\n1\r\n{END}");
    let content = TEXT.trim_end();
    for (body, at) in [
        (String::new(), 0),
        (format!("\r\n{TEXT}{END}"), 0),
        (first("--b\r\n"), 0),
        (first("--B\n"), 3),
        (first("--B\r"), 3),
        (first("--B \r\n"), 3),
        (format!("{TEXT}--B-\r\n"), 55),
        (END.to_owned(), 5),
        (format!("{TEXT}--B--\n"), 57),
        (format!("{TEXT}{END}\r\n"), 57),
        (format!("{content}\n{END}"), 51),
        (TEXT.replace("1\r\n", END), 49),
        (format!("{TEXT}--Bx\r\n{END}"), 55),
        (format!("{TEXT}{TEXT}{END}"), 57),
        (head(String::new()), 5),
        (head("Content-Type: a/b".to_owned()), 5),
        (head(NAME.replace(": ", ":")), 5),
        (head(NAME.replace("; ", ";\r\n ")), 38),
        (head(format!("{NAME}\r\n{NAME}")), 47),
        (head(format!("{FILE}\r\nContent-Type: a/b\r\nContent-Type: a/b")), 80),
        (head(format!("{NAME}\r\nContent-Transfer-Encoding: binary")), 47),
        (head(format!("{NAME}\nContent-Type: a/b")), 45),
        (head(NAME.replace("\"t\"", "\"t\u{7f}\"")), 44),
        (head(format!("{FILE}\r\nContent-Type: multipart/mixed; boundary=c")), 61),
        (head(format!("{FILE}\r\nContent-Type: ")), 61),
        (head(format!("{FILE}\r\nContent-Type: a/é")), 61),
        (head(NAME.replace("form-data", "Form-Data")), 5),
        (head(NAME.replace(" name=", " NAME=")), 5),
        (head(FILE.replace(" name=\"t\";", "")), 5),
        (head(NAME.replace("\"t\"", "\"\"")), 5),
        (head(NAME.replace("\"t\"", "t")), 5),
        (head(NAME.replace("; ", ";")), 5),
        (head(format!("{NAME};")), 5),
        (head(format!("{NAME}; name=\"u\"")), 5),
        (head(FILE.replace("\"f\"", "\"\"")), 5),
        (head(FILE.replace("\"f\"", "\"f\\\"g\"")), 5),
        (head(format!("{FILE}; filename=\"g\"")), 5),
        (head(format!("{FILE}; size=\"1\"")), 5),
        (head(FILE.replace("filename=\"f\"", "filename*=UTF-8''f")), 5),
    ] {
        let error = Form::decode(&sized(TYPE, body.len()), body.as_bytes()).unwrap_err();
        assert_eq!(error.at(), Some(at), "case: {body:?}: {error}");
    }
    let mut binary = format!("{TEXT}{END}").into_bytes();
    binary[43] = 0xff;
    let error = Form::decode(&sized(TYPE, binary.len()), &binary).unwrap_err();
    assert_eq!(error.at(), Some(43), "not UTF-8: {error}");
}

/// Mistakes that testers make: the message names them.
#[test]
fn line_ends_and_boundaries_that_do_not_fit_are_named() {
    let whole = format!("{TEXT}{END}");
    let lf = |from: &str| whole.replacen(from, &from.replace("\r\n", "\n"), 1);
    for (content_type, body, named) in [
        (TYPE, whole.replace("\r\n", "\n"), "LF instead of CRLF"),
        (TYPE, lf("--B\r\n"), "LF instead of CRLF"),
        (TYPE, lf("\"t\"\r\n"), "LF instead of CRLF"),
        (TYPE, lf("1\r\n"), "LF instead of CRLF"),
        (TYPE, lf("--B--\r\n"), "LF instead of CRLF"),
        (TYPE, format!("--B\r\n{}\n\n", &TEXT[5..47]), "LF instead of CRLF"),
        (TYPE, whole.replace("--B", "--other"), "`B`, is not in the body"),
        (TYPE, format!("\r\n{whole}"), "2 bytes before the first `--B`"),
        (TYPE, String::new(), "is empty"),
        (TYPE, TEXT.to_owned(), "does not end"),
        ("multipart/form-data", whole.clone(), "has no boundary"),
        ("application/json", whole.clone(), "multipart/form-data; boundary=..."),
    ] {
        let error = Form::decode(&sized(content_type, body.len()), body.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(named), "case: {body:?}: {error}");
    }
}

/// Only the last CRLF may be missing, as before Node.js 20.18, and no cut makes the decoder panic.
#[test]
fn every_cut_is_refused() {
    let body = format!("{TEXT}{}{END}", TEXT.replace("\"t\"", "\"u\""));
    let decode = |end: usize| {
        let cut = &body.as_bytes()[..end];
        Form::decode(&sized(TYPE, end), cut).map(|form| form.parts().len())
    };
    assert_eq!((decode(body.len()), decode(body.len() - 2)), (Ok(2), Ok(2)));
    for end in (0..body.len() - 2).chain([body.len() - 1]) {
        assert!(decode(end).is_err(), "case: {end} bytes");
    }
}
