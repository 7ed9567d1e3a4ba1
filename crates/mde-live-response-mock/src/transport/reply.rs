//! Replies for a script.

use std::io;

use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use mde_live_response_core::Effect;
use mde_live_response_core::transport::{Phase, TransportError, TransportErrorKind};
use serde_json::Value;

use super::RecordedRequest;
use crate::form::Form;
use crate::library::{StoredFile, answer, start};
use crate::shown::{report, text};

const ONLY_ENTITIES: &str = "only Reply::stored and Reply::library_file have an entity to change";

/// A scripted reply: an answer, or a fault in its place.
///
/// # Examples
///
/// ```
/// use mde_live_response_mock::Reply;
///
/// let throttled = Reply::error(429, "TooManyRequests").header("retry-after", "30");
/// let gateway = Reply::status(502).header("content-type", "text/html").body("<h1>Bad gateway</h1>");
/// let other_bytes = Reply::stored().with_sha256(&"0".repeat(64));
/// let refused_by_the_head = Reply::error(401, "Unauthorized").early();
/// # let _ = (throttled, gateway, other_bytes, refused_by_the_head);
/// ```
#[derive(Debug)]
#[must_use = "a reply does nothing until it is given to a transport"]
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Content,
    changes: Vec<(String, Option<String>)>,
    early: bool,
}

#[derive(Debug)]
enum Content {
    Bytes(Vec<u8>),
    Json(Vec<u8>),
    /// The entity of the file that the request uploads, under this name if there is one.
    Entity(Option<String>),
    /// No answer.
    Fault(TransportError),
}

impl Reply {
    /// Success: the entity of the uploaded file.
    ///
    /// It has the SHA-256, the texts and the flag of the request.
    ///
    /// The exchange panics if the request is not a form with a part `file`, or if the reply is [early](Self::early).
    pub fn stored() -> Self {
        Self::new(StatusCode::OK, Content::Entity(None))
    }

    /// As [`stored`](Self::stored), but under this file name instead of the request's.
    ///
    /// If it is [early](Self::early), no bytes were read, and the SHA-256 is `null`. The exchange panics if the request
    /// was read to its end and is not a form with a part `file`.
    pub fn library_file(name: impl Into<String>) -> Self {
        Self::new(StatusCode::OK, Content::Entity(Some(name.into())))
    }

    /// A status without headers and body.
    ///
    /// # Panics
    ///
    /// If the status is not in 100 to 999.
    #[track_caller]
    pub fn status(status: u16) -> Self {
        Self::new(code(status), Content::Bytes(Vec::new()))
    }

    /// A status and an error in the service's form, with this code.
    ///
    /// Its message is `scripted by a test`, its target `00000000-0000-4000-8000-000000000000`. For others, use
    /// [`json`](Self::json).
    ///
    /// # Panics
    ///
    /// If the status is not in 100 to 999.
    #[track_caller]
    pub fn error(status: u16, code: &str) -> Self {
        let status = self::code(status);
        let answer = answer::error(status, code, "scripted by a test", &answer::target(0));
        Self::new(status, Content::Json(answer.into_body()))
    }

    /// A status and a body with the type `application/json`. The body need not be JSON.
    ///
    /// # Panics
    ///
    /// If the status is not in 100 to 999.
    #[track_caller]
    pub fn json(status: u16, text: impl Into<Vec<u8>>) -> Self {
        Self::new(code(status), Content::Json(text.into()))
    }

    /// The answer to a list with these files.
    ///
    /// # Examples
    ///
    /// The answer to an upload is lost, and the list shows the file:
    ///
    /// ```
    /// use mde_live_response::Upload;
    /// use mde_live_response_mock::{MockTransport, Reply, StoredFile};
    /// use std::time::SystemTime;
    ///
    /// let stored = StoredFile::new("a.ps1", b"Get-Date", SystemTime::UNIX_EPOCH);
    /// let mock = MockTransport::new().reply(Reply::lost()).reply(Reply::list([stored]));
    /// let file = mock.client().upload(&Upload::new("a.ps1".parse()?, b"Get-Date"))?;
    /// assert!(file.is_resolved());
    /// # Ok::<(), mde_live_response::Error>(())
    /// ```
    pub fn list(files: impl IntoIterator<Item = StoredFile>) -> Self {
        let files: Vec<_> = files.into_iter().collect();
        Self::new(StatusCode::OK, Content::Json(answer::list(files.iter()).into_body()))
    }

    /// The request is read whole, then the connection breaks. Whether it took effect is unknown.
    pub fn lost() -> Self {
        let error = TransportError::new(TransportErrorKind::Receive);
        Self::fault(error.with_source(io::Error::from(io::ErrorKind::ConnectionReset)))
    }

    /// The request is read whole, then waiting for the answer times out. Whether it took effect is unknown.
    ///
    /// No time passes on the clock.
    pub fn timeout() -> Self {
        let kind = TransportErrorKind::Timeout(Phase::Receive);
        Self::fault(TransportError::new(kind))
    }

    /// The connection is refused, and no byte is sent.
    pub fn refused_connection() -> Self {
        let error =
            TransportError::new(TransportErrorKind::Connect).with_effect(Effect::NotApplied);
        Self::fault(error.with_source(io::Error::from(io::ErrorKind::ConnectionRefused))).early()
    }

