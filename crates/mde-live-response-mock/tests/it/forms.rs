//! The strict decoder on bodies that are right.

use http::{HeaderMap, HeaderValue};
use mde_live_response_core::wire::{Boundary, UploadForm};
use mde_live_response_core::{AccessToken, Endpoint, IfExists, SendRecord, Upload};
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
        "Description (text, 13 bytes), empty (text, 0 bytes), file (file `é 日本;.ps1`, 7 bytes)"
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

#[test]
fn what_core_writes_is_read_back() {
    let upload = Upload::new("é'x.ps1".parse().unwrap(), vec![0, 13, 10, 45, 45, 255])
        .description("--B\r\n\"quoted\"\n".parse().unwrap())
        .parameters("-Hours <n>".parse().unwrap())
        .if_exists(IfExists::Override);
    let boundary: Boundary = "7d1b3f".parse().unwrap();
    let form = UploadForm::render(&upload, &boundary);
    let token = AccessToken::new("a").unwrap();
    let mut record = SendRecord::new();
    let mut request = form.request(&Endpoint::COMMERCIAL, &token, &mut record);
    let mut body = Vec::new();
    request.body_mut().read_to_end(&mut body).unwrap();
    let form = Form::decode(request.headers(), &body).unwrap();
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
