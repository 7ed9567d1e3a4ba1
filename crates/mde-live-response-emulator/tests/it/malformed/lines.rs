//! Request lines: no HTTP, so that the connection ends with the answer; and those that lead nowhere.

use mde_live_response_emulator::Emulator;

use super::{Case, Dice, End, NO_HTTP, NOTHING};
use crate::support::request;

const LINE: &str = "GET /api/libraryfiles HTTP/1.1";

/// A request with this in place of its first line; nothing else is wrong with it.
fn with_line(emulator: &Emulator, line: impl AsRef<[u8]>) -> Vec<u8> {
    let token = emulator.token();
    let rest = format!("\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n");
    [line.as_ref(), rest.as_bytes()].concat()
}

fn no_http(what: impl Into<String>, request: Vec<u8>) -> Case {
    Case::new(what, request, NO_HTTP, End::Emulator)
}

pub(super) fn cut(emulator: &Emulator) -> Vec<Case> {
    let line = |at: usize| no_http(format!("cut at {at}"), with_line(emulator, &LINE[..at]));
    (0..LINE.len()).map(line).collect()
}

pub(super) fn bytes(emulator: &Emulator) -> Vec<Case> {
    let replaced = |(at, byte): (usize, u8)| {
        let mut line = LINE.as_bytes().to_vec();
        line[at] = byte;
        no_http(format!("{byte:#04x} at {at}"), with_line(emulator, line))
    };
    let places = (0..LINE.len()).flat_map(|at| b"\0\x01\x0b\x1b\r\x7f".map(|byte| (at, byte)));
    places.map(replaced).collect()
}

pub(super) fn shapes(emulator: &Emulator) -> Vec<Case> {
    let path = "/api/libraryfiles";
    let versions = [
        "HTTP/1.2",
        "HTTP/1.11",
        "HTTP/0.9",
        "HTTP/2.0",
        "HTTP/2",
        "HTTP/3",
        "HTTP/01.1",
        "HTTP/1,1",
        "HTTP/-1.1",
        "HTTP /1.1",
        "HTTP/ 1.1",
        "http/1.1",
        "HTTPS/1.1",
        "HTTP/1.1x",
        "HTTP/1.1 HTTP/1.1",
        "XTTP/1.1",
        "1.1",
        "HTTP\\1.1",
    ];
    let versions = versions.map(|version| format!("GET {path} {version}"));
    let methods = ["", "G(T", "G/ET", "GET,", "\"GET\"", "GET:", "[GET]", "{GET}", "GÉT", "G\tET"];
    let methods = methods.map(|method| format!("{method} {path} HTTP/1.1"));
    let targets = [
        "",
        " ",
        "a b",
        "/a b",
        "/a\tb",
        "api/libraryfiles",
        "http://",
        "http:///api",
        "?x",
        "/a<b",
        "http://[::1/api",
        "https//h/api",
        "#a",
    ];
    let targets = targets.map(|target| format!("GET {target} HTTP/1.1"));
    let others =
        [format!(" {LINE}"), format!("\t{LINE}"), LINE.replace(' ', "\t"), LINE.replace(' ', "")];
    let all = [&versions[..], &methods, &targets, &others].concat();
    all.into_iter().map(|line| no_http(format!("{line:?}"), with_line(emulator, line))).collect()
}

pub(super) fn noise(_: &Emulator) -> Vec<Case> {
    let mut dice = Dice(1);
    let random = (0..80).map(|n| {
        let count = 8 + dice.below(300);
        let mut bytes = dice.bytes(count);
        // Whatever comes before is an empty line, which may precede a request.
        bytes[0] |= 0x80;
        bytes.extend_from_slice(b"\r\n\r\n");
        (format!("noise {n}"), bytes)
    });
    let known = [
        ("TLS", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n".to_vec()),
        ("SSH", b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n".to_vec()),
        ("SMTP", b"EHLO example.com\r\nMAIL FROM:<a@example.com>\r\n".to_vec()),
        ("JSON", b"{\"file\": \"a.ps1\"}\r\n\r\n".to_vec()),
        ("a form without a head", crate::support::file_form("a", b"x")),
        ("an answer", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec()),
        ("NULs", vec![0; 4_000]),
        ("a PROXY line", b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET / HTTP/1.1\r\n\r\n".to_vec()),
        ("SOCKS", b"\x05\x01\0\r\n\r\n".to_vec()),
    ];
    let known = known.map(|(what, bytes)| (what.to_owned(), bytes));
    // It could not read an answer of ours.
    let http_2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let http_2 = Case::new("HTTP/2", http_2, NOTHING, End::Emulator);
    random.chain(known).map(|(what, bytes)| no_http(what, bytes)).chain([http_2]).collect()
}

pub(super) fn long(emulator: &Emulator) -> Vec<Case> {
    let line = |length: usize| {
        let line = format!("GET /{} HTTP/1.1", "a".repeat(length));
        Case::new(format!("{length}"), with_line(emulator, line), (414, ""), End::Emulator)
    };
    [65_534, 65_535, 100_000, 300_000].map(line).into()
}

/// HTTP without fault, but nothing that is served.
pub(super) fn elsewhere(emulator: &Emulator) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |line: String, answer| {
        let request = request(emulator, &line, "", b"");
        cases.push(Case::new(line, request, answer, End::Client));
    };
    let methods =
        ["PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "get", "Post", "DELET", "PROPFIND", "X"];
    for method in methods {
        add(format!("{method} /api/libraryfiles"), (405, ""));
        add(format!("{method} /api/libraryfiles/a"), (405, ""));
    }
    add("DELETE /api/libraryfiles".to_owned(), (405, ""));
    add("GET /api/libraryfiles/a".to_owned(), (405, ""));
    add("POST /api/libraryfiles/a".to_owned(), (405, ""));
    let paths = [
        "/",
        "/api",
        "/api/",
        "//api/libraryfiles",
        "/api//libraryfiles",
        "/API/libraryfiles",
        "/api/LibraryFiles",
        "/api/libraryfiles/",
        "/api/libraryfiles/a/",
        "/api/libraryfiles//",
        "/api/libraryfiles%2Fa",
        "/api/../api/libraryfiles",
        "/api/libraryfiles;a",
        "*",
    ];
    for path in paths {
        for method in ["GET", "POST", "DELETE"] {
            add(format!("{method} {path}"), (404, "NotFound"));
        }
    }
    cases
}
