//! Peers that are slow or silent: the deadline ends the exchange, in the phase it is in.

use mde_live_response_core::Phase::{Receive, Send};

use super::{check, row};
use crate::server::Step::{self, Drip, ReadBytes, ReadHead, Sip, Stall};
use crate::support::{Outcome, after_request, not_delivered, stored, timeout, unknown};

#[test]
fn t15_t16_while_sending() {
    let told = || not_delivered(timeout(Send));
    check([
        row("nothing is read", [Stall], told()).large().hasty(),
        row("only the head is read", [ReadHead, Stall], told()).large().hasty(),
        row("some of the body is read", [ReadHead, ReadBytes(1_000_000), Stall], told())
            .large()
            .hasty(),
        row("a trickle is read", [ReadHead, Sip], told()).large().hasty(),
    ]);
}

#[test]
fn t17_t18_while_waiting_and_reading() {
    let told = || unknown(timeout(Receive));
    let whole = stored();
    let part = |len: usize| after_request([Step::Send(whole[..len].to_vec()), Stall]);
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".to_vec();
    let line = b"HTTP/1.1 200 OK\r\n".to_vec();
    check([
        row("no answer", after_request([Stall]), told()).hasty(),
        row("a small request that nobody reads", [Stall], told()).hasty(),
        row("one byte of an answer", part(1), told()).hasty(),
        row("half a head", part(20), told()).hasty(),
        row("all but a byte", part(whole.len() - 1), told()).hasty(),
        row("a body without end", after_request([Step::Send(head), Drip(vec![b'x'])]), told())
            .hasty(),
        row(
            "headers without end",
            after_request([Step::Send(line), Drip(b"X: x\r\n".to_vec())]),
            told(),
        )
        .hasty(),
        row("byte by byte", after_request([Step::SendSlowly(stored())]), Outcome::Stored),
    ]);
}
