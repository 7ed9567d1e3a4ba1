//! The meaning of each status, in one attempt.

use std::io::Read;
use std::time::Duration;

use mde_live_response_core::error::AnswerProblem::{Missing, NotJson, Shape, Status};
use mde_live_response_core::transport::TransportErrorKind;
use mde_live_response_core::{Effect, ErrorKind};

use crate::support::{Canned, answer, failure, json, upload};

use Effect::{Applied, NotApplied, Unknown};
use ErrorKind::{
    Forbidden, NameTaken, Redirected, Rejected, ServerFailed, TooLarge, Transport, Unauthorized,
    Unusable,
};

const DOCUMENTED: &str = r#"{"error":{"code":"InvalidRequestBody","message":"Request body is incorrect","target":"b6e1f7a2-0000-4000-8000-000000000000"}}"#;
const CONFLICT: &str = r#"{"error":{"code":"Conflict","message":"schon da"}}"#;
const LOWER_CASE: &str = r#"{"error":{"code":"conflict"}}"#;
const IN_WORDS: &str =
    r#"{"error":{"code":"BadRequest","message":"Conflict: file already exists"}}"#;
const THROTTLED: ErrorKind = ErrorKind::Throttled { local: false };
const PROXY: ErrorKind = Transport(TransportErrorKind::ProxyRefused);
const PROTOCOL: ErrorKind = Transport(TransportErrorKind::Protocol);

