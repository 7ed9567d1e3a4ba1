//! How an answer says where it ends, truly or not.

use crate::support::*;

/// The largest body that is accepted.
const CAP: usize = 1024 * 1024;

fn with_headers(headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{headers}\r\n{body}").into_bytes()
}

fn chunked(body: &str) -> Vec<u8> {
    with_headers("Transfer-Encoding: chunked\r\n", body)
}

/// The entity as one good chunk, without the end of the body.
fn chunk() -> String {
    format!("{:x}\r\n{}\r\n", entity().len(), entity())
}

#[test]
fn t19_a_length_larger_than_the_body_is_no_success() {
    both_each([1, 1000], |speech, surplus| {
        let headers = format!("Content-Length: {}\r\n", entity().len() + surplus);
        let outcome = answered(speech, with_headers(&headers, &entity()));
        assert_eq!(outcome, unknown(Kind::Receive));
    });
}

#[test]
fn t20_a_length_smaller_than_the_body_counts_and_the_connection_is_not_used_again() {
    both_each([b"X".to_vec(), b"\r\n".to_vec(), stored()], |speech, surplus| {
        let first = after_request([say([stored(), surplus.clone()].concat())]);
        let server = Server::start(speech, [first, served(1)]);
        let client = client(&server);
        assert_eq!(upload_by(&client, &small()), STORED);
        assert_eq!(upload_by(&client, &small()), STORED);
        assert_eq!(server.finish().len(), 2);
    });
}

#[test]
fn t21_an_answer_without_a_length_ends_with_the_connection() {
    both(|speech| {
        assert_eq!(answered(speech, with_headers("", &entity())), STORED);
        let cut = &entity()[..entity().len() - 1];
        let outcome = answered(speech, with_headers("", cut));
        assert_eq!(outcome, unusable(AnswerProblem::NotJson));
    });
}

/// Without `close_notify`, an attacker may have cut the answer. An answer with a length does not need it.
#[test]
fn t22_tls_closed_without_close_notify_is_not_the_end_of_an_answer() {
    for (answer, expected) in [
        (with_headers("", &entity()[..20]), unknown(Kind::Receive)),
        (with_headers("", &entity()), unknown(Kind::Receive)),
        (stored(), STORED),
    ] {
        let seen = exchange(Speech::Tls, after_request([say(answer), Cut]), &small());
        assert_eq!(seen.outcome, expected);
    }
}

#[test]
fn t22_bytes_beneath_tls_are_no_answer() {
    for bytes in [stored(), b"\x17\x03\x03\x00\x20".repeat(8)] {
        for start in [0, 30] {
            let script = after_request([say(&stored()[..start]), SendBare(bytes.clone())]);
            let seen = exchange(Speech::Tls, script, &small());
            assert_eq!(seen.outcome, unknown(Kind::Receive), "after {start} bytes");
        }
    }
}

/// In the last two cases: trailers, and a missing line end after the last chunk, which says that the body is complete.
#[test]
fn t23_chunks_are_read() {
    let (len, entity) = (entity().len(), entity());
    let (start, end) = entity.split_at(10);
    let extended = |it| format!("{len:x}{it}\r\n{entity}\r\n0{it}\r\n\r\n");
    let bodies = [
        format!("a\r\n{start}\r\n{:X}\r\n{end}\r\n0\r\n\r\n", end.len()),
        format!("000{}0\r\n\r\n", chunk()),
        extended(";a"),
        extended(";a=b"),
        extended(";a=\"b\""),
        extended(" ;a=b"),
        format!("{}0\r\nX-Checksum: 1\r\n\r\n", chunk()),
        format!("{}0\r\n", chunk()),
    ];
    both_each(bodies, |speech, body| assert_eq!(answered(speech, chunked(body)), STORED));
}

