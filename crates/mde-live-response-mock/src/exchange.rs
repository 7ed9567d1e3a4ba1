//! The duties of every transport: read the body to its end, stop when told to, keep the answer within its limit.

use std::io::Read;

use http::Response;
use mde_live_response_core::{Body, Delivery, Limits, TransportError, TransportErrorKind};

/// Bytes between two looks at whether the exchange is still wanted.
const PIECE: usize = 64 * 1024;

/// Reads a body to its end. What was read before an error stays in `bytes`.
pub(crate) fn read_body(
    body: &mut Body<'_>,
    bytes: &mut Vec<u8>,
    limits: &Limits,
) -> Result<(), TransportError> {
    let mut piece = vec![0; PIECE];
    loop {
        if limits.is_cancelled() {
            let is_decided = bytes.len() as u64 > body.decisive_from();
            let delivery = if is_decided { Delivery::Unknown } else { Delivery::NotDelivered };
            return Err(TransportError::new(TransportErrorKind::Cancelled, delivery));
        }
        match body.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(n) => bytes.extend_from_slice(piece.get(..n).unwrap_or_default()),
            Err(cause) => {
                let error = TransportError::new(TransportErrorKind::Send, Delivery::NotDelivered);
                return Err(error.with_source(cause));
            }
        }
    }
}

/// The answer, unless it is larger than the request allows.
pub(crate) fn within(
    answer: Response<Vec<u8>>,
    limits: &Limits,
) -> Result<Response<Vec<u8>>, TransportError> {
    if answer.body().len() as u64 > limits.max_response() {
        let kind = TransportErrorKind::ResponseTooLarge;
        return Err(TransportError::new(kind, Delivery::Unknown));
    }
    Ok(answer)
}
