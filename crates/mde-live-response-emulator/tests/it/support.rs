//! A client of a few lines that sends exactly the bytes it is given.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use mde_live_response_emulator::Emulator;
use serde_json::Value;

/// For a test that would otherwise hang; no answer is ever waited for that long.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer, as read from the socket.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Reads one answer, interim ones passed over.
    pub(crate) fn read(from: impl Read) -> Self {
        Self::read_next(&mut BufReader::new(from))
    }

    /// Reads one answer, of several on the connection.
    pub(crate) fn read_next(from: &mut impl BufRead) -> Self {
        loop {
            let answer = Self::read_any(from);
            if answer.status >= 200 {
                return answer;
            }
        }
    }

    fn read_any(from: &mut impl BufRead) -> Self {
        let mut lines = from.by_ref().lines().map(|line| line.expect("an answer"));
        let status_line = lines.next().expect("an answer, not an end");
        let status = status_line.split(' ').nth(1).and_then(|it| it.parse().ok());
        let headers: HashMap<_, _> = lines
            .take_while(|line| !line.is_empty())
            .filter_map(|line| {
                let (name, value) = line.split_once(": ")?;
                Some((name.to_ascii_lowercase(), value.to_owned()))
            })
            .collect();
        let length = headers.get("content-length").map_or(0, |it| it.parse().expect("a length"));
        let mut body = vec![0; length];
        from.read_exact(&mut body).expect("the whole body");
        Self { status: status.expect(&status_line), headers, body }
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The error's code; empty when there is none.
    pub(crate) fn code(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// An open connection to the emulator.
pub(crate) fn connect(emulator: &Emulator) -> TcpStream {
    let address = emulator.base_url().strip_prefix("http://").unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends these bytes on a new connection, closes its sending side, and reads the answer.
pub(crate) fn exchange(emulator: &Emulator, request: &[u8]) -> Answer {
    let mut stream = connect(emulator);
    stream.write_all(request).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    Answer::read(stream)
}

/// A request with the emulator's token and these other headers.
pub(crate) fn request(emulator: &Emulator, line: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let token = emulator.token();
    let mut request = format!(
        "{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n{headers}\r\n"
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

/// The request of an upload whose form has the boundary `b`.
pub(crate) fn post(emulator: &Emulator, form: &[u8]) -> Vec<u8> {
    let headers = format!(
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n",
        form.len()
    );
    request(emulator, "POST /api/libraryfiles", &headers, form)
}

pub(crate) fn upload(emulator: &Emulator, form: &[u8]) -> Answer {
    exchange(emulator, &post(emulator, form))
}

pub(crate) fn list(emulator: &Emulator) -> Answer {
    exchange(emulator, &request(emulator, "GET /api/libraryfiles", "", b""))
}

pub(crate) fn delete(emulator: &Emulator, segment: &str) -> Answer {
    let line = format!("DELETE /api/libraryfiles/{segment}");
    exchange(emulator, &request(emulator, &line, "", b""))
}

/// A form of these pieces, each the part after the delimiter's line, with the boundary `b`.
pub(crate) fn form(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut form = Vec::new();
    for part in parts {
        form.extend_from_slice(b"--b\r\n");
        form.extend_from_slice(part);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(b"--b--\r\n");
    form
}

pub(crate) fn text(name: &str, value: &str) -> Vec<u8> {
    format!("Content-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}").into_bytes()
}

pub(crate) fn file(filename: &str, content: &[u8]) -> Vec<u8> {
    let mut part = format!(
        "Content-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    part.extend_from_slice(content);
    part
}

/// A form with a file alone, that replaces what is there.
pub(crate) fn file_form(filename: &str, content: &[u8]) -> Vec<u8> {
    form(&[text("OverrideIfExists", "true"), file(filename, content)])
}
