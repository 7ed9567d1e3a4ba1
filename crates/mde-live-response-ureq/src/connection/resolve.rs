//! Name lookup within the time left.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use mde_live_response_core::transport::TransportErrorKind;

use super::aside;
use crate::facts::Allowance;
use crate::fault::Fault;

/// Looks up a host's addresses. Tests replace it.
pub(crate) type Lookup = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

/// Asks the operating system.
pub(crate) fn system_lookup(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok((host, port).to_socket_addrs()?.collect())
}

/// Looks up a host on a thread of its own, because the operating system's lookup has no time limit.
///
/// An address written as a number needs no lookup.
pub(super) fn resolve(
    lookup: Lookup,
    host: &str,
    port: u16,
    time: Allowance<'_>,
) -> Result<Vec<SocketAddr>, Fault> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if let Ok(ip) = bare.parse() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let name = bare.to_owned();
    let found = aside::run("resolve", time, move || lookup(&name, port))?;
    match found {
        Ok(addresses) if !addresses.is_empty() => Ok(addresses),
        Ok(_) => Err(Fault::new(TransportErrorKind::Resolve, "the host has no address")),
        Err(cause) => Err(Fault::io(TransportErrorKind::Resolve, cause)),
    }
}
