//! What a client sends to the emulator: any bytes at all get answers that are HTTP, and leave it serving.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::OnceLock;
use std::time::Duration;

use mde_live_response_emulator::Emulator;

use crate::pieces::replaced;

/// Far more than any answer takes; without it, an emulator that hangs would not be seen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes of one connection. `@TOKEN@` is the token; `@LENGTH@` the number of bytes after the first empty line.
pub fn requests(input: &[u8]) {
    static EMULATOR: OnceLock<Emulator> = OnceLock::new();
    let emulator =
        EMULATOR.get_or_init(|| Emulator::builder().no_limits().start().expect("a port"));
    emulator.library().restore(std::iter::empty::<(_, Vec<u8>)>());
    let answers = exchange(emulator, &filled(input, emulator.token()));
    let stored = check(&answers);
    assert!(
        stored || emulator.library().names().is_empty(),
        "stored what was not answered with 200"
    );

    let list = format!(
        "GET /api/libraryfiles HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        emulator.token()
    );
    let list = exchange(emulator, list.as_bytes());
    assert!(list.starts_with(b"HTTP/1.1 200 OK\r\n"), "{:?}", String::from_utf8_lossy(&list));
}

fn filled(input: &[u8], token: &str) -> Vec<u8> {
    let input = replaced(input, "@TOKEN@", token.as_bytes());
    let head = input.windows(4).position(|window| window == b"\r\n\r\n");
    let length = input.len() - head.map_or(input.len(), |at| at + 4);
    replaced(&input, "@LENGTH@", length.to_string().as_bytes())
}

/// Says all of it, hears all of the answer.
fn exchange(emulator: &Emulator, bytes: &[u8]) -> Vec<u8> {
    let address = emulator.base_url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("it accepts");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    // It may have heard enough, and have gone, before all is said.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut heard = Vec::new();
    match stream.read_to_end(&mut heard) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            panic!("no answer in time")
        }
        _ => heard,
    }
}

/// Every answer is HTTP, none is a server's error. Whether any says that a file is stored.
fn check(mut answers: &[u8]) -> bool {
    let mut stored = false;
    while !answers.is_empty() {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut answer = httparse::Response::new(&mut headers);
        let parsed = answer.parse(answers).expect("an answer is HTTP");
        let status = answer.code.expect("an answer has a status");
        assert!(status < 500, "status {status}");
        stored |= status == 200;
        let httparse::Status::Complete(head) = parsed else { panic!("half an answer") };
        let length =
            answer.headers.iter().find(|it| it.name.eq_ignore_ascii_case("content-length"));
        let length = length
            .map_or(0, |it| str::from_utf8(it.value).expect("a number").parse().expect("a number"));
        // An answer to HEAD says a length and sends nothing; what follows it cannot be told apart.
        answers = answers.get(head + length..).unwrap_or_default();
    }
    stored
}
