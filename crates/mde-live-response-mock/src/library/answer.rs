//! Answers as sent over HTTP.

use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::stored::StoredFile;

const ENTITY_CONTEXT: &str =
    "https://api.securitycenter.microsoft.com/api/$metadata#LibraryFiles/$entity";
const LIST_CONTEXT: &str = "https://api.securitycenter.microsoft.com/api/$metadata#LibraryFiles";

#[derive(Serialize)]
struct Entity<'a> {
    #[serde(rename = "@odata.context")]
    context: &'static str,
    #[serde(flatten)]
    file: &'a StoredFile,
}

#[derive(Serialize)]
struct List<'a> {
    #[serde(rename = "@odata.context")]
    context: &'static str,
    value: Vec<&'a StoredFile>,
}

/// An identifier like the service's trace identifiers, the same in every run.
pub(crate) fn target(call: u64) -> String {
    format!("00000000-0000-4000-8000-{call:012x}")
}

pub(super) fn entity(file: &StoredFile) -> Response<Vec<u8>> {
    json(StatusCode::OK, &Entity { context: ENTITY_CONTEXT, file }) // P18
}

/// The entity's fields, to be changed before they are sent.
pub(crate) fn entity_fields(file: &StoredFile) -> Map<String, Value> {
    match serde_json::to_value(Entity { context: ENTITY_CONTEXT, file }) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

pub(crate) fn list<'a>(files: impl Iterator<Item = &'a StoredFile>) -> Response<Vec<u8>> {
    json(StatusCode::OK, &List { context: LIST_CONTEXT, value: files.collect() }) // P21
}

pub(super) fn no_content() -> Response<Vec<u8>> {
    let mut answer = Response::new(Vec::new());
    *answer.status_mut() = StatusCode::NO_CONTENT; // P23
    answer
}

pub(crate) fn error(
    status: StatusCode,
    code: &str,
    message: &str,
    target: &str,
) -> Response<Vec<u8>> {
    json(status, &json!({ "error": { "code": code, "message": message, "target": target } })) // P28
}

pub(super) fn not_found(target: &str) -> Response<Vec<u8>> {
    error(StatusCode::NOT_FOUND, "ResourceNotFound", "there is no file of this name", target) // P24, P33
}

pub(super) fn unauthorized(target: &str) -> Response<Vec<u8>> {
    let message = "the token is missing or not accepted";
    let mut answer = error(StatusCode::UNAUTHORIZED, "Unauthorized", message, target); // P31
    answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    answer
}

pub(super) fn forbidden(target: &str) -> Response<Vec<u8>> {
    let message = "the token is not for this service, or lacks the permission Library.Manage";
    error(StatusCode::FORBIDDEN, "Forbidden", message, target) // P32
}

/// States the wait in whole seconds, rounded up, so that a client that waits that long is not refused again.
pub(super) fn throttled(wait: Duration, target: &str) -> Response<Vec<u8>> {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let status = StatusCode::TOO_MANY_REQUESTS;
    let mut answer =
        error(status, "TooManyRequests", "too many calls: wait before the next one", target);
    answer.headers_mut().insert(RETRY_AFTER, seconds.max(1).into()); // P35
    answer
}

#[expect(clippy::expect_used, reason = "texts and flags under fixed names always serialise")]
fn json(status: StatusCode, body: &impl Serialize) -> Response<Vec<u8>> {
    let mut answer = Response::new(serde_json::to_vec(body).expect("plain data"));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
