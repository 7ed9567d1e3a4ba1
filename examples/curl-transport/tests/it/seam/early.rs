//! Answers that come before the request was sent whole.

use mde_live_response_core::Delivery::NotDelivered;
use mde_live_response_core::Phase;
use mde_live_response_core::ServiceErrorKind::Rejected;
use mde_live_response_core::TransportErrorKind::{Protocol, Receive, Send};

use super::{check, row};
use crate::server::Step::{self, Close, HalfClose, ReadHead, ReadToEnd, Stall};
use crate::support::{Outcome, not_delivered, reply, stored, timeout, too_large, unknown};

/// Half a percent of the rows below, on a busy machine and with nothing between the two.
const LOST: &str =
    "libcurl may send once more before it sees the answer, and what breaks then takes it along";

fn says_413() -> Step {
    Step::Send(reply("413 Content Too Large", "Connection: close\r\n", "too large"))
}

fn says(status: &str, headers: &str) -> Step {
    Step::Send(reply(status, headers, ""))
}

#[test]
fn h16_h17_413() {
    check([
        row("413 and a close", [ReadHead, says_413(), Close], too_large())
            .large()
            .or_curl(not_delivered(Send), LOST),
        row("413 before anything and a close", [says_413(), Close], too_large())
            .large()
            .or_curl(not_delivered(Send), LOST),
        row("413 and silence", [ReadHead, says_413(), Stall], too_large()).large(),
        row("413 and reading on", [ReadHead, says_413(), ReadToEnd], too_large()).large(),
        row("413 and a half-close", [ReadHead, says_413(), HalfClose, Stall], too_large()).large(),
        row(
            "413 in the body",
            [ReadHead, Step::ReadBytes(1_000_000), says_413(), Stall],
            too_large(),
        )
        .large(),
        row("413 without close", [ReadHead, says("413 Content Too Large", ""), Stall], too_large())
            .large(),
    ]);
}

#[test]
fn h18_401_403_429_and_others() {
    let no_length = Step::Send(b"HTTP/1.1 400 Bad Request\r\n\r\nno length".to_vec());
    let rejected = Outcome::Service(Rejected, 400, NotDelivered);
    check([
        row(
            "401",
            [ReadHead, says("401 No", "WWW-Authenticate: Bearer\r\n"), Close],
            Outcome::Auth(401),
        )
        .large()
        .or_curl(not_delivered(Send), LOST),
        row("403", [ReadHead, says("403 No", ""), Close], Outcome::Auth(403))
            .large()
            .or_curl(not_delivered(Send), LOST),
        row(
            "429",
            [ReadHead, says("429 No", "Retry-After: 2\r\n"), Close],
            Outcome::Throttled(429),
        )
        .large()
        .or_curl(not_delivered(Send), LOST),
        row("400 without length", [ReadHead, no_length, HalfClose, Stall], rejected).large(),
    ]);
}

#[test]
fn h17_part_of_an_answer() {
    let Step::Send(whole) = says_413() else { panic!() };
    let part = |sent: usize| Step::Send(whole[..sent].to_vec());
    let mut rows = Vec::new();
    for sent in [1, 12, 40, whole.len() - 1] {
        let name = format!("{sent} bytes of a 413 and silence");
        rows.push(
            row(name, [ReadHead, part(sent), Stall], not_delivered(timeout(Phase::Send)))
                .or(not_delivered(timeout(Phase::Receive)))
                .large()
                .hasty(),
        );
        let name = format!("{sent} bytes of a 413 and a close");
        rows.push(
            row(name, [ReadHead, part(sent), Close], not_delivered(Send))
                .or(not_delivered(Receive))
                .large(),
        );
    }
    check(rows);
}

#[test]
fn t33_a_success_that_cannot_be() {
    let cut = stored()[..20].to_vec();
    let two = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}".to_vec();
    let no_header = b"HTTP/1.1 201 Created\r\nno header\r\n\r\n".to_vec();
    let many = reply("200 OK", &"X: x\r\n".repeat(200), "{}");
    let late = unknown(timeout(Phase::Send));
    check([
        row("200 and silence", [ReadHead, Step::Send(stored()), Stall], unknown(Protocol)).large(),
        row("200 and a close", [ReadHead, Step::Send(stored()), Close], unknown(Protocol))
            .large()
            .or_curl(not_delivered(Send), LOST),
        row("200 and reading on", [ReadHead, Step::Send(stored()), ReadToEnd], unknown(Protocol))
            .large(),
        row("200 with two lengths", [ReadHead, Step::Send(two), Stall], unknown(Protocol)).large(),
        row("201 with no header", [ReadHead, Step::Send(no_header), Stall], unknown(Protocol))
            .large(),
        row("200 with many lines", [ReadHead, Step::Send(many), Stall], unknown(Protocol)).large(),
        row("200 cut, and silence", [ReadHead, Step::Send(cut.clone()), Stall], late)
            .or(unknown(timeout(Phase::Receive)))
            .large()
            .hasty(),
        row("200 cut, and a close", [ReadHead, Step::Send(cut), Close], unknown(Send))
            .or(unknown(Receive))
            .large()
            .or_curl(not_delivered(Send), LOST),
    ]);
}

#[test]
fn h36_garbage() {
    let garbage = |bytes: &[u8]| [ReadHead, Step::Send(bytes.to_vec()), HalfClose, Stall];
    let told = Outcome::Transport(Protocol, NotDelivered);
    check([
        row("SSH early", garbage(b"SSH-2.0-OpenSSH_9.6\r\n"), told.clone()).large(),
        row("HTTP/2 early", garbage(b"HTTP/2 200\r\n\r\n"), told.clone()).large(),
        row("zeros early", garbage(b"\0\0\0\0\r\n\r\n"), told).large(),
    ]);
}
