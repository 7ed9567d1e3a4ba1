//! Opens connections: resolve, connect, tunnel, TLS.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use mde_live_response_core::transport::{Phase, TransportErrorKind};
use ureq::config::Config;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{self as ureq_transport, ConnectionDetails, NextTimeout};

use super::channel::Channel;
use super::connect::connect;
use super::link::Link;
use super::resolve::{Lookup, Lookups};
use super::socket::Socket;
use super::tls::Tls;
use super::tunnel;
use crate::facts::{Allowance, Facts};
use crate::fault::Fault;
use crate::proxy::Proxy;
use crate::settings::UreqTransportBuilder;

/// Opens connections for ureq.
pub(crate) struct Connector {
    proxy: Option<Proxy>,
    connect_timeout: Duration,
    tls: Tls,
    lookups: Arc<Lookups>,
}

impl Connector {
    pub(crate) fn new(settings: UreqTransportBuilder, lookup: Lookup) -> Self {
        let UreqTransportBuilder { roots, proxy, connect_timeout } = settings;
        Self { proxy, connect_timeout, tls: Tls::new(roots), lookups: Lookups::new(lookup) }
    }

    fn open(&self, uri: &Uri, facts: &Facts) -> Result<Link, Fault> {
        let time = Allowance::of(facts, Phase::Connect).at_most(self.connect_timeout);
        let is_tls = uri.scheme() == Some(&Scheme::HTTPS);
        let host = uri.host().unwrap_or_default();
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        if !is_tls {
            return Ok(Link::new(Channel::plain(self.dial(host, port, time)?)));
        }
        let socket = match self.proxy.as_ref().filter(|proxy| !proxy.is_bypassed(host)) {
            Some(proxy) => self.tunnel(proxy, host, port, time).map_err(|mut fault| {
                fault.proxy = Some(format!("{}:{}", proxy.host(), proxy.port()));
                fault
            })?,
            None => self.dial(host, port, time)?,
        };
        Ok(Link::new(self.tls.connect(socket, host, time)?))
    }

    fn dial(&self, host: &str, port: u16, time: Allowance<'_>) -> Result<Socket, Fault> {
        let addresses = self.lookups.resolve(host, port, time.in_phase(Phase::Resolve))?;
        connect(&addresses, time)
    }

    fn tunnel(
        &self,
        proxy: &Proxy,
        host: &str,
        port: u16,
        time: Allowance<'_>,
    ) -> Result<Socket, Fault> {
        let dialled = self.dial(proxy.host(), proxy.port(), time);
        let mut socket = dialled.map_err(|fault| match fault.kind {
            TransportErrorKind::Resolve | TransportErrorKind::Connect => {
                Fault { kind: TransportErrorKind::Proxy, ..fault }
            }
            _ => fault,
        })?;
        tunnel::open(&mut socket, proxy, host, port, time)?;
        Ok(socket)
    }
}

impl ureq_transport::Connector for Connector {
    type Out = Link;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Link>, ureq::Error> {
        let facts = Facts::current()?;
        Ok(Some(self.open(details.uri, &facts)?))
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

/// Replaces ureq's name lookup before every request. Our lookup is done only when a connection is opened.
#[derive(Debug)]
pub(crate) struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(
        &self,
        _: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}
