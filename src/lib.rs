//! Blocking client for the live response library of Microsoft Defender for Endpoint. Unofficial.
//!
//! An upload succeeds only if the service reports the SHA-256 of the sent bytes. Every error tells whether the library
//! may have changed ([`Error::effect`]).
//!
#![cfg_attr(feature = "ureq", doc = "```no_run")]
#![cfg_attr(not(feature = "ureq"), doc = "```text")]
//! use mde_live_response::{AccessToken, Endpoint, IfExists, Upload};
//!
//! let token = AccessToken::new(std::env::var("MDE_TOKEN")?)?;
//! let client = mde_live_response::client(Endpoint::COMMERCIAL, token);
//! let stored = client.upload(
//!     &Upload::from_path("Get-DnsCache.ps1")?
//!         .with_description("Lists the DNS client cache".parse()?)
//!         .with_parameters("-Name <pattern>".parse()?) // also sets `HasParameters`
//!         .with_if_exists(IfExists::Override),
//! )?;
//! println!("stored as {}", stored.file_name());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to find it
//!
//! | Task | Use |
//! |---|---|
//! | upload, list and delete | [`Client`], [`Upload`], [`LibraryFile`] |
//! | decide after an error | [`Error::effect`], [`Error::kind`], [`Error::help`]; module [`error`] |
//! | get and renew tokens | module [`auth`]: `EntraCredential`, or a [`Credential`](auth::Credential) of your own |
//! | use another cloud or region | [`Endpoint`] |
//! | set retries, rate limit or deadline | [`ClientBuilder`](policy::ClientBuilder) |
//! | cancel calls or show progress | [`CancelToken`](policy::CancelToken), [`Observer`](policy::Observer) |
//! | set a proxy or certificate authorities | module [`transport`] |
//! | use another HTTP client | [`Transport`](transport::Transport), or the module [`operation`] |
//! | keep a library equal to a folder | module `sync` (feature `sync`) |
//! | test your program | crate `mde-live-response-mock` |
//!
//! The [`guide`] has pages for the longer answers.
//!
//! # Features
//!
//! * `ureq` (default): [`UreqTransport`](transport), `client` and `builder`.
//! * `entra` (default): [`EntraCredential`](auth), tokens from Microsoft Entra.
//! * `sync`: the module `sync`, a folder as the desired state of a library.
//! * `platform-roots`: `Roots::Platform`, the operating system's certificate authorities.
//! * `log`: `LogObserver`, which writes a client's events to the program's logger.
//! * `jiff`: `to_jiff` of a [`Timestamp`](library::Timestamp).

#![forbid(unsafe_code)]

pub mod guide;
#[cfg(feature = "log")]
mod log_observer;

pub use mde_live_response_core::*;

#[cfg(feature = "sync")]
#[doc(inline)]
pub use mde_live_response_sync as sync;
#[cfg(feature = "ureq")]
pub use mde_live_response_ureq::UreqTransport;

/// Credentials, which give tokens, and the claims of tokens.
///
/// Use it if a token may expire while the program runs: `EntraCredential` gets tokens for an application of Microsoft
/// Entra, and [`Credential`](auth::Credential) is the trait for any other source.
pub mod auth {
    pub use mde_live_response_core::auth::*;
    #[cfg(feature = "entra")]
    pub use mde_live_response_entra::*;
}

/// Settings of a client: retries, rate limit, deadline, cancel and events.
///
/// Use it to change a default of [`ClientBuilder`](policy::ClientBuilder), to cancel calls, or to show progress.
pub mod policy {
    #[cfg(feature = "log")]
    pub use crate::log_observer::LogObserver;
    pub use mde_live_response_core::policy::*;
}

/// HTTP transports: proxy, certificate authorities, or your own HTTP client.
///
/// Use it to set up the transport over ureq, or to implement [`Transport`](transport::Transport) over another HTTP client.
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
