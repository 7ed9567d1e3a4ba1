//! A server that follows a script and records the received bytes.
//!
//! Threads and sockets on loopback, plain or TLS. Stopping it ends all its threads.

mod certificates;
mod gate;
mod step;
mod stream;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use rustls::ServerConfig;
use rustls::version::{TLS12, TLS13};

pub use certificates::Identity;
pub use gate::Gate;
pub(crate) use gate::PATIENCE;
pub use step::{Script, Step};

use step::Talk;
use stream::Stream;

/// Protocol of a [`Peer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Speech {
    /// Plain HTTP.
    Plain,
    /// TLS 1.3.
    Tls,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3 with another certificate.
    TlsAs(Identity),
}

/// Record of one connection of a [`Peer`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Connection {
    /// Everything that the client sent, decrypted.
    pub received: Vec<u8>,
    /// Error that ended the script early, if there was one.
    pub trouble: Option<io::Error>,
}

/// A server on a free port of 127.0.0.1 that follows a script. Stops when it is dropped.
///
/// Each connection gets the next script. A connection beyond the last script is closed after the head of its first
/// request.
///
/// # Examples
///
/// ```
/// use mde_live_response_emulator::conformance::{Peer, Speech, Step};
/// use std::io::{Read, Write};
/// use std::net::TcpStream;
///
/// let script = vec![Step::ReadHead, Step::send("HTTP/1.1 204 No Content\r\n\r\n"), Step::Close];
/// let peer = Peer::start(Speech::Plain, [script]);
///
/// let mut client = TcpStream::connect(peer.address())?;
/// client.write_all(b"GET / HTTP/1.1\r\n\r\n")?;
/// let mut answer = String::new();
/// client.read_to_string(&mut answer)?;
/// assert_eq!(answer, "HTTP/1.1 204 No Content\r\n\r\n");
/// assert_eq!(peer.finish_one().received, b"GET / HTTP/1.1\r\n\r\n");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Peer {
    speech: Speech,
    address: SocketAddr,
    stop: Gate,
    wake: Sender<SocketAddr>,
    acceptor: Option<JoinHandle<Vec<Connection>>>,
}

impl Peer {
    /// Starts a peer with a script for each connection.
    ///
    /// # Panics
    ///
    /// If it cannot listen.
    pub fn start(speech: Speech, scripts: impl IntoIterator<Item = Script>) -> Self {
        let scripts: Vec<Script> = scripts.into_iter().collect();
        let tls = match speech {
            Speech::Plain => None,
            Speech::Tls => Some(certificates::server_config(Identity::Good, &[&TLS13])),
            Speech::Tls12 => Some(certificates::server_config(Identity::Good, &[&TLS12])),
            Speech::TlsAs(identity) => Some(certificates::server_config(identity, &[&TLS13])),
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Gate::new();
        let (wake, woken) = mpsc::channel();
        let acceptor = std::thread::spawn({
            let stop = stop.clone();
            move || accept(&listener, &scripts, tls.as_ref(), &stop, &woken)
        });
        Self { speech, address, stop, wake, acceptor: Some(acceptor) }
    }

    /// The address on which the peer listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Base URL, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.speech == Speech::Plain { "http" } else { "https" };
        format!("{scheme}://{}", self.address)
    }

    /// PEM text of the certificate authority that clients must trust. Made anew for each process.
    #[must_use]
    pub fn authority_pem(&self) -> &'static str {
        certificates::authority_pem()
    }

    /// Stops the peer and returns its connections.
    ///
    /// # Panics
    ///
    /// If a step had to wait for the client for 30 s.
    #[must_use]
    #[track_caller]
    pub fn finish(mut self) -> Vec<Connection> {
        let connections = self.stop();
        let is_late = |trouble: &io::Error| trouble.kind() == io::ErrorKind::TimedOut;
        let late = connections.iter().any(|it| it.trouble.as_ref().is_some_and(is_late));
        assert!(!late, "the client did not give up");
        connections
    }

    /// As [`finish`](Self::finish), for exactly one connection.
    ///
    /// # Panics
    ///
    /// Also if there was another number of connections.
    #[track_caller]
    #[expect(
        clippy::must_use_candidate,
        reason = "that there is one connection may be all to know"
    )]
    pub fn finish_one(self) -> Connection {
        let mut connections = self.finish();
        assert_eq!(connections.len(), 1, "connections: {connections:?}");
        connections.remove(0)
    }

    /// Stops the peer and returns its connections; the second time, none.
    pub(crate) fn stop(&mut self) -> Vec<Connection> {
        let Some(acceptor) = self.acceptor.take() else { return Vec::new() };
        self.stop.open();
        // Not a client: the last connection that is accepted.
        let last = TcpStream::connect(self.address).unwrap();
        self.wake.send(last.local_addr().unwrap()).unwrap();
        acceptor.join().unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let connections = self.stop();
        if std::thread::panicking() {
            for (n, Connection { received, trouble }) in connections.iter().enumerate() {
                eprintln!("connection {n}: {} bytes received, trouble {trouble:?}", received.len());
            }
        }
    }
}

fn accept(
    listener: &TcpListener,
    scripts: &[Script],
    tls: Option<&Arc<ServerConfig>>,
    stop: &Gate,
    woken: &Receiver<SocketAddr>,
) -> Vec<Connection> {
    let mut talks: Vec<JoinHandle<Connection>> = Vec::new();
    let mut last = None;
    loop {
        let (socket, client) = listener.accept().unwrap();
        if stop.is_open() && *last.get_or_insert_with(|| woken.recv().unwrap()) == client {
            break;
        }
        let unscripted = || vec![Step::ReadHead, Step::Close];
        let script = scripts.get(talks.len()).cloned().unwrap_or_else(unscripted);
        let (tls, stop) = (tls.cloned(), stop.clone());
        talks.push(std::thread::spawn(move || talk(socket, &script, tls.as_ref(), &stop)));
    }
    talks.into_iter().map(|talk| talk.join().unwrap()).collect()
}

fn talk(
    socket: TcpStream,
    script: &[Step],
    tls: Option<&Arc<ServerConfig>>,
    stop: &Gate,
) -> Connection {
    let mut received = Vec::new();
    let outcome = Stream::new(socket, tls, stop).and_then(|stream| {
        Talk { stream: Some(stream), stop, received: &mut received, body_left: 0 }.run(script)
    });
    Connection { received, trouble: outcome.err().filter(|_| !stop.is_open()) }
}
