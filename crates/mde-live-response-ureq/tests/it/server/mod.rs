//! A server that follows a script, and keeps what its clients sent.
//!
//! Threads and blocking sockets on loopback, plain or TLS. Each connection gets the next script. A connection beyond the
//! last script is counted and closed at once. Stopping the server wakes and joins all threads.

mod certificates;
mod gate;
mod script;
mod stream;

use std::collections::HashMap;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustls::ServerConfig;
use rustls::version::{TLS12, TLS13};

pub(crate) use certificates::{Identity, trusted_pem};
pub(crate) use gate::Gate;
pub(crate) use script::{Script, Step};

use script::Talk;
use stream::Stream;

/// What a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speech {
    Plain,
    Tls,
    /// TLS 1.2 only.
    Tls12,
    /// TLS with another certificate.
    TlsAs(Identity),
}

/// What happened on one connection.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Everything that the client sent, decrypted.
    pub(crate) received: Vec<u8>,
    /// Why the script ended early, if it did.
    pub(crate) trouble: Option<io::Error>,
}

pub(crate) struct Server {
    speech: Speech,
    address: SocketAddr,
    shared: Arc<Shared>,
    wake: Sender<SocketAddr>,
    acceptor: Option<JoinHandle<Vec<Connection>>>,
}

struct Shared {
    tls: Option<Arc<ServerConfig>>,
    stop: Gate,
    /// A second handle of each open connection, to wake its thread.
    sockets: Mutex<HashMap<usize, TcpStream>>,
}

impl Server {
    pub(crate) fn start(speech: Speech, scripts: impl IntoIterator<Item = Script>) -> Self {
        let scripts: Vec<Script> = scripts.into_iter().collect();
        let gates = gates(&scripts);
        let tls = match speech {
            Speech::Plain => None,
            Speech::Tls => Some(certificates::server_config(Identity::Good, &[&TLS13])),
            Speech::Tls12 => Some(certificates::server_config(Identity::Good, &[&TLS12])),
            Speech::TlsAs(identity) => Some(certificates::server_config(identity, &[&TLS13])),
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { tls, stop: Gate::new(), sockets: Mutex::default() });
        let (wake, woken) = mpsc::channel();
        let acceptor = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &scripts, &gates, &shared, &woken)
        });
        Self { speech, address, shared, wake, acceptor: Some(acceptor) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Base URL, with the address as host.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.speech == Speech::Plain { "http" } else { "https" };
        format!("{scheme}://{}", self.address)
    }

    /// Stops the server and returns its connections.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Vec<Connection> {
        let connections = self.stop().unwrap();
        let is_late = |trouble: &io::Error| trouble.kind() == io::ErrorKind::TimedOut;
        let late = connections.iter().any(|it| it.trouble.as_ref().is_some_and(is_late));
        assert!(!late, "the client did not give up");
        connections
    }

    /// As [`finish`](Self::finish), for exactly one connection.
    #[track_caller]
    pub(crate) fn finish_one(self) -> Connection {
        let mut connections = self.finish();
        assert_eq!(connections.len(), 1, "connections: {connections:?}");
        connections.remove(0)
    }

    fn stop(&mut self) -> Option<Vec<Connection>> {
        let acceptor = self.acceptor.take()?;
        self.shared.stop.open();
        // Not a client: the last connection that is accepted.
        let last = TcpStream::connect(self.address).unwrap();
        self.wake.send(last.local_addr().unwrap()).unwrap();
        Some(acceptor.join().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        } else if let Some(connections) = self.stop() {
            for (n, connection) in connections.iter().enumerate() {
                let Connection { received, trouble } = connection;
                eprintln!("connection {n}: {} bytes received, trouble {trouble:?}", received.len());
            }
        }
    }
}

fn accept(
    listener: &TcpListener,
    scripts: &[Script],
    gates: &[Gate],
    shared: &Arc<Shared>,
    woken: &Receiver<SocketAddr>,
) -> Vec<Connection> {
    let mut talks = Vec::new();
    let mut last = None;
    loop {
        let (socket, peer) = listener.accept().unwrap();
        if shared.stop.is_open() && *last.get_or_insert_with(|| woken.recv().unwrap()) == peer {
            break;
        }
        let number = talks.len();
        let script = scripts.get(number).cloned().unwrap_or_else(|| vec![Step::Close]);
        shared.sockets.lock().unwrap().insert(number, socket.try_clone().unwrap());
        let shared = Arc::clone(shared);
        talks.push(std::thread::spawn(move || talk(socket, &script, number, &shared)));
    }
    for gate in gates {
        gate.open();
    }
    for socket in shared.sockets.lock().unwrap().values() {
        // A connection that the client has reset cannot be shut down, and need not be.
        let _ = socket.shutdown(Shutdown::Both);
    }
    let died = || Connection {
        received: Vec::new(),
        trouble: Some(io::Error::other("the script panicked")),
    };
    talks.into_iter().map(|talk| talk.join().unwrap_or_else(|_| died())).collect()
}

fn talk(socket: TcpStream, script: &[Step], number: usize, shared: &Shared) -> Connection {
    let mut received = Vec::new();
    let release = || drop(shared.sockets.lock().unwrap().remove(&number));
    let stream = match &shared.tls {
        None => Stream::plain(socket),
        Some(config) => Stream::tls(socket, Arc::clone(config)),
    };
    let outcome = stream.and_then(|stream| {
        let talk = Talk {
            stream: Some(stream),
            stop: &shared.stop,
            release: &release,
            received: &mut received,
            body_left: 0,
        };
        talk.run(script)
    });
    release();
    Connection { received, trouble: outcome.err() }
}

/// The gates that a thread may be waiting at when the server is stopped.
fn gates(scripts: &[Script]) -> Vec<Gate> {
    let steps = scripts.iter().flatten();
    steps
        .filter_map(|step| match step {
            Step::Await(gate) => Some(gate.clone()),
            _ => None,
        })
        .collect()
}
