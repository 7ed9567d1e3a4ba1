//! The transport: a library whose answers are replaced, lost or falsified as a script says.

use std::fmt;
use std::io::Read;
use std::sync::{Arc, Mutex};

use mde_live_response_core::Effect;
use mde_live_response_core::http::request::Parts;
use mde_live_response_core::http::{HeaderMap, Method, Response, StatusCode};
use mde_live_response_core::transport::{
    Exchange, Phase, Transport, TransportError, TransportErrorKind as Kind,
};
use mde_live_response_mock::FakeLibrary;

use super::call::{Held, held};
use crate::support::{EMPTY_SHA256, NAME, answer, json};

/// Fate of one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// The library's own answer, a refusal included.
    Ok,
    /// The library's own answer, but with another SHA-256 wherever it names one: in an entity and in a listing.
    WrongHash,
    /// A status, a code, and whether `Retry-After: 2` is there. The body is read whole; the library hears nothing.
    Refused(u16, &'static str, bool),
    /// A 404 that is a web page, as gateways give it.
    Gateway404,
    /// A 503 before any byte of the body is read.
    Early503,
    /// No connection opens.
    Unconnected,
    /// The connection breaks before the decisive byte of a body; without a body, while the request is sent.
    CutForm,
    /// The connection breaks within the closing boundary.
    CutTail,
    /// The whole request was sent, and no usable answer came.
    Lost(Fault, Fate),
}

/// Replacement of the library's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Reset,
    Silence,
    /// Half of a success.
    Cut,
    /// A web page with status 200.
    Page,
    Status(u16),
    /// A 503 that asks to wait.
    Closed,
    /// A redirect to a web page.
    Moved,
}

/// When the library acts on a request whose answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Never,
    AtOnce,
    /// After the next exchange, or at the end of the call.
    Late,
}

const fn refused(status: u16, code: &'static str) -> Answer {
    Answer::Refused(status, code, false)
}

impl Answer {
    /// Every kind of answer.
    pub(super) const ALL: [Self; 32] = [
        Self::Ok,
        Self::WrongHash,
        refused(400, "InvalidRequestBody"),
        refused(401, "Unauthorized"),
        refused(403, "Forbidden"),
        Self::Gateway404,
        refused(409, "Conflict"),
        refused(413, "InvalidInput"),
        refused(429, "TooManyRequests"),
        Self::Refused(429, "TooManyRequests", true),
        Self::Early503,
        Self::Unconnected,
        Self::CutForm,
        Self::CutTail,
        Self::Lost(Fault::Reset, Fate::Never),
        Self::Lost(Fault::Reset, Fate::AtOnce),
        Self::Lost(Fault::Reset, Fate::Late),
        Self::Lost(Fault::Silence, Fate::Never),
        Self::Lost(Fault::Silence, Fate::Late),
        Self::Lost(Fault::Cut, Fate::AtOnce),
        Self::Lost(Fault::Page, Fate::Never),
        Self::Lost(Fault::Page, Fate::AtOnce),
        Self::Lost(Fault::Status(500), Fate::Never),
        Self::Lost(Fault::Status(500), Fate::AtOnce),
        Self::Lost(Fault::Status(503), Fate::Never),
        Self::Lost(Fault::Status(503), Fate::Late),
        Self::Lost(Fault::Closed, Fate::Never),
        Self::Lost(Fault::Closed, Fate::AtOnce),
        Self::Lost(Fault::Closed, Fate::Late),
        Self::Lost(Fault::Moved, Fate::Never),
        Self::Lost(Fault::Moved, Fate::AtOnce),
        Self::Lost(Fault::Moved, Fate::Late),
    ];

    /// One answer for each way in which a call can go on or end. Scripts of these have no limit but the call's own.
    pub(super) const DISTINCT: [Self; 8] = [
        Self::Ok,
        refused(400, "InvalidRequestBody"),
        refused(401, "Unauthorized"),
        refused(429, "TooManyRequests"),
        Self::Lost(Fault::Reset, Fate::Never),
        Self::Lost(Fault::Silence, Fate::AtOnce),
        Self::Lost(Fault::Status(500), Fate::Late),
        Self::Lost(Fault::Moved, Fate::AtOnce),
    ];

    /// Whether this is another answer than the rest for such a request. The library acts on uploads and deletes only.
    pub(super) fn suits(self, method: &Method) -> bool {
        match self {
            Self::WrongHash => method != Method::DELETE,
            Self::Early503 | Self::CutTail => method == Method::POST,
            Self::Lost(_, Fate::Late) => method != Method::GET,
            _ => true,
        }
    }
}

/// One exchange.
pub(super) struct Seen {
    pub(super) method: Method,
    /// The number of the token.
    pub(super) token: u8,
    body: Vec<u8>,
    pub(super) answer: Answer,
    /// Content of the library when the answer leaves.
    pub(super) held: Held,
    /// Whether the library did what the request asks.
    pub(super) is_done: bool,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, token, answer, held, is_done, .. } = self;
        write!(f, "{method} with token {token}: {answer:?}, held {held:?}, done: {is_done}")
    }
}

/// What the client sent. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Scripted {
    library: FakeLibrary,
    script: Vec<Answer>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    seen: Vec<Seen>,
    /// The request that the library will act on after the next one, and its position.
    late: Option<(usize, Parts)>,
}

impl Scripted {
    pub(super) fn new(library: FakeLibrary, script: &[Answer]) -> Self {
        Self { library, script: script.to_vec(), state: Arc::default() }
    }

