//! HTTP around the library: `Host`, body, and changes saved before answers.

use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONNECTION, HOST};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request, Response, StatusCode, Version};
use mde_live_response_mock::{Accepted, FakeLibrary};

use crate::state::State;

/// A library and, if it is kept on disk, its directory.
pub(crate) struct Service {
    library: FakeLibrary,
    state: Option<State>,
}

/// An answer of the library.
type Answer = Response<Vec<u8>>;

impl Service {
    pub(crate) fn new(library: FakeLibrary, state: Option<State>) -> Self {
        Self { library, state }
    }

    /// Answers a request. If part of the body was not read, the connection ends with the answer.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, mut body) = request.into_parts();
        let (mut answer, is_read) = match self.begin(&head) {
            Ok(accepted) if accepted.longest_body() > 0 => self.read(accepted, &mut body).await,
            Ok(accepted) => (self.finish(accepted, b""), body.is_end_stream()),
            Err(refusal) => (refusal, body.is_end_stream()),
        };
        if !is_read {
            answer
                .headers_mut()
                .insert(CONNECTION, hyper::header::HeaderValue::from_static("close"));
        }
        answer.map(|body| Full::new(body.into()))
    }

    #[expect(clippy::result_large_err, reason = "the refusal is an answer like any other")]
    fn begin(&self, head: &Parts) -> Result<Accepted, Answer> {
        if !is_for_one_host(&head.headers, head.version) {
            let status = StatusCode::BAD_REQUEST;
            return Err(self.library.error(status, "BadRequest", "there must be one Host"));
        }
        self.library.begin(head)
    }

    /// Reads the body, at most one byte too many. Returns the answer, and whether the body was read to its end.
    async fn read(&self, accepted: Accepted, body: &mut Incoming) -> (Answer, bool) {
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            match frame.map(|frame| frame.into_data().unwrap_or_default()) {
                Ok(data) => bytes.extend_from_slice(&data),
                Err(error) => return (accepted.refuse(&error.to_string()), false),
            }
            if bytes.len() as u64 > accepted.longest_body() {
                return (self.finish(accepted, &bytes), false);
            }
        }
        (self.finish(accepted, &bytes), true)
    }

    /// Carries a call out. A change is saved before it is answered.
    ///
    /// Blocks all connections while it writes, so that the order of changes on disk is that of the library.
    fn finish(&self, accepted: Accepted, body: &[u8]) -> Answer {
        let changes = accepted.changes_files();
        let answer = accepted.finish(body);
        let Some(state) = self.state.as_ref().filter(|_| changes && answer.status().is_success())
        else {
            return answer;
        };
        match state.save(&self.library.snapshot()) {
            Ok(()) => answer,
            Err(error) => {
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                self.library.error(status, "InternalServerError", &error.to_string())
            }
        }
    }
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
