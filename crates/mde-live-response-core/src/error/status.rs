//! The one table of status codes: kind, effect, retry and help.

use super::{Effect, ErrorKind, TransportErrorKind};
use crate::values::CallKind;

/// Meaning of a status other than success.
pub(crate) struct Meaning {
    pub(crate) kind: ErrorKind,
    /// Effect of a request that was sent whole.
    pub(crate) effect: Effect,
    pub(crate) retryable: bool,
    pub(crate) help: Option<&'static str>,
}

pub(super) const GATEWAY: &str =
    "Check the base URL, and whether a gateway answers in the service's place.";
const RETIRED: &str = "Check the base URL: there is no live response library at this address. If the URL is right, the \
                       API may have been retired: read Microsoft's notice MC1220762 in the Microsoft 365 message center.";

/// Looks up a status, with the service's code, whether the answer says how long to wait, and the call.
pub(crate) fn meaning(status: u16, code: Option<&str>, has_wait: bool, call: CallKind) -> Meaning {
    use Effect::{NotApplied, Unknown};
    let row = |kind, effect, retryable, help| Meaning { kind, effect, retryable, help };
    let refused = |kind, help| row(kind, NotApplied, false, Some(help));
    let is_upload = call == CallKind::Upload;
    // P29
    match (status, code) {
        // An intermediary may redirect to its error page after the service has acted; a 303 even says so.
        (300..=399, _) => row(
            ErrorKind::Redirected,
            Unknown,
            false,
            Some(
                "Check the base URL, and any login portal in between: the service itself never redirects.",
            ),
        ),
        (401, _) => refused(
            // P31
            ErrorKind::Unauthorized,
            "Get a new token: this one is expired, revoked or not for this service.",
        ),
        (403, _) => refused(
            // P32
            ErrorKind::Forbidden,
            "Check that the token is for this service, and that the application has the permission Library.Manage.",
        ),
        // Of the collection. The service's own 404 to a delete is not an error.
        (404 | 410, _) if call != CallKind::Delete => refused(ErrorKind::Rejected, RETIRED), // P33
        // A proxy's answer, not the service's.
        (407, _) => refused(
            ErrorKind::Transport(TransportErrorKind::ProxyRefused),
            "Check the proxy's user name and password.",
        ),
        (408, _) => row(ErrorKind::ServerFailed, NotApplied, true, None),
        (409, _) | (400..=499, Some("Conflict")) if is_upload => refused(
            // P34
            ErrorKind::NameTaken,
            "Choose another name, or override the file if it is yours.",
        ),
        (413, _) if is_upload => {
            refused(ErrorKind::TooLarge, "Make the file smaller, or split it.")
        }
        (413, _) => refused(
            ErrorKind::TooLarge,
            "Look for a gateway in between that limits requests: this request has no body.",
        ),
        (429, _) if has_wait => row(ErrorKind::Throttled { local: false }, NotApplied, true, None),
        // An intermediary may answer so after the service has acted, for example with a page for maintenance.
        (503, _) if has_wait => row(ErrorKind::Throttled { local: false }, Unknown, true, None),
        (429, _) => row(
            ErrorKind::Throttled { local: false },
            NotApplied,
            true,
            Some(
                "Wait at least a minute, then call again. All programs that use the application in this tenant share \
                 its rate limit.",
            ),
        ),
        // P19, P30
        (400, _) | (400..=499, Some(_)) if is_upload => refused(
            ErrorKind::Rejected,
            "Correct the file's name or texts as the service's message says.",
        ),
        (400..=499, Some(_)) => refused(
            ErrorKind::Rejected,
            "Ask Microsoft's support about the service's message, and give the correlation ID.",
        ),
        (400..=499, None) => refused(ErrorKind::Rejected, GATEWAY),
        (500 | 502 | 503 | 504, _) => row(ErrorKind::ServerFailed, Unknown, true, None), // P36
        (500..=599, _) => row(ErrorKind::ServerFailed, Unknown, false, Some(GATEWAY)),
        _ => row(ErrorKind::Transport(TransportErrorKind::Protocol), Unknown, true, None),
    }
}
