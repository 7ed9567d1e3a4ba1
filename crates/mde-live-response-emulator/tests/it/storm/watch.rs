//! What stands between the client and its transport, and sees each call's exchanges in their order: a call runs on one
//! thread.

use std::cell::Cell;

use mde_live_response_core::Effect;
use mde_live_response_core::http::{Method, Response, StatusCode, header::RETRY_AFTER};
use mde_live_response_core::transport::{Exchange, Transport, TransportError};
use mde_live_response_ureq::UreqTransport;

thread_local! {
    /// Whether an upload of this call may have been stored, and the library was not looked into since.
    static IS_OPEN: Cell<bool> = const { Cell::new(false) };
    static BLIND: Cell<u32> = const { Cell::new(0) };
}

#[derive(Debug)]
pub(super) struct Watch(pub(super) UreqTransport);

/// Makes a call, and tells how often its upload was sent although an earlier one may have been stored.
pub(super) fn watched<T>(call: impl FnOnce() -> T) -> (T, u32) {
    IS_OPEN.set(false);
    BLIND.set(0);
    (call(), BLIND.get())
}

impl Transport for Watch {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        let head = exchange.head();
        let is_ours = head.uri.path() == "/api/libraryfiles";
        let (is_upload, is_listing) =
            (is_ours && head.method == Method::POST, is_ours && head.method == Method::GET);
        if is_upload && IS_OPEN.get() {
            BLIND.set(BLIND.get() + 1);
        }
        let outcome = self.0.send(exchange);
        if is_upload && may_be_stored(&outcome) {
            IS_OPEN.set(true);
        }
        if is_listing
            && outcome.as_ref().is_ok_and(|reply| reply.status() == 200 && !is_page(reply))
        {
            IS_OPEN.set(false);
        }
        outcome
    }
}

fn may_be_stored(outcome: &Result<Response<Vec<u8>>, TransportError>) -> bool {
    match outcome {
        Err(error) => error.effect() != Some(Effect::NotApplied),
        Ok(reply) => match reply.status() {
            StatusCode::OK => is_page(reply),
            StatusCode::SERVICE_UNAVAILABLE => !reply.headers().contains_key(RETRY_AFTER),
            status => status.is_server_error(),
        },
    }
}

fn is_page(reply: &Response<Vec<u8>>) -> bool {
    reply.body().starts_with(b"<")
}
