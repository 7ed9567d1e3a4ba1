//! The suite passes a small transport that is right, and finds the one mistake of each that is not.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use mde_live_response_core::Effect;
use mde_live_response_core::http::header::{
    CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, LOCATION,
};
use mde_live_response_core::http::{HeaderValue, Response, StatusCode, request::Parts};
use mde_live_response_core::transport::{Exchange, Transport, TransportError, TransportErrorKind};
use mde_live_response_emulator::conformance::{Level, Speech, check};

/// HTTP/1.0 over plain TCP, one connection for each exchange, with at most one mistake.
#[derive(Debug)]
struct Tiny(Option<Mistake>);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mistake {
    FollowsRedirects,
    SendsAgain,
    SaysNotApplied,
    EndsTheForm,
    IgnoresTheLimit,
    TakesWhatCame,
    EndsTheHead,
}

impl Transport for Tiny {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        let mut head = exchange.take_head();
        let outcome = self.send_once(&head, exchange);
        match (self.0, outcome) {
            (Some(Mistake::SendsAgain), Err(_)) => self.send_once(&head, exchange),
            (Some(Mistake::SaysNotApplied), Err(error)) => {
                Err(error.with_effect(Effect::NotApplied))
            }
            (Some(Mistake::FollowsRedirects), Ok(answer))
                if answer.headers().contains_key(LOCATION) =>
            {
                let to = answer.headers()[LOCATION].to_str().unwrap_or_default();
                let Ok(path) = to.parse() else { return Ok(answer) };
                let mut parts = std::mem::take(&mut head.uri).into_parts();
                parts.path_and_query = Some(path);
                head.uri = parts.try_into().unwrap();
                self.send_once(&head, exchange)
            }
            (_, outcome) => outcome,
        }
    }
}

impl Tiny {
    fn send_once(
        &self,
        head: &Parts,
        exchange: &mut Exchange<'_>,
    ) -> Result<Response<Vec<u8>>, TransportError> {
        let failed = |kind| move |cause: io::Error| TransportError::new(kind).with_source(cause);
        let address = head.uri.authority().unwrap().as_str();
        let stream = TcpStream::connect(address).map_err(failed(TransportErrorKind::Connect))?;
        let sent = send_head(head, &stream).and_then(|()| io::copy(exchange, &mut &stream));
        // Hears a refusal after a failed write, but never completes a request whose source failed.
        if sent.is_err() {
            if self.0 == Some(Mistake::EndsTheForm) {
                let content_type = head.headers[CONTENT_TYPE].to_str().unwrap_or_default();
                let boundary = content_type.rsplit('=').next().unwrap_or_default();
                let _ = (&stream).write_all(format!("\r\n--{boundary}--\r\n").as_bytes());
            }
            let _ = stream.shutdown(std::net::Shutdown::Write);
        }
        let mut reader = BufReader::new(stream);
        let (status, headers) = read_head(&mut reader, self.0 == Some(Mistake::EndsTheHead))
            .map_err(failed(TransportErrorKind::Receive))?;
        let mut answer = Response::new(Vec::new());
        if !matches!(status.as_u16(), 204 | 304) {
            *answer.body_mut() = self.read_body(exchange, status, &headers, reader)?;
        }
        (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
        Ok(answer)
    }

    fn read_body(
        &self,
        exchange: &Exchange<'_>,
        status: StatusCode,
        headers: &HeaderMap,
        mut reader: impl Read,
    ) -> Result<Vec<u8>, TransportError> {
        match self.0 {
            Some(Mistake::TakesWhatCame) => exchange.read_answer(status, &HeaderMap::new(), reader),
            Some(Mistake::IgnoresTheLimit) => {
                let mut body = Vec::new();
                let _ = reader.read_to_end(&mut body);
                let length = headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok());
                if status.is_success() && length.is_some_and(|it| it != body.len().to_string()) {
                    return Err(TransportError::new(TransportErrorKind::Receive));
                }
                Ok(body)
            }
            _ => exchange.read_answer(status, headers, reader),
        }
    }
}

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

fn read_head(reader: &mut impl BufRead, may_end: bool) -> io::Result<(StatusCode, HeaderMap)> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    let mut lines = reader.lines();
    let mut line = || lines.next().unwrap_or(Err(io::ErrorKind::UnexpectedEof.into()));
    let status = line()?.split(' ').nth(1).and_then(|it| it.parse().ok()).ok_or_else(invalid)?;
    let mut headers = HeaderMap::new();
    loop {
        let line = line().or_else(|cause| if may_end { Ok(String::new()) } else { Err(cause) })?;
        if line.is_empty() {
            return Ok((status, headers));
        }
        let (name, value) = line.split_once(':').ok_or_else(invalid)?;
        let name = HeaderName::try_from(name).map_err(|_| invalid())?;
        headers.append(name, HeaderValue::try_from(value.trim()).map_err(|_| invalid())?);
    }
}

#[test]
fn a_small_transport_without_a_mistake_is_usable() {
    check(Level::Usable, Speech::Plain, |_| Tiny(None)).assert_ok();
}

#[test]
fn each_mistake_of_a_transport_is_found_by_its_rule() {
    for (mistake, rules) in [
        (Mistake::FollowsRedirects, &["a request is sent once", "no redirect is followed"][..]),
        (Mistake::SendsAgain, &["a request is sent once"]),
        (
            Mistake::SaysNotApplied,
            &[
                "a part of an answer's head is no answer",
                "a request that was sent whole may be applied",
                "a request without a body may be applied once its head was sent",
                "an answer that was cut is no success",
                "an answer's body is read up to the limit",
            ],
        ),
        (Mistake::EndsTheForm, &["a request whose source fails is never completed"]),
        (Mistake::IgnoresTheLimit, &["an answer's body is read up to the limit"]),
        (Mistake::TakesWhatCame, &["an answer that was cut is no success"]),
        (
            Mistake::EndsTheHead,
            &[
                "a part of an answer's head is no answer",
                "a request that was sent whole may be applied",
            ],
        ),
    ] {
        let report = check(Level::Usable, Speech::Plain, |_| Tiny(Some(mistake)));
        let mut found: Vec<&str> = report.findings().iter().map(|it| it.rule).collect();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, rules, "{mistake:?}: {report}");
        // A person reads it.
        assert!(report.to_string().len() < 100_000, "{mistake:?}");
    }
}
