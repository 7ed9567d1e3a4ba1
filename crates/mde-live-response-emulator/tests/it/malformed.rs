//! Requests that break our own rules: each is refused with its status and code, stores nothing, and the emulator serves
//! on. The first case shows that the HTTP server refuses what breaks the rules of HTTP. The mock's tests have more forms.

use std::io::{Read, Write};
use std::net::Shutdown;

use mde_live_response_emulator::Emulator;

use crate::support::{Answer, connect, exchange, file_form, post, request};

const TYPE: &str = "Content-Type: multipart/form-data; boundary=b\r\n";

/// The request, and the status and code of its answer; the code is empty if the HTTP server refuses.
type Case = (Vec<u8>, u16, &'static str);

const BODY: &str = "InvalidRequestBody";

/// An upload in chunks of at most 100 bytes, and what ends them.
fn chunked(emulator: &Emulator, form: &[u8], end: &[u8]) -> Vec<u8> {
    let headers = format!("{TYPE}Transfer-Encoding: chunked\r\n");
    let mut request = request(emulator, "POST /api/libraryfiles", &headers, b"");
    for chunk in form.chunks(100) {
        write!(request, "{:x}\r\n", chunk.len()).unwrap();
        request.extend_from_slice(&[chunk, b"\r\n"].concat());
    }
    request.extend_from_slice(end);
    request
}

fn requests(emulator: &Emulator) -> Vec<Case> {
    let form = file_form("a", b"x");
    let whole = post(emulator, &form);
    let text = String::from_utf8(whole.clone()).unwrap();
    let host = "Host: 127.0.0.1\r\n";
    let hosts = |text: &str, hosts: &str| text.replacen(host, hosts, 1).into_bytes();
    let elsewhere = format!("{host}Host: elsewhere\r\n");
    let old = text.replacen("HTTP/1.1", "HTTP/1.0", 1);
    let with = |headers: &str, body: &[u8]| {
        request(emulator, "POST /api/libraryfiles", &format!("{TYPE}{headers}"), body)
    };
    let chunked = |end: &[u8]| chunked(emulator, &form, end);
    let promised = format!("Content-Length: {}\r\n", form.len() + 100);
    vec![
        (with("Content-Length: 1\r\nContent-Length: 2\r\n", b"xx"), 400, ""),
        (hosts(&text, ""), 400, "BadRequest"),
        (hosts(&text, &elsewhere), 400, "BadRequest"),
        (hosts(&text, &host.repeat(2)), 400, "BadRequest"),
        (hosts(&old, &host.repeat(2)), 400, "BadRequest"),
        (whole[..whole.len() - 9].to_vec(), 400, BODY),
        (whole[..whole.len() - 1].to_vec(), 400, BODY),
        (with(&promised, &form), 400, BODY),
        // No last chunk, and one of an impossible size.
        (chunked(b""), 400, BODY),
        (chunked(b"zz\r\n"), 400, BODY),
        (with("", b""), 400, BODY),
        (request(emulator, "POST /api/libraryfiles", "Content-Length: 0\r\n", b""), 400, BODY),
        (post(emulator, &form[1..]), 400, BODY),
        (post(emulator, &file_form("a/b", b"x")), 400, "InvalidInput"),
        (with("Content-Length: 99999999\r\n", b""), 413, "InvalidInput"),
    ]
}

#[test]
fn what_breaks_a_rule_is_refused_stores_nothing_and_does_no_harm() {
    let emulator = Emulator::builder().no_limits().start().unwrap();
    for (request, status, code) in requests(&emulator) {
        let case = String::from_utf8_lossy(&request).into_owned();
        let mut stream = connect(&emulator);
        stream.write_all(&request).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).unwrap();
        let mut rest = heard.as_slice();
        let answer = Answer::read_next(&mut rest);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "case: {case:?}");
        assert_eq!(rest, b"", "case: {case:?}: something follows the answer");
        assert!(emulator.library().names().is_empty(), "case: {case:?}");
    }
    let sound = chunked(&emulator, &file_form("sound", b"x"), b"0\r\n\r\n");
    assert_eq!(exchange(&emulator, &sound).status, 200);
    assert_eq!(emulator.library().content("sound").as_deref(), Some(&b"x"[..]));
}
