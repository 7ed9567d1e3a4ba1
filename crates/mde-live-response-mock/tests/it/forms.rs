//! The strict decoder on bodies that are right.

use http::{HeaderMap, HeaderValue};
use mde_live_response_core::operation::{Operation, UploadRequest};
use mde_live_response_core::{Endpoint, IfExists, Upload};
use mde_live_response_mock::Form;
use std::io::Read;

pub(crate) const TYPE: &str = "multipart/form-data; boundary=B";

pub(crate) fn headers(content_type: &str, length: usize) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_str(content_type).unwrap());
    headers.insert("content-length", length.into());
    headers
}

#[test]
fn a_form_is_read_back_part_by_part() {
    let body = "--B\r\nContent-Disposition: form-data; name=\"Description\"\r\n\r\n\
        two\r\nlines\n--\r\n\
        --B\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n\
        --B\r\ncontent-type: text/x; charset=\"a: b\"\r\n\
        CONTENT-DISPOSITION: form-data; filename=\"é 日本;.ps1\"; name=\"file\"\r\n\r\n\
        \r\n\r\n--\u{0}\r\n--B--\r\n";
    let form = Form::decode(&headers(TYPE, body.len()), body.as_bytes()).unwrap();
    let seen: Vec<_> = form
        .parts()
        .iter()
        .map(|part| (part.name(), part.filename(), part.content_type(), part.text().unwrap()))
        .collect();
    assert_eq!(
        seen,
        [
            ("Description", None, None, "two\r\nlines\n--"),
            ("empty", None, None, ""),
            ("file", Some("é 日本;.ps1"), Some("text/x; charset=\"a: b\""), "\r\n\r\n--\0"),
        ]
    );
    assert_eq!(
        form.to_string(),
        "Description  text, 13 bytes, \"two\\r\\nlines\\n--\"\n\
         empty        text, 0 bytes, \"\"\n\
         file         file `é 日本;.ps1`, 7 bytes, \"\\r\\n\\r\\n--\\0\""
    );
    assert_eq!(form.part("file").unwrap().bytes(), b"\r\n\r\n--\0");
    assert!(form.part("FILE").is_none());
}

#[test]
fn bytes_that_are_no_text_come_through() {
    let mut body = b"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\
        Content-Type: a/b\r\n\r\n"
        .to_vec();
    body.extend(0..=255);
    body.extend_from_slice(b"\r\n--B--\r\n");
    let form = Form::decode(&headers(TYPE, body.len()), &body).unwrap();
    let part = form.part("file").unwrap();
    assert!(part.bytes().iter().copied().eq(0..=255));
    assert_eq!(part.text(), None);
}

#[test]
fn forms_are_equal_by_their_parts_whatever_the_boundary() {
    let decode = |boundary: &str, value: &str| {
        let body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\n{value}\r\n--{boundary}--\r\n"
        );
        let headers = headers(&format!("multipart/form-data; boundary={boundary}"), body.len());
        format!("{:?}", Form::decode(&headers, body.as_bytes()).unwrap())
    };
    assert_eq!(decode("a", "1"), decode("----------------------b", "1"));
    assert_ne!(decode("a", "1"), decode("a", "2"));
}

/// The spellings that the decoder takes for the sake of a client, as that client writes them.
#[test]
fn what_common_clients_send_is_read() {
    let curl = "--------------------------73faeafbdb74f9f0";
    let cases = [
        (
            "curl 7.88",
            "multipart/form-data; boundary=------------------------73faeafbdb74f9f0",
            format!(
                "{curl}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\
                 Content-Type: image/png\r\n\r\nX\r\n{curl}\r\n\
                 Content-Disposition: form-data; name=\"Description\"\r\n\r\nd\r\n{curl}--\r\n"
            ),
        ),
        (
            "requests 2.34: a file without a type",
            "multipart/form-data; boundary=ebb48113124b79ca",
            "--ebb48113124b79ca\r\nContent-Disposition: form-data; name=\"Description\"\r\n\r\nd\r\n\
             --ebb48113124b79ca\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\
             \r\n\r\nX\r\n--ebb48113124b79ca--\r\n"
                .to_owned(),
        ),
        (
            "Node.js before 20.18: no line end at the end",
            "multipart/form-data; boundary=----formdata-undici-059422370195",
            "------formdata-undici-059422370195\r\nContent-Disposition: form-data; \
             name=\"Description\"\r\n\r\nd\r\n------formdata-undici-059422370195\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\
             Content-Type: application/octet-stream\r\n\r\nX\r\n\
             ------formdata-undici-059422370195--"
                .to_owned(),
        ),
        (
            "PowerShell 7: a quoted boundary, and texts with a type that comes first",
            "multipart/form-data; boundary=\"7c5a2a5e-93b2\"",
            "--7c5a2a5e-93b2\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Disposition: form-data; name=\"Description\"\r\n\r\nd\r\n--7c5a2a5e-93b2\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\
             Content-Type: application/octet-stream\r\n\r\nX\r\n--7c5a2a5e-93b2--\r\n"
                .to_owned(),
        ),
    ];
    for (case, content_type, body) in cases {
        let mut headers = headers(content_type, body.len());
        let form =
            Form::decode(&headers, body.as_bytes()).unwrap_or_else(|it| panic!("{case}: {it}"));
        assert_eq!(form.part("Description").unwrap().text(), Some("d"), "case: {case}");
        let file = form.part("file").unwrap();
        assert_eq!((file.filename(), file.bytes()), (Some("a.png"), &b"X"[..]), "case: {case}");

        headers.remove("content-length");
        headers.insert("transfer-encoding", HeaderValue::from_static("chunked"));
        assert_eq!(Form::decode(&headers, body.as_bytes()).as_ref(), Ok(&form), "case: {case}");
    }
}

#[test]
fn what_core_writes_is_read_back() {
    let upload = Upload::new("é'x.ps1".parse().unwrap(), vec![0, 13, 10, 45, 45, 255])
        .with_description("--B\r\n\"quoted\"\n".parse().unwrap())
        .with_parameters("-Hours <n>".parse().unwrap())
        .with_if_exists(IfExists::Override);
    let request = UploadRequest::new(&upload, [0x7d; 20]).unwrap();
    let mut exchange = request.exchange(&Endpoint::COMMERCIAL);
    let mut body = Vec::new();
    exchange.read_to_end(&mut body).unwrap();
    let form = Form::decode(&exchange.head().headers, &body).unwrap();
    let seen: Vec<_> =
        form.parts().iter().map(|it| (it.name(), it.filename(), it.bytes())).collect();
    let expected: [(&str, Option<&str>, &[u8]); 5] = [
        ("Description", None, b"--B\r\n\"quoted\"\n"),
        ("ParametersDescription", None, b"-Hours <n>"),
        ("HasParameters", None, b"true"),
        ("OverrideIfExists", None, b"true"),
        ("file", Some("é'x.ps1"), &[0, 13, 10, 45, 45, 255]),
    ];
    assert_eq!(seen, expected);
}
