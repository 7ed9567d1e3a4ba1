//! How an answer says where it ends, truly or not.

use mde_live_response_core::TransportErrorKind::{Protocol, Receive, ResponseTooLarge};
use mde_live_response_core::{Delivery, ResponseErrorKind};

use super::{Row, answer, check, row};
use crate::server::{Speech, Step};
use crate::support::{Outcome, after_request, entity, reply, stored, unknown};

/// The largest body that is taken.
const CAP: usize = 1024 * 1024;

fn with(headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{headers}\r\n{body}").into_bytes()
}

fn chunked(body: &str) -> Vec<u8> {
    with("Transfer-Encoding: chunked\r\n", body)
}

/// The entity as one good chunk, without what ends the body.
fn chunk() -> String {
    format!("{:x}\r\n{}\r\n", entity().len(), entity())
}

/// The server says this and falls silent.
fn unfinished(name: &str, answer: Vec<u8>, told: Outcome) -> Row {
    row(name, after_request([Step::Send(answer), Step::Stall]), told)
}

fn bad(kind: ResponseErrorKind) -> Outcome {
    Outcome::Response(kind, Delivery::Unknown)
}

#[test]
fn t19_t22_counted_or_to_the_end() {
    let entity = entity();
    let long = format!("Content-Length: {}\r\n", entity.len() + 1000);
    let cut = |body: &str| after_request([Step::Send(with("", body)), Step::Cut]);
    let counted = after_request([Step::Send(stored()), Step::Cut]);
    let bare = after_request([Step::Send(stored()[..30].to_vec()), Step::SendBare(stored())]);
    check([
        answer("a length too large", with(&long, &entity), unknown(Receive)),
        answer("no length, whole", with("", &entity), Outcome::Stored),
        answer("no length, cut", with("", &entity[..20]), bad(ResponseErrorKind::NotJson)),
        row("no close_notify, whole", cut(&entity), unknown(Receive)).only(Speech::Tls),
        row("no close_notify, cut", cut(&entity[..20]), unknown(Receive)).only(Speech::Tls),
        row("no close_notify, counted", counted, Outcome::Stored).only(Speech::Tls),
        row("bytes beneath TLS", bare, unknown(Receive)).only(Speech::Tls),
    ]);
}

#[test]
fn t23_good_chunks() {
    let entity = entity();
    let (start, end) = entity.split_at(10);
    let two = format!("a\r\n{start}\r\n{:X}\r\n{end}\r\n0\r\n\r\n", end.len());
    let extended = format!("{:x};a=\"b\"\r\n{entity}\r\n0;a\r\n\r\n", entity.len());
    let long = format!("{:x};a={}\r\n{entity}\r\n0\r\n\r\n", entity.len(), "b".repeat(32));
    check([
        answer("two chunks", chunked(&two), Outcome::Stored),
        answer("zeros", chunked(&format!("000{}0\r\n\r\n", chunk())), Outcome::Stored),
        answer("extensions", chunked(&extended), Outcome::Stored),
        answer("a trailer", chunked(&(chunk() + "0\r\nX-Sum: 1\r\n\r\n")), Outcome::Stored),
        answer("a long extension", chunked(&long), unknown(Protocol))
            .but_curl(Outcome::Stored, "ureq reads the line before a chunk up to 20 bytes"),
        answer("no line end at the end", chunked(&(chunk() + "0\r\n")), Outcome::Stored)
            .but_curl(unknown(Protocol), "libcurl waits for the line end behind the last chunk"),
    ]);
}

#[test]
fn t23_broken_chunks() {
    let entity = entity();
    let len = entity.len();
    check(
        [
            ("no number", format!("x\r\n{entity}\r\n0\r\n\r\n")),
            ("an empty size", format!("\r\n{entity}\r\n0\r\n\r\n")),
            ("a negative size", format!("-{len:x}\r\n{entity}\r\n0\r\n\r\n")),
            ("a size of 17 digits", format!("1{len:016x}\r\n{entity}\r\n0\r\n\r\n")),
            ("no line end after the data", format!("{len:x}\r\n{entity}0\r\n\r\n")),
            ("other bytes after the data", format!("{len:x}\r\n{entity}XX0\r\n\r\n")),
            ("no last chunk", chunk()),
            ("cut in a chunk", format!("{len:x}\r\n{}", &entity[..10])),
            ("cut in a size", chunk() + "0"),
            ("more than what comes", format!("{:x}\r\n{entity}\r\n0\r\n\r\n", len + 100)),
        ]
        .map(|(name, body)| answer(name, chunked(&body), unknown(Protocol))),
    );
    let hex = chunked(&format!("0x{len:x}\r\n{entity}\r\n0\r\n\r\n"));
    check([answer("a size with 0x", hex, unknown(Protocol))]);
}

#[test]
fn t24_lengths_and_codings_that_contradict() {
    let len = entity().len();
    check(
        [
            format!("Content-Length: {len}\r\nContent-Length: {len}\r\n"),
            format!("Content-Length: {len}\r\nContent-Length: {}\r\n", len - 1),
            format!("Content-Length: {len}, {len}\r\n"),
            format!("Content-Length: -{len}\r\n"),
            format!("Content-Length: +{len}\r\n"),
            format!("Content-Length: 0x{len:x}\r\n"),
            format!("Content-Length: {len}.0\r\n"),
            "Content-Length: \r\n".to_owned(),
            "Content-Length: 18446744073709551616\r\n".to_owned(),
            "Transfer-Encoding: gzip\r\n".to_owned(),
            "Transfer-Encoding: gzip, chunked\r\n".to_owned(),
            "Transfer-Encoding: identity\r\n".to_owned(),
            "Transfer-Encoding: chunked, chunked\r\n".to_owned(),
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n".to_owned(),
            format!("Content-Length: {len}\r\nTransfer-Encoding: gzip\r\n"),
            format!("Content-Length: {len}\r\nTransfer-Encoding: chunked\r\n"),
        ]
        .map(|headers| answer(headers.clone(), with(&headers, &entity()), unknown(Protocol))),
    );
}

#[test]
fn t25_too_large() {
    let endless = "x".repeat(CAP + 1);
    let told = || unknown(ResponseTooLarge);
    let mut fits = entity();
    fits.push_str(&" ".repeat(CAP - fits.len()));
    let counted = with("Content-Length: 1048577\r\n", &endless);
    let huge = with("Content-Length: 18446744073709551615\r\n", &endless);
    let one_chunk = chunked(&format!("{:x}\r\n{endless}", CAP + 1));
    let huge_chunk = chunked(&format!("7fffffffffffffff\r\n{endless}"));
    let for_ever =
        after_request([Step::Send(with("", "")), Step::SendForever(vec![b' '; 16 * 1024])]);
    check([
        unfinished("counted", counted, told()),
        unfinished("the largest count there is", huge, told()),
        unfinished("not counted", with("", &endless), told()),
        unfinished("one chunk", one_chunk, told()),
        unfinished("a huge chunk", huge_chunk, told()),
        row("for ever", for_ever, told()),
        answer("the cap itself", reply("200 OK", "", &fits), Outcome::Stored),
    ]);
}

#[test]
fn t26_gzip_stays_packed() {
    let headers = "Content-Encoding: gzip\r\nContent-Length: 5\r\n";
    check([answer("gzip", with(headers, "plain"), bad(ResponseErrorKind::Encoding))]);
}
