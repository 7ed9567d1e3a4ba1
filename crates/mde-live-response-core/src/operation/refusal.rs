//! Answers other than success.

use http::header::LOCATION;
use http::{Response, StatusCode, Uri};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Context, json, retry_after};
use crate::error::{Answer, Error, ErrorKind};
use crate::values::{CallKind, Endpoint};

/// Returns the error that a status other than success (2xx) means.
pub(crate) fn check(
    answer: &Response<Vec<u8>>,
    context: &Context<'_>,
    call: CallKind,
) -> Result<(), Error> {
    if answer.status().is_success() {
        return Ok(());
    }
    let error = Error::refusal(answer.status(), facts(answer, context), context.incomplete, call);
    let help = (*error.kind() == ErrorKind::Forbidden).then(|| {
        let audience = context.endpoint.audience();
        format!(
            "Check that the token is for the audience {audience}, and that the application has the permission \
             Library.Manage."
        )
    });
    Err(error.with_help(help))
}

/// The documented form of an error: `{"error": {"code", "message", "target"}}`.
// P28
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

fn facts(answer: &Response<Vec<u8>>, context: &Context<'_>) -> Answer {
    // A proxy's answer: its body is not the service's, even if it looks like it.
    if answer.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        return Answer { status: Some(answer.status()), ..Answer::default() };
    }
    let detail = json::text(answer).ok().and_then(detail);
    // Of a redirect only the host is shown: its body repeats the location.
    let is_quoted = detail.is_none() && !answer.status().is_redirection();
    let excerpt = if is_quoted { json::excerpt(answer) } else { String::new() };
    let ErrorDetail { code, message, target } = detail.unwrap_or_default();
    Answer {
        status: Some(answer.status()),
        code,
        message,
        correlation_id: target,
        content_type: json::content_type(answer),
        excerpt,
        retry_after: retry_after::read(answer.headers(), context.now),
        host: None,
        redirect: redirect_host(answer, context.endpoint),
    }
}

fn detail(text: &str) -> Option<ErrorDetail> {
    let body: ErrorBody<'_> = json::object(text).ok()?;
    json::object(body.error.get()).ok()
}

/// The code of an error body, with any status.
pub(super) fn code_of(text: &str) -> Option<String> {
    detail(text)?.code
}

/// Host that a redirect leads to, if it is another one. Never the path or query, which may contain secrets.
fn redirect_host(answer: &Response<Vec<u8>>, endpoint: &Endpoint) -> Option<String> {
    let location = answer.headers().get(LOCATION)?.to_str().ok()?;
    let absolute = match location.strip_prefix("//") {
        Some(rest) => format!("https://{rest}"),
        None => location.to_owned(),
    };
    let target: Uri = absolute.parse().ok()?;
    // Without one of these schemes it is a path, even if it looks like a host.
    if !matches!(target.scheme_str()?.to_ascii_lowercase().as_str(), "http" | "https") {
        return None;
    }
    let host = target.host().filter(|host| !host.is_empty())?;
    let ours: Uri = endpoint.base().parse().ok()?;
    let same = ours.host().is_some_and(|ours| ours.eq_ignore_ascii_case(host));
    (!same).then(|| host.to_owned())
}
