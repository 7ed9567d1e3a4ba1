//! Blocking client for the Microsoft Defender for Endpoint live response library. Unofficial.
//!
//! Uploads scripts and tools to the library and returns only after the service has named the SHA-256 of
//! exactly the bytes that were sent. No async runtime, no threads but for what cannot be cut short (looking up a
//! name, opening a connection), and a [`Transport`] trait that a test or another HTTP client can implement.
//!
#![cfg_attr(feature = "ureq", doc = "```no_run")]
#![cfg_attr(not(feature = "ureq"), doc = "```text")]
//! use mde_live_response::{AccessToken, Endpoint, IfExists, Upload};
//!
//! let token = AccessToken::new(std::env::var("MDE_TOKEN")?)?;
//! let client = mde_live_response::client(Endpoint::COMMERCIAL, token);
//! let stored = client.upload(
//!     &Upload::from_path("examples/library/Get-DnsCache.ps1")?
//!         .description("Lists the DNS client cache".parse()?)
//!         .parameters("-Name <pattern>".parse()?) // says by itself that the script takes some
//!         .if_exists(IfExists::Override),
//! )?;
//! println!("stored as {}", stored.file_name());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Every error knows what is known of the library's state: see [`Error::delivery`]. Testing code that uses a
//! [`Client`] needs no network: the crate `mde-live-response-mock` stands in for the transport.
//!
//! The [`guide`] has a page on transports, on tests, on every error, on other clouds, and on a transport of one's own.
//!
//! # Features
//!
//! * `ureq` (default): `UreqTransport` and `client`. Without it this is the core crate alone, for a
//!   transport of your own.
//! * `platform-roots`: trusts the operating system's certificate roots where asked to.
//! * `log`: `LogObserver`, which writes what a client tells to the program's logger.
//! * `jiff`: reads a [`Timestamp`] as a point in time.

#![forbid(unsafe_code)]

pub mod guide;
#[cfg(feature = "log")]
mod log_observer;

pub use mde_live_response_core::*;

#[cfg(feature = "log")]
pub use log_observer::LogObserver;

#[cfg(feature = "ureq")]
pub use mde_live_response_ureq::{
    Certificate, InvalidCertificate, InvalidProxy, Proxy, Roots, UreqTransport,
    UreqTransportBuilder,
};

/// A client of this service, as this caller, over a [`UreqTransport`] with default settings.
///
/// # Examples
///
/// ```
/// use mde_live_response::{AccessToken, Endpoint};
///
/// let client = mde_live_response::client(Endpoint::EU, AccessToken::new("an-access-token")?);
/// assert_eq!(client.endpoint().base(), "https://eu.api.security.microsoft.com");
/// # Ok::<(), mde_live_response::InvalidToken>(())
/// ```
#[cfg(feature = "ureq")]
#[must_use]
pub fn client(endpoint: Endpoint, credential: impl Credential + 'static) -> Client {
    Client::builder(endpoint, credential, UreqTransport::new()).build()
}

#[cfg(all(doctest, feature = "ureq"))]
#[doc = include_str!("../README.md")]
struct Readme;
