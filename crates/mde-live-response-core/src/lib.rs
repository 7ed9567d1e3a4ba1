//! Model, validation, multipart encoder and delivery policy for uploads to the Microsoft Defender for
//! Endpoint live response library, behind the [`Transport`] trait.
//!
//! Opens no socket and starts no thread: a [`Transport`] does one HTTP exchange, and everything that
//! decides (what is sent, what an answer means, whether a file arrived) stands here. Most programs use the
//! facade crate `mde-live-response`, which adds a transport over ureq.
//!
//! Four floors, each using only those above it and [`transport`](Transport): the model (what the caller
//! says and gets), [`wire`] (values to requests, answers to values), the transport seam, the [`Client`]. [`sync`] is a
//! caller of the client like any other.

#![forbid(unsafe_code)]

mod client;
mod error;
mod model;
pub mod sync;
mod transport;
pub mod wire;

pub use http;

pub use client::{
    Call, Client, ClientBuilder, Clock, Credential, CredentialError, CredentialFn, EntraCredential,
    Event, InvalidApplication, IssuedToken, List, Observer, PaceStore, Pacing, RetryPolicy,
    SystemClock, TokenRequest, WaitReason,
};
pub use error::{
    AuthError, AuthErrorKind, CancelledError, Error, InputError, MismatchError, MismatchErrorKind,
    ResponseError, ResponseErrorKind, ServiceError, ServiceErrorKind, SourceError, SourceErrorKind,
    ThrottledError,
};
pub use model::{
    AccessToken, CallKind, ClientSecret, ContentType, Deleted, Description, Endpoint, FileContent,
    FileName, IfExists, InvalidContentType, InvalidEndpoint, InvalidFileName, InvalidSecret,
    InvalidSha256, InvalidText, InvalidToken, LibraryFile, MAX_FILE_BYTES, ParametersDescription,
    Sha256Digest, Timestamp, TokenClaims, TokenProblem, Upload,
};
pub use transport::{
    CancelToken, Delivery, Limits, Phase, Transport, TransportError, TransportErrorKind,
};
pub use wire::{Body, OsRandom, Random, RandomError, SendRecord};
