//! Slow and silent peers: the deadline or the silence limit ends the exchange, in its current phase.

use std::thread;

use Phase::{Connect, Receive};

use crate::support::*;

/// A client whose silence limit is meant to pass, and whose deadline is far away.
fn impatient_client(server: &Server) -> Client {
    builder(&server.url()).silence_limit(SHORT).build()
}

/// The outcome with a short deadline, which must be that with a short silence limit.
#[track_caller]
fn given_up(speech: Speech, script: &[Step], upload: &Upload) -> Outcome {
    let run = |client: fn(&Server) -> Client| {
        exchange_by(speech, script.to_vec(), upload, client).outcome
    };
    let (hasty, impatient) = thread::scope(|scope| {
        let hasty = scope.spawn(|| run(hasty_client));
        (run(impatient_client), hasty.join().unwrap())
    });
    assert_eq!(hasty, impatient);
    hasty
}

#[test]
fn t15_a_peer_that_stops_reading() {
    let scripts = [vec![Stall], vec![ReadHead, Stall], vec![ReadHead, ReadBytes(1_000_000), Stall]];
    both_each(scripts, |speech, script| {
        let timeout = not_applied(Kind::Timeout(Phase::Send));
        assert_eq!(given_up(speech, script, &large()), timeout);
    });
}

/// In the last case, the kernel has the whole request, and nobody reads it.
#[test]
fn t17_a_peer_that_is_silent_after_the_request() {
    both_each([after_request([Stall]), vec![ReadHead, Stall], vec![Stall]], |speech, script| {
        assert_eq!(given_up(speech, script, &small()), unknown(Kind::Timeout(Receive)));
    });
}

#[test]
fn t17_a_peer_that_falls_silent_in_its_answer() {
    let whole = stored();
    let head = whole.iter().position(|b| *b == b'{').unwrap();
    both_each([1, 20, head, whole.len() - 1], |speech, sent| {
        let script = after_request([say(&whole[..*sent]), Stall]);
        assert_eq!(given_up(speech, &script, &small()), unknown(Kind::Timeout(Receive)));
    });
}

/// Half an interim answer says nothing.
#[test]
fn a_peer_that_falls_silent_in_an_early_answer() {
    both_each(["H", "HTTP/1.1 100 Con", "HTTP/1.1 413 Con"], |speech, start| {
        let outcome = given_up(speech, &[ReadHead, say(*start), Stall], &large());
        let timeouts = [Phase::Send, Receive].map(|phase| not_applied(Kind::Timeout(phase)));
        assert_one_of(&outcome, &timeouts);
    });
}

#[test]
fn a_peer_that_is_silent_while_tls_is_set_up() {
    for script in [vec![Stall], vec![ReadBytes(5), say(b"\x16\x03\x03"), Stall]] {
        let server = Server::start(Speech::Plain, [script.clone(), script]);
        let url = server.url().replace("http:", "https:");
        for builder in [builder(&url).deadline(SHORT), builder(&url).silence_limit(SHORT)] {
            let outcome = upload_by(&builder.build(), &small());
            assert_eq!(outcome, not_applied(Kind::Timeout(Connect)));
        }
        assert_eq!(server.finish().len(), 2);
    }
}

/// Each exchange lasts longer than its silence limit, but a byte moves all the time. Over TLS, the answer is one record, so
/// that none of its bytes reaches HTTP before the last one has come.
#[test]
fn bytes_that_trickle_are_no_silence() {
    let scripts = [
        (small(), after_request([DripOnce(stored())])),
        (small(), after_request([Drip(stored())])),
        (large(), vec![ReadHead, Sip(128 * 1024), say(reply("413 Too Large", "", ""))]),
    ];
    both_each(scripts, |speech, (upload, script)| {
        let outcome = exchange_by(speech, script.clone(), upload, impatient_client).outcome;
        let is_large = upload.content().len() > 1000;
        assert_eq!(outcome, if is_large { too_large() } else { STORED });
    });
}

#[test]
fn t16_a_peer_that_reads_a_trickle_ends_with_the_deadline() {
    both(|speech| {
        let script = vec![ReadHead, Sip(1024)];
        let outcome = exchange_by(speech, script, &large(), hasty_client).outcome;
        assert_eq!(outcome, not_applied(Kind::Timeout(Phase::Send)));
    });
}

#[test]
fn t18_an_answer_one_byte_at_a_time_is_an_answer() {
    both(|speech| {
        let script = after_request([SendSlowly(stored())]);
        assert_eq!(exchange(speech, script, &small()).outcome, STORED);
    });
}

#[test]
fn t18_an_endless_trickle_ends_with_the_deadline() {
    let scripts = [
        vec![say("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"), Drip(b"x".to_vec())],
        vec![say("HTTP/1.1 200 OK\r\n"), Drip(b"X: x\r\n".to_vec())],
        vec![Drip(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec())],
    ];
    both_each(scripts, |speech, steps| {
        let script = after_request(steps.clone());
        let outcome = exchange_by(speech, script, &small(), hasty_client).outcome;
        assert_eq!(outcome, unknown(Kind::Timeout(Receive)));
    });
}
