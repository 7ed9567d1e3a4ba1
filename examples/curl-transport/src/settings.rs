//! Settings of the transport.

use std::path::PathBuf;
use std::time::Duration;

use crate::CurlTransport;
use crate::proxy::Proxy;

/// Settings of a [`CurlTransport`], all with defaults: [`build`](Self::build) cannot fail.
#[derive(Debug, Clone)]
#[must_use]
pub struct CurlTransportBuilder {
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) connect_timeout: Duration,
}

impl Default for CurlTransportBuilder {
    fn default() -> Self {
        Self { ca_file: None, proxy: None, connect_timeout: Duration::from_secs(30) }
    }
}

impl CurlTransportBuilder {
    /// Trusts the authorities in this PEM file and no others; those of the machine unless set. The file is read when a
    /// connection is opened.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// Sets the proxy; none unless set. The environment's `HTTPS_PROXY` and the like are not looked at.
    pub fn proxy(mut self, proxy: Option<Proxy>) -> Self {
        self.proxy = proxy;
        self
    }

    /// Sets the time for opening a connection, name and TLS included; 30 s unless set. Never more than the exchange has
    /// left.
    pub fn connect_timeout(mut self, time: Duration) -> Self {
        self.connect_timeout = time;
        self
    }

    /// The transport.
    #[must_use]
    pub fn build(self) -> CurlTransport {
        CurlTransport::with_settings(self)
    }
}
