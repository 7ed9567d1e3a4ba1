//! What a server sends over the socket: `UreqTransport` believes of it what another parser does, or nothing.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use mde_live_response_core::Effect;
use mde_live_response_core::operation::{Operation, UploadRequest};
use mde_live_response_core::transport::{Limits, Transport};
use mde_live_response_core::{AccessToken, Endpoint, Upload};
use mde_live_response_ureq::UreqTransport;

use crate::shown::shown;

const TOKEN: &str = "a-test-token-of-some-length";
const MAX_ANSWER: u64 = 4096;
const SEED: [u8; 20] = *b"01234567890123456789";
/// The end of a form with this seed.
const END: &[u8] = b"\r\n--3031323334353637383930313233343536373839--\r\n";

/// The answer, after the whole request was read.
pub fn answers(input: &[u8]) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let endpoint = Endpoint::parse(&base).expect("an endpoint");
    let upload = Upload::new("a.ps1".parse().expect("a name"), b"Get-Date\n");
    let request = UploadRequest::new(&upload, SEED).expect("a request");
    let token = AccessToken::new(TOKEN).expect("a token");
    let limits = Limits::new().with_max_answer(MAX_ANSWER);
    let mut exchange = request.exchange(&endpoint).with_token(&token).with_limits(limits);

    let result = thread::scope(|scope| {
        scope.spawn(|| serve(&listener, input));
        UreqTransport::new().send(&mut exchange)
    });
    match result {
        Ok(answer) => {
            assert!(answer.body().len() as u64 <= MAX_ANSWER);
            assert_eq!(Some(answer.status().as_u16()), judged_status(input));
        }
        Err(error) => {
            assert!(!shown(&error).contains(TOKEN));
            assert_ne!(error.effect(), Some(Effect::NotApplied), "it was all sent: {error}");
        }
    }
}

fn serve(listener: &TcpListener, answer: &[u8]) {
    let (mut stream, _) = listener.accept().expect("a connection");
    let mut heard = Vec::new();
    let mut buffer = [0; 4096];
    while !heard.ends_with(END) {
        match stream.read(&mut buffer).expect("a request") {
            0 => panic!("half a request"),
            n => heard.extend_from_slice(&buffer[..n]),
        }
    }
    say(&mut stream, answer);
}

/// All of it, unless the client has heard enough.
fn say(stream: &mut TcpStream, answer: &[u8]) {
    let _ = stream.write_all(answer);
}

/// Status of the first answer that is none of the interim ones. Those are passed over unread, whatever is in them.
fn judged_status(mut bytes: &[u8]) -> Option<u16> {
    while let Some(interim) = interim_len(bytes) {
        bytes = &bytes[interim..];
    }
    let mut headers = vec![httparse::EMPTY_HEADER; 1024];
    let mut answer = httparse::Response::new(&mut headers);
    match answer.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => answer.code,
        _ => None,
    }
}

fn interim_len(bytes: &[u8]) -> Option<usize> {
    let status = bytes.strip_prefix(b"HTTP/1.")?.get(1..5)?;
    if !status.starts_with(b" 1") || status == b" 101" {
        return None;
    }
    let ends = [&b"\n\n"[..], b"\n\r\n"].map(|end| {
        bytes.windows(end.len()).position(|window| window == end).map(|at| at + end.len())
    });
    ends.into_iter().flatten().min()
}
