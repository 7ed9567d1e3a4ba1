//! HTTP around the library: `Host`, body, faults, and changes saved before answers.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONNECTION, HOST};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request, Response, StatusCode, Version};
use mde_live_response_mock::{Accepted, FakeLibrary, StoredFile};

use crate::control::{MAX_BODY_BYTES, is_control};
use crate::faults::{Fault, Faults};
use crate::journal::{Journal, SeenRequest};
use crate::state::State;

/// Is told of every request.
pub(crate) type OnRequest = Box<dyn Fn(&SeenRequest) + Send + Sync>;

/// A library and what surrounds it. The server and the [`Emulator`](crate::Emulator) share it.
pub(crate) struct Service {
    library: FakeLibrary,
    /// The directory, if the library is kept on disk. Locked while files change, so that the order on disk is the same.
    state: Mutex<Option<State>>,
    /// The files at start.
    start: Vec<(StoredFile, Arc<[u8]>)>,
    faults: Faults,
    journal: Journal,
    on_request: Option<OnRequest>,
    control_token: Option<String>,
}

/// Most bytes that a call is read for which a fault answers: 64 MiB, our choice.
const MAX_FAULT_BODY_BYTES: u64 = 64 * 1024 * 1024;

/// An answer of the library.
type Answer = Response<Vec<u8>>;

/// The connection closes without an answer.
#[derive(Debug)]
pub(crate) struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault drops the answer")
    }
}

impl std::error::Error for Dropped {}

impl Service {
    pub(crate) fn new(
        library: FakeLibrary,
        state: Option<State>,
        on_request: Option<OnRequest>,
        control_token: Option<String>,
    ) -> Self {
        Self {
            start: library.snapshot(),
            library,
            state: Mutex::new(state),
            faults: Faults::default(),
            journal: Journal::default(),
            on_request,
            control_token,
        }
    }

    pub(crate) fn library(&self) -> &FakeLibrary {
        &self.library
    }

    pub(crate) fn control_token(&self) -> Option<&str> {
        self.control_token.as_deref()
    }

    pub(crate) fn fail_next(&self, fault: Fault) {
        self.faults.add(fault);
    }

    pub(crate) fn journal(&self) -> Vec<SeenRequest> {
        self.journal.all()
    }

    /// Returns to the files at start, without faults, journal and counted calls.
    pub(crate) fn reset(&self) -> io::Result<()> {
        self.changing(|| {
            self.library.restore(self.start.iter().cloned());
            ((), true)
        })?;
        self.library.reset_limits();
        self.faults.clear();
        self.journal.clear();
        Ok(())
    }

