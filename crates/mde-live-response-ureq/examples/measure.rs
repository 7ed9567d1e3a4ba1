//! Measures on loopback what no test measures, against a peer that stops reading:
//!
//! * how long an upload lasts past its deadline, and past its silence limit (bound: 10 %);
//! * how soon an upload ends after an answer that comes before the body was sent (bound: 100 ms);
//! * how soon an upload ends after a cancel (bound: 100 ms);
//! * how much longer an upload lasts if the first address of its host does not answer (bound: 300 ms). This needs a
//!   `localhost` with two addresses, which most machines have.
//!
//! ```text
//! cargo run --release -p mde-live-response-ureq --example measure
//! ```
//!
//! Prints the worst of ten rounds each, plain and over TLS, and fails if one is over its bound.

use std::error::Error as StdError;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use mde_live_response_core::policy::{CancelToken, RetryPolicy};
use mde_live_response_core::{AccessToken, Client, Endpoint, ErrorKind, Upload};
use mde_live_response_ureq::{Certificate, Roots, UreqTransport};
use rcgen::CertifiedKey;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

type Failure = Box<dyn StdError + Send + Sync>;

const ROUNDS: u32 = 10;
const LIMIT: Duration = Duration::from_secs(1);
/// Of a limit that is not measured.
const FAR: Duration = Duration::from_secs(60);
const EARLY_BOUND: Duration = Duration::from_millis(100);
const CANCEL_BOUND: Duration = Duration::from_millis(100);
const DEAD_BOUND: Duration = Duration::from_millis(300);
/// When a call is cancelled, after its start.
const CANCEL_AFTER: Duration = Duration::from_millis(200);
const EARLY_ANSWER: &[u8] = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n";

/// A peer that reads the request's head, answers if it has an answer, and reads no more.
struct Peer {
    tls: Option<Arc<ServerConfig>>,
    answer: &'static [u8],
}

/// What ends an upload.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Deadline,
    Silence,
    Cancel,
    Answer,
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool, Failure> {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    let key = PrivateKeyDer::try_from(signing_key.serialize_der())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?;
    let root = Certificate::from_der(cert.der().to_vec())?;
    let tls = Arc::new(tls);

    let mut within = true;
    for (name, tls) in [("plain", None), ("TLS", Some(Arc::clone(&tls)))] {
        let silent = Peer { tls: tls.clone(), answer: b"" };
        let limit_bound = LIMIT + LIMIT / 10;
        let deadline = worst(&silent, &root, End::Deadline)?;
        println!(
            "{name}: a deadline of {LIMIT:?} ended after {deadline:?} (bound {limit_bound:?})"
        );
        let silence = worst(&silent, &root, End::Silence)?;
        println!("{name}: a silence of {LIMIT:?} ended after {silence:?} (bound {limit_bound:?})");
        let cancel = worst(&silent, &root, End::Cancel)?.saturating_sub(CANCEL_AFTER);
        println!("{name}: a cancelled call ended after {cancel:?} (bound {CANCEL_BOUND:?})");
        let early = worst(&Peer { tls, answer: EARLY_ANSWER }, &root, End::Answer)?;
        println!("{name}: an early answer was heard after {early:?} (bound {EARLY_BOUND:?})");
        within &= deadline <= limit_bound && silence <= limit_bound;
        within &= cancel <= CANCEL_BOUND && early <= EARLY_BOUND;
    }
    match dead_address(&Peer { tls: Some(tls), answer: EARLY_ANSWER }, &root)? {
        Some(cost) => {
            println!("TLS: a dead first address cost {cost:?} (bound {DEAD_BOUND:?})");
            within &= cost <= DEAD_BOUND;
        }
        None => println!("TLS: a dead first address: skipped, localhost has only one address"),
    }
    Ok(within)
}

