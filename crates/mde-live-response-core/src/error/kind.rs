//! The kinds of errors.

use crate::exchange::TransportErrorKind;
use crate::values::{InvalidInput, Sha256Digest, SourceProblem};

/// Reason why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller's input cannot be sent.
    Input(InvalidInput),
    /// The file cannot be read, or changed while it was sent.
    Source(SourceProblem),
    /// The credential gave no token, or one that the service will refuse.
    ///
    /// A token is judged by its claims. The error's source is the cause.
    NoToken,
    /// The service refuses the token: 401.
    Unauthorized,
    /// The service does not permit the call with this token: 403. The token is for another audience, lacks
    /// `Library.Manage`, or a rule of the service forbids it.
    Forbidden,
    /// There was no complete answer.
    Transport(TransportErrorKind),
    /// The service refuses the request: 4xx without a more specific kind.
    Rejected,
    /// The library already has a file of this name.
    ///
    /// Shown by status 409, the code `Conflict`, or a listing.
    ///
    /// The vendor does not document this answer; some clients expect 400, which is [`Rejected`](Self::Rejected) here.
    NameTaken,
    /// The service finds the file too large: 413.
    TooLarge,
    /// The service redirects: 3xx. Never followed, because that would send the token elsewhere.
    Redirected,
    /// The service failed: 5xx, or 408.
    ServerFailed,
    /// A rate limit was reached, the service's or the client's own.
    ///
    /// The service says so with 429, or with 503 and a time to wait. Only 429 shows that the
    /// service did nothing.
    Throttled {
        /// Whether it was the client's own limit, so that nothing was sent.
        local: bool,
    },
    /// The status is a success, but the answer is not usable.
    Unusable(AnswerProblem),
    /// The library holds other bytes than this call sent.
    Mismatch {
        /// Digest of the sent bytes.
        sent: Sha256Digest,
        /// Digest that the service reports.
        stored: Sha256Digest,
    },
    /// The call was cancelled.
    Cancelled,
}

/// Problem of an answer whose status is a success.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerProblem {
    /// This call does not expect this status.
    Status,
    /// The answer to an upload has no body.
    Missing,
    /// The body is compressed or in another character set.
    Encoding,
    /// The body is not JSON.
    NotJson,
    /// The body is JSON, but not the documented entity or list.
    Shape,
    /// The body's field `sha256` cannot be read.
    Sha256,
    /// The list's next link leads to another origin, or past page 100.
    NextLink,
    /// The service did not report the SHA-256 of the stored file.
    Unverified,
    /// The service stored the file under another name. A difference in letter case is allowed.
    OtherName {
        /// Name that the service reports.
        stored: String,
    },
}

/// Returns whether the same exchange may succeed later.
pub(super) fn is_passing(kind: TransportErrorKind) -> bool {
    !matches!(
        kind,
        TransportErrorKind::Certificate
            | TransportErrorKind::ClientCertificate
            | TransportErrorKind::ProxyRefused
            | TransportErrorKind::Unsupported
            | TransportErrorKind::AnswerTooLarge
            | TransportErrorKind::Cancelled
    )
}
