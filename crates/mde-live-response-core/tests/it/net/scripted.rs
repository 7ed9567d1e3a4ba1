//! The transport: a library whose answers are replaced, lost or falsified as a script says.

use std::io::Read;
use std::sync::{Arc, Mutex};

use mde_live_response_core::Effect;
use mde_live_response_core::http::request::Parts;
use mde_live_response_core::http::{Method, Request, Response};
use mde_live_response_core::transport::{Exchange, Transport, TransportError, TransportErrorKind};
use mde_live_response_mock::FakeLibrary;

use super::Script;
use crate::support::{EMPTY_SHA256, answer, json};

/// What happens to one exchange. The library acts on it with the first two and `LostAfter` only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    /// The library's own answer, a refusal included.
    Ok,
    /// The library's own answer, but with another SHA-256 wherever it names one: in an entity and in a listing. A
    /// delete names none, so its scripts leave this out.
    WrongHash,
    /// A status, a code, and whether `Retry-After: 2` is there. The body is read whole.
    Refused(u16, &'static str, bool),
    /// The connection breaks before the decisive byte of a body; without a body, no connection opens.
    LostBefore,
    /// The connection breaks before the answer.
    LostAfter,
    /// A 503 before any byte of the body is read.
    Early503,
}

impl Answer {
    pub(super) const ALL: [Self; 14] = [
        Self::Ok,
        Self::WrongHash,
        Self::Refused(400, "InvalidRequestBody", false),
        Self::Refused(401, "Unauthorized", false),
        Self::Refused(403, "Forbidden", false),
        Self::Refused(409, "Conflict", false),
        Self::Refused(413, "InvalidInput", false),
        Self::Refused(429, "TooManyRequests", false),
        Self::Refused(429, "TooManyRequests", true),
        Self::Refused(500, "InternalServerError", false),
        Self::Refused(503, "ServiceUnavailable", true),
        Self::LostBefore,
        Self::LostAfter,
        Self::Early503,
    ];

    /// Its name in the table, without spaces.
    pub(super) fn name(self) -> String {
        match self {
            Self::Ok => "ok".to_owned(),
            Self::WrongHash => "wrong-hash".to_owned(),
            Self::Refused(status, _, asks) => format!("{status}{}", if asks { "+" } else { "" }),
            Self::LostBefore => "lost-before".to_owned(),
            Self::LostAfter => "lost-after".to_owned(),
            Self::Early503 => "early-503".to_owned(),
        }
    }
}

/// What the client sent. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Sent(Arc<Mutex<Vec<Request<Vec<u8>>>>>);

impl Sent {
    pub(super) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// `P`, `G` or `D` for each request, with the number of its token unless that is the first.
    pub(super) fn requests(&self) -> String {
        let name = |request: &Request<Vec<u8>>| {
            let method = &request.method().as_str()[..1];
            let token = request.headers()["authorization"].to_str().unwrap();
            let number = token.strip_prefix("Bearer token-").expect("a token of the credential");
            if number == "1" { method.to_owned() } else { format!("{method}{number}") }
        };
        self.0.lock().unwrap().iter().map(name).collect::<Vec<_>>().join(" ")
    }

    /// Whether all uploads have the same bytes, as far as each was sent.
    pub(super) fn is_same_body(&self) -> bool {
        let sent = self.0.lock().unwrap();
        let bodies = || sent.iter().filter(|it| it.method() == Method::POST).map(Request::body);
        let longest = bodies().max_by_key(|body| body.len()).map_or(&[][..], |body| body);
        bodies().all(|body| longest.starts_with(body))
    }
}

/// One library and one script.
#[derive(Debug)]
pub(super) struct Scripted {
    pub(super) library: FakeLibrary,
    pub(super) script: Script,
    pub(super) sent: Sent,
}

impl Transport for Scripted {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        let scripted = self.script.get(self.sent.count()).copied().unwrap_or(Answer::Ok);
        let read = match scripted {
            Answer::Early503 => 0,
            Answer::LostBefore => exchange.decisive_from(),
            _ => exchange.body_len(),
        };
        let (head, has_body) = (exchange.take_head(), exchange.body_len() > 0);
        let mut bytes = Vec::new();
        exchange.take(read).read_to_end(&mut bytes).expect("a body from memory");
        assert_eq!(bytes.len() as u64, read, "the body is shorter than it says");
        self.sent.0.lock().unwrap().push(Request::from_parts(head.clone(), bytes.clone()));
        match scripted {
            Answer::Ok => Ok(self.ask_library(&head, &bytes)),
            Answer::WrongHash => Ok(falsified(self.ask_library(&head, &bytes))),
            Answer::Refused(status, code, asks) => Ok(refused(status, code, asks)),
            // With a body, the client derives the effect.
            Answer::LostBefore if has_body => Err(TransportError::new(TransportErrorKind::Send)),
            Answer::LostBefore => {
                Err(TransportError::new(TransportErrorKind::Connect)
                    .with_effect(Effect::NotApplied))
            }
            Answer::LostAfter => {
                self.ask_library(&head, &bytes);
                Err(TransportError::new(TransportErrorKind::Receive))
            }
            Answer::Early503 => Ok(refused(503, "ServiceUnavailable", false)),
        }
    }
}

impl Scripted {
    fn ask_library(&self, head: &Parts, body: &[u8]) -> Response<Vec<u8>> {
        match self.library.begin(head) {
            Ok(accepted) => accepted.finish(body),
            Err(answer) => answer,
        }
    }
}

fn refused(status: u16, code: &str, asks: bool) -> Response<Vec<u8>> {
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
