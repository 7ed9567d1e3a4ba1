//! Settings of the transport.

use std::time::Duration;

use crate::UreqTransport;
use crate::connection::system_lookup;
use crate::proxy::Proxy;
use crate::roots::Roots;

/// Settings of a [`UreqTransport`], all with defaults: [`build`](Self::build) cannot fail.
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
    /// Sets whom to trust; [`Roots::Bundled`] unless set.
    pub fn roots(mut self, roots: Roots) -> Self {
        self.roots = roots;
        self
    }

    /// Sets the proxy; none unless set. The environment's `HTTPS_PROXY` and the like are not looked at.
    pub fn proxy(mut self, proxy: Option<Proxy>) -> Self {
        self.proxy = proxy;
        self
    }

    /// Sets the time for opening a connection, name, proxy and TLS included; 30 s unless set, this library's choice.
    /// Never more than the exchange has left. When it is over the exchange ends with
    /// [`TransportErrorKind::Timeout`](mde_live_response_core::TransportErrorKind::Timeout).
    pub fn connect_timeout(mut self, time: Duration) -> Self {
        self.connect_timeout = time;
        self
    }

    /// The transport.
    #[must_use]
    pub fn build(self) -> UreqTransport {
        UreqTransport::with_settings(self, system_lookup)
    }
}
