//! The form on the wire, byte for byte, and the request around it.

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};

use mde_live_response_core::wire::UploadForm;
use mde_live_response_core::{AccessToken, Endpoint, IfExists, SendRecord, Upload};

use crate::support::{Canned, Drawn, NAME, SHA256, stored, upload};

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
        .description("Collects the DNS client cache".parse().unwrap())
        .parameters("-Hours <n>".parse().unwrap())
        .if_exists(IfExists::Override)
}

fn read_in(form: &UploadForm<'_>, step: usize, record: &mut SendRecord) -> Vec<u8> {
    let token = AccessToken::new("t").unwrap();
    let mut request = form.request(&Endpoint::COMMERCIAL, &token, record);
    let mut body = Vec::new();
    let mut buf = vec![0; step];
    loop {
        match request.body_mut().read(&mut buf).unwrap() {
            0 => return body,
            n => body.extend_from_slice(&buf[..n]),
        }
    }
}

#[test]
fn the_whole_form_however_it_is_read() {
    let upload = full();
    let form = UploadForm::render(&upload, &"0b".parse().unwrap());
    for step in (1..=FULL.len() + 1).chain([8192]) {
        let mut record = SendRecord::new();
        assert_eq!(read_in(&form, step, &mut record), FULL.as_bytes(), "{step} bytes at a time");
        assert_eq!(record.sha256().unwrap().to_string(), SHA256, "{step} bytes at a time");
        assert!(record.source_error().is_none());
    }
}

#[test]
fn reads_fill_the_buffer_and_then_end() {
    let upload = full();
    let form = UploadForm::render(&upload, &"0b".parse().unwrap());
    let (token, mut record) = (AccessToken::new("t").unwrap(), SendRecord::new());
    let mut request = form.request(&Endpoint::COMMERCIAL, &token, &mut record);
    let body = request.body_mut();
    assert_eq!(body.len(), FULL.len() as u64);
    assert_eq!(body.decisive_from(), FULL.len() as u64 - "\r\n--0b--\r\n".len() as u64);
    let mut buf = vec![0; FULL.len()];
    assert_eq!(body.read(&mut []).unwrap(), 0, "an empty buffer is no end");
    assert_eq!(body.read(&mut buf).unwrap(), FULL.len());
    assert_eq!(body.read(&mut buf).unwrap(), 0);
    assert_eq!(body.read(&mut buf).unwrap(), 0);
}

#[test]
fn no_digest_until_the_last_byte_is_out() {
    let upload = full();
    let form = UploadForm::render(&upload, &"0b".parse().unwrap());
    let token = AccessToken::new("t").unwrap();
    let mut record = SendRecord::new();
    for (given_out, expected) in
        [(FULL.len() - 1, None), (FULL.len(), Some(SHA256.parse().unwrap()))]
    {
        let mut request = form.request(&Endpoint::COMMERCIAL, &token, &mut record);
        request.body_mut().read_exact(&mut vec![0; given_out]).unwrap();
        drop(request);
        assert_eq!(record.sha256(), expected.as_ref(), "{given_out} bytes given out");
    }
}

#[test]
fn the_request_line_and_headers() {
    let transport = Canned::new(stored());
    transport.builder().random(Drawn::same(0xaa)).build().upload(&upload()).unwrap();
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
    let expected = [
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
        ("authorization", "Bearer an-access-token"),
        ("content-length", length.as_str()),
        ("content-type", "multipart/form-data; boundary=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("user-agent", concat!("mde-live-response/", env!("CARGO_PKG_VERSION"))),
    ];
    assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(sent.headers["authorization"].is_sensitive());
}

#[test]
fn the_same_bytes_from_ten_threads_at_once() {
    let bytes = vec![7; 300_000];
    let upload = Upload::new(NAME.parse().unwrap(), bytes);
    let form = UploadForm::render(&upload, &"0b".parse().unwrap());
    let expected = read_in(&form, 4096, &mut SendRecord::new());
    let equal = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for n in 0..10 {
            let (form, expected, equal) = (&form, &expected, &equal);
            scope.spawn(move || {
                let body = read_in(form, 1000 + n, &mut SendRecord::new());
                equal.fetch_add(usize::from(body == *expected), Ordering::Relaxed);
            });
        }
    });
    assert_eq!(equal.into_inner(), 10);
}
