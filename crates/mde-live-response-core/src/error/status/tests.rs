//! The table of statuses, and the rule of each class.

use super::{Meaning, meaning};
use crate::error::{Effect, ErrorKind, TransportErrorKind};

const THROTTLED: ErrorKind = ErrorKind::Throttled { local: false };

#[test]
fn the_rows() {
    use Effect::{NotApplied, Unknown};
    use ErrorKind::{
        Forbidden, NameTaken, Redirected, Rejected, ServerFailed, TooLarge, Transport, Unauthorized,
    };
    let proxy = || Transport(TransportErrorKind::Proxy);
    for (status, code, has_wait, kind, effect, retryable) in [
        (302, None, false, Redirected, NotApplied, false),
        (307, None, true, Redirected, NotApplied, false),
        (400, None, false, Rejected, NotApplied, false),
        (400, Some("InvalidRequestBody"), false, Rejected, NotApplied, false),
        (400, Some("Conflict"), false, NameTaken, NotApplied, false),
        // Codes are compared exactly.
        (400, Some("conflict"), false, Rejected, NotApplied, false),
        (401, None, false, Unauthorized, NotApplied, false),
        (401, Some("Conflict"), false, Unauthorized, NotApplied, false),
        (403, None, true, Forbidden, NotApplied, false),
        (404, None, false, Rejected, NotApplied, false),
        (407, None, false, proxy(), NotApplied, false),
        (408, None, false, ServerFailed, NotApplied, true),
        (409, None, false, NameTaken, NotApplied, false),
        (413, None, false, TooLarge, NotApplied, false),
        (418, Some("Conflict"), false, NameTaken, NotApplied, false),
        (422, None, true, Rejected, NotApplied, false),
        (429, None, false, THROTTLED, NotApplied, true),
        (429, None, true, THROTTLED, NotApplied, true),
        (500, None, false, ServerFailed, Unknown, true),
        (500, Some("Conflict"), false, ServerFailed, Unknown, true),
        // Only 503 with a wait is a refusal for the rate.
        (500, None, true, ServerFailed, Unknown, true),
        (501, None, false, ServerFailed, Unknown, false),
        (502, None, true, ServerFailed, Unknown, true),
        (503, None, false, ServerFailed, Unknown, true),
        (503, None, true, THROTTLED, NotApplied, true),
        (504, None, false, ServerFailed, Unknown, true),
        (599, None, false, ServerFailed, Unknown, false),
    ] {
        let found = meaning(status, code, has_wait);
        let case = format!("{status} {code:?}, with a wait: {has_wait}");
        assert_eq!(
            (found.kind, found.effect, found.retryable),
            (kind, effect, retryable),
            "{case}"
        );
    }
}

#[test]
fn each_status_follows_the_rule_of_its_class() {
    for status in 300..=599 {
        for has_wait in [false, true] {
            for code in [None, Some("Conflict"), Some("Other")] {
                let Meaning { kind, effect, retryable, .. } = meaning(status, code, has_wait);
                let case = format!("{status} {code:?}, with a wait: {has_wait}");
                let fits = match status {
                    300..=399 => kind == ErrorKind::Redirected,
                    400..=499 => kind != ErrorKind::Redirected,
                    _ => kind == ErrorKind::ServerFailed || (kind == THROTTLED && has_wait),
                };
                assert!(fits, "{case}: {kind:?}");
                // Only a server that failed may have done it.
                let may_have = status >= 500 && kind == ErrorKind::ServerFailed;
                assert_eq!(effect == Effect::Unknown, may_have, "{case}");
                // Never stored, never deleted: this is a refusal.
                assert_ne!(effect, Effect::Applied, "{case}");
                let passes = matches!(kind, ErrorKind::ServerFailed | ErrorKind::Throttled { .. });
                assert!(passes || !retryable, "{case}");
            }
        }
    }
}
