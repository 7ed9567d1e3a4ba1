//! The transport of `mde-live-response` over ureq and rustls.
//!
//! [`UreqTransport`] does one HTTP exchange on the calling thread. It keeps its deadline even if the peer stops reading,
//! and returns an answer that arrives before the request was sent whole.
//!
//! Most programs use this crate through the feature `ureq` of the facade `mde-live-response`, in its module `transport`.
//!
//! The crate opens its own connections (TCP, TLS, proxy) and lets ureq speak HTTP over them. It does so through
//! `ureq::unversioned`, which ureq's semver promise does not cover, and so depends on one minor version of ureq.

#![forbid(unsafe_code)]

mod answer;
mod body;
mod connection;
mod facts;
mod fault;
mod no_proxy;
mod proxy;
mod roots;
mod settings;
mod transport;

pub use proxy::Proxy;
pub use roots::{Certificate, Roots};
pub use settings::UreqTransportBuilder;
pub use transport::UreqTransport;
