//! The transport of `mde-live-response` over ureq and rustls.
//!
//! [`UreqTransport`] does one HTTP exchange on the calling thread. It keeps its deadline even if the peer stops reading,
//! and returns an answer that arrives before the request was sent whole.
//!
//! The only crate that names ureq. Connections (TCP, TLS, proxy) are its own, put under ureq's HTTP through
//! `ureq::unversioned`, which ureq's semver promise does not cover. That is why it depends on one minor version of ureq.

#![forbid(unsafe_code)]

mod answer;
mod body;
mod connection;
mod facts;
mod fault;
mod proxy;
mod roots;
mod settings;
mod transport;

pub use proxy::Proxy;
pub use roots::{Certificate, Roots};
pub use settings::UreqTransportBuilder;
pub use transport::UreqTransport;
