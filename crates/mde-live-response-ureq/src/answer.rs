//! Answers: stricter checks than ureq's, and reading up to the limit.

use std::io::{self, Read};

use http::HeaderValue;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::response::Parts;
use mde_live_response_core::transport::{Exchange, TransportError, TransportErrorKind};

use crate::facts::Facts;
use crate::fault::Fault;

/// Most header lines of an answer. Ours.
const MAX_HEADERS: usize = 100;

/// Refuses answers that ureq accepts.
///
/// These have two lengths or another protocol, or report success for a request that was not sent whole.
///
/// Runs before the body is read, because an answer with an ambiguous end must close the connection.
pub(crate) fn check_head(head: &Parts, facts: &Facts) -> Result<(), Fault> {
    let protocol = |why| Err(Fault::new(TransportErrorKind::Protocol, why));
    if head.headers.len() > MAX_HEADERS {
        return protocol("the answer's head has more lines than allowed");
    }
    let lengths = head.headers.get_all(CONTENT_LENGTH).iter().count();
    if lengths > 1 || (lengths == 1 && head.headers.contains_key(TRANSFER_ENCODING)) {
        return protocol("the answer has two lengths");
    }
    if head.headers.get(CONTENT_LENGTH).is_some_and(|length| !is_length(length)) {
        return protocol("the answer's length is not a number");
    }
    let mut codings = head.headers.get_all(TRANSFER_ENCODING).iter();
    let plain =
        codings.next().is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    if !plain || codings.next().is_some() {
        return protocol("the answer is in a transfer coding other than chunked");
    }
    if head.status.is_informational() {
        return protocol("the answer changes the protocol");
    }
    if head.status.is_success() && facts.is_stopped() {
        return protocol("the answer is a success, but the request was not sent whole");
    }
    Ok(())
}

/// Returns whether this is a length of digits only.
///
/// ureq accepts a sign, and reads to the end of the connection if it cannot read the length.
fn is_length(value: &HeaderValue) -> bool {
    let digits = value.to_str().unwrap_or_default();
    digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<u64>().is_ok()
}

/// Reads the body, up to the exchange's limit. A refusal's body ends after the grace period.
pub(crate) fn read_body(
    body: ureq::Body,
    head: &Parts,
    exchange: &Exchange<'_>,
    facts: &Facts,
) -> Result<Vec<u8>, TransportError> {
    if !head.status.is_success() {
        facts.shorten(Exchange::REFUSAL_GRACE);
    }
    exchange.read_answer(head.status, &head.headers, Incoming(body.into_reader()))
}

/// Unwraps the errors that ureq wraps, so that they keep their kind.
struct Incoming<R>(R);

impl<R: Read> Read for Incoming<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0
            .read(buf)
            .map_err(|cause| io::Error::other(TransportError::from(Fault::from_ureq(cause.into()))))
    }
}
