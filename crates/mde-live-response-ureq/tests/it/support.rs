//! Shared by the tests: files, clients, answers, and outcomes to compare.

use std::sync::LazyLock;
use std::time::Duration;

use mde_live_response_core::library::FileContent;
use mde_live_response_core::policy::{ClientBuilder, Pacing, RetryPolicy};
pub(crate) use mde_live_response_core::transport::{Phase, TransportErrorKind as Kind};
use mde_live_response_core::{AccessToken, Error, LibraryFile};
pub(crate) use mde_live_response_core::{Client, Effect, Endpoint, ErrorKind, Upload};
use mde_live_response_ureq::{Certificate, Roots, UreqTransport, UreqTransportBuilder};

use crate::server::trusted_pem;
pub(crate) use crate::server::{Gate, Identity, Script, Server, Speech, Step, Step::*};

pub(crate) const TOKEN: &str = "an-access-token";
pub(crate) const NAME: &str = "collect-dns.ps1";
const CONTENT: &str = "Get-DnsClientCache\n";
/// Of [`CONTENT`].
const SHA256: &str = "a4983efac65cc22427c315b5605be885a87605ae02e475aa50a499267745faf9";

/// Longer than the server's patience. An exchange that ends by this limit fails its test.
pub(crate) const PLENTY: Duration = Duration::from_secs(120);
/// A limit that is meant to pass.
pub(crate) const SHORT: Duration = Duration::from_millis(300);

/// More than the buffers between two sockets hold while nobody reads.
static LARGE: LazyLock<FileContent> = LazyLock::new(|| vec![b'x'; 20 * 1024 * 1024].into());

pub(crate) fn small() -> Upload {
    Upload::new(NAME.parse().unwrap(), CONTENT.as_bytes())
}

pub(crate) fn large() -> Upload {
    Upload::new(NAME.parse().unwrap(), LARGE.clone())
}

/// Runs a case against a plain server, then against one that speaks TLS.
#[track_caller]
pub(crate) fn both(case: impl Fn(Speech)) {
    for speech in [Speech::Plain, Speech::Tls] {
        eprintln!("case: {speech:?}");
        case(speech);
    }
}

/// A transport that trusts only the tests' authority.
pub(crate) fn transport() -> UreqTransportBuilder {
    let authority = Certificate::from_pem(trusted_pem().as_bytes()).unwrap();
    UreqTransport::builder().roots(Roots::Certificates(vec![authority]))
}

pub(crate) fn client(server: &Server) -> Client {
    builder(&server.url()).build()
}

pub(crate) fn builder(url: &str) -> ClientBuilder {
    builder_over(url, transport())
}

pub(crate) fn builder_over(url: &str, transport: UreqTransportBuilder) -> ClientBuilder {
    let token: AccessToken = TOKEN.parse().unwrap();
    Client::builder(Endpoint::parse(url).unwrap(), token, transport.build())
        .retry(RetryPolicy::NONE)
        .pacing(Pacing::Off)
        .deadline(PLENTY)
        .silence_limit(PLENTY)
}

/// Uploads [`small`] over one connection to a server that reads it whole, answers with these bytes, and closes.
#[track_caller]
pub(crate) fn answered(speech: Speech, answer: impl Into<Vec<u8>>) -> Outcome {
    let server = Server::start(speech, [after_request([say(answer), Close])]);
    let outcome = upload_by(&client(&server), &small());
    server.finish_one();
    outcome
}

pub(crate) fn say(bytes: impl Into<Vec<u8>>) -> Step {
    Send(bytes.into())
}

/// A script that reads a whole request first.
pub(crate) fn after_request(steps: impl IntoIterator<Item = Step>) -> Script {
    [ReadHead, ReadBody].into_iter().chain(steps).collect()
}

/// A script that answers so many uploads of [`small`].
pub(crate) fn served(n: usize) -> Script {
    (0..n).flat_map(|_| after_request([say(stored())])).collect()
}

/// An answer with a length. `headers` are whole lines.
pub(crate) fn reply(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let len = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {len}\r\n{headers}\r\n{body}").into_bytes()
}

/// The entity of a stored [`small`].
pub(crate) fn entity() -> String {
    format!(r#"{{"fileName":"{NAME}","sha256":"{SHA256}","hasParameters":false}}"#)
}

/// The answer to a stored [`small`].
pub(crate) fn stored() -> Vec<u8> {
    reply("200 OK", "Content-Type: application/json\r\n", &entity())
}

/// What came of an upload.
pub(crate) type Outcome = Result<(), Failed>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) kind: ErrorKind,
    pub(crate) effect: Effect,
    pub(crate) status: Option<u16>,
}

pub(crate) const STORED: Outcome = Ok(());

#[track_caller]
pub(crate) fn upload_by(client: &Client, upload: &Upload) -> Outcome {
    outcome(client.upload(upload))
}

#[track_caller]
pub(crate) fn outcome(result: Result<LibraryFile, Error>) -> Outcome {
    match result {
        Ok(stored) => {
            assert_eq!(stored.file_name(), NAME);
            STORED
        }
        Err(error) => {
            eprintln!("error: {error:?}");
            assert!(!format!("{error:?}").contains(TOKEN), "the token shows in the error");
            let status = error.status().map(|status| status.as_u16());
            Err(Failed { kind: error.kind().clone(), effect: error.effect(), status })
        }
    }
}

/// No complete answer, and the request cannot have taken effect.
pub(crate) fn not_applied(kind: Kind) -> Outcome {
    Err(Failed { kind: ErrorKind::Transport(kind), effect: Effect::NotApplied, status: None })
}

/// No complete answer, and the request may have taken effect.
pub(crate) fn unknown(kind: Kind) -> Outcome {
    Err(Failed { kind: ErrorKind::Transport(kind), effect: Effect::Unknown, status: None })
}

/// An answer that says that the request had no effect.
pub(crate) fn refused(status: u16, kind: ErrorKind) -> Outcome {
    Err(Failed { kind, effect: Effect::NotApplied, status: Some(status) })
}

#[track_caller]
pub(crate) fn assert_one_of(outcome: &Outcome, expected: &[Outcome]) {
    assert!(expected.contains(outcome), "{outcome:?}");
}
