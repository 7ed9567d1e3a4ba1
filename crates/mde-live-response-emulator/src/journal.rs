//! The requests that were answered, without tokens, secrets and contents.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use hyper::http::request::Parts;
use mde_live_response_mock::Form;
use serde::Serialize;
use serde_json::Value;

use crate::state::sha256;

/// Requests that a journal keeps, our choice: enough for a test, and never much memory.
const MAX_REQUESTS: usize = 1_000;

/// A request and how it ended. Never holds a token, a secret or a content.
///
/// `Display` is a line of the text log; `Serialize` is the JSON of the log and of `GET /_emulator/journal`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SeenRequest {
    /// Method, for example `POST`.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Status of the answer. `None` if a fault dropped the answer.
    pub status: Option<u16>,
    /// Bytes of the body that were read.
    pub bytes: u64,
    /// Whether a fault that a test ordered took part.
    pub fault: bool,
    /// Reason of a refusal.
    pub error: Option<String>,
    /// Fields of the form of an upload, if it could be decoded.
    pub fields: Vec<SeenField>,
}

/// A field of a form, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SeenField {
    /// Name of the field.
    pub name: String,
    /// Name of the file; `None` for a text.
    pub filename: Option<String>,
    /// Length of the content in bytes.
    pub size: u64,
    /// SHA-256 of the content in lower-case hex digits.
    pub sha256: String,
}

impl SeenRequest {
    pub(crate) fn new(head: &Parts, body: &[u8], answer: &hyper::Response<Vec<u8>>) -> Self {
        let is_refused = !answer.status().is_success();
        Self {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            status: Some(answer.status().as_u16()),
            bytes: body.len() as u64,
            fault: false,
            error: is_refused.then(|| reason(answer.body())).flatten(),
            fields: fields(head, body),
        }
    }
}

/// The message of an error of the library, or the code of one of the token service, whose text can quote the request.
fn reason(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let error = body.get("error")?;
    error.get("message").unwrap_or(error).as_str().map(str::to_owned)
}

fn fields(head: &Parts, body: &[u8]) -> Vec<SeenField> {
    let form = Form::decode(&head.headers, body);
    let parts = form.iter().flat_map(Form::parts);
    let field = parts.map(|part| SeenField {
        name: part.name().to_owned(),
        filename: part.filename().map(str::to_owned),
        size: part.bytes().len() as u64,
        sha256: sha256(part.bytes()),
    });
    field.collect()
}

impl fmt::Display for SeenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.method, self.path)?;
        match self.status {
            Some(status) => write!(f, "{status} {} bytes", self.bytes)?,
            None => write!(f, "no answer {} bytes", self.bytes)?,
        }
        if self.fault {
            f.write_str(" (fault)")?;
        }
        match &self.error {
            Some(error) => write!(f, ": {}", error.replace(char::is_control, " ")),
            None => Ok(()),
        }
    }
}

/// The last requests, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    seen: Mutex<VecDeque<SeenRequest>>,
}

impl Journal {
    pub(crate) fn add(&self, seen: SeenRequest) {
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == MAX_REQUESTS {
            all.pop_front();
        }
        all.push_back(seen);
    }

    pub(crate) fn all(&self) -> Vec<SeenRequest> {
        let all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
