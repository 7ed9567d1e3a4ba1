//! The library API of `mde-live-response`: values, multipart encoder, [`Transport`](transport::Transport), and
//! [`Client`].
//!
//! Opens no socket and starts no thread. Most programs use the facade crate `mde-live-response`, which adds a transport
//! over ureq.
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
pub use error::{Error, ErrorKind};
pub use exchange::Effect;
pub use values::{AccessToken, Endpoint, FileName, IfExists, LibraryFile, Upload};

/// The contents of the library, and uploads.
pub mod library {
    pub use crate::client::List;
    pub use crate::values::{
        Deleted, Description, FileContent, MAX_FILE_BYTES, ParametersDescription, Sha256Digest,
        Timestamp, same_text,
    };
}

/// Tokens: where they come from, and their claims.
pub mod auth {
    pub use crate::client::{
        Credential, CredentialError, IssuedToken, TokenExchange, TokenRequest, credential_fn,
    };
    pub use crate::values::{Secret, TokenClaims, TokenProblem};
}

/// How a client behaves: retries, rate limit, time, cancel, and what it reports.
pub mod policy {
    pub use crate::client::{
        Call, ClientBuilder, Clock, Event, Observer, Pacing, RetryPolicy, SystemClock, WaitReason,
    };
    pub use crate::exchange::CancelToken;
    pub use crate::values::CallKind;
}

/// The seam for another HTTP client.
pub mod transport {
    pub use crate::exchange::{
        Exchange, Limits, Phase, Transport, TransportError, TransportErrorKind,
    };
}
