//! A request as the transport was given it, and what a test can say of it.

use std::fmt;
use std::sync::Arc;

use http::header::{AUTHORIZATION, COOKIE, HeaderName, PROXY_AUTHORIZATION};
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use mde_live_response_core::Limits;

use crate::form::{Form, FormError, Part};
use crate::library::bearer_token;
use crate::shown::{Bytes, report, text};

/// Headers whose values are never shown.
const SECRET: [HeaderName; 3] = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE];

/// One recorded request. Cheap to clone.
///
/// Shows no secret, neither in its `Debug` nor in the message of an assertion; long and binary values are cut.
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
    pub(super) fn new(
        number: usize,
        parts: Parts,
        body: Vec<u8>,
        body_len: u64,
        limits: Limits,
    ) -> Self {
        let Parts { method, uri, mut headers, .. } = parts;
        for name in SECRET {
            if let http::header::Entry::Occupied(mut values) = headers.entry(name) {
                values.iter_mut().for_each(|value| value.set_sensitive(true));
            }
        }
        let record = Record { number, method, uri, headers, body, body_len, limits };
        Self { record: Arc::new(record) }
    }

    /// Which request of its transport this is, counted from 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.record.number
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.record.method
    }

    /// The whole address.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.record.uri
    }

    /// The headers. What holds a secret is marked as sensitive, so that `Debug` does not show it.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.record.headers
    }

    /// The body as far as it was read: to its end, unless the reply was early, the fault came before it, or
    /// reading it failed.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.record.body
    }

    /// Whether the body was read to its end.
    #[must_use]
    pub fn is_body_complete(&self) -> bool {
        self.record.body.len() as u64 == self.record.body_len
    }

    /// The limits that the request carried, or the default ones.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.record.limits
    }

    /// The body as a form.
    ///
    /// # Errors
    ///
    /// [`FormError`] for a body that the strict decoder refuses ([`Form::decode`]).
    pub fn try_form(&self) -> Result<Form<'_>, FormError> {
        Form::decode(self.headers(), self.body())
    }

    /// The body as a form.
    ///
    /// # Panics
    ///
    /// If the strict decoder refuses it.
    #[must_use]
    #[track_caller]
    pub fn form(&self) -> Form<'_> {
        match self.try_form() {
            Ok(form) => form,
            Err(error) => self.fail("holds no form", "a form", &error.to_string()),
        }
    }

    /// Makes sure that part `file` has this file name and these bytes.
    ///
    /// # Panics
    ///
    /// If there is no form, no such part, or another name or content in it.
    #[track_caller]
    pub fn assert_file(&self, name: &str, bytes: &[u8]) {
        let form = self.form();
        let expected = format!("file `{}`, {}", text(name), Bytes(bytes));
        let Some(part) = form.part("file") else {
            self.fail("holds another file", &expected, "no part `file`")
        };
        if part.filename() == Some(name) && part.bytes() == bytes {
            return;
        }
        let mut got = shown(part);
        if part.bytes() != bytes {
            let same = part.bytes().iter().zip(bytes).take_while(|(got, want)| got == want);
            got = format!("{got}\ncontent differs from byte {} on", same.count());
        }
        self.fail("holds another file", &expected, &got)
    }

    /// Makes sure that this field is a text of this value.
    ///
    /// # Panics
    ///
    /// If there is no form, no such field, a file in its place, or another value.
    #[track_caller]
    pub fn assert_text(&self, field: &str, value: &str) {
        let form = self.form();
        let got = match form.part(field) {
            Some(part) if part.filename().is_none() && part.bytes() == value.as_bytes() => return,
            Some(part) => shown(part),
            None => "no such field".to_owned(),
        };
        let title = format!("has another {}", text(field));
        self.fail(&title, &format!("text, {}", Bytes(value.as_bytes())), &got)
    }

    /// Makes sure that there is no part of this name.
    ///
    /// # Panics
    ///
    /// If there is no form, or one with such a part.
    #[track_caller]
    pub fn assert_absent(&self, field: &str) {
        let form = self.form();
        if let Some(part) = form.part(field) {
            self.fail(&format!("holds field {}", text(field)), "no such field", &shown(part))
        }
    }

    /// Makes sure that the request was sent with this bearer token.
    ///
    /// # Panics
    ///
    /// If it was sent with another or none. The message shows neither.
    #[track_caller]
    pub fn assert_bearer(&self, token: &str) {
        match bearer_token(self.headers()) {
            Some(sent) if sent == token => {}
            Some(_) => self.fail("has another token", "[redacted]", "[redacted], another"),
            None => self.fail("has no token", "[redacted]", "none"),
        }
    }

    #[track_caller]
    fn fail(&self, what: &str, expected: &str, got: &str) -> ! {
        let rows = [
            ("expected", expected.to_owned()),
            ("got", got.to_owned()),
            ("request", self.describe()),
        ];
        panic!("{}", report(&format!("request #{} {what}", self.number()), rows))
    }

    /// The request in three lines, without its values.
    pub(super) fn describe(&self) -> String {
        let authorization =
            if self.headers().contains_key(AUTHORIZATION) { "[redacted]" } else { "none" };
        let body = match self.try_form() {
            Ok(form) => format!("parts: {form}"),
            Err(_) if !self.is_body_complete() => {
                let Record { body, body_len, .. } = &*self.record;
                format!("body: {} of {body_len} bytes read", body.len())
            }
            Err(_) => format!("body: {} bytes, no form", self.body().len()),
        };
        format!("{} {}\nauthorization: {authorization}\n{body}", self.method(), self.uri())
    }
}

fn shown(part: &Part<'_>) -> String {
    let bytes = Bytes(part.bytes());
    match part.filename() {
        Some(filename) => format!("file `{}`, {bytes}", text(filename)),
        None => format!("text, {bytes}"),
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("number", &self.number())
            .field("method", self.method())
            .field("uri", self.uri())
            .field("headers", self.headers())
            .field("body", &format_args!("{}", Bytes(self.body())))
            .field("limits", &self.limits())
            .finish()
    }
}
