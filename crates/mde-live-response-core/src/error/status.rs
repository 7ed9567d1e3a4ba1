//! The one table of status codes: what each means, whether it had an effect, whether to retry, and what to do.

use super::{Effect, ErrorKind, TransportErrorKind};

/// Meaning of a status other than success.
pub(crate) struct Meaning {
    pub(crate) kind: ErrorKind,
    /// Effect of a request that was sent whole.
    pub(crate) effect: Effect,
    pub(crate) retryable: bool,
    pub(crate) help: Option<&'static str>,
}

const CORRECT: &str = "Correct the request as the service's message says.";

/// Looks up a status, with the service's code and whether the answer says how long to wait.
pub(crate) fn meaning(status: u16, code: Option<&str>, has_wait: bool) -> Meaning {
    use Effect::{NotApplied, Unknown};
    let row = |kind, effect, retryable, help| Meaning { kind, effect, retryable, help };
    let throttled = ErrorKind::Throttled { local: false };
    // P29
    match (status, code) {
        (300..=399, _) => row(
            ErrorKind::Redirected,
            NotApplied,
            false,
            Some("Check the base URL: this service never redirects."),
        ),
        (401, _) => row(
            // P31
            ErrorKind::Unauthorized,
            NotApplied,
            false,
            Some("Get a new token: this one is expired, revoked or not for this service."),
        ),
        (403, _) => row(
            // P32
            ErrorKind::Forbidden,
            NotApplied,
            false,
            Some("Check the token's audience and its permission Library.Manage."),
        ),
        (404, _) => row(
            // P33
            ErrorKind::Rejected,
            NotApplied,
            false,
            Some("Check the base URL: the library's API is not there."),
        ),
        // A proxy's answer, not the service's.
        (407, _) => row(
            ErrorKind::Transport(TransportErrorKind::ProxyRefused),
            NotApplied,
            false,
            Some("Check the proxy's user name and password."),
        ),
        (408, _) => row(ErrorKind::ServerFailed, NotApplied, true, None),
        (409, _) | (400..=499, Some("Conflict")) => row(
            // P34
            ErrorKind::NameTaken,
            NotApplied,
            false,
            Some("Choose another name, or override the file if it is yours."),
        ),
        (413, _) => row(ErrorKind::TooLarge, NotApplied, false, Some("Send a smaller file.")),
        (429 | 503, _) if has_wait => {
            row(throttled, NotApplied, true, Some("Wait as long as the service asks."))
        }
        (429, _) => row(throttled, NotApplied, true, Some("Wait a minute or more.")),
        (400..=499, _) => row(ErrorKind::Rejected, NotApplied, false, Some(CORRECT)), // P19, P30
        (500 | 502 | 503 | 504, _) => row(ErrorKind::ServerFailed, Unknown, true, None), // P36
        (500..=599, _) => row(ErrorKind::ServerFailed, Unknown, false, None),
        _ => row(ErrorKind::Transport(TransportErrorKind::Protocol), Unknown, true, None),
    }
}
