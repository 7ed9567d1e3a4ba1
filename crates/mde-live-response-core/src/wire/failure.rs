//! Answers other than success, and what each status means.

use http::header::LOCATION;
use http::{Response, Uri};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::time::SystemTime;

use super::{json, retry_after};
use crate::error::{
    AuthError, Error, FailureAnswer, ServiceError, ServiceErrorKind, ThrottledError,
};
use crate::model::Endpoint;
use crate::transport::{Delivery, TransportError, TransportErrorKind};

/// `Ok` for a status of success (2xx), else the error that the status stands for.
pub(super) fn check(
    reply: &Response<Vec<u8>>,
    endpoint: &Endpoint,
    now: SystemTime,
) -> Result<(), Error> {
    if reply.status().is_success() {
        return Ok(());
    }
    let answer = answer(reply, now);
    let kind = match reply.status().as_u16() {
        300..=399 => {
            let host = redirect_host(reply, endpoint);
            return Err(ServiceError::redirected(answer, host).into());
        }
        401 | 403 => return Err(AuthError::refused(answer, endpoint.audience()).into()),
        407 => return Err(foreign(reply, TransportErrorKind::Proxy, Delivery::NotDelivered)),
        429 => return Err(ThrottledError::by_service(answer).into()),
        503 if answer.retry_after.is_some() => {
            return Err(ThrottledError::by_service(answer).into());
        }
        408 | 500..=599 => ServiceErrorKind::Server,
        413 => ServiceErrorKind::TooLarge,
        400..=499 => ServiceErrorKind::Rejected,
        _ => return Err(foreign(reply, TransportErrorKind::Protocol, Delivery::Unknown)),
    };
    Err(ServiceError::new(kind, answer).into())
}

/// For a status that is not the service's own word.
fn foreign(reply: &Response<Vec<u8>>, kind: TransportErrorKind, delivery: Delivery) -> Error {
    let cause = format!("status {}", reply.status().as_u16());
    TransportError::new(kind, delivery).with_source(cause).into()
}

/// The documented form of an error: `{"error": {"code", "message", "target"}}`.
#[derive(Deserialize)]
struct ErrorBody<'a> {
    #[serde(borrow)]
    error: &'a RawValue,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ErrorDetail {
    code: Option<String>,
    message: Option<String>,
    target: Option<String>,
}

fn answer(reply: &Response<Vec<u8>>, now: SystemTime) -> FailureAnswer {
    let detail = json::text(reply).ok().and_then(detail);
    let excerpt = if detail.is_some() { String::new() } else { json::excerpt(reply) };
    let ErrorDetail { code, message, target } = detail.unwrap_or_default();
    let retry_after = retry_after::read(reply.headers(), now);
    FailureAnswer { status: reply.status(), code, message, target, excerpt, retry_after }
}

fn detail(text: &str) -> Option<ErrorDetail> {
    let body: ErrorBody<'_> = json::object(text).ok()?;
    json::object(body.error.get()).ok()
}

/// The code of an error body, whatever the status it came with.
pub(super) fn code_of(text: &str) -> Option<String> {
    detail(text)?.code
}

/// Host that a redirect leads to, when it is another and can be read. Never path or query: they may hold
/// what must not be shown.
fn redirect_host(reply: &Response<Vec<u8>>, endpoint: &Endpoint) -> Option<String> {
    let location = reply.headers().get(LOCATION)?.to_str().ok()?;
    let absolute = match location.strip_prefix("//") {
        Some(rest) => format!("https://{rest}"),
        None => location.to_owned(),
    };
    let target: Uri = absolute.parse().ok()?;
    // Without one of these it is a path or nothing, however much it looks like a host.
    if !matches!(target.scheme_str()?.to_ascii_lowercase().as_str(), "http" | "https") {
        return None;
    }
    let host = target.host().filter(|host| !host.is_empty())?;
    let ours: Uri = endpoint.base().parse().ok()?;
    let same = ours.host().is_some_and(|ours| ours.eq_ignore_ascii_case(host));
    (!same).then(|| host.to_owned())
}
