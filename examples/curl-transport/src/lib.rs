//! The transport of `mde-live-response` over libcurl.
//!
//! [`CurlTransport`] does one HTTP/1.1 exchange and nothing more: no retry, no redirect, no judgement of a status.
//! It is there for the machine's own TLS (OpenSSL, as a rule) and for proxies that want NTLM or Kerberos, and it proves
//! that the trait `Transport` can be kept over a client that is not made for it: `tests/it` puts the same faults to it
//! and to `UreqTransport`, and both must say the same.
//!
//! An exchange runs on a thread of the transport's own, for libcurl waits where it likes. The calling thread reads the
//! body, watches the time and hears a cancel, and leaves the other behind if need be: it holds nothing of the caller's.
//!
//! Not here: HTTP/2, certificates of the client, a proxy from the environment.

#![forbid(unsafe_code)]

mod classify;
mod connections;
mod exchange;
mod facts;
mod fault;
mod handler;
mod head;
mod outgoing;
mod proxy;
mod settings;
mod transport;
mod worker;

pub use proxy::{InvalidProxy, Proxy, ProxyLogin};
pub use settings::CurlTransportBuilder;
pub use transport::CurlTransport;
