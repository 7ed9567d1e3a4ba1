//! Requests that break our own rules: each is refused with its status and code, stores nothing, and the emulator serves
//! on. What breaks the rules of HTTP itself is the HTTP server's to refuse; the first case shows that it is asked.

use std::io::{Read, Write};
use std::net::Shutdown;

use mde_live_response_emulator::Emulator;

use crate::support::{Answer, connect, file, file_form, form, post, request, text, upload};

const TYPE: &str = "Content-Type: multipart/form-data; boundary=b\r\n";

/// What is wrong, the request, and the status and code of its answer; the code is empty if the HTTP server refuses.
type Case = (&'static str, Vec<u8>, (u16, &'static str));

const NO_HTTP: (u16, &str) = (400, "");
const HOST: (u16, &str) = (400, "BadRequest");
const BODY: (u16, &str) = (400, "InvalidRequestBody");
const INPUT: (u16, &str) = (400, "InvalidInput");
const MISSING: (u16, &str) = (400, "MissingRequiredParameter");
const TOO_LARGE: (u16, &str) = (413, "InvalidInput");

fn with(emulator: &Emulator, headers: &str, body: &[u8]) -> Vec<u8> {
    request(emulator, "POST /api/libraryfiles", &format!("{TYPE}{headers}"), body)
}

fn heads(emulator: &Emulator) -> Vec<Case> {
    let sound = String::from_utf8(post(emulator, &file_form("a", b"x"))).unwrap();
    let host = "Host: 127.0.0.1\r\n";
    let hosts = |hosts: &str| sound.replacen(host, hosts, 1).into_bytes();
    let old = sound.replacen("HTTP/1.1", "HTTP/1.0", 1);
    vec![
        (
            "two lengths",
            with(emulator, "Content-Length: 1\r\nContent-Length: 2\r\n", b"xx"),
            NO_HTTP,
        ),
        ("no host", hosts(""), HOST),
        ("two hosts", hosts(&format!("{host}Host: elsewhere\r\n")), HOST),
        ("the same host twice", hosts(&host.repeat(2)), HOST),
        ("two hosts in HTTP/1.0", old.replacen(host, &host.repeat(2), 1).into_bytes(), HOST),
    ]
}

fn bodies(emulator: &Emulator) -> Vec<Case> {
    let form = file_form("a", b"x");
    let length = form.len();
    let chunked = |chunks: &[u8]| with(emulator, "Transfer-Encoding: chunked\r\n", chunks);
    let start = format!("{length:x}\r\n").into_bytes();
    let chunk = [&start[..], &form, b"\r\n"].concat();
    let whole = post(emulator, &form);
    vec![
        ("a body that is cut", whole[..whole.len() - 9].to_vec(), BODY),
        ("a body without its last byte", whole[..whole.len() - 1].to_vec(), BODY),
        (
            "more promised than the form has",
            with(emulator, &format!("Content-Length: {}\r\n", length + 100), &form),
            BODY,
        ),
        ("a form without its last chunk", chunked(&chunk), BODY),
        ("a chunk of an impossible size", chunked(&[&chunk, &b"zz\r\n"[..]].concat()), BODY),
        ("no body", with(emulator, "", b""), BODY),
        (
            "a length beyond any form",
            with(emulator, "Content-Length: 99999999\r\n", b""),
            TOO_LARGE,
        ),
    ]
}

fn forms(emulator: &Emulator) -> Vec<Case> {
    let sound = form(&[text("Description", "d"), file("a", b"x")]);
    let typed = |content_type: &str| {
        let length = sound.len();
        let headers = format!("Content-Type: {content_type}\r\nContent-Length: {length}\r\n");
        request(emulator, "POST /api/libraryfiles", &headers, &sound)
    };
    let changed = |from: &str, to: &str| {
        post(emulator, String::from_utf8_lossy(&sound).replacen(from, to, 1).as_bytes())
    };
    vec![
        ("another boundary", typed("multipart/form-data; boundary=x"), BODY),
        ("no boundary", typed("multipart/form-data"), BODY),
        ("another type", typed("application/json"), BODY),
        (
            "two types",
            typed(&format!("multipart/form-data; boundary=b\r\n{}", TYPE.trim_end())),
            BODY,
        ),
        ("a preamble", changed("--b", "hello\r\n--b"), BODY),
        ("an epilogue", post(emulator, &[&sound[..], b"bye"].concat()), BODY),
        ("ends of line are LF", changed("--b\r\n", "--b\n"), BODY),
        ("no closing delimiter", changed("--b--", "--b"), BODY),
        ("the delimiter inside the content", changed("x\r\n", "--b--x\r\n"), BODY),
        ("a part of another kind", changed("form-data", "attachment"), BODY),
        ("a NUL in a part's head", changed("filename=\"a\"", "filename=\"a\0\""), BODY),
        ("an encoded filename", changed("filename=\"a\"", "filename*=UTF-8''a"), BODY),
        (
            "parts in a part",
            changed("application/octet-stream", "multipart/mixed; boundary=c"),
            BODY,
        ),
    ]
}

fn fields(emulator: &Emulator) -> Vec<Case> {
    let case = |parts: &[Vec<u8>]| post(emulator, &form(parts));
    let a = || file("a", b"x");
    let capital = || String::from_utf8(a()).unwrap().replace("\"file\"", "\"File\"").into_bytes();
    vec![
        ("no file", case(&[text("Description", "d")]), MISSING),
        (
            "the file in capitals",
            case(&[String::from_utf8(a()).unwrap().replace("file\"", "FILE\"").into()]),
            MISSING,
        ),
        ("both spellings of the file", case(&[a(), capital()]), BODY),
        ("a field twice", case(&[text("Description", "d"), text("Description", "d"), a()]), BODY),
        ("an unknown field", case(&[text("description", "d"), a()]), BODY),
        ("a flag that is neither", case(&[text("HasParameters", "yes"), a()]), INPUT),
        ("a path", case(&[file("a/b", b"x")]), INPUT),
    ]
}

#[test]
fn what_breaks_a_rule_is_refused_stores_nothing_and_does_no_harm() {
    let emulator = Emulator::builder().no_limits().start().unwrap();
    let cases = [heads(&emulator), bodies(&emulator), forms(&emulator), fields(&emulator)].concat();
    for (case, request, (status, code)) in cases {
        let mut stream = connect(&emulator);
        stream.write_all(&request).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).unwrap();
        let mut rest = heard.as_slice();
        let answer = Answer::read_next(&mut rest);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "case: {case}");
        assert_eq!(rest, b"", "case: {case}: something follows the answer");
        assert!(emulator.library().names().is_empty(), "case: {case}");
    }
    assert_eq!(upload(&emulator, &file_form("sound", b"x")).status, 200);
    assert_eq!(emulator.library().content("sound").as_deref(), Some(&b"x"[..]));
}
