//! Name lookup within the time left.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use mde_live_response_core::transport::TransportErrorKind;

use crate::facts::Allowance;
use crate::fault::Fault;

/// Most lookups of a transport at once. Ours.
///
/// A hanging resolver takes no more threads than this.
pub(super) const MAX_LOOKUPS: usize = 8;

/// Looks up a host's addresses, with any port. Tests replace it.
pub(crate) type Lookup = fn(&str) -> io::Result<Vec<SocketAddr>>;

/// Asks the operating system.
pub(crate) fn system_lookup(host: &str) -> io::Result<Vec<SocketAddr>> {
    Ok((host, 0).to_socket_addrs()?.collect())
}

/// The running lookups of a transport, each on its own thread.
///
/// The operating system's lookup has no time limit.
///
/// Calls that need the same host share one lookup. A call beyond [`MAX_LOOKUPS`] waits until one of them ends.
pub(super) struct Lookups {
    lookup: Lookup,
    running: Mutex<HashMap<String, Answer>>,
    ended: Condvar,
}

type Found = io::Result<Vec<SocketAddr>>;

/// Filled when the lookup ends.
type Answer = Arc<OnceLock<Found>>;

impl Lookups {
    pub(super) fn new(lookup: Lookup) -> Arc<Self> {
        Arc::new(Self { lookup, running: Mutex::default(), ended: Condvar::new() })
    }

    /// Looks up a host. An address written as a number needs no lookup.
    pub(super) fn resolve(
        self: &Arc<Self>,
        host: &str,
        port: u16,
        time: Allowance<'_>,
    ) -> Result<Vec<SocketAddr>, Fault> {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if let Ok(ip) = bare.parse() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        let mut running = self.running();
        let mut answer = None;
        loop {
            if answer.is_none() {
                answer = self.join(bare, &mut running)?;
            }
            if let Some(found) = answer.as_deref().and_then(OnceLock::get) {
                return read(found, port);
            }
            running = match time.slice()? {
                Some(slice) => {
                    let waited = self.ended.wait_timeout(running, slice);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.ended.wait(running).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Joins the running lookup of this host, or starts one unless too many run.
    fn join(
        self: &Arc<Self>,
        host: &str,
        running: &mut HashMap<String, Answer>,
    ) -> Result<Option<Answer>, Fault> {
        if let Some(answer) = running.get(host) {
            return Ok(Some(Arc::clone(answer)));
        }
        if running.len() == MAX_LOOKUPS {
            return Ok(None);
        }
        let answer = Answer::default();
        let (this, name, filled) = (Arc::clone(self), host.to_owned(), Arc::clone(&answer));
        let spawned = thread::Builder::new().name("resolve".to_owned()).spawn(move || {
            let found = (this.lookup)(&name);
            // Under the lock, so that no call misses it.
            let mut running = this.running();
            running.remove(&name);
            let _ = filled.set(found);
            this.ended.notify_all();
        });
        spawned.map_err(|cause| Fault::new(TransportErrorKind::Local, cause))?;
        running.insert(host.to_owned(), Arc::clone(&answer));
        Ok(Some(answer))
    }

    fn running(&self) -> MutexGuard<'_, HashMap<String, Answer>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Result of a shared lookup for one of its calls.
fn read(found: &Found, port: u16) -> Result<Vec<SocketAddr>, Fault> {
    let kind = TransportErrorKind::Resolve;
    match found {
        Ok(addresses) if addresses.is_empty() => Err(Fault::new(kind, "the host has no address")),
        Ok(addresses) => {
            let with_port = addresses.iter().map(|address| {
                let mut address = *address;
                address.set_port(port);
                address
            });
            Ok(with_port.collect())
        }
        Err(cause) => Err(Fault::io(
            kind,
            match cause.raw_os_error() {
                Some(code) => io::Error::from_raw_os_error(code),
                None => io::Error::new(cause.kind(), cause.to_string()),
            },
        )),
    }
}
