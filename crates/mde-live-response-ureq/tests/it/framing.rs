//! How an answer says where it ends, truly or not.

use mde_live_response_core::TransportErrorKind::{Protocol, Receive, ResponseTooLarge};
use mde_live_response_core::{Delivery, ResponseErrorKind};

use crate::server::{Server, Speech, Step};
use crate::support::{
    Outcome, after_request, answered, both, client, entity, exchange, reply, small, stored, unknown,
};

/// The largest body that is taken.
const CAP: usize = 1024 * 1024;

fn with_headers(headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{headers}\r\n{body}").into_bytes()
}

fn chunked(body: &str) -> Vec<u8> {
    with_headers("Transfer-Encoding: chunked\r\n", body)
}

/// The entity as one good chunk, without what ends the body.
fn chunk() -> String {
    format!("{:x}\r\n{}\r\n", entity().len(), entity())
}

#[test]
fn t19_a_length_larger_than_the_body_is_no_success() {
    both(|speech| {
        for surplus in [1, 1000] {
            let headers = format!("Content-Length: {}\r\n", entity().len() + surplus);
            let outcome = answered(speech, with_headers(&headers, &entity()));
            assert_eq!(outcome, unknown(Receive), "case: {surplus} too many");
        }
    });
}

#[test]
fn t20_a_length_smaller_than_the_body_counts_and_the_connection_is_not_used_again() {
    both(|speech| {
        for surplus in [b"X".to_vec(), b"\r\n".to_vec(), stored()] {
            let mut answer = stored();
            answer.extend(&surplus);
            let first = after_request([Step::Send(answer)]);
            let second = after_request([Step::Send(stored())]);
            let server = Server::start(speech, [first, second]);
            let client = client(&server);
            for n in 1..=2 {
                assert_eq!(Outcome::of(client.upload(&small())), Outcome::Stored, "upload {n}");
            }
            assert_eq!(server.finish().len(), 2, "case: {surplus:?}");
        }
    });
}

#[test]
fn t21_a_cut_answer_without_a_length_is_no_success() {
    both(|speech| {
        let cut = &entity()[..entity().len() - 1];
        let outcome = answered(speech, with_headers("", cut));
        let not_json = Outcome::Response(ResponseErrorKind::NotJson, Delivery::Unknown);
        assert_eq!(outcome, not_json);
    });
}

#[test]
fn t21_a_whole_answer_without_a_length_is_a_success() {
    both(|speech| {
        assert_eq!(answered(speech, with_headers("", &entity())), Outcome::Stored);
    });
}

/// Without `close_notify` the end may be an attacker's doing.
#[test]
fn t22_tls_closed_without_close_notify_is_not_the_end_of_an_answer() {
    for body in [&entity()[..20], &entity()] {
        let steps = [Step::Send(with_headers("", body)), Step::Cut];
        let seen = exchange(Speech::Tls, after_request(steps), &small());
        assert_eq!(seen.outcome, unknown(Receive), "case: {body}");
    }
}

/// Where the answer has a length, its end is known without.
#[test]
fn t22_tls_closed_without_close_notify_after_a_counted_answer_is_fine() {
    let steps = [Step::Send(stored()), Step::Cut];
    let seen = exchange(Speech::Tls, after_request(steps), &small());
    assert_eq!(seen.outcome, Outcome::Stored);
}

/// What was tampered with on the way is never taken for an answer.
#[test]
fn t22_bytes_beneath_tls_are_no_answer() {
    for (case, bytes) in [("http", stored()), ("record", b"\x17\x03\x03\x00\x20".repeat(8))] {
        for start in [0, 30] {
            let steps = [Step::Send(stored()[..start].to_vec()), Step::SendBare(bytes.clone())];
            let seen = exchange(Speech::Tls, after_request(steps), &small());
            assert_eq!(seen.outcome, unknown(Receive), "case: {case} after {start} bytes");
        }
    }
}

