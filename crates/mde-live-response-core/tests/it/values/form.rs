//! The form on the wire, byte for byte, and the request around it.

use std::io::Read;

use mde_live_response_core::operation::{Operation, UploadRequest};
use mde_live_response_core::transport::Exchange;
use mde_live_response_core::{Endpoint, IfExists, Upload};

use crate::support::{AAAA, Canned, SHA256, drawn, stored, upload};

/// What closes every form with the boundary [`AAAA`].
pub(crate) const TAIL: &str = "\r\n--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa--\r\n";

/// The form with the boundary [`AAAA`].
pub(crate) fn request_of(upload: &Upload) -> UploadRequest<'_> {
    UploadRequest::new(upload, [0xaa; 20]).unwrap()
}

/// Reads the form in pieces of these sizes, in turn. The length must be as announced.
pub(crate) fn read_in(exchange: &mut Exchange<'_>, pieces: &[usize]) -> Vec<u8> {
    let (len, mut body, mut sizes) = (exchange.body_len(), Vec::new(), pieces.iter().cycle());
    while body.len() as u64 != len {
        let mut piece = vec![0; *sizes.next().unwrap()];
        let n = exchange.read(&mut piece).unwrap();
        assert!(n > 0, "an end before the announced length");
        body.extend_from_slice(&piece[..n]);
    }
    assert_eq!(exchange.read(&mut [0; 8]).unwrap(), 0);
    body
}

/// The form as text, with the boundary `0b` for short.
pub(crate) fn form_of(upload: &Upload) -> String {
    let request = request_of(upload);
    let body = read_in(&mut request.exchange(&Endpoint::COMMERCIAL), &[8192]);
    String::from_utf8(body).unwrap().replace(AAAA, "0b")
}

const FULL: &str = "--0b\r\n\
    Content-Disposition: form-data; name=\"Description\"\r\n\
    \r\n\
    Collects the DNS client cache\r\n\
    --0b\r\n\
    Content-Disposition: form-data; name=\"ParametersDescription\"\r\n\
    \r\n\
    -Hours <n>\r\n\
    --0b\r\n\
    Content-Disposition: form-data; name=\"HasParameters\"\r\n\
    \r\n\
    true\r\n\
    --0b\r\n\
    Content-Disposition: form-data; name=\"OverrideIfExists\"\r\n\
    \r\n\
    true\r\n\
    --0b\r\n\
    Content-Disposition: form-data; name=\"file\"; filename=\"collect-dns.txt\"\r\n\
    Content-Type: text/plain\r\n\
    \r\n\
    Get-DnsClientCache\n\r\n\
    --0b--\r\n";

fn full() -> Upload {
    Upload::new("collect-dns.txt".parse().unwrap(), b"Get-DnsClientCache\n")
        .with_description("Collects the DNS client cache".parse().unwrap())
        .with_parameters("-Hours <n>".parse().unwrap())
        .with_if_exists(IfExists::Override)
}

#[test]
fn the_whole_form_however_it_is_read() {
    let upload = full();
    let request = request_of(&upload);
    let expected = FULL.replace("0b", AAAA);
    for step in (1..=expected.len() + 1).chain([8192]) {
        let mut exchange = request.exchange(&Endpoint::COMMERCIAL);
        assert_eq!(read_in(&mut exchange, &[step]), expected.as_bytes(), "{step} bytes at a time");
        assert_eq!(exchange.sent_sha256().unwrap().to_string(), SHA256, "{step} bytes at a time");
        assert!(exchange.take_source_error().is_none());
    }
}

#[test]
fn a_read_fills_the_buffer() {
    let upload = full();
    let request = request_of(&upload);
    let mut exchange = request.exchange(&Endpoint::COMMERCIAL);
    let len = FULL.replace("0b", AAAA).len();
    let mut buf = vec![0; len];
    assert_eq!(exchange.read(&mut []).unwrap(), 0, "an empty buffer is not an end");
    assert_eq!(exchange.read(&mut buf).unwrap(), len);
    assert_eq!(exchange.read(&mut buf).unwrap(), 0);
}

#[test]
fn the_request_line_and_headers() {
    let transport = Canned::new(stored());
    transport.builder().random(drawn(&[0xaa])).build().upload(&upload()).unwrap();
    let sent = transport.only();
    assert_eq!(sent.method, "POST");
    assert_eq!(sent.uri, "https://api.security.microsoft.com/api/libraryfiles");
    let mut headers: Vec<_> = sent
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    let length = sent.body.len().to_string();
    let content_type = format!("multipart/form-data; boundary={AAAA}");
    let expected = [
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
        ("authorization", "Bearer an-access-token"),
        ("content-length", &length),
        ("content-type", &content_type),
        ("user-agent", concat!("mde-live-response/", env!("CARGO_PKG_VERSION"))),
    ];
    assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(sent.headers["authorization"].is_sensitive());
}

#[test]
fn the_media_type_is_guessed_from_the_name() {
    for (name, expected) in [
        ("a.txt", "text/plain"),
        ("A.TXT", "text/plain"),
        ("a.zip", "application/zip"),
        ("a.unheard-of", "application/octet-stream"),
        ("a", "application/octet-stream"),
        (".txt", "application/octet-stream"),
    ] {
        let form = form_of(&Upload::new(name.parse().unwrap(), b"x"));
        let part = format!("filename=\"{name}\"\r\nContent-Type: {expected}\r\n\r\nx");
        assert!(form.contains(&part), "case: {name}: {form}");
    }
}
