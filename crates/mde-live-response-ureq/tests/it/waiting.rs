//! Peers that are slow or silent: the deadline ends the exchange, in the phase it is in.

use mde_live_response_core::Phase::{Receive, Send};

use crate::server::Step;
use crate::support::{
    Outcome, after_request, both, exchange, exchange_in_haste, large, not_delivered, small, stored,
    timeout, unknown,
};

#[test]
fn t15_a_peer_that_stops_reading_ends_with_the_deadline() {
    both(|speech| {
        for script in [
            vec![Step::Stall],
            vec![Step::ReadHead, Step::Stall],
            vec![Step::ReadHead, Step::ReadBytes(1_000_000), Step::Stall],
        ] {
            let outcome = exchange_in_haste(speech, script, &large());
            assert_eq!(outcome, not_delivered(timeout(Send)));
        }
    });
}

#[test]
fn t16_a_peer_that_reads_a_trickle_ends_with_the_deadline() {
    both(|speech| {
        let outcome = exchange_in_haste(speech, vec![Step::ReadHead, Step::Sip], &large());
        assert_eq!(outcome, not_delivered(timeout(Send)));
    });
}

#[test]
fn t17_a_server_that_says_nothing_after_the_body_ends_with_the_deadline() {
    both(|speech| {
        let outcome = exchange_in_haste(speech, after_request([Step::Stall]), &small());
        assert_eq!(outcome, unknown(timeout(Receive)));
    });
}

/// The kernel has the whole request, and nobody has read it.
#[test]
fn t17_a_server_that_does_not_read_a_small_request_ends_with_the_deadline() {
    both(|speech| {
        let outcome = exchange_in_haste(speech, vec![Step::Stall], &small());
        assert_eq!(outcome, unknown(timeout(Receive)));
    });
}

#[test]
fn t17_a_server_that_falls_silent_in_its_answer_ends_with_the_deadline() {
    both(|speech| {
        let whole = stored();
        let head = whole.iter().position(|b| *b == b'{').unwrap();
        for sent in [1, 20, head, whole.len() - 1] {
            let steps = [Step::Send(whole[..sent].to_vec()), Step::Stall];
            let outcome = exchange_in_haste(speech, after_request(steps), &small());
            assert_eq!(outcome, unknown(timeout(Receive)), "case: {sent} bytes sent");
        }
    });
}

#[test]
fn t18_an_answer_one_byte_at_a_time_is_an_answer() {
    both(|speech| {
        let script = after_request([Step::SendSlowly(stored())]);
        assert_eq!(exchange(speech, script, &small()).outcome, Outcome::Stored);
    });
}

/// Each byte comes soon after the one before it, and there is no end to them.
#[test]
fn t18_an_endless_trickle_ends_with_the_deadline() {
    both(|speech| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".to_vec();
        for steps in [
            vec![Step::Send(head), Step::Drip(b"x".to_vec())],
            vec![Step::Send(b"HTTP/1.1 200 OK\r\n".to_vec()), Step::Drip(b"X: x\r\n".to_vec())],
            vec![Step::Drip(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec())],
        ] {
            let outcome = exchange_in_haste(speech, after_request(steps), &small());
            assert_eq!(outcome, unknown(timeout(Receive)));
        }
    });
}
