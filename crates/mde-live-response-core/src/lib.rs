//! The library API of `mde-live-response`: values, multipart encoder, [`Transport`](transport::Transport), and
//! [`Client`].
//!
//! Opens no socket and starts no thread. Most programs use the facade crate `mde-live-response`, which adds a transport
//! over ureq and has the same names; the examples use those. Depend on this crate alone to write a transport or a
//! credential, or to use the module [`operation`] with another HTTP client.
//!
//! The code has five floors, and each uses only those below it: values, exchange, error, operation, client.

#![forbid(unsafe_code)]

mod client;
pub mod error;
mod exchange;
pub mod operation;
mod values;

pub use http;

pub use client::Client;
#[doc(inline)]
pub use error::{Error, ErrorKind};
pub use exchange::Effect;
pub use values::{AccessToken, Endpoint, FileName, IfExists, LibraryFile, Upload};

/// Details of stored files and of uploads: texts, digests and limits.
///
/// Use it with [`Upload`] and [`LibraryFile`], and for the results of [`Client::list`] and [`Client::delete`].
pub mod library {
    pub use crate::client::List;
    pub use crate::values::{
        Deleted, Description, FileContent, MAX_FILE_BYTES, ParametersDescription, Sha256Digest,
        Timestamp, same_text,
    };
}

/// Credentials, which give tokens, and the claims of tokens.
///
/// Use it if the token of an [`AccessToken`] may expire while the program runs: implement [`Credential`](auth::Credential),
/// or pass a function to [`credential_fn`](auth::credential_fn).
pub mod auth {
    pub use crate::client::{
        Credential, CredentialError, IssuedToken, TokenExchange, TokenRequest, credential_fn,
    };
    pub use crate::values::{Secret, TokenClaims, TokenProblem};
}

/// Settings of a client: retries, rate limit, deadline, cancel and events.
///
/// Use it to change a default of [`ClientBuilder`](policy::ClientBuilder), to cancel calls, or to show progress.
pub mod policy {
    pub use crate::client::{
        Call, ClientBuilder, Clock, Event, Observer, Pacing, RetryPolicy, SystemClock, WaitReason,
    };
    pub use crate::exchange::CancelToken;
    pub use crate::values::CallKind;
}

/// The trait for HTTP transports, with its types.
///
/// Use it to implement [`Transport`](transport::Transport) over an HTTP client of your own.
pub mod transport {
    pub use crate::exchange::{
        Exchange, Limits, Phase, Transport, TransportError, TransportErrorKind,
    };
}
