//! The two duties of every transport: read the body to its end, keep the answer within its limit.

use std::io::Read;

use http::Response;
use mde_live_response_core::{Body, Delivery, Limits, TransportError, TransportErrorKind};

/// Reads a body to its end. What was read before an error stays in `bytes`.
pub(crate) fn read_body(body: &mut Body<'_>, bytes: &mut Vec<u8>) -> Result<(), TransportError> {
    body.read_to_end(bytes).map(drop).map_err(|cause| {
        TransportError::new(TransportErrorKind::Send, Delivery::NotDelivered).with_source(cause)
    })
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
