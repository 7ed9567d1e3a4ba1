//! Measures, on loopback, the three times that tests do not look at:
//!
//! * how long past its deadline an upload lasts when the peer stops reading (to be within 10 %);
//! * how soon an answer is heard that comes before the body is out, from a peer that stops reading and keeps
//!   the connection open (to be within 100 ms);
//! * how soon a call ends that is cancelled while the peer does not read (to be within 100 ms).
//!
//! ```text
//! cargo run --release -p mde-live-response-ureq --example measure
//! ```
//!
//! Prints the worst of ten rounds each, plain and over TLS, and fails when one is over its bound.

use std::error::Error as StdError;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use mde_live_response_core::{
    AccessToken, CancelToken, Client, Endpoint, Error, RetryPolicy, Upload,
};
use mde_live_response_ureq::{Certificate, Roots, UreqTransport};
use rcgen::CertifiedKey;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

type Failure = Box<dyn StdError + Send + Sync>;

const ROUNDS: u32 = 10;
const DEADLINE: Duration = Duration::from_secs(1);
const EARLY_BOUND: Duration = Duration::from_millis(100);
const CANCEL_BOUND: Duration = Duration::from_millis(100);
/// When a call is cancelled, after its begin.
const CANCEL_AFTER: Duration = Duration::from_millis(200);
const EARLY_ANSWER: &[u8] = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n";

/// A peer that reads the request's head, perhaps answers, and reads no more.
struct Peer {
    tls: Option<Arc<ServerConfig>>,
    answer: &'static [u8],
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
    for (name, tls) in [("plain", None), ("TLS", Some(tls))] {
        let silent = Peer { tls: tls.clone(), answer: b"" };
        let deadline = worst(&silent, &root, None)?;
        let bound = DEADLINE + DEADLINE / 10;
        within &= deadline <= bound;
        println!("{name}: a deadline of {DEADLINE:?} ended after {deadline:?} (bound {bound:?})");

        let cancel = worst(&silent, &root, Some(CANCEL_AFTER))?.saturating_sub(CANCEL_AFTER);
        within &= cancel <= CANCEL_BOUND;
        println!("{name}: a cancelled call ended after {cancel:?} (bound {CANCEL_BOUND:?})");

        let early = worst(&Peer { tls, answer: EARLY_ANSWER }, &root, None)?;
        within &= early <= EARLY_BOUND;
        println!("{name}: an early answer was heard after {early:?} (bound {EARLY_BOUND:?})");
    }
    Ok(within)
}

/// The longest of some uploads to such a peer, from the call to its return.
fn worst(
    peer: &Peer,
    root: &Certificate,
    cancel_after: Option<Duration>,
) -> Result<Duration, Failure> {
    let mut worst = Duration::ZERO;
    for _ in 0..ROUNDS {
        let listener = &TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let endpoint = match peer.tls {
            Some(_) => Endpoint::custom(&format!("https://localhost:{port}"))?,
            None => Endpoint::loopback_http(&format!("http://127.0.0.1:{port}"))?,
        };
        let transport =
            UreqTransport::builder().roots(Roots::Certificates(vec![root.clone()])).build();
        let client = Client::builder(endpoint, AccessToken::new("an-access-token")?, transport)
            .retry(RetryPolicy::NONE)
            .deadline(DEADLINE)
            .build();
        let cancel = CancelToken::new();
        let client = client.cancelled_by(&cancel);
        let upload = Upload::new("large.bin".parse()?, vec![7; 20 * 1024 * 1024]);
        let (returned, until_returned) = mpsc::channel();
        let (took, result) = thread::scope(|scope| {
            let peer = scope.spawn(move || serve(listener, peer, &until_returned));
            if let Some(after) = cancel_after {
                let cancel = &cancel;
                scope.spawn(move || {
                    thread::sleep(after);
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
        match result {
            Err(Error::Cancelled(_)) if cancel_after.is_some() => {}
            Err(Error::Transport(_)) if peer.answer.is_empty() && cancel_after.is_none() => {}
            Err(Error::Service(_)) if !peer.answer.is_empty() => {}
            other => return Err(format!("not what was to be measured: {other:?}").into()),
        }
        worst = worst.max(took);
    }
    Ok(worst)
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
    // Ends with an error: when the other end is dropped.
    let _ = hold.recv();
    Ok(())
}