/// How much longer the worst of some uploads lasts if the first address of `localhost` does not answer.
fn dead_address(peer: &Peer, root: &Certificate) -> Result<Option<Duration>, Failure> {
    let mut addresses: Vec<SocketAddr> = ("localhost", 0).to_socket_addrs()?.collect();
    addresses.truncate(2);
    let &[first, second] = addresses.as_slice() else { return Ok(None) };
    let mut worst = Duration::ZERO;
    for _ in 0..ROUNDS {
        let without = upload(peer, root, End::Answer, &TcpListener::bind(first)?)?;
        let listener = TcpListener::bind(second)?;
        // Accepts no connection, and its queue is full.
        let dead = SocketAddr::new(first.ip(), listener.local_addr()?.port());
        let hole = TcpListener::bind(dead)?;
        let queued = || TcpStream::connect_timeout(&dead, EARLY_BOUND).ok();
        let queue: Vec<_> = std::iter::from_fn(queued).collect();
        let with = upload(peer, root, End::Answer, &listener)?;
        drop((queue, hole));
        worst = worst.max(with.saturating_sub(without));
    }
    Ok(Some(worst))
}

/// The longest of some uploads to such a peer, from the call to its return.
fn worst(peer: &Peer, root: &Certificate, end: End) -> Result<Duration, Failure> {
    let mut worst = Duration::ZERO;
    for _ in 0..ROUNDS {
        worst = worst.max(upload(peer, root, end, &TcpListener::bind("127.0.0.1:0")?)?);
    }
    Ok(worst)
}

/// How long an upload to this peer lasts.
fn upload(
    peer: &Peer,
    root: &Certificate,
    end: End,
    listener: &TcpListener,
) -> Result<Duration, Failure> {
    let port = listener.local_addr()?.port();
    let endpoint = match peer.tls {
        Some(_) => Endpoint::parse(&format!("https://localhost:{port}"))?,
        None => Endpoint::parse(&format!("http://127.0.0.1:{port}"))?,
    };
    let transport = UreqTransport::builder().roots(Roots::Certificates(vec![root.clone()])).build();
    let client = Client::builder(endpoint, AccessToken::new("an-access-token")?, transport)
        .retry(RetryPolicy::NONE)
        .deadline(if end == End::Silence { FAR } else { LIMIT })
        .silence_limit(if end == End::Silence { LIMIT } else { FAR })
        .build();
    let cancel = CancelToken::new();
    let client = client.cancelled_by(&cancel);
    // Of a large upload, single bytes move even seconds after the peer stops reading.
    let len = if end == End::Silence { 1024 } else { 20 * 1024 * 1024 };
    let upload = Upload::new("upload.bin".parse()?, vec![7; len]);
    let (returned, until_returned) = mpsc::channel();
    let (took, result) = thread::scope(|scope| {
        let peer = scope.spawn(move || serve(listener, peer, &until_returned));
        if end == End::Cancel {
            scope.spawn(|| {
                thread::sleep(CANCEL_AFTER);
                cancel.cancel();
            });
        }
        let start = Instant::now();
        let result = client.upload(&upload);
        let took = start.elapsed();
        drop(returned);
        drop(peer.join());
        (took, result)
    });
    let error = result.err().ok_or("the upload succeeded")?;
    let is_expected = match end {
        End::Deadline | End::Silence => matches!(error.kind(), ErrorKind::Transport(_)),
        End::Cancel => *error.kind() == ErrorKind::Cancelled,
        End::Answer => *error.kind() == ErrorKind::TooLarge,
    };
    if !is_expected {
        return Err(error.into());
    }
    Ok(took)
}

fn serve(listener: &TcpListener, peer: &Peer, hold: &Receiver<()>) -> Result<(), Failure> {
    let (tcp, _) = listener.accept()?;
    match &peer.tls {
        None => answer(&tcp, peer.answer, hold),
        Some(config) => {
            let tls = ServerConnection::new(Arc::clone(config))?;
            answer(StreamOwned::new(tls, tcp), peer.answer, hold)
        }
    }
}

fn answer(
    mut stream: impl Read + Write,
    answer: &[u8],
    hold: &Receiver<()>,
) -> Result<(), Failure> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend_from_slice(&byte);
    }
    stream.write_all(answer)?;
    // Returns an error when the sender is dropped.
    let _ = hold.recv();
    Ok(())
}