    /// Answers a request. If part of the body was not read, the connection ends with the answer.
    pub(crate) async fn answer(
        &self,
        peer: SocketAddr,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Dropped> {
        let (head, mut body) = request.into_parts();
        let fault = if is_control(&head) { None } else { self.faults.take(&head) };
        let mut bytes = Vec::new();
        let (mut answer, is_read) = if is_control(&head) {
            self.answer_control(peer, &head, &mut body).await
        } else if let Some(ordered) = fault.as_ref().and_then(|it| it.answer(&self.library, &head))
        {
            let is_read = read(&mut body, MAX_FAULT_BODY_BYTES, &mut bytes).await;
            (ordered, is_read.unwrap_or(false))
        } else {
            self.answer_call(&head, &mut body, &mut bytes).await
        };
        if !is_read {
            let close = hyper::header::HeaderValue::from_static("close");
            answer.headers_mut().insert(CONNECTION, close);
        }
        if let Some(fault) = &fault {
            fault.spoil(&mut answer);
        }
        if !is_control(&head) {
            self.record(SeenRequest::new(&head, &bytes, &answer), fault.as_ref());
        }
        if let Some(fault) = fault {
            tokio::time::sleep(fault.delay_before_answer()).await;
            if fault.drops_answer() {
                return Err(Dropped);
            }
        }
        Ok(answer.map(|body| Full::new(body.into())))
    }

    fn record(&self, mut seen: SeenRequest, fault: Option<&Fault>) {
        seen.fault = fault.is_some();
        if fault.is_some_and(Fault::drops_answer) {
            seen.status = None;
        }
        if let Some(tell) = &self.on_request {
            tell(&seen);
        }
        self.journal.add(seen);
    }

    async fn answer_control(
        &self,
        peer: SocketAddr,
        head: &Parts,
        body: &mut Incoming,
    ) -> (Answer, bool) {
        if let Err(refusal) = self.admit_control(peer, head) {
            return (refusal, body.is_end_stream());
        }
        let mut bytes = Vec::new();
        match read(body, MAX_BODY_BYTES as u64, &mut bytes).await {
            Ok(true) => (self.control(head, &bytes), true),
            Ok(false) => {
                let status = StatusCode::PAYLOAD_TOO_LARGE;
                (self.error(status, "InvalidRequestBody", "the body is too long"), false)
            }
            Err(error) => {
                let status = StatusCode::BAD_REQUEST;
                (self.error(status, "InvalidRequestBody", &error.to_string()), false)
            }
        }
    }

    /// Answers a call of the library. Leaves its body in `bytes`, and returns whether it was read to its end.
    async fn answer_call(
        &self,
        head: &Parts,
        body: &mut Incoming,
        bytes: &mut Vec<u8>,
    ) -> (Answer, bool) {
        let accepted = match self.begin(head) {
            Ok(accepted) => accepted,
            Err(refusal) => return (refusal, body.is_end_stream()),
        };
        let longest = accepted.longest_body();
        if longest == 0 {
            return (self.finish(accepted, b""), body.is_end_stream());
        }
        match read(body, longest, bytes).await {
            Ok(is_read) => (self.finish(accepted, bytes), is_read),
            Err(error) => (accepted.refuse(&error.to_string()), false),
        }
    }

    #[expect(clippy::result_large_err, reason = "the refusal is an answer like any other")]
    fn begin(&self, head: &Parts) -> Result<Accepted, Answer> {
        if !is_for_one_host(&head.headers, head.version) {
            let status = StatusCode::BAD_REQUEST;
            return Err(self.error(status, "BadRequest", "there must be one Host"));
        }
        self.library.begin(head)
    }

    /// Carries a call out. A change is saved before it is answered.
    fn finish(&self, accepted: Accepted, body: &[u8]) -> Answer {
        if !accepted.changes_files() {
            return accepted.finish(body);
        }
        let change = || {
            let answer = accepted.finish(body);
            let is_changed = answer.status().is_success();
            (answer, is_changed)
        };
        self.changing(change).unwrap_or_else(|error| self.failure(&error))
    }

    /// Makes a change, and saves it if there is one. What cannot be saved is taken back.
    ///
    /// Blocks all connections while it writes, so that the order of changes on disk is that of the library.
    fn changing<T>(&self, change: impl FnOnce() -> (T, bool)) -> io::Result<T> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(state) = state.as_ref() else { return Ok(change().0) };
        let before = self.library.snapshot();
        let (result, is_changed) = change();
        if is_changed && let Err(error) = state.save(&self.library.snapshot()) {
            self.library.restore(before);
            return Err(error);
        }
        Ok(result)
    }

    pub(crate) fn error(&self, status: StatusCode, code: &str, message: &str) -> Answer {
        self.library.error(status, code, message)
    }

    pub(crate) fn failure(&self, error: &io::Error) -> Answer {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        self.error(status, "InternalServerError", &error.to_string())
    }
}

/// Reads a body, at most one frame too many. Returns whether it was read to its end.
async fn read(body: &mut Incoming, longest: u64, bytes: &mut Vec<u8>) -> hyper::Result<bool> {
    while let Some(frame) = body.frame().await {
        bytes.extend_from_slice(&frame?.into_data().unwrap_or_default());
        if bytes.len() as u64 > longest {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns whether the request has one `Host` header.
///
/// HTTP demands one; only a request of HTTP/1.0 may have none. hyper does not check this.
fn is_for_one_host(headers: &HeaderMap, version: Version) -> bool {
    match headers.get_all(HOST).iter().count() {
        0 => version == Version::HTTP_10,
        count => count == 1,
    }
}
