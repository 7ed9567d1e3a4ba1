//! Answers that come before the body was read, and reach a client that is still sending.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;

use mde_live_response_emulator::{Emulator, FakeLibrary};

use crate::support::{Answer, connect, file, file_form, list, post, request};

const LARGE: usize = 32 << 20;
static MIB: [u8; 1 << 20] = [b'x'; 1 << 20];

/// The head of an upload, up to its empty line.
fn head(token: &str, length: usize, more: &str) -> Vec<u8> {
    format!(
        "POST /api/libraryfiles HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n{more}\r\n"
    )
    .into_bytes()
}

/// Reads an answer and then the end of the connection, which must not be a reset.
#[track_caller]
fn answer_and_end(stream: TcpStream, case: &str) -> Answer {
    let mut reader = BufReader::new(stream);
    let answer = Answer::read_next(&mut reader);
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).unwrap_or_else(|error| panic!("case: {case}: {error}"));
    assert_eq!(rest, b"", "case: {case}");
    assert_eq!(answer.headers["connection"], "close", "case: {case}");
    answer
}

/// Clients that send everything first, and clients that send the head only.
#[test]
fn a_refusal_by_the_head_reaches_every_client() {
    let library = FakeLibrary::builder().token("good").forbidden_token("elsewhere").build();
    let emulator = Emulator::builder().library(library).token("good").start().unwrap();
    for (case, token, status) in [
        ("unknown token", "bad", 401),
        ("token for another service", "elsewhere", 403),
        ("too large", "good", 413),
        ("too many calls", "good", 429),
    ] {
        if status == 429 {
            (0..100).for_each(|_| drop(list(&emulator)));
        }
        for mebibytes in [LARGE >> 20, 0] {
            let mut stream = connect(&emulator);
            stream.write_all(&head(token, LARGE, "")).unwrap();
            for _ in 0..mebibytes {
                stream.write_all(&MIB).unwrap_or_else(|error| panic!("{case}: {error}"));
            }
            let answer = answer_and_end(stream, case);
            assert_eq!(answer.status, status, "case: {case}, {mebibytes} MiB sent");
        }
    }
}

#[test]
fn who_expects_a_word_before_sending_gets_the_answer_or_the_word() {
    let emulator = Emulator::start().unwrap();
    let form = file_form("a.ps1", b"Get-Date");
    let expect = "Expect: 100-continue\r\n";

    let mut refused = connect(&emulator);
    refused.write_all(&head("bad", form.len(), expect)).unwrap();
    let mut first = [0; 12];
    refused.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 401");

    let mut welcome = connect(&emulator);
    welcome.write_all(&head(emulator.token(), form.len(), expect)).unwrap();
    let mut first = [0; 25];
    welcome.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 100 Continue\r\n\r\n");
    welcome.write_all(&form).unwrap();
    assert_eq!(Answer::read(welcome).status, 200);
}

#[test]
fn a_refused_client_that_never_reads_nor_closes_holds_nobody_up() {
    let emulator = Emulator::start().unwrap();
    let mut stuck = connect(&emulator);
    stuck.write_all(&head("bad", LARGE, "")).unwrap();
    let form = file_form("a.ps1", b"Get-Date");
    let mut other = connect(&emulator);
    other.write_all(&post(&emulator, &form)).unwrap();
    assert_eq!(Answer::read(other).status, 200);
    drop(emulator);
    drop(stuck);
}

#[test]
fn a_chunked_body_without_end_is_refused_to_a_client_that_sends_on() {
    let emulator = Emulator::start().unwrap();
    let mut stream = connect(&emulator);
    let headers = "Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n";
    stream.write_all(&request(&emulator, "POST /api/libraryfiles", headers, b"")).unwrap();
    let start = file("a", b"");
    write!(stream, "{:x}\r\n--b\r\n", start.len() + 5).unwrap();
    stream.write_all(&start).unwrap();
    for _ in 0..66 {
        stream.write_all(b"\r\n100000\r\n").unwrap();
        stream.write_all(&MIB).unwrap();
    }
    let answer = answer_and_end(stream, "chunked");
    assert_eq!((answer.status, answer.code().as_str()), (413, "InvalidInput"));
    assert!(emulator.library().names().is_empty());
}
