//! A transport that answers as it is told and keeps what it was sent, and what else many tests need.

use std::error::Error as StdError;
use std::fmt;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::{env, fs};

use mde_live_response_core::auth::Credential;
use mde_live_response_core::http::{Request, Response};
use mde_live_response_core::library::Sha256Digest;
use mde_live_response_core::policy::{Call, ClientBuilder, Event, Observer, RetryPolicy};
use mde_live_response_core::transport::{Exchange, Transport, TransportError, TransportErrorKind};
use mde_live_response_core::{AccessToken, Client, Endpoint, Error, Upload};
use mde_live_response_mock::{MockTransport, Reply};

pub(crate) const NAME: &str = "collect-dns.ps1";
pub(crate) const CONTENT: &str = "Get-DnsClientCache\n";
pub(crate) const SHA256: &str = "a4983efac65cc22427c315b5605be885a87605ae02e475aa50a499267745faf9";
/// SHA-256 of no bytes.
pub(crate) const EMPTY_SHA256: &str =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// Boundary that [`drawn`]`(&[0xaa])` gives.
pub(crate) const AAAA: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// One request, with the bytes of its body that were read.
pub(crate) type Sent = Request<Vec<u8>>;

type Answer = dyn Fn(&mut Exchange<'_>, &mut Vec<u8>) -> Result<Response<Vec<u8>>, TransportError>
    + Send
    + Sync;

/// Clones share the requests.
#[derive(Clone)]
pub(crate) struct Canned {
    answer: Arc<Answer>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Canned {
    /// Reads the body to its end, then gives this answer, every time.
    pub(crate) fn new(answer: Response<Vec<u8>>) -> Self {
        Self::with(move |exchange, body| {
            exchange.read_to_end(body).map_err(broken)?;
            Ok(answer.clone())
        })
    }

    /// Leaves both to the test: what it pushes to the vector counts as sent.
    pub(crate) fn with(
        answer: impl Fn(&mut Exchange<'_>, &mut Vec<u8>) -> Result<Response<Vec<u8>>, TransportError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self { answer: Arc::new(answer), sent: Arc::default() }
    }

    /// Answers with the file's entity, its hash computed from what arrived between the part's headers and
    /// the closing boundary.
    pub(crate) fn storing(name: &'static str) -> Self {
        Self::with(move |exchange, body| {
            exchange.read_to_end(body).map_err(broken)?;
            let digest = sha256(file_of(body));
            Ok(json(200, &format!(r#"{{"fileName":"{name}","sha256":"{digest}"}}"#)))
        })
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    #[track_caller]
    pub(crate) fn only(&self) -> Sent {
        let [sent] = <[Sent; 1]>::try_from(self.sent()).expect("exactly one request");
        sent
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build()
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        let token = AccessToken::new("an-access-token").unwrap();
        Client::builder(Endpoint::COMMERCIAL, token, self.clone()).retry(RetryPolicy::NONE)
    }
}

impl fmt::Debug for Canned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canned")
    }
}

impl Transport for Canned {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        let (head, mut body) = (exchange.head().clone(), Vec::new());
        let answer = (self.answer)(exchange, &mut body);
        self.sent.lock().unwrap().push(Sent::from_parts(head, body));
        answer
    }
}

/// What a transport makes of a body that cannot be read to its end.
pub(crate) fn broken(cause: io::Error) -> TransportError {
    TransportError::new(TransportErrorKind::Send).with_source(cause)
}

/// The file's bytes in a form: from the empty line after `filename=` to the closing boundary.
pub(crate) fn file_of(body: &[u8]) -> &[u8] {
    let find = |from: usize, needle: &[u8]| {
        from + body[from..].windows(needle.len()).position(|it| it == needle).expect("a form")
    };
    let delimiter = find(0, b"\r\n");
    let start = find(find(0, b"filename="), b"\r\n\r\n") + 4;
    // CRLF before, two dashes and CRLF after.
    &body[start..body.len() - (2 + delimiter + 4)]
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    Sha256Digest::from(<[u8; 32]>::from(sha2::Sha256::digest(bytes))).to_string()
}

/// A transport that gives these replies.
pub(crate) fn script(replies: impl IntoIterator<Item = Reply>) -> MockTransport {
    replies.into_iter().fold(MockTransport::new(), MockTransport::reply)
}

/// A client on the transport's clock, whose backoff is the longest.
pub(crate) fn builder(
    mock: &MockTransport,
    credential: impl Credential + 'static,
) -> ClientBuilder {
    Client::builder(Endpoint::COMMERCIAL, credential, mock.clone())
        .clock(mock.clock())
        .random(drawn(&[0xff]))
}

pub(crate) fn upload() -> Upload {
    Upload::new(NAME.parse().unwrap(), CONTENT.as_bytes())
}

pub(crate) fn answer(
    status: u16,
    headers: &[(&str, &str)],
    body: impl Into<Vec<u8>>,
) -> Response<Vec<u8>> {
    let mut builder = Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(body.into()).unwrap()
}

pub(crate) fn json(status: u16, body: &str) -> Response<Vec<u8>> {
    answer(status, &[("content-type", "application/json")], body)
}

/// The least that a verified success needs.
pub(crate) fn stored() -> Response<Vec<u8>> {
    json(200, &format!(r#"{{"fileName":"{NAME}","sha256":"{SHA256}"}}"#))
}

/// Uploads once and expects an error.
#[track_caller]
pub(crate) fn failure(reply: Response<Vec<u8>>) -> Error {
    let transport = Canned::new(reply);
    let error = transport.client().upload(&upload()).expect_err("an error");
    transport.only();
    error
}

/// A "random" source that gives blocks of one byte each, in order, the last one for ever.
pub(crate) fn drawn(blocks: &[u8]) -> impl Fn(&mut [u8]) -> io::Result<()> + Send + Sync + 'static {
    let (blocks, draws) = (blocks.to_vec(), AtomicUsize::new(0));
    move |buf| {
        let draw = draws.fetch_add(1, Ordering::SeqCst).min(blocks.len() - 1);
        buf.fill(blocks[draw]);
        Ok(())
    }
}

/// An observer that calls this function.
pub(crate) fn observing(
    function: impl Fn(&Call<'_>, &Event<'_>) + Send + Sync + 'static,
) -> impl Observer + 'static {
    struct Observing<F>(F);
    impl<F: Fn(&Call<'_>, &Event<'_>) + Send + Sync> Observer for Observing<F> {
        fn event(&self, call: &Call<'_>, event: &Event<'_>) {
            (self.0)(call, event);
        }
    }
    Observing(function)
}

/// Every cause of an error, outermost first.
pub(crate) fn causes<'e>(error: &'e (dyn StdError + 'static)) -> Vec<&'e (dyn StdError + 'static)> {
    std::iter::successors(error.source(), |cause| (*cause).source()).collect()
}

/// The same, as shown.
pub(crate) fn shown_causes(error: &(dyn StdError + 'static)) -> Vec<String> {
    causes(error).iter().map(ToString::to_string).collect()
}

/// Compares a text with that of a file of this folder, block by block. The environment's variable has it written.
#[track_caller]
pub(crate) fn assert_snapshot(
    file: &str,
    variable: &str,
    actual: &str,
    blocks: fn(&str) -> Vec<String>,
) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(file);
    if env::var_os(variable).is_some() {
        fs::write(&path, actual).unwrap();
    }
    let (old, new) = (blocks(&fs::read_to_string(&path).unwrap_or_default()), blocks(actual));
    let gone = old.iter().filter(|block| !new.contains(block)).map(|block| format!("- {block}"));
    let come = new.iter().filter(|block| !old.contains(block)).map(|block| format!("+ {block}"));
    let differing: Vec<_> = gone.take(40).chain(come.take(40)).collect();
    let shown = differing.join("\n\n");
    assert!(differing.is_empty(), "{shown}\n\n{variable}=1 writes {}", path.display());
}