#[test]
fn t23_chunks_are_read() {
    both(|speech| {
        let (start, end) = (&entity()[..10], &entity()[10..]);
        let two = format!("a\r\n{start}\r\n{:X}\r\n{end}\r\n0\r\n\r\n", end.len());
        assert_eq!(answered(speech, chunked(&two)), Outcome::Stored);
        let zeros = format!("000{}0\r\n\r\n", chunk());
        assert_eq!(answered(speech, chunked(&zeros)), Outcome::Stored);
    });
}

#[test]
fn t23_chunk_extensions_are_fine() {
    both(|speech| {
        let len = entity().len();
        for extension in [";a", ";a=b", ";a=\"b\"", " ;a=b"] {
            let body = format!("{len:x}{extension}\r\n{}\r\n0{extension}\r\n\r\n", entity());
            assert_eq!(answered(speech, chunked(&body)), Outcome::Stored, "case: {extension}");
        }
    });
}

/// ureq reads the line before a chunk up to 20 bytes: what it cannot read it does not guess.
#[test]
fn t23_a_long_chunk_extension_is_not_understood() {
    both(|speech| {
        let body = format!("{:x};a={}\r\n{}\r\n", entity().len(), "b".repeat(32), entity());
        let outcome = answered(speech, chunked(&(body + "0\r\n\r\n")));
        assert_eq!(outcome, unknown(Protocol));
    });
}

#[test]
fn t23_trailers_are_fine() {
    both(|speech| {
        let body = format!("{}0\r\nX-Checksum: 1\r\n\r\n", chunk());
        assert_eq!(answered(speech, chunked(&body)), Outcome::Stored);
    });
}

#[test]
fn t23_broken_chunks_are_a_protocol_fault() {
    let entity = entity();
    let len = entity.len();
    let broken = [
        ("no number", format!("x\r\n{entity}\r\n0\r\n\r\n")),
        ("empty size", format!("\r\n{entity}\r\n0\r\n\r\n")),
        ("negative size", format!("-{len:x}\r\n{entity}\r\n0\r\n\r\n")),
        ("size with 0x", format!("0x{len:x}\r\n{entity}\r\n0\r\n\r\n")),
        ("size of 17 digits", format!("1{len:016x}\r\n{entity}\r\n0\r\n\r\n")),
        ("no line end after the data", format!("{len:x}\r\n{entity}0\r\n\r\n")),
        ("other bytes after the data", format!("{len:x}\r\n{entity}XX0\r\n\r\n")),
        ("no last chunk", chunk()),
        ("cut in a chunk", format!("{len:x}\r\n{}", &entity[..10])),
        ("cut in a size", chunk() + "0"),
        ("larger than what comes", format!("{:x}\r\n{entity}\r\n0\r\n\r\n", len + 100)),
    ];
    both(|speech| {
        for (case, body) in &broken {
            assert_eq!(answered(speech, chunked(body)), unknown(Protocol), "case: {case}");
        }
    });
}

/// The last chunk says that the body is complete; the line end after it says nothing more.
#[test]
fn t23_a_missing_line_end_after_the_last_chunk_is_fine() {
    both(|speech| {
        let outcome = answered(speech, chunked(&(chunk() + "0\r\n")));
        assert_eq!(outcome, Outcome::Stored);
    });
}

#[test]
fn t23_a_huge_chunk_is_not_waited_for() {
    both(|speech| {
        let body = format!("7fffffffffffffff\r\n{}", "x".repeat(CAP + 1));
        let steps = [Step::Send(chunked(&body)), Step::Stall];
        let seen = exchange(speech, after_request(steps), &small());
        assert_eq!(seen.outcome, unknown(ResponseTooLarge));
    });
}

