//! Requests that break our own rules: each is refused with its status and code, stores nothing, and the emulator serves
//! on. What breaks the rules of HTTP itself is the HTTP server's to refuse; the first case shows that it is asked.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::slice;

use mde_live_response_emulator::Emulator;

use crate::support::{Answer, connect, exchange, file, file_form, form, post, request, text};

const TYPE: &str = "Content-Type: multipart/form-data; boundary=b\r\n";

/// The request, and the status and code of its answer; the code is empty if the HTTP server refuses.
type Case = (Vec<u8>, u16, &'static str);

const BODY: &str = "InvalidRequestBody";
const MISSING: &str = "MissingRequiredParameter";

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

fn heads_and_bodies(emulator: &Emulator) -> Vec<Case> {
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
        (with("Content-Length: 99999999\r\n", b""), 413, "InvalidInput"),
    ]
}

fn forms(emulator: &Emulator) -> Vec<Case> {
    let sound = form(&[text("Description", "d"), file("a", b"x")]);
    let typed = |content_type: &str| {
        let headers =
            format!("Content-Type: {content_type}\r\nContent-Length: {}\r\n", sound.len());
        request(emulator, "POST /api/libraryfiles", &headers, &sound)
    };
    let changed = |from: &str, to: &str| {
        post(emulator, String::from_utf8_lossy(&sound).replacen(from, to, 1).as_bytes())
    };
    let parts = |parts: &[Vec<u8>]| post(emulator, &form(parts));
    let (d, a) = (text("Description", "d"), file("a", b"x"));
    let capital =
        String::from_utf8(a.clone()).unwrap().replace("\"file\"", "\"File\"").into_bytes();
    let two_types = format!("multipart/form-data; boundary=b\r\n{}", TYPE.trim_end());
    let filename = "filename=\"a\"";
    vec![
        (typed("multipart/form-data; boundary=x"), 400, BODY),
        (typed("multipart/form-data"), 400, BODY),
        (typed("application/json"), 400, BODY),
        (typed(&two_types), 400, BODY),
        (changed("--b", "hello\r\n--b"), 400, BODY),
        (post(emulator, &[&sound[..], b"bye"].concat()), 400, BODY),
        (changed("--b\r\n", "--b\n"), 400, BODY),
        (changed("--b--", "--b"), 400, BODY),
        (changed("x\r\n", "--b--x\r\n"), 400, BODY),
        (changed("form-data", "attachment"), 400, BODY),
        (changed(filename, "filename=\"a\0\""), 400, BODY),
        (changed(filename, "filename*=UTF-8''a"), 400, BODY),
        (changed("application/octet-stream", "multipart/mixed; boundary=c"), 400, BODY),
        (parts(slice::from_ref(&d)), 400, MISSING),
        (changed("\"file\"", "\"FILE\""), 400, MISSING),
        (parts(&[a.clone(), capital]), 400, BODY),
        (parts(&[d.clone(), d, a.clone()]), 400, BODY),
        (parts(&[text("description", "d"), a.clone()]), 400, BODY),
        (parts(&[text("HasParameters", "yes"), a]), 400, "InvalidInput"),
        (parts(&[file("a/b", b"x")]), 400, "InvalidInput"),
    ]
}

#[test]
fn what_breaks_a_rule_is_refused_stores_nothing_and_does_no_harm() {
    let emulator = Emulator::builder().no_limits().start().unwrap();
    for (request, status, code) in [heads_and_bodies(&emulator), forms(&emulator)].concat() {
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
