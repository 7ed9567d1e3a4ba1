//! Calls that succeed, connections, and the life of an emulator.

use std::io::{BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::thread;

use mde_live_response_emulator::{Application, Emulator};
use serde_json::json;

use crate::support::{
    Answer, connect, delete, exchange, file, file_form, form, list, post, request, text, upload,
};

fn address(emulator: &Emulator) -> SocketAddr {
    emulator.base_url().strip_prefix("http://").unwrap().parse().unwrap()
}

#[test]
fn a_file_is_stored_listed_and_deleted() {
    let emulator = Emulator::start().unwrap();
    let stored = upload(
        &emulator,
        &form(&[
            text("Description", "line\nand é"),
            text("HasParameters", "false"),
            text("OverrideIfExists", "false"),
            file("a é.ps1", b"Get-Date\r\n--not-a-delimiter\r\n"),
        ]),
    );
    assert_eq!(stored.status, 200, "{stored:?}");
    assert_eq!(stored.headers["content-type"], "application/json");
    assert_eq!(stored.json()["fileName"], "a é.ps1");
    assert_eq!(stored.json()["description"], "line\nand é");

    let listed = list(&emulator).json();
    assert_eq!(listed["value"].as_array().unwrap().len(), 1);
    assert_eq!(listed["value"][0]["sha256"], stored.json()["sha256"]);

    assert_eq!(delete(&emulator, "a%20%C3%A9.ps1").status, 204);
    let absent = delete(&emulator, "a%20%C3%A9.ps1");
    assert_eq!((absent.status, absent.code().as_str()), (404, "ResourceNotFound"));
    assert_eq!(list(&emulator).json()["value"], json!([]));
}

#[test]
fn two_uploads_go_on_at_once() {
    let emulator = Emulator::start().unwrap();
    let slow = post(&emulator, &file_form("slow", &vec![1; 100_000]));
    let mut first = connect(&emulator);
    let (now, later) = slow.split_at(slow.len() / 2);
    first.write_all(now).unwrap();
    assert_eq!(upload(&emulator, &file_form("quick", b"2")).status, 200);
    assert_eq!(emulator.library().names(), ["quick"]);
    first.write_all(later).unwrap();
    assert_eq!(Answer::read(first).status, 200);
    assert_eq!(emulator.library().names(), ["quick", "slow"]);
}

#[test]
fn a_connection_serves_one_call_after_another() {
    let emulator = Emulator::start().unwrap();
    let mut stream = connect(&emulator);
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    for n in 0..3 {
        stream.write_all(&post(&emulator, &file_form(&format!("f{n}"), b"x"))).unwrap();
        assert_eq!(Answer::read_next(&mut reader).status, 200);
    }
    stream.write_all(&request(&emulator, "GET /api/libraryfiles", "", b"")).unwrap();
    assert_eq!(Answer::read_next(&mut reader).json()["value"].as_array().unwrap().len(), 3);
}

#[test]
fn p33_other_paths_and_methods_are_told_so() {
    let emulator = Emulator::start().unwrap();
    let cases = [
        ("GET /", 404, "NotFound", ""),
        ("GET /api/libraryfile", 404, "NotFound", ""),
        ("GET /api/libraryfiles/", 404, "NotFound", ""),
        ("POST /api/libraryfiles/a/b", 404, "NotFound", ""),
        ("DELETE /api/libraryfiles/%FF", 404, "NotFound", ""),
        ("DELETE /api/libraryfiles/a%2Fb", 404, "ResourceNotFound", ""),
        ("PUT /api/libraryfiles", 405, "", "GET, POST"),
        ("HEAD /api/libraryfiles", 405, "", "GET, POST"),
        ("DELETE /api/libraryfiles", 405, "", "GET, POST"),
        ("GET /api/libraryfiles/a", 405, "", "DELETE"),
        ("POST /api/libraryfiles/a", 405, "", "DELETE"),
        ("GET /a-tenant/oauth2/v2.0/token", 405, "", "POST"),
    ];
    for (line, status, code, allow) in cases {
        let answer = exchange(&emulator, &request(&emulator, line, "", b""));
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "case: {line}");
        let allowed = answer.headers.get("allow").map_or("", String::as_str);
        assert_eq!(allowed, allow, "case: {line}");
    }
}

#[test]
fn only_its_own_token_opens_it_and_one_that_no_request_can_carry_is_refused_at_start() {
    let emulator = Emulator::start().unwrap();
    for authorization in ["", "Authorization: Bearer other\r\n"] {
        let request = format!("GET /api/libraryfiles HTTP/1.1\r\nHost: h\r\n{authorization}\r\n");
        assert_eq!(exchange(&emulator, request.as_bytes()).status, 401, "case: {authorization}");
    }
    for token in ["", "two words", "line\n", "é"] {
        let error = Emulator::builder().token(token).start().unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "case: {token:?}");
        assert!(token.is_empty() || !error.to_string().contains(token), "case: {token:?}");
    }
}

#[test]
fn it_listens_on_loopback_and_an_address_in_use_is_an_error_that_names_it() {
    let emulator = Emulator::start().unwrap();
    assert_eq!(address(&emulator).ip(), IpAddr::V4(Ipv4Addr::LOCALHOST));
    let error = Emulator::builder().listen(address(&emulator)).start().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&address(&emulator).to_string()), "{error}");
}

#[test]
fn dropping_it_closes_every_connection_and_frees_the_port() {
    let emulator = Emulator::start().unwrap();
    let at = address(&emulator);
    let mut idle = connect(&emulator);
    let mut half_sent = connect(&emulator);
    half_sent.write_all(b"POST /api/libraryfiles HTTP/1.1\r\nHost:").unwrap();
    thread::spawn(move || drop(emulator)).join().unwrap();
    assert_eq!(idle.read(&mut [0]).unwrap_or(0), 0);
    assert_eq!(half_sent.read(&mut [0]).unwrap_or(0), 0);
    // A process that another test is just starting may hold a copy of the listening socket for a moment.
    let again = (0..100_000).find_map(|_| {
        thread::yield_now();
        Emulator::builder().listen(at).start().ok()
    });
    assert_eq!(address(&again.unwrap()), at);
}

#[test]
fn a13_debug_shows_no_token() {
    let application = || {
        let known = Application::new("a-tenant", "a-client");
        known.with_secret("canary-secret").with_assertion("canary-assertion")
    };
    let builder = || Emulator::builder().token("canary-token").application(application());
    let emulator = builder().start().unwrap();
    upload(&emulator, &file_form("a", b"x"));
    for shown in [format!("{:?} {:#?}", builder(), builder()), format!("{emulator:?}")] {
        assert!(!shown.contains("canary"), "{shown}");
    }
}
