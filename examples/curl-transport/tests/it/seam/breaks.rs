//! Connections that break: before, in and after the request, and in the answer.

use mde_live_response_core::Phase;
use mde_live_response_core::TransportErrorKind::{Receive, Send};

use super::{answer, check, row};
use crate::server::Speech;
use crate::server::Step::{self, ReadHead, ReadToEnd, Reset, Stall};
use crate::server::Step::{Close, HalfClose, ReadBody, ReadBodyButOne, ReadBytes};
use crate::support::{not_delivered, stored, timeout, unknown};

#[test]
fn t09_t10_in_the_request() {
    check([
        row("reset before the request", [Reset], not_delivered(Send)).large(),
        row("closed before the request", [Close], not_delivered(Send))
            .or(not_delivered(Receive))
            .large(),
        row("reset after the head", [ReadHead, Reset], not_delivered(Send)).large(),
        row("reset after a byte of the body", [ReadHead, ReadBytes(1), Reset], not_delivered(Send))
            .large(),
        row("reset in the body", [ReadHead, ReadBytes(100_000), Reset], not_delivered(Send))
            .large(),
        row("half-closed after the head", [ReadHead, HalfClose, Stall], not_delivered(Receive))
            .large()
            .only(Speech::Tls),
        row("shut after the head", [ReadHead, HalfClose, Stall], not_delivered(Receive))
            .large()
            .hasty()
            .only(Speech::Plain)
            .or_curl(
                not_delivered(timeout(Phase::Send)),
                "libcurl 7.88 sends on to a peer that has said its last word, until the time is over",
            ),
    ]);
}

#[test]
fn t11_after_the_request() {
    check([
        row("reset behind the body", [ReadHead, ReadBodyButOne, Reset], unknown(Receive)).medium(),
        row("closed behind the body", [ReadHead, ReadBody, Close], unknown(Receive)),
        row("half-closed behind the body", [ReadHead, ReadBody, HalfClose], unknown(Receive)),
        row("half-closed at once", [HalfClose, ReadToEnd], unknown(Receive))
            .or(not_delivered(Receive)),
    ]);
}

#[test]
fn t12_reset_in_the_answer() {
    let whole = stored();
    let text = String::from_utf8(whole.clone()).unwrap();
    let head = text.find('{').unwrap();
    check([1, 12, 17, 30, head, whole.len() - 40, whole.len() - 1].map(|sent| {
        let steps = [ReadHead, ReadBodyButOne, Step::Send(whole[..sent].to_vec()), Reset];
        row(format!("reset after {sent} bytes of the answer"), steps, unknown(Receive)).medium()
    }));
}

#[test]
fn t12_closed_in_the_answer() {
    let whole = stored();
    check([1, 12, 17, 30, whole.len() - 1].map(|sent| {
        answer(format!("closed after {sent} bytes of it"), &whole[..sent], unknown(Receive))
    }));
}