    /// Every exchange, after the last request has arrived.
    pub(super) fn end(&self) -> Vec<Seen> {
        let mut state = self.state.lock().unwrap();
        let late = state.late.take();
        self.arrive(&mut state, late);
        std::mem::take(&mut state.seen)
    }

    fn arrive(&self, state: &mut State, late: Option<(usize, Parts)>) {
        if let Some((at, head)) = late {
            let seen = &mut state.seen[at];
            seen.is_done = self.ask_library(&head, &seen.body).status().is_success();
        }
    }

    fn ask_library(&self, head: &Parts, body: &[u8]) -> Response<Vec<u8>> {
        match self.library.begin(head) {
            Ok(accepted) => accepted.finish(body),
            Err(answer) => answer,
        }
    }
}

impl Transport for Scripted {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        let mut state = self.state.lock().unwrap();
        let (at, late) = (state.seen.len(), state.late.take());
        let scripted = self.script.get(at).copied().unwrap_or(Answer::Ok);
        let read = match scripted {
            Answer::Early503 | Answer::Unconnected => 0,
            Answer::CutForm => exchange.decisive_from(),
            Answer::CutTail => exchange.decisive_from() + 1,
            _ => exchange.body_len(),
        };
        let (head, mut body) = (exchange.take_head(), Vec::new());
        exchange.take(read).read_to_end(&mut body).expect("a body from memory");
        assert_eq!(body.len() as u64, read, "the body is shorter than it says");
        let reaches = match scripted {
            Answer::Ok | Answer::WrongHash | Answer::Lost(_, Fate::AtOnce) => true,
            Answer::Lost(_, Fate::Late) => {
                state.late = Some((at, head.clone()));
                false
            }
            _ => false,
        };
        let reply = reaches.then(|| self.ask_library(&head, &body));
        let token = head.headers["authorization"].to_str().unwrap().strip_prefix("Bearer token-");
        state.seen.push(Seen {
            token: token.expect("a token of the credential").parse().unwrap(),
            method: head.method,
            body,
            answer: scripted,
            held: held(&self.library),
            is_done: reply.as_ref().is_some_and(|it| it.status().is_success()),
        });
        self.arrive(&mut state, late);
        give(scripted, reply, exchange)
    }
}

fn give(
    scripted: Answer,
    reply: Option<Response<Vec<u8>>>,
    exchange: &Exchange<'_>,
) -> Result<Response<Vec<u8>>, TransportError> {
    let broken = |kind| Err(TransportError::new(kind));
    match scripted {
        Answer::Ok => Ok(reply.expect("an answer")),
        Answer::WrongHash => Ok(falsified(reply.expect("an answer"))),
        Answer::Refused(status, code, asks) => Ok(refusal(status, code, asks)),
        Answer::Gateway404 => Ok(json(404, "<!DOCTYPE>")),
        Answer::Early503 => Ok(refusal(503, "ServiceUnavailable", false)),
        // A transport knows this without a body, too; the client derives the other effects.
        Answer::Unconnected => {
            Err(TransportError::new(Kind::Connect).with_effect(Effect::NotApplied))
        }
        Answer::CutForm | Answer::CutTail => broken(Kind::Send),
        Answer::Lost(Fault::Reset, _) => broken(Kind::Receive),
        Answer::Lost(Fault::Silence, _) => broken(Kind::Timeout(Phase::Receive)),
        Answer::Lost(Fault::Cut, _) => {
            let headers = HeaderMap::from_iter([("content-length".parse().unwrap(), 99.into())]);
            let half = format!(r#"{{"fileName":"{NAME}","sha256":"#);
            let body = exchange.read_answer(StatusCode::OK, &headers, half.as_bytes())?;
            Ok(Response::new(body))
        }
        Answer::Lost(Fault::Page, _) => Ok(json(200, "<!DOCTYPE>")),
        Answer::Lost(Fault::Moved, _) => {
            Ok(answer(302, &[("location", "https://portal.example/")], ""))
        }
        Answer::Lost(Fault::Closed, _) => Ok(refusal(503, "ServiceUnavailable", true)),
        Answer::Lost(Fault::Status(status), _) => Ok(refusal(status, "InternalError", false)),
    }
}

fn refusal(status: u16, code: &str, asks: bool) -> Response<Vec<u8>> {
    let body = format!(r#"{{"error":{{"code":"{code}","message":"scripted"}}}}"#);
    if asks { answer(status, &[("retry-after", "2")], body) } else { json(status, &body) }
}

/// The answer with another SHA-256, if it names one.
fn falsified(answer: Response<Vec<u8>>) -> Response<Vec<u8>> {
    const FIELD: &str = r#""sha256":""#;
    answer.map(|body| {
        let mut text = String::from_utf8(body).expect("JSON");
        if let Some(at) = text.find(FIELD) {
            let start = at + FIELD.len();
            text.replace_range(start..start + EMPTY_SHA256.len(), EMPTY_SHA256);
        }
        text.into_bytes()
    })
}

/// Whether all uploads have the same bytes, as far as each was sent.
pub(super) fn is_same_body(seen: &[Seen]) -> bool {
    let bodies = || seen.iter().filter(|it| it.method == Method::POST).map(|it| &it.body);
    let longest = bodies().max_by_key(|body| body.len()).map_or(&[][..], |body| body);
    bodies().all(|body| longest.starts_with(body))
}
