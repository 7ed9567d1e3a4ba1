//! A recorded request, and assertions about it.

use std::fmt;
use std::sync::Arc;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, COOKIE, HeaderName, PROXY_AUTHORIZATION};
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use mde_live_response_core::transport::{Exchange, Limits};

use crate::form::{Form, FormError, Part};
use crate::library::bearer_token;
use crate::shown::{Bytes, bytes, near_miss, report, text};

/// Headers whose values are never shown.
const SECRET: [HeaderName; 3] = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE];

/// One recorded request. Cheap to clone.
///
/// Neither its `Debug` nor the message of an assertion shows a token. Long and binary values are cut.
#[derive(Clone)]
pub struct RecordedRequest {
    record: Arc<Record>,
}

struct Record {
    number: usize,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Vec<u8>,
    body_len: u64,
    limits: Limits,
}

impl RecordedRequest {
    pub(super) fn new(number: usize, head: Parts, body: Vec<u8>, exchange: &Exchange<'_>) -> Self {
        let Parts { method, uri, mut headers, .. } = head;
        let (body_len, limits) = (exchange.body_len(), exchange.limits().clone());
        for name in SECRET {
            if let http::header::Entry::Occupied(mut values) = headers.entry(name) {
                values.iter_mut().for_each(|value| value.set_sensitive(true));
            }
        }
        let record = Record { number, method, uri, headers, body, body_len, limits };
        Self { record: Arc::new(record) }
    }

    /// Number of the request within its transport, from 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.record.number
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.record.method
    }

    /// The whole URL.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.record.uri
    }

    /// The headers. Those that hold a secret are marked as sensitive, so that `Debug` does not show them.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.record.headers
    }

    /// The bytes of the body that were read.
    ///
    /// The whole body, unless the reply was early or reading failed.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.record.body
    }

    /// Returns whether the body was read to its end.
    #[must_use]
    pub fn is_body_complete(&self) -> bool {
        self.record.body.len() as u64 == self.record.body_len
    }

    /// The limits of the exchange.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.record.limits
    }

    /// The body as a form.
    ///
    /// # Errors
    ///
    /// [`FormError`] for a body that [`Form::decode`] refuses, or without a `Content-Length`: a client that sends a form
    /// knows how long it is.
    pub fn try_form(&self) -> Result<Form<'_>, FormError> {
        if !self.headers().contains_key(CONTENT_LENGTH) {
            return Err(FormError::header("content-length", "missing"));
        }
        Form::decode(self.headers(), self.body())
    }

    /// The body as a form.
    ///
    /// # Panics
    ///
    /// If [`try_form`](Self::try_form) fails.
    #[must_use]
    #[track_caller]
    pub fn form(&self) -> Form<'_> {
        match self.try_form() {
            Ok(form) => form,
            Err(error) => self.fail("is not a form", "a form", &error.to_string()),
        }
    }

    /// Asserts that part `file` has this file name and these bytes.
    ///
    /// # Panics
    ///
    /// If there is no form, no such part, or another name or content in it.
    #[track_caller]
    pub fn assert_file(&self, name: &str, bytes: &[u8]) {
        let form = self.form();
        let part = form.part("file");
        let received = match part {
            Some(part) if part.filename() == Some(name) && part.bytes() == bytes => return,
            Some(part) if part.bytes() != bytes => {
                let same = part.bytes().iter().zip(bytes).take_while(|(got, want)| got == want);
                format!("{part}\nthe content differs from byte {} on", same.count())
            }
            Some(part) => part.to_string(),
            None => missing(&form, "file"),
        };
        let expected = format!("file `{}`, {}", text(name), Bytes(bytes));
        self.fail("has another file", &expected, &received)
    }

    /// Asserts that this field is a text with this value.
    ///
    /// # Panics
    ///
    /// If there is no form, no such field, a file in its place, or another value.
    #[track_caller]
    pub fn assert_text(&self, field: &str, value: &str) {
        let form = self.form();
        let received = match form.part(field) {
            Some(part) if part.filename().is_none() && part.bytes() == value.as_bytes() => return,
            Some(part) => part.to_string(),
            None => missing(&form, field),
        };
        let expected = format!("text, {}", Bytes(value.as_bytes()));
        self.fail(&format!("has another {}", text(field)), &expected, &received)
    }

    /// Asserts that the form has no part with this name.
    ///
    /// # Panics
    ///
    /// If there is no form, or if the form has such a part.
    #[track_caller]
    pub fn assert_absent(&self, field: &str) {
        if let Some(part) = self.form().part(field) {
            let title = format!("has a field {}", text(field));
            self.fail(&title, "no such field", &part.to_string())
        }
    }

    /// Asserts that the request has this bearer token.
    ///
    /// # Panics
    ///
    /// If it has another one or none. The message shows neither.
    #[track_caller]
    pub fn assert_bearer(&self, token: &str) {
        match bearer_token(self.headers()) {
            Some(sent) if sent == token => {}
            Some(_) => self.fail("has another token", "[redacted]", "[redacted], another"),
            None => self.fail("has no token", "[redacted]", "none"),
        }
    }

    #[track_caller]
    fn fail(&self, what: &str, expected: &str, received: &str) -> ! {
        let rows = [
            ("expected", expected.to_owned()),
            ("received", received.to_owned()),
            ("request", self.describe()),
        ];
        panic!("{}", report(&format!("request #{} {what}", self.number()), rows))
    }

    /// The request in a message: first line, token or not, whole form.
    ///
    /// Only the length of another body, because it may contain a secret.
    pub(super) fn describe(&self) -> String {
        let authorization =
            if self.headers().contains_key(AUTHORIZATION) { "[redacted]" } else { "none" };
        format!(
            "{} {}\nauthorization: {authorization}\n{}",
            self.method(),
            self.uri(),
            self.describe_body()
        )
    }

    fn describe_body(&self) -> String {
        match self.try_form() {
            Ok(form) => form.to_string(),
            Err(_) if !self.is_body_complete() => {
                format!("body: {} of {} bytes read", self.body().len(), self.record.body_len)
            }
            Err(_) => format!("body: {}, not a form", bytes(self.body().len())),
        }
    }
}

/// Reports that a field is missing, and suggests a similar one.
fn missing(form: &Form<'_>, field: &str) -> String {
    let names = form.parts().iter().map(Part::name);
    match near_miss(field, names) {
        Some(name) => format!("no such field; there is a field {}", text(name)),
        None => "no such field".to_owned(),
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("number", &self.number())
            .field("method", self.method())
            .field("uri", self.uri())
            .field("headers", self.headers())
            .field("body", &self.describe_body())
            .field("limits", &self.limits())
            .finish()
    }
}
