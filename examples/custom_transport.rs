//! A transport of your own: HTTP/1.0 over `std::net::TcpStream`, one connection for each exchange.
//!
//! Uploads a file to an emulator inside this process: `cargo run --example custom_transport`.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;

use mde_live_response::http::header::{CONTENT_LENGTH, HeaderMap, HeaderName};
use mde_live_response::http::{HeaderValue, Response, StatusCode, request::Parts};
use mde_live_response::transport::{Exchange, Transport, TransportError, TransportErrorKind};
use mde_live_response::{AccessToken, Client, Effect, Endpoint, Upload};
use mde_live_response_emulator::Emulator;

/// Speaks plain HTTP, so only to services on this machine.
#[derive(Debug)]
struct PlainTransport;

impl Transport for PlainTransport {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        let head = exchange.take_head();
        let mut stream = connect(&head, exchange.limits().silence())?;
        let sent = send_head(&head, &stream).and_then(|()| io::copy(exchange, &mut stream));
        let mut reader = BufReader::new(stream);
        // After a failed write, too: the service may have refused before the request was complete.
        let (status, headers) = match (read_head(&mut reader), sent) {
            (Ok(answer), _) => answer,
            (Err(_), Err(cause)) => return Err(error(TransportErrorKind::Send)(cause)),
            (Err(cause), Ok(_)) => return Err(error(TransportErrorKind::Receive)(cause)),
        };
        let body = exchange.read_answer(status, &headers, reader)?;
        let length = headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
        if status.is_success() && length.is_some_and(|length: usize| length != body.len()) {
            return Err(error(TransportErrorKind::Receive)(io::ErrorKind::UnexpectedEof.into()));
        }
        let mut answer = Response::new(body);
        (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
        Ok(answer)
    }
}

fn error(kind: TransportErrorKind) -> impl Fn(io::Error) -> TransportError {
    move |cause| TransportError::new(kind).with_source(cause)
}

/// Nothing is sent before this succeeds, so the effect of its errors is known.
fn connect(
    head: &Parts,
    silence: Option<std::time::Duration>,
) -> Result<TcpStream, TransportError> {
    let not_applied = |error: TransportError| error.with_effect(Effect::NotApplied);
    let (Some("http"), Some(host)) = (head.uri.scheme_str(), head.uri.host()) else {
        return Err(not_applied(TransportError::new(TransportErrorKind::Unsupported)));
    };
    let stream = TcpStream::connect(format!("{host}:{}", head.uri.port_u16().unwrap_or(80)));
    let stream = stream.map_err(error(TransportErrorKind::Connect)).map_err(not_applied)?;
    let limited = stream.set_read_timeout(silence).and(stream.set_write_timeout(silence));
    limited.map_err(error(TransportErrorKind::Local)).map_err(not_applied)?;
    Ok(stream)
}

/// `content-length` is among the headers.
fn send_head(head: &Parts, mut stream: &TcpStream) -> io::Result<()> {
    let path = head.uri.path_and_query().map_or("/", |it| it.as_str());
    let host = head.uri.authority().map_or("", |it| it.as_str());
    let mut text = format!("{} {path} HTTP/1.0\r\nhost: {host}\r\n", head.method).into_bytes();
    for (name, value) in &head.headers {
        text.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    text.extend(b"\r\n");
    stream.write_all(&text)
}

fn read_head(reader: &mut impl BufRead) -> io::Result<(StatusCode, HeaderMap)> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    let mut lines = reader.lines();
    let mut line = || lines.next().unwrap_or(Err(io::ErrorKind::UnexpectedEof.into()));
    let status = line()?.split(' ').nth(1).and_then(|it| it.parse().ok()).ok_or_else(invalid)?;
    let mut headers = HeaderMap::new();
    loop {
        let line = line()?;
        if line.is_empty() {
            return Ok((status, headers));
        }
        let (name, value) = line.split_once(':').ok_or_else(invalid)?;
        let name = HeaderName::try_from(name).map_err(|_| invalid())?;
        headers.append(name, HeaderValue::try_from(value.trim()).map_err(|_| invalid())?);
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start()?;
    let endpoint = Endpoint::parse(emulator.base_url())?;
    let token = AccessToken::new(emulator.token())?;
    let client = Client::builder(endpoint, token, PlainTransport).build();

    let upload = Upload::new("Get-Date.ps1".parse()?, b"Get-Date\n");
    let stored = client.upload(&upload)?; // verified by its SHA-256
    println!("stored: {}", stored.file_name());
    let refused = client.upload(&upload).err().ok_or("the name should be taken by now")?;
    println!("the second time: {refused}");
    Ok(())
}
