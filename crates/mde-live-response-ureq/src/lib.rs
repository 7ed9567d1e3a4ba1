//! The transport of `mde-live-response` over ureq and rustls.
//!
//! [`UreqTransport`] does one HTTP exchange on the calling thread: no retry, no redirect, no judgement of a
//! status. It keeps the time it is given even against a peer that stops reading, and hears an answer that
//! comes before the request was sent whole.
//!
//! The only crate that names ureq. Connections (TCP, TLS, proxy) are its own, put under ureq's HTTP through
//! `ureq::unversioned`, which is outside of ureq's semver promise: hence the dependency on one minor.

#![forbid(unsafe_code)]

mod answer;
mod body;
mod connection;
mod exchange;
mod fault;
mod proxy;
mod roots;
mod settings;
mod transport;

pub use proxy::{InvalidProxy, Proxy};
pub use roots::{Certificate, InvalidCertificate, Roots};
pub use settings::UreqTransportBuilder;
pub use transport::UreqTransport;
