//! Connections that break: before, in and after the request, and in the answer.

use crate::support::*;

#[test]
fn t09_a_reset_before_the_request_is_not_applied() {
    both(|speech| {
        let seen = exchange(speech, vec![Reset], &large());
        assert_eq!(seen.outcome, not_applied(Kind::Send));
        assert_eq!(seen.received, b"");
    });
}

/// Either the end is seen first, or a write fails first.
#[test]
fn t09_a_close_before_the_request_is_not_applied() {
    both(|speech| {
        let outcome = exchange(speech, vec![Close], &large()).outcome;
        assert_one_of(&outcome, &[not_applied(Kind::Send), not_applied(Kind::Receive)]);
    });
}

#[test]
fn t10_a_reset_in_the_middle_of_the_body_is_not_applied() {
    both_each([0, 1, 100_000], |speech, n| {
        let seen = exchange(speech, vec![ReadHead, ReadBytes(*n), Reset], &large());
        assert_eq!(seen.outcome, not_applied(Kind::Send));
    });
}

/// A part of the answer arrives, then the connection is reset.
#[test]
fn t11_t12_a_reset_after_the_whole_body_is_unknown() {
    let whole = stored();
    let head = [0, 1, 12, 17, 27];
    let body = [40, 2, 1].map(|missing| whole.len() - missing);
    both_each(head.into_iter().chain(body), |speech, sent| {
        let script = after_request([say(&whole[..*sent]), Reset]);
        assert_eq!(exchange(speech, script, &medium()).outcome, unknown(Kind::Receive));
    });
}

#[test]
fn t11_t12_a_close_after_the_whole_body_is_unknown() {
    let whole = stored();
    both_each([0, 1, 12, 17, 30, whole.len() - 1], |speech, sent| {
        assert_eq!(answered(speech, &whole[..*sent]), unknown(Kind::Receive));
    });
}

/// There will be no answer. The outcome follows from what the server has.
#[test]
fn t13_a_half_close_at_once_ends_the_exchange_by_what_was_sent() {
    both_each([small(), large()], |speech, upload| {
        let seen = exchange(speech, vec![HalfClose, ReadToEnd], upload);
        let whole = seen.received.ends_with(b"--\r\n");
        let expected = if whole { unknown(Kind::Receive) } else { not_applied(Kind::Receive) };
        assert_eq!(seen.outcome, expected);
    });
}

#[test]
fn t13_a_half_close_after_the_head_is_not_applied() {
    both(|speech| {
        let seen = exchange(speech, vec![ReadHead, HalfClose, Stall], &large());
        assert_eq!(seen.outcome, not_applied(Kind::Receive));
    });
}

#[test]
fn t11_the_next_upload_after_a_break_takes_a_new_connection() {
    both(|speech| {
        let server = Server::start(speech, [after_request([Close]), served(1)]);
        let client = client(&server);
        assert_eq!(upload_by(&client, &small()), unknown(Kind::Receive));
        assert_eq!(upload_by(&client, &small()), STORED);
        assert_eq!(server.finish().len(), 2);
    });
}
