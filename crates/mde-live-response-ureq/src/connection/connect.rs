//! Connects to the first of several addresses that answers: Happy Eyeballs, RFC 8305.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use mde_live_response_core::transport::TransportErrorKind;

use super::socket::{Socket, at_least_a_millisecond};
use crate::facts::Allowance;
use crate::fault::Fault;

/// Time before the next address is tried as well: RFC 8305's.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Opens a connection to the first address that accepts one.
pub(super) fn connect(addresses: &[SocketAddr], time: Allowance<'_>) -> Result<Socket, Fault> {
    let stream = race(addresses, time, |address, left| match left {
        Some(left) => TcpStream::connect_timeout(&address, left),
        None => TcpStream::connect(address),
    })?;
    Ok(Socket::new(stream, time))
}

/// Calls `open` for each address on its own thread, until one succeeds.
///
/// The next address follows when an attempt failed or took [`ATTEMPT_DELAY`]. Running attempts continue, and the first
/// success wins. Later connections are closed.
pub(super) fn race<T: Send + 'static>(
    addresses: &[SocketAddr],
    time: Allowance<'_>,
    open: impl Fn(SocketAddr, Option<Duration>) -> io::Result<T> + Clone + Send + 'static,
) -> Result<T, Fault> {
    let (sender, results) = mpsc::channel();
    let mut waiting = alternating(addresses).into_iter();
    let mut running = 0_usize;
    let mut last = io::Error::other("the host has no address");
    loop {
        if let Some(address) = waiting.next() {
            let (open, sender) = (open.clone(), sender.clone());
            let left = time.left()?.map(at_least_a_millisecond);
            let attempt = move || {
                // The receiver may be gone.
                let _ = sender.send(open(address, left));
            };
            let spawned = thread::Builder::new().name("connect".to_owned()).spawn(attempt);
            spawned.map_err(|cause| Fault::new(TransportErrorKind::Local, cause))?;
            running += 1;
        }
        if running == 0 {
            break;
        }
        let next = (waiting.len() > 0).then(|| Instant::now() + ATTEMPT_DELAY);
        match receive(&results, next, time)? {
            Some(Ok(opened)) => return Ok(opened),
            Some(Err(cause)) => (running, last) = (running - 1, cause),
            None => {}
        }
    }
    if last.kind() == ErrorKind::TimedOut {
        return Err(time.exceeded());
    }
    Err(Fault::io(TransportErrorKind::Connect, last))
}

/// Waits for a result until the next attempt or the time limit. The caller keeps a sender.
fn receive<T>(
    results: &Receiver<T>,
    next: Option<Instant>,
    time: Allowance<'_>,
) -> Result<Option<T>, Fault> {
    loop {
        let until_next = next.map(|next| next.saturating_duration_since(Instant::now()));
        let slice = match (time.slice()?, until_next) {
            (_, Some(Duration::ZERO)) => return Ok(None),
            (Some(slice), Some(until_next)) => Some(slice.min(until_next)),
            (slice, until_next) => slice.or(until_next),
        };
        let received = match slice {
            Some(slice) => results.recv_timeout(slice).ok(),
            None => results.recv().ok(),
        };
        if received.is_some() {
            return Ok(received);
        }
    }
}

/// Alternates between IPv6 and IPv4 addresses.
///
/// So a family without a route does not delay the other one.
fn alternating(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let is_first = addresses.first().map(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.iter().copied().partition(|it| Some(it.is_ipv6()) == is_first);
    let pairs = (0..addresses.len()).flat_map(|n| [first.get(n), second.get(n)]);
    pairs.flatten().copied().collect()
}