#[test]
fn t24_lengths_that_contradict_are_a_protocol_fault() {
    let len = entity().len();
    let cases = [
        format!("Content-Length: {len}\r\nContent-Length: {len}\r\n"),
        format!("Content-Length: {len}\r\nContent-Length: {}\r\n", len - 1),
        format!("Content-Length: {len}, {len}\r\n"),
        format!("Content-Length: {len}, {}\r\n", len - 1),
        format!("Content-Length: -{len}\r\n"),
        format!("Content-Length: +{len}\r\n"),
        format!("Content-Length: 0x{len:x}\r\n"),
        format!("Content-Length: {len}.0\r\n"),
        format!("Content-Length: {len} bytes\r\n"),
        "Content-Length: \r\n".to_owned(),
        "Content-Length: 18446744073709551616\r\n".to_owned(),
        "Content-Length: 99999999999999999999999999\r\n".to_owned(),
        "Transfer-Encoding: gzip\r\n".to_owned(),
        "Transfer-Encoding: gzip, chunked\r\n".to_owned(),
        "Transfer-Encoding: chunked, gzip\r\n".to_owned(),
        "Transfer-Encoding: identity\r\n".to_owned(),
        "Transfer-Encoding: chunked, chunked\r\n".to_owned(),
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n".to_owned(),
        format!("Content-Length: {len}\r\nTransfer-Encoding: gzip\r\n"),
    ];
    both(|speech| {
        for headers in &cases {
            let outcome = answered(speech, with_headers(headers, &entity()));
            assert_eq!(outcome, unknown(Protocol), "case: {headers}");
        }
    });
}

#[test]
fn t24_a_length_beside_chunks_is_a_protocol_fault() {
    both(|speech| {
        let body = format!("{}0\r\n\r\n", chunk());
        for headers in [
            format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", body.len()),
            format!("Transfer-Encoding: chunked\r\nContent-Length: {}\r\n", body.len()),
            "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n".to_owned(),
        ] {
            let outcome = answered(speech, with_headers(&headers, &body));
            assert_eq!(outcome, unknown(Protocol), "case: {headers}");
        }
    });
}

/// The largest counted length there is: nothing overflows, and nobody waits for the rest.
#[test]
fn t25_a_body_over_the_cap_is_not_read_to_its_end() {
    let endless = || "x".repeat(CAP + 1);
    let answers = [
        with_headers("Content-Length: 1048577\r\n", &endless()),
        with_headers("Content-Length: 18446744073709551615\r\n", &endless()),
        with_headers("", &endless()),
        chunked(&format!("{:x}\r\n{}", CAP + 1, endless())),
    ];
    both(|speech| {
        for answer in &answers {
            let steps = [Step::Send(answer.clone()), Step::Stall];
            let seen = exchange(speech, after_request(steps), &small());
            assert_eq!(seen.outcome, unknown(ResponseTooLarge));
        }
    });
}

#[test]
fn t25_an_endless_body_is_left() {
    both(|speech| {
        let steps = [Step::Send(with_headers("", "")), Step::SendForever(vec![b' '; 16 * 1024])];
        let seen = exchange(speech, after_request(steps), &small());
        assert_eq!(seen.outcome, unknown(ResponseTooLarge));
    });
}

#[test]
fn t25_a_body_of_the_cap_is_taken() {
    both(|speech| {
        let mut body = entity();
        body.push_str(&" ".repeat(CAP - body.len()));
        assert_eq!(answered(speech, reply("200 OK", "", &body)), Outcome::Stored);
    });
}

/// A compressed answer is not unpacked: what is inside cannot matter.
#[test]
fn t26_gzip_that_nobody_asked_for_is_refused_unopened() {
    let packed: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabVJ\xcb\xccI\xf5K\xccMU\xb2RJ\xce\xcf\xc9IM.\xd1M\xc9+\xd6+(6T\xaa\x05\x00Qj\xe4\xa8\x1e\x00\x00\x00";
    let encoding = Outcome::Response(ResponseErrorKind::Encoding, Delivery::Unknown);
    both(|speech| {
        for (case, body) in [("whole", packed), ("cut", &packed[..20]), ("none", b"plain")] {
            let length = format!("Content-Length: {}\r\n", body.len());
            let mut answer = with_headers(&format!("Content-Encoding: gzip\r\n{length}"), "");
            answer.extend(body);
            assert_eq!(answered(speech, answer), encoding, "case: {case}");
        }
    });
}
