//! What comes before, or in place of, a final answer; heads that are none; statuses.

use mde_live_response_core::Delivery::{NotDelivered, Unknown};
use mde_live_response_core::ServiceErrorKind::{Redirected, Server};
use mde_live_response_core::TransportErrorKind::{Protocol, Proxy, Receive};

use super::{answer, check, row};
use crate::server::Step::{self, ReadBody, ReadHead, SendForever, Stall};
use crate::support::{
    Outcome, after_request, entity, not_delivered, reply, stored, too_large, unknown,
};

const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";
const PROCESSING: &str = "HTTP/1.1 102 Processing\r\n\r\n";
const HINTS: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n";

fn then(interim: &str, answer: &[u8]) -> Vec<u8> {
    [interim.as_bytes(), answer].concat()
}

#[test]
fn h34_interim_answers() {
    let says_413 = reply("413 Content Too Large", "", "");
    let all = [CONTINUE, PROCESSING, HINTS].concat();
    let in_pieces = [
        ReadHead,
        Step::Send(CONTINUE[..12].into()),
        Step::ReadBytes(10_000_000),
        Step::Send(CONTINUE[12..].into()),
        ReadBody,
        Step::Send(says_413.clone()),
    ];
    let before = [ReadHead, Step::Send(HINTS.into()), ReadBody, Step::Send(says_413.clone())];
    let slowly = after_request([Step::SendSlowly(then(HINTS, &stored()))]);
    let lf = String::from_utf8(then(CONTINUE, &stored())).unwrap().replace("\r\n", "\n");
    check([
        answer("100", then(CONTINUE, &stored()), Outcome::Stored),
        answer("102", then(PROCESSING, &stored()), Outcome::Stored),
        answer("103", then(HINTS, &stored()), Outcome::Stored),
        answer("all of them", then(&all, &stored()), Outcome::Stored),
        answer("100 alone", CONTINUE, unknown(Receive)),
        answer("103 alone", HINTS, unknown(Receive)),
        row("103 byte by byte", slowly, Outcome::Stored),
        answer("LF alone", lf, Outcome::Stored),
        row("103 before the body", before, too_large()).large(),
        row("100 in pieces in the body", in_pieces, too_large()).large(),
        row("413 behind 1xx", [ReadHead, Step::Send(then(&all, &says_413)), Stall], too_large())
            .large(),
    ]);
}

#[test]
fn t27_heads_without_end() {
    let many = "X-Line: x\r\n".repeat(101);
    let long = format!("X-Line: {}\r\n", "x".repeat(64 * 1024));
    let start = || Step::Send(b"HTTP/1.1 200 OK\r\nX-Line: ".to_vec());
    let told = || unknown(Protocol);
    let forever = |bytes: &str| after_request([SendForever(bytes.into())]);
    let endless = |bytes: &str| after_request([start(), SendForever(bytes.into())]);
    check([
        row("100 for ever", forever(CONTINUE), told()),
        row("103 for ever", forever(HINTS), told()),
        row(
            "100 for ever before the body",
            [ReadHead, SendForever(CONTINUE.into())],
            not_delivered(Protocol),
        )
        .large(),
        answer("101 lines", reply("200 OK", &many, "{}"), told()),
        answer("a line of 64 KiB", reply("200 OK", &long, "{}"), told()),
        row("lines for ever", endless("X-Line: x\r\n"), told()),
        row("one line for ever", endless("xxxxxxxxxxxxxxxx"), told()),
        answer("90 lines", reply("200 OK", &"X: x\r\n".repeat(90), &entity()), Outcome::Stored),
        answer(
            "a line of 32 KiB",
            reply("200 OK", &format!("X: {}\r\n", "x".repeat(32 * 1024)), &entity()),
            Outcome::Stored,
        ),
    ]);
}

#[test]
fn h35_h36_what_is_no_answer() {
    let mut rows = Vec::new();
    for line in [
        "HTTP/1.1 999 Odd",
        "HTTP/1.1 600 Odd",
        "HTTP/1.1 099 Odd",
        "HTTP/1.1 20 Odd",
        "HTTP/1.1 2000 Odd",
        "HTTP/1.1 2O0 Odd",
        "HTTP/1.1 OK",
        "HTTP/1.1",
        "HTTP/2.0 200 OK",
        "HTTP/0.9 200 OK",
        "http/1.1 200 OK",
        "HTTP 200 OK",
        "ICY 200 OK",
        "POST / HTTP/1.1",
        "SSH-2.0-OpenSSH_9.6",
        "<html></html>",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade",
    ] {
        let text = format!("{line}\r\nContent-Length: 2\r\n\r\n{{}}");
        rows.push(answer(line, text, unknown(Protocol)));
    }
    for header in
        ["no colon", ": no name", "sp ace: x", "Content-Length : 2", "X: a\0b", " folded: x"]
    {
        let text = reply("200 OK", &format!("{header}\r\n"), &entity());
        rows.push(answer(header, text, unknown(Protocol)));
    }
    rows.push(answer("zeros", &b"\0\0\0\0\r\n\r\n"[..], unknown(Protocol)));
    rows.push(answer("an alert", &b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n"[..], unknown(Protocol)));
    check(rows);
}

#[test]
fn h36_odd_and_yet_an_answer() {
    let old = [b"HTTP/1.0", &stored()[8..]].concat();
    let latin = [&b"HTTP/1.1 200 OK\r\nX-Name: \xe9\xff\r\n"[..], &stored()[17..]].concat();
    check([
        answer("HTTP/1.0", old, Outcome::Stored),
        answer("a header that is not UTF-8", latin, Outcome::Stored),
        answer("no reason", [b"HTTP/1.1 200", &stored()[15..]].concat(), Outcome::Stored),
    ]);
}

#[test]
fn statuses_are_the_clients_to_judge() {
    let redirected = |status| Outcome::Service(Redirected, status, NotDelivered);
    let away = "Location: https://elsewhere.invalid/\r\n";
    check([
        answer("301", reply("301 Moved", away, ""), redirected(301)),
        answer("302 here", reply("302 Found", "Location: /other\r\n", ""), redirected(302)),
        answer("303", reply("303 See Other", away, ""), redirected(303)),
        answer("307", reply("307 Temporary", away, ""), redirected(307)),
        answer("308", reply("308 Permanent", away, ""), redirected(308)),
        answer("401", reply("401 No", "WWW-Authenticate: Negotiate\r\n", ""), Outcome::Auth(401)),
        answer("407", reply("407 No", "Proxy-Authenticate: NTLM\r\n", ""), not_delivered(Proxy)),
        answer("429", reply("429 No", "Retry-After: 3\r\n", ""), Outcome::Throttled(429)),
        answer("500", reply("500 No", "", ""), Outcome::Service(Server, 500, Unknown)),
    ]);
}
