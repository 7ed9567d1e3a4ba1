//! Settings of the transport.

use std::time::Duration;

use crate::UreqTransport;
use crate::connection::system_lookup;
use crate::proxy::Proxy;
use crate::roots::Roots;

/// Settings of a [`UreqTransport`]. All have defaults, so [`build`](Self::build) cannot fail.
#[derive(Debug, Clone)]
#[must_use]
pub struct UreqTransportBuilder {
    pub(crate) roots: Roots,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) connect_timeout: Duration,
}

impl Default for UreqTransportBuilder {
    fn default() -> Self {
        Self { roots: Roots::default(), proxy: None, connect_timeout: Duration::from_secs(30) }
    }
}

impl UreqTransportBuilder {
    /// Sets the trusted certificate authorities. Default: [`Roots::Bundled`].
    pub fn roots(mut self, roots: Roots) -> Self {
        self.roots = roots;
        self
    }

    /// Sets the proxy. Default: none.
    ///
    /// Variables such as `HTTPS_PROXY` are ignored, unless the proxy comes from [`Proxy::from_env`].
    pub fn proxy(mut self, proxy: Option<Proxy>) -> Self {
        self.proxy = proxy;
        self
    }

    /// Sets the time to open a connection. Default: 30 s. Ours.
    ///
    /// It includes name lookup, proxy and TLS.
    ///
    /// When this time or the exchange's ends, the exchange fails with
    /// [`TransportErrorKind::Timeout`](mde_live_response_core::transport::TransportErrorKind::Timeout).
    pub fn connect_timeout(mut self, time: Duration) -> Self {
        self.connect_timeout = time;
        self
    }

    /// Builds the transport.
    #[must_use]
    pub fn build(self) -> UreqTransport {
        UreqTransport::with_settings(self, system_lookup)
    }
}
