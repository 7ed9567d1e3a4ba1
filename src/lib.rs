//! Blocking client for the live response library of Microsoft Defender for Endpoint. Unofficial.
//!
//! An upload returns only after the service has reported the SHA-256 of exactly the bytes that were sent. Every error
//! tells whether the library may have changed ([`Error::effect`]).
//!
#![cfg_attr(feature = "ureq", doc = "```no_run")]
#![cfg_attr(not(feature = "ureq"), doc = "```text")]
//! use mde_live_response::{AccessToken, Endpoint, IfExists, Upload};
//!
//! let token = AccessToken::new(std::env::var("MDE_TOKEN")?)?;
//! let client = mde_live_response::client(Endpoint::COMMERCIAL, token);
//! let stored = client.upload(
//!     &Upload::from_path("examples/library/Get-DnsCache.ps1")?
//!         .with_description("Lists the DNS client cache".parse()?)
//!         .with_parameters("-Name <pattern>".parse()?) // also sets `HasParameters`
//!         .with_if_exists(IfExists::Override),
//! )?;
//! println!("stored as {}", stored.file_name());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The crate `mde-live-response-mock` replaces the transport in tests, without a network. The [`guide`] has pages on
//! transports, tests, errors, other clouds, and writing a transport.
//!
//! # Features
//!
//! * `ureq` (default): [`UreqTransport`](transport), `client` and `builder`.
//! * `entra` (default): [`EntraCredential`](auth), tokens from Microsoft Entra.
//! * `sync`: the module `sync`, a folder as the desired state of a library.
//! * `platform-roots`: the operating system's certificate authorities, as a choice.
//! * `log`: `LogObserver`, which writes what a client reports to the program's logger.
//! * `jiff`: converts a [`Timestamp`](library::Timestamp) to a point in time.

#![forbid(unsafe_code)]

pub mod guide;
#[cfg(feature = "log")]
mod log_observer;

pub use mde_live_response_core::*;

#[cfg(feature = "sync")]
pub use mde_live_response_sync as sync;
#[cfg(feature = "ureq")]
pub use mde_live_response_ureq::UreqTransport;

/// Tokens: where they come from, and their claims.
pub mod auth {
    pub use mde_live_response_core::auth::*;
    #[cfg(feature = "entra")]
    pub use mde_live_response_entra::*;
}

/// How a client behaves: retries, rate limit, time, cancel, and what it reports.
pub mod policy {
    #[cfg(feature = "log")]
    pub use crate::log_observer::LogObserver;
    pub use mde_live_response_core::policy::*;
}

/// The HTTP client, and the seam for another one.
pub mod transport {
    pub use mde_live_response_core::transport::*;
    #[cfg(feature = "ureq")]
    pub use mde_live_response_ureq::*;
}

/// Starts a client over a [`UreqTransport`] with default settings.
///
/// # Examples
///
/// ```
/// use mde_live_response::{AccessToken, Endpoint};
/// use std::time::Duration;
///
/// let token = AccessToken::new("an-access-token")?;
/// let client = mde_live_response::builder(Endpoint::EU, token)
///     .deadline(Duration::from_secs(60))
///     .build();
/// assert_eq!(client.endpoint().base(), "https://eu.api.security.microsoft.com");
/// # Ok::<(), mde_live_response::error::InvalidInput>(())
/// ```
#[cfg(feature = "ureq")]
pub fn builder(
    endpoint: Endpoint,
    credential: impl auth::Credential + 'static,
) -> policy::ClientBuilder {
    Client::builder(endpoint, credential, UreqTransport::new())
}

/// Creates a client with default settings: `builder(endpoint, credential).build()`.
#[cfg(feature = "ureq")]
#[must_use]
pub fn client(endpoint: Endpoint, credential: impl auth::Credential + 'static) -> Client {
    builder(endpoint, credential).build()
}

#[cfg(all(doctest, feature = "ureq", feature = "entra"))]
#[doc = include_str!("../README.md")]
struct Readme;
