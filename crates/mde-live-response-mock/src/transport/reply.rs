//! Answers for a script.

use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::Value;

use super::RecordedRequest;
use crate::form::Form;
use crate::library::{StoredFile, answer, start};
use crate::shown::{report, text};

const ONLY_ENTITIES: &str = "only Reply::stored and Reply::library_file have an entity to change";

/// An answer that a test scripts.
///
/// # Examples
///
/// ```
/// use mde_live_response_mock::Reply;
///
/// let throttled = Reply::error(429, "TooManyRequests").header("retry-after", "30");
/// let gateway = Reply::status(502).header("content-type", "text/html").body("<h1>Bad gateway</h1>");
/// let other_bytes = Reply::stored().with_sha256(&"0".repeat(64));
/// let refused_at_once = Reply::error(401, "Unauthorized").early();
/// # let _ = (throttled, gateway, other_bytes, refused_at_once);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a reply does nothing until a transport is given it"]
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Content,
    changes: Vec<(String, Option<String>)>,
    early: bool,
}

#[derive(Debug, Clone)]
enum Content {
    Bytes(Vec<u8>),
    Json(Vec<u8>),
    /// The entity of what the request uploads, under this name if there is one.
    Entity(Option<String>),
}

impl Reply {
    /// Success: the entity of the very file that the request uploads, with the SHA-256 of the bytes that
    /// arrived, the texts and the flag as sent.
    ///
    /// The exchange panics if the request is no form with a part `file`, or if the reply is
    /// [early](Self::early).
    pub fn stored() -> Self {
        Self::new(StatusCode::OK, Content::Entity(None))
    }

    /// As [`stored`](Self::stored), under this file name, whatever the request says. If it is
    /// [early](Self::early) there are no bytes yet, and the SHA-256 is `null`.
    ///
    /// The exchange panics if the request was read to its end and is no form with a part `file`.
    pub fn library_file(name: impl Into<String>) -> Self {
        Self::new(StatusCode::OK, Content::Entity(Some(name.into())))
    }

    /// A status and nothing else.
    ///
    /// # Panics
    ///
    /// If the status is not in 100 to 999.
    #[track_caller]
    pub fn status(status: u16) -> Self {
        Self::new(code(status), Content::Bytes(Vec::new()))
    }

    /// A status, and an error in the service's form with this code. Its message is `scripted by a test`, its target
    /// `00000000-0000-4000-8000-000000000000`; [`json`](Self::json) takes others.
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

    /// A status, and a body that is said to be JSON. The text is sent as it is, broken or not.
    ///
    /// # Panics
    ///
    /// If the status is not in 100 to 999.
    #[track_caller]
    pub fn json(status: u16, text: impl Into<Vec<u8>>) -> Self {
        Self::new(code(status), Content::Json(text.into()))
    }

    fn new(status: StatusCode, body: Content) -> Self {
        Self { status, headers: HeaderMap::new(), body, changes: Vec::new(), early: false }
    }

    /// Adds a header. One that is given twice is sent twice; a `Content-Type` takes the place of the one that
    /// JSON comes with.
    ///
    /// # Panics
    ///
    /// If name or value cannot stand in HTTP.
    #[track_caller]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes())) {
            (Ok(name), Ok(value)) => self.headers.append(name, value),
            _ => panic!("mock transport: {} is no header", text(&format!("{name}: {value}"))),
        };
        self
    }

    /// Sets the body's bytes.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Content::Bytes(body.into());
        self
    }

    /// Says another SHA-256 in the entity, checked by nobody.
    ///
    /// # Panics
    ///
    /// If the reply is neither [`stored`](Self::stored) nor [`library_file`](Self::library_file).
    #[track_caller]
    pub fn with_sha256(self, sha256: &str) -> Self {
        self.change("sha256", Some(sha256.to_owned()))
    }

    /// Leaves a field out of the entity, `sha256` say.
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

    /// Answers before anything of the request's body is read, as a server does that refuses by the headers.
    /// Without effect where the reply is computed: the request was read by then.
    pub fn early(mut self) -> Self {
        self.early = true;
        self
    }

    pub(super) fn is_early(&self) -> bool {
        self.early
    }

    pub(super) fn render(self, request: &RecordedRequest) -> Response<Vec<u8>> {
        let (body, is_json) = match self.body {
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
        answer
    }
}

#[track_caller]
fn code(status: u16) -> StatusCode {
    let Ok(status) = StatusCode::from_u16(status) else {
        panic!("mock transport: {status} is no status, which has three digits")
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
        ("got", got.to_owned()),
        ("request", request.describe()),
    ];
    panic!("{}", report(&title, rows))
}
