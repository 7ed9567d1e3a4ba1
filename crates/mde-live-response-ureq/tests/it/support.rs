//! What the tests share: files, clients, answers, and how an outcome is told.

use std::sync::LazyLock;
use std::time::Duration;

use mde_live_response_core::{
    AccessToken, Client, ClientBuilder, Delivery, Endpoint, Error, FileContent, LibraryFile,
    Pacing, Phase, ResponseErrorKind, RetryPolicy, ServiceErrorKind, TransportErrorKind, Upload,
};
use mde_live_response_ureq::{Certificate, Roots, UreqTransport, UreqTransportBuilder};

use crate::server::{Script, Server, Speech, Step, trusted_pem};

pub(crate) const TOKEN: &str = "an-access-token";
pub(crate) const NAME: &str = "collect-dns.ps1";
pub(crate) const CONTENT: &str = "Get-DnsClientCache\n";
/// Of [`CONTENT`].
pub(crate) const SHA256: &str = "a4983efac65cc22427c315b5605be885a87605ae02e475aa50a499267745faf9";

/// Long enough for every exchange that is not meant to run out of time.
const PLENTY: Duration = Duration::from_secs(60);
/// The deadline of exchanges that are.
pub(crate) const SHORT: Duration = Duration::from_millis(300);

/// More than the buffers between two sockets hold while nobody reads.
static LARGE: LazyLock<FileContent> = LazyLock::new(|| vec![b'x'; 20 * 1024 * 1024].into());

pub(crate) fn small() -> Upload {
    Upload::new(NAME.parse().unwrap(), CONTENT.as_bytes())
}

/// Goes out in many writes and many TLS records, and fits the buffers of a socket nevertheless.
pub(crate) fn medium() -> Upload {
    Upload::new(NAME.parse().unwrap(), vec![b'm'; 100 * 1024])
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

/// A transport that trusts the tests' authority and nobody else.
pub(crate) fn transport() -> UreqTransportBuilder {
    let authority = Certificate::from_pem(trusted_pem().as_bytes()).unwrap();
    UreqTransport::builder().roots(Roots::Certificates(vec![authority]))
}

pub(crate) fn client(server: &Server) -> Client {
    builder(&server.url(), transport().build()).build()
}

/// A client whose time for a call is over soon.
pub(crate) fn hasty_client(server: &Server) -> Client {
    builder(&server.url(), transport().build()).deadline(SHORT).build()
}

pub(crate) fn builder(url: &str, transport: UreqTransport) -> ClientBuilder {
    let token: AccessToken = TOKEN.parse().unwrap();
    Client::builder(endpoint(url), token, transport)
        .retry(RetryPolicy::NONE)
        .pacing(Pacing::Off)
        .deadline(PLENTY)
}

pub(crate) fn endpoint(url: &str) -> Endpoint {
    let is_plain = url.starts_with("http:");
    if is_plain { Endpoint::loopback_http(url) } else { Endpoint::custom(url) }.unwrap()
}

/// One exchange against one scripted connection.
pub(crate) struct Exchanged {
    pub(crate) outcome: Outcome,
    /// What the server received.
    pub(crate) received: Vec<u8>,
}

/// Uploads to a server with this one script; there must be no second connection.
#[track_caller]
pub(crate) fn exchange(speech: Speech, script: Script, upload: &Upload) -> Exchanged {
    let server = Server::start(speech, [script]);
    let outcome = Outcome::of(client(&server).upload(upload));
    Exchanged { outcome, received: server.finish_one().received }
}

/// As [`exchange`], with a deadline that is over soon.
#[track_caller]
pub(crate) fn exchange_in_haste(speech: Speech, script: Script, upload: &Upload) -> Outcome {
    let server = Server::start(speech, [script]);
    let outcome = Outcome::of(hasty_client(&server).upload(upload));
    server.finish_one();
    outcome
}

/// The outcome of an upload of [`small`] that the server reads whole and answers with these bytes, then
/// closes.
#[track_caller]
pub(crate) fn answered(speech: Speech, answer: impl Into<Vec<u8>>) -> Outcome {
    let steps = [Step::Send(answer.into()), Step::Close];
    exchange(speech, after_request(steps), &small()).outcome
}

/// A script that reads a whole request first.
pub(crate) fn after_request(steps: impl IntoIterator<Item = Step>) -> Script {
    [Step::ReadHead, Step::ReadBody].into_iter().chain(steps).collect()
}

/// An answer with a length; `headers` are whole lines.
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

/// What an upload came to, in a form to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Stored,
    Transport(TransportErrorKind, Delivery),
    Response(ResponseErrorKind, Delivery),
    /// Kind, status, delivery.
    Service(ServiceErrorKind, u16, Delivery),
    /// 401 or 403.
    Auth(u16),
    Throttled(u16),
    Other(String),
}

impl Outcome {
    pub(crate) fn of(result: Result<LibraryFile, Error>) -> Self {
        let error = match result {
            Ok(stored) => {
                assert_eq!(stored.file_name(), NAME);
                return Self::Stored;
            }
            Err(error) => error,
        };
        eprintln!("error: {error}, from {:?}", std::error::Error::source(&error));
        assert!(!format!("{error:?}").contains(TOKEN), "the token shows in the error");
        match error {
            Error::Transport(error) => Self::Transport(error.kind(), error.delivery()),
            Error::Response(error) => Self::Response(error.kind().clone(), error.delivery()),
            Error::Service(error) => {
                Self::Service(error.kind(), error.status().as_u16(), error.delivery())
            }
            Error::Auth(error) if error.status().is_some() => {
                Self::Auth(error.status().unwrap().as_u16())
            }
            Error::Throttled(error) => Self::Throttled(error.status().unwrap().as_u16()),
            other => Self::Other(other.to_string()),
        }
    }
}

/// No complete answer, and the request cannot have taken effect.
pub(crate) fn not_delivered(kind: TransportErrorKind) -> Outcome {
    Outcome::Transport(kind, Delivery::NotDelivered)
}

/// No complete answer, and the request may have taken effect.
pub(crate) fn unknown(kind: TransportErrorKind) -> Outcome {
    Outcome::Transport(kind, Delivery::Unknown)
}

pub(crate) const fn timeout(phase: Phase) -> TransportErrorKind {
    TransportErrorKind::Timeout(phase)
}

/// The server's 413.
pub(crate) fn too_large() -> Outcome {
    Outcome::Service(ServiceErrorKind::TooLarge, 413, Delivery::NotDelivered)
}