/// ureq reads at most 20 bytes of the line before a chunk.
#[test]
fn t23_broken_chunks_are_a_protocol_fault_and_cut_ones_are_lost() {
    let (len, entity) = (entity().len(), entity());
    let long = "b".repeat(32);
    let cases = [
        (Kind::Protocol, format!("x\r\n{entity}\r\n0\r\n\r\n")),
        (Kind::Protocol, format!("\r\n{entity}\r\n0\r\n\r\n")),
        (Kind::Protocol, format!("-{len:x}\r\n{entity}\r\n0\r\n\r\n")),
        (Kind::Protocol, format!("0x{len:x}\r\n{entity}\r\n0\r\n\r\n")),
        (Kind::Protocol, format!("1{len:016x}\r\n{entity}\r\n0\r\n\r\n")),
        (Kind::Protocol, format!("{len:x};a={long}\r\n{entity}\r\n0\r\n\r\n")),
        (Kind::Protocol, format!("{len:x}\r\n{entity}0\r\n\r\n")),
        (Kind::Protocol, format!("{len:x}\r\n{entity}XX0\r\n\r\n")),
        (Kind::Receive, chunk()),
        (Kind::Receive, chunk() + "0"),
        (Kind::Receive, format!("{len:x}")),
        (Kind::Receive, format!("{len:x}\r\n{}", &entity[..10])),
        (Kind::Receive, format!("{:x}\r\n{entity}\r\n0\r\n\r\n", len + 100)),
    ];
    both_each(cases, |speech, (kind, body)| {
        assert_eq!(answered(speech, chunked(body)), unknown(*kind));
    });
}

#[test]
fn t24_an_ambiguous_or_unreadable_length_is_a_protocol_fault() {
    let len = entity().len();
    let body = format!("{}0\r\n\r\n", chunk());
    let whole = body.len();
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
        format!("Content-Length: {whole}\r\nTransfer-Encoding: chunked\r\n"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {whole}\r\n"),
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n".to_owned(),
    ];
    both_each(cases, |speech, headers| {
        let is_chunked = headers.contains("chunked");
        let body = if is_chunked { body.clone() } else { entity() };
        // The next upload takes a new connection, because nobody knows where this answer ends.
        let first = after_request([say(with_headers(headers, &body))]);
        let server = Server::start(speech, [first, served(1)]);
        let client = client(&server);
        assert_eq!(upload_by(&client, &small()), unknown(Kind::Protocol));
        assert_eq!(upload_by(&client, &small()), STORED);
        assert_eq!(server.finish().len(), 2);
    });
}

/// Also with the largest lengths that can be written: nothing overflows, and the rest is not waited for.
#[test]
fn t25_a_body_over_the_cap_is_not_read_to_its_end() {
    let long = "x".repeat(CAP + 1);
    let answers = [
        with_headers("Content-Length: 1048577\r\n", &long),
        with_headers("Content-Length: 18446744073709551615\r\n", &long),
        with_headers("", &long),
        chunked(&format!("{:x}\r\n{long}", CAP + 1)),
        chunked(&format!("7fffffffffffffff\r\n{long}")),
    ];
    both(|speech| {
        for answer in &answers {
            for end in [Stall, SendForever(vec![b' '; 16 * 1024])] {
                let script = after_request([say(answer.clone()), end]);
                let outcome = exchange(speech, script, &small()).outcome;
                assert_eq!(outcome, unknown(Kind::AnswerTooLarge));
            }
        }
    });
}

#[test]
fn t25_a_body_of_the_cap_is_accepted() {
    both(|speech| {
        let body = entity() + &" ".repeat(CAP - entity().len());
        assert_eq!(answered(speech, reply("200 OK", "", &body)), STORED);
    });
}

/// A compressed answer is not unpacked.
#[test]
fn t26_gzip_is_refused_unopened() {
    let packed: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabVJ\xcb\xccI\xf5K\xccMU\xb2RJ\xce\xcf\xc9IM.\xd1M\xc9+\xd6+(6T\xaa\x05\x00Qj\xe4\xa8\x1e\x00\x00\x00";
    both_each([packed, &packed[..20], b"plain"], |speech, body| {
        let headers = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", body.len());
        let answer = [&with_headers(&headers, ""), *body].concat();
        assert_eq!(answered(speech, answer), unusable(AnswerProblem::Encoding));
    });
}
