//! Connections that break: before, in and after the request, and in the answer.

use mde_live_response_core::TransportErrorKind::{Receive, Send};

use crate::server::{Server, Speech, Step};
use crate::support::{
    Outcome, answered, both, client, exchange, large, medium, not_delivered, small, stored, unknown,
};

#[test]
fn t09_reset_before_the_request_is_not_delivered() {
    both(|speech| {
        let seen = exchange(speech, vec![Step::Reset], &large());
        assert_eq!(seen.outcome, not_delivered(Send));
        assert_eq!(seen.received, b"");
    });
}

/// Whether the end is seen first, or a write fails first, is the network's to choose.
#[test]
fn t09_closed_before_the_request_is_not_delivered() {
    both(|speech| {
        let outcome = exchange(speech, vec![Step::Close], &large()).outcome;
        assert!([not_delivered(Send), not_delivered(Receive)].contains(&outcome), "{outcome:?}");
    });
}

#[test]
fn t10_reset_in_the_middle_of_the_body_is_not_delivered() {
    both(|speech| {
        for n in [0, 1, 100_000] {
            let script = vec![Step::ReadHead, Step::ReadBytes(n), Step::Reset];
            let seen = exchange(speech, script, &large());
            assert_eq!(seen.outcome, not_delivered(Send), "case: {n} bytes read");
        }
    });
}

#[test]
fn t11_reset_after_the_whole_body_is_unknown() {
    both(|speech| {
        let script = vec![Step::ReadHead, Step::ReadBodyButOne, Step::Reset];
        assert_eq!(exchange(speech, script, &medium()).outcome, unknown(Receive));
    });
}

#[test]
fn t11_closed_after_the_whole_body_is_unknown() {
    both(|speech| {
        let script = vec![Step::ReadHead, Step::ReadBody, Step::Close];
        assert_eq!(exchange(speech, script, &small()).outcome, unknown(Receive));
    });
}

/// The answer up to here, then a reset.
fn reset_in_the_answer(speech: Speech, answer: &[u8]) -> Outcome {
    let script =
        vec![Step::ReadHead, Step::ReadBodyButOne, Step::Send(answer.to_vec()), Step::Reset];
    exchange(speech, script, &medium()).outcome
}

#[test]
fn t12_reset_in_the_middle_of_the_answers_head_is_unknown() {
    both(|speech| {
        for part in ["H", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Le"] {
            let outcome = reset_in_the_answer(speech, part.as_bytes());
            assert_eq!(outcome, unknown(Receive), "case: {part:?}");
        }
    });
}

#[test]
fn t12_reset_in_the_middle_of_the_answers_body_is_unknown() {
    both(|speech| {
        let whole = stored();
        for missing in [1, 2, 40] {
            let outcome = reset_in_the_answer(speech, &whole[..whole.len() - missing]);
            assert_eq!(outcome, unknown(Receive), "case: {missing} bytes missing");
        }
    });
}

/// The same without violence: the server closes in order, with half an answer sent.
#[test]
fn t12_closed_in_the_middle_of_the_answer_is_unknown() {
    both(|speech| {
        let whole = stored();
        for sent in [1, 12, 17, 30, whole.len() - 1] {
            let outcome = answered(speech, &whole[..sent]);
            assert_eq!(outcome, unknown(Receive), "case: {sent} bytes sent");
        }
    });
}

/// Nothing will come, whatever is sent: the outcome follows from what the server has.
#[test]
fn t13_a_half_close_at_once_ends_the_exchange_by_what_was_sent() {
    both(|speech| {
        for upload in [small(), large()] {
            let seen = exchange(speech, vec![Step::HalfClose, Step::ReadToEnd], &upload);
            let whole = seen.received.ends_with(b"--\r\n");
            let expected = if whole { unknown(Receive) } else { not_delivered(Receive) };
            assert_eq!(seen.outcome, expected, "case: {} bytes", upload.content().len());
        }
    });
}

#[test]
fn t13_a_half_close_after_the_head_ends_the_exchange_by_what_was_sent() {
    both(|speech| {
        let script = vec![Step::ReadHead, Step::HalfClose, Step::Stall];
        assert_eq!(exchange(speech, script, &large()).outcome, not_delivered(Receive));
    });
}

/// A transport that has seen a connection break is as good as new.
#[test]
fn t11_the_next_upload_after_a_break_takes_a_new_connection() {
    both(|speech| {
        let broken = vec![Step::ReadHead, Step::ReadBody, Step::Close];
        let good = vec![Step::ReadHead, Step::ReadBody, Step::Send(stored())];
        let server = Server::start(speech, [broken, good]);
        let client = client(&server);
        assert_eq!(Outcome::of(client.upload(&small())), unknown(Receive));
        assert_eq!(Outcome::of(client.upload(&small())), Outcome::Stored);
        assert_eq!(server.finish().len(), 2);
    });
}