    /// Any other fault. The request is read whole first, unless the reply is [early](Self::early).
    pub fn fault(error: TransportError) -> Self {
        Self::new(StatusCode::OK, Content::Fault(error))
    }

    fn new(status: StatusCode, body: Content) -> Self {
        Self { status, headers: HeaderMap::new(), body, changes: Vec::new(), early: false }
    }

    /// Adds a header, also if there is one with this name. A `Content-Type` replaces that of JSON.
    ///
    /// # Panics
    ///
    /// If the name or the value is not valid in HTTP.
    #[track_caller]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes())) {
            (Ok(name), Ok(value)) => self.headers.append(name, value),
            _ => panic!("mock transport: {} is not a header", text(&format!("{name}: {value}"))),
        };
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Content::Bytes(body.into());
        self
    }

    /// Sets another SHA-256 in the entity. It can be any text.
    ///
    /// # Panics
    ///
    /// If the reply is neither [`stored`](Self::stored) nor [`library_file`](Self::library_file).
    #[track_caller]
    pub fn with_sha256(self, sha256: &str) -> Self {
        self.change("sha256", Some(sha256.to_owned()))
    }

    /// Removes a field from the entity, for example `sha256`.
    ///
    /// # Panics
    ///
    /// If the reply is neither [`stored`](Self::stored) nor [`library_file`](Self::library_file), or its entity
    /// has no such field.
    #[track_caller]
    pub fn without(self, field: &str) -> Self {
        self.change(field, None)
    }

    #[track_caller]
    fn change(mut self, field: &str, value: Option<String>) -> Self {
        let is_entity = matches!(self.body, Content::Entity(_));
        assert!(is_entity, "mock transport: {ONLY_ENTITIES}");
        let known = answer::entity_fields(&StoredFile::new("", &[], start())).contains_key(field);
        assert!(known, "mock transport: the entity has no field {}", text(field));
        self.changes.push((field.to_owned(), value));
        self
    }

    /// Replies before the request's body is read.
    ///
    /// A server that refuses a request by its head does so.
    ///
    /// Has no effect on a computed reply, because the request was read before it.
    pub fn early(mut self) -> Self {
        self.early = true;
        self
    }

    pub(super) fn is_early(&self) -> bool {
        self.early
    }

    pub(super) fn render(
        self,
        request: &RecordedRequest,
    ) -> Result<Response<Vec<u8>>, TransportError> {
        let (body, is_json) = match self.body {
            Content::Fault(error) => return Err(error),
            Content::Bytes(bytes) => (bytes, false),
            Content::Json(bytes) => (bytes, true),
            Content::Entity(name) => (entity(name, &self.changes, request), true),
        };
        let mut answer = Response::new(body);
        *answer.status_mut() = self.status;
        *answer.headers_mut() = self.headers;
        if is_json && !answer.headers().contains_key(CONTENT_TYPE) {
            let json = HeaderValue::from_static("application/json");
            answer.headers_mut().insert(CONTENT_TYPE, json);
        }
        Ok(answer)
    }
}

#[track_caller]
fn code(status: u16) -> StatusCode {
    let Ok(status) = StatusCode::from_u16(status) else {
        panic!("mock transport: {status} is not a status code from 100 to 999")
    };
    status
}

fn entity(
    name: Option<String>,
    changes: &[(String, Option<String>)],
    request: &RecordedRequest,
) -> Vec<u8> {
    let file = match (name, request.try_form()) {
        (Some(name), _) if !request.is_body_complete() => {
            let mut file = StoredFile::new(name, &[], start());
            file.sha256 = None;
            file
        }
        (name, Ok(form)) => stored(name, &form, request),
        (_, Err(error)) => cannot_echo(request, &error.to_string()),
    };
    let mut fields = answer::entity_fields(&file);
    for (field, value) in changes {
        match value {
            Some(value) => fields.insert(field.clone(), Value::from(value.as_str())),
            None => fields.remove(field),
        };
    }
    Value::Object(fields).to_string().into_bytes()
}

fn stored(name: Option<String>, form: &Form<'_>, request: &RecordedRequest) -> StoredFile {
    let Some(part) = form.part("file") else { cannot_echo(request, "no part `file`") };
    let name = name.or_else(|| part.filename().map(str::to_owned));
    let mut file =
        StoredFile::new(name.unwrap_or_else(|| "file".to_owned()), part.bytes(), start());
    let text = |field| form.part(field).and_then(|part| part.text().map(str::to_owned));
    file.description = text("Description");
    file.parameters_description = text("ParametersDescription");
    file.has_parameters = matches!(text("HasParameters").as_deref(), Some("true" | "True"));
    file.created_by = Some("mock".to_owned());
    file
}

fn cannot_echo(request: &RecordedRequest, got: &str) -> ! {
    let title = format!("the reply to request #{} cannot echo its file", request.number());
    let rows = [
        ("expected", "a form with a part `file`".to_owned()),
        ("received", got.to_owned()),
        ("request", request.describe()),
    ];
    panic!("{}", report(&title, rows))
}
