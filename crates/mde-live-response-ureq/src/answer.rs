//! What comes back: checked where ureq is lenient, and read up to the limit.

use std::io::Read;

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue};
use mde_live_response_core::TransportErrorKind;

use crate::exchange::Exchange;
use crate::fault::Fault;

/// Most header lines of an answer.
const MAX_HEADERS: usize = 100;

/// What ureq lets pass and this transport does not: an answer whose length is said twice, a change of
/// protocol, and a success for a request that was not sent whole.
pub(crate) fn check_head(head: &http::response::Parts, exchange: &Exchange) -> Result<(), Fault> {
    let protocol = |why| Err(Fault::new(TransportErrorKind::Protocol, why));
    if head.headers.len() > MAX_HEADERS {
        return protocol("the answer's head has more lines than allowed");
    }
    let lengths = head.headers.get_all(CONTENT_LENGTH).iter().count();
    if lengths > 1 || (lengths == 1 && head.headers.contains_key(TRANSFER_ENCODING)) {
        return protocol("the answer says its length more than once");
    }
    if head.headers.get(CONTENT_LENGTH).is_some_and(|length| !is_length(length)) {
        return protocol("the answer's length is no number");
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
    if head.status.is_success() && exchange.is_stopped() {
        return protocol("the answer is a success before the request was sent whole");
    }
    Ok(())
}

/// ureq takes a signed number for a length, and reads to the end where it cannot read one.
fn is_length(value: &HeaderValue) -> bool {
    let digits = value.to_str().unwrap_or_default();
    digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<u64>().is_ok()
}

/// Most room that is made before anything has come, in bytes.
const MOST_AT_ONCE: u64 = 64 * 1024;

pub(crate) fn read_body(body: ureq::Body, headers: &HeaderMap, max: u64) -> Result<Vec<u8>, Fault> {
    // As long as the answer says, within reason: it may say anything.
    let said: Option<u64> =
        headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
    let room = said.unwrap_or_default().min(max).min(MOST_AT_ONCE);
    let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or_default());
    let read = body.into_reader().take(max.saturating_add(1)).read_to_end(&mut bytes);
    if bytes.len() as u64 > max {
        let why = format!("the answer's body is larger than {max} bytes");
        return Err(Fault::new(TransportErrorKind::ResponseTooLarge, why));
    }
    match read {
        Ok(_) => Ok(bytes),
        Err(cause) => {
            let mut fault = Fault::from_ureq(cause.into());
            // A chunked body that ends without its last chunk breaks its own framing.
            if fault.kind == TransportErrorKind::Receive && headers.contains_key(TRANSFER_ENCODING)
            {
                fault.kind = TransportErrorKind::Protocol;
            }
            Err(fault)
        }
    }
}