/// Status, `Retry-After`, body; kind, effect, code, whether a retry may help.
type Row = (u16, Option<&'static str>, &'static str, ErrorKind, Effect, Option<&'static str>, bool);

#[test]
fn h02_h04_h05_h06_h08_h10_h11_h12_h13_h14_h15_h27_h29_h30_h36_every_row_of_the_table() {
    let documented = Some("InvalidRequestBody");
    let rows: &[Row] = &[
        (200, None, "", Unusable(Missing), Applied, None, false),
        (201, None, "", Unusable(Missing), Applied, None, false),
        (204, None, "", Unusable(Missing), Applied, None, false),
        (202, None, "{}", Unusable(Status), Unknown, None, true),
        (206, None, "{}", Unusable(Status), Unknown, None, true),
        (299, None, DOCUMENTED, Unusable(Status), Unknown, documented, true),
        // An error under a success is named.
        (200, None, DOCUMENTED, Unusable(Shape), Unknown, documented, true),
        (200, None, "<title>Sign in</title>", Unusable(NotJson), Unknown, None, true),
        (301, None, DOCUMENTED, Redirected, Unknown, documented, false),
        (400, None, DOCUMENTED, Rejected, NotApplied, documented, false),
        (400, Some("5"), DOCUMENTED, Rejected, NotApplied, documented, false),
        (400, None, CONFLICT, NameTaken, NotApplied, Some("Conflict"), false),
        // Codes are compared exactly.
        (400, None, LOWER_CASE, Rejected, NotApplied, Some("conflict"), false),
        (400, None, IN_WORDS, Rejected, NotApplied, Some("BadRequest"), false),
        (401, None, DOCUMENTED, Unauthorized, NotApplied, documented, false),
        (401, None, CONFLICT, Unauthorized, NotApplied, Some("Conflict"), false),
        (403, None, DOCUMENTED, Forbidden, NotApplied, documented, false),
        (404, None, DOCUMENTED, Rejected, NotApplied, documented, false),
        (407, None, "", PROXY, NotApplied, None, false),
        // A proxy's answer, not the service's: its code is not read.
        (407, None, DOCUMENTED, PROXY, NotApplied, None, false),
        (408, None, "", ServerFailed, NotApplied, None, true),
        (408, Some("5"), "", ServerFailed, NotApplied, None, true),
        (409, None, "", NameTaken, NotApplied, None, false),
        (413, None, "<h1>Too large</h1>", TooLarge, NotApplied, None, false),
        (413, Some("5"), "", TooLarge, NotApplied, None, false),
        (422, None, CONFLICT, NameTaken, NotApplied, Some("Conflict"), false),
        (425, None, DOCUMENTED, Rejected, NotApplied, documented, false),
        (429, None, DOCUMENTED, THROTTLED, NotApplied, documented, true),
        (429, Some("5"), "", THROTTLED, NotApplied, None, true),
        (431, None, "", Rejected, NotApplied, None, false),
        (499, None, "", Rejected, NotApplied, None, false),
        (500, None, DOCUMENTED, ServerFailed, Unknown, documented, true),
        (500, Some("5"), "", ServerFailed, Unknown, None, true),
        (500, None, CONFLICT, ServerFailed, Unknown, Some("Conflict"), true),
        (501, None, "", ServerFailed, Unknown, None, false),
        (502, None, "<h1>Bad gateway</h1>", ServerFailed, Unknown, None, true),
        (503, None, "", ServerFailed, Unknown, None, true),
        (503, Some("5"), "", THROTTLED, Unknown, None, true),
        (504, None, "", ServerFailed, Unknown, None, true),
        (505, None, "", ServerFailed, Unknown, None, false),
        (599, None, "", ServerFailed, Unknown, None, false),
        (100, None, "", PROTOCOL, Unknown, None, true),
        (199, None, DOCUMENTED, PROTOCOL, Unknown, None, true),
        (600, None, DOCUMENTED, PROTOCOL, Unknown, None, true),
        (999, None, DOCUMENTED, PROTOCOL, Unknown, None, true),
    ];
    for (status, wait, body, kind, effect, code, is_retryable) in rows {
        let wait = wait.map(|seconds| ("retry-after", seconds));
        let error = failure(answer(*status, wait.as_slice(), *body));
        let case = format!("{status} {wait:?} {body}");
        assert_eq!(error.kind(), kind, "{case}");
        assert_eq!((error.effect(), error.is_retryable()), (*effect, *is_retryable), "{case}");
        assert_eq!(error.code(), *code, "{case}");
        // A wait is reported beside any refusal.
        assert_eq!(error.retry_after(), wait.map(|_| Duration::from_secs(5)), "{case}");
        let reported = (*kind != PROTOCOL).then_some(*status);
        assert_eq!(error.status().map(|it| it.as_u16()), reported, "{case}");
    }
}

/// Code, message and correlation ID come from their fields, never from other text. What is not the documented form is
/// quoted.
#[test]
fn h06_h07_what_is_read_of_a_refusal() {
    let error = failure(json(400, DOCUMENTED));
    assert_eq!(error.message(), Some("Request body is incorrect"));
    assert_eq!(error.correlation_id(), Some("b6e1f7a2-0000-4000-8000-000000000000"));

    for (body, code, message) in [
        (r#"{"error":{"message":"Conflict: exists"}}"#, None, Some("Conflict: exists")),
        (r#"{"error":{"code":null,"message":null,"target":null}}"#, None, None),
        (r#"{"error":{"code":"X","innerError":{"a":[1]},"details":[]},"x":1}"#, Some("X"), None),
        ("\u{feff}{\"error\":{\"code\":\"X\"}}", Some("X"), None),
    ] {
        let error = failure(json(400, body));
        let facts = (error.kind(), error.code(), error.message());
        assert_eq!(facts, (&Rejected, code, message), "{body}");
    }

    let (deep, wide) = ("[".repeat(100_000), "é".repeat(400));
    let cut = &DOCUMENTED[..40];
    for (body, quoted) in [
        ("", "(400 "),
        ("<h1>Bad Request</h1>", "<h1>Bad Request</h1>"),
        (cut, cut),
        (r#"{"message":"no"}"#, r#"{"message":"no"}"#),
        (r#"{"error":null}"#, r#"{"error":null}"#),
        (r#"{"error":{"code":5}}"#, r#"{"error":{"code":5}}"#),
        (r#"{"error":["Conflict","m","t"]}"#, r#"{"error":["Conflict","m","t"]}"#),
        (&deep, &deep[..300]),
        (&wide, &wide[..600]),
        ("a\r\n\u{1b}[2Jb", "a   [2Jb"),
    ] {
        let error = failure(answer(400, &[], body));
        let facts = (error.code(), error.message(), error.correlation_id());
        assert_eq!((error.kind(), facts), (&Rejected, (None, None, None)), "{body:.100}");
        assert!(error.to_string().contains(quoted), "{error}");
    }
    let error = failure(answer(400, &[], b"\xff\xfe".to_vec()));
    assert!(error.to_string().contains("\u{fffd}\u{fffd}"), "{error}");
}

#[test]
fn every_status_has_an_effect_and_none_panics() {
    for status in 100..=999 {
        let waiting = answer(status, &[("retry-after", "1")], "x");
        for reply in [answer(status, &[], ""), json(status, DOCUMENTED), waiting] {
            let error = failure(reply);
            match status {
                400..=499 => assert_eq!(error.effect(), NotApplied, "{status}: {error}"),
                200 | 201 | 204 | 503 => {}
                _ => assert_eq!(error.effect(), Unknown, "{status}: {error}"),
            }
            // Only a server that failed, or asks to wait, may do it later.
            let passes = matches!(error.kind(), ServerFailed | ErrorKind::Throttled { .. });
            if (300..600).contains(&status) {
                assert!(passes || !error.is_retryable(), "{status}: {error}");
            }
            assert_eq!(*error.kind() == Redirected, (300..400).contains(&status), "{status}");
        }
    }
}

/// A refusal by the head alone, as a gateway sends it: nothing was stored, even if the status is the server's failure.
#[test]
fn h28_refusal_before_the_decisive_byte() {
    for status in [302, 400, 413, 429, 500, 501, 503] {
        for unread in [0, 1, 200] {
            let transport = Canned::with(move |exchange, body| {
                let read = exchange.decisive_from().saturating_sub(unread);
                exchange.take(read).read_to_end(body).unwrap();
                Ok(answer(status, &[], ""))
            });
            let error = transport.client().upload(&upload()).unwrap_err();
            assert_eq!(error.effect(), NotApplied, "case: {status}, {unread} bytes before");
            assert_eq!(error.status().map(|it| it.as_u16()), Some(status));
        }
    }
}
