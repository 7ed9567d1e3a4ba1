//! Duties of every transport: read the body, cancel, limit the answer.

use std::io::Read;

use http::Response;
use mde_live_response_core::Effect;
use mde_live_response_core::transport::{Exchange, Transport, TransportError, TransportErrorKind};

use crate::library::FakeLibrary;

/// Bytes between two checks of the cancel.
const PIECE: usize = 64 * 1024;

/// Reads a body to its end. After an error, `bytes` has the bytes before it.
pub(crate) fn read_body(
    exchange: &mut Exchange<'_>,
    bytes: &mut Vec<u8>,
) -> Result<(), TransportError> {
    let mut piece = vec![0; PIECE];
    loop {
        if exchange.limits().is_cancelled() {
            return Err(TransportError::new(TransportErrorKind::Cancelled)
                .with_effect(cancelled_effect(exchange)));
        }
        match exchange.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(n) => bytes.extend_from_slice(piece.get(..n).unwrap_or_default()),
            Err(cause) => {
                let error = TransportError::new(TransportErrorKind::Send);
                return Err(error.with_effect(Effect::NotApplied).with_source(cause));
            }
        }
    }
}

/// Effect of a cancel. A request without a body was not sent then.
fn cancelled_effect(exchange: &Exchange<'_>) -> Effect {
    let is_sent = exchange.body_len() > 0 && !exchange.is_incomplete();
    if is_sent { Effect::Unknown } else { Effect::NotApplied }
}

/// The answer, unless it is larger than the exchange allows.
pub(crate) fn within(
    answer: Response<Vec<u8>>,
    exchange: &Exchange<'_>,
) -> Result<Response<Vec<u8>>, TransportError> {
    if answer.body().len() as u64 > exchange.limits().max_answer() {
        return Err(TransportError::new(TransportErrorKind::AnswerTooLarge));
    }
    Ok(answer)
}

/// Reads the whole body, even of a call refused by its head.
///
/// Answers at once: a list is always one page, and an answer is never late, lost or a 5xx. For such answers use
/// [`MockTransport`](crate::MockTransport), or a transport around this one.
impl Transport for FakeLibrary {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        let head = exchange.take_head();
        let mut bytes = Vec::new();
        read_body(exchange, &mut bytes)?;
        let answer = match self.begin(&head) {
            Ok(accepted) => accepted.finish(&bytes),
            Err(answer) => answer,
        };
        within(answer, exchange)
    }
}
