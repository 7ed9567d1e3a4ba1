//! An answer's body as text that JSON may be in.

use http::Response;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::value::RawValue;

use crate::error::ResponseErrorKind;

/// Longest excerpt of a body that is kept for an error, in characters.
const MAX_EXCERPT: usize = 300;

/// Why a body is no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoText {
    Encoding,
    NotUtf8,
}

impl NoText {
    pub(super) fn kind(self) -> ResponseErrorKind {
        match self {
            Self::Encoding => ResponseErrorKind::Encoding,
            Self::NotUtf8 => ResponseErrorKind::NotJson,
        }
    }
}

/// What is wrong with a text that could not be read: whether it is JSON at all is told by reading it as
/// nothing in particular.
pub(super) fn fault(cause: &serde_json::Error, text: &str) -> ResponseErrorKind {
    let is_json = cause.is_data() && serde_json::from_str::<&RawValue>(text).is_ok();
    if is_json { ResponseErrorKind::Shape } else { ResponseErrorKind::NotJson }
}

/// The body as text, without a byte order mark.
pub(super) fn text(reply: &Response<Vec<u8>>) -> Result<&str, NoText> {
    let plain =
        header(reply, &CONTENT_ENCODING).is_none_or(|it| it.eq_ignore_ascii_case("identity"));
    if !plain || !charset_is_utf8(reply) {
        return Err(NoText::Encoding);
    }
    let text = str::from_utf8(reply.body()).map_err(|_| NoText::NotUtf8)?;
    Ok(text.strip_prefix('\u{FEFF}').unwrap_or(text))
}

/// Reads a JSON object. The derived readers would take an array of the fields' values for one, too.
pub(super) fn object<'t, T: Deserialize<'t>>(text: &'t str) -> serde_json::Result<T> {
    if text.trim_ascii_start().starts_with('{') {
        return serde_json::from_str(text);
    }
    serde_json::from_str::<&RawValue>(text)?;
    Err(serde_json::Error::custom("not an object"))
}

fn charset_is_utf8(reply: &Response<Vec<u8>>) -> bool {
    let parameters = header(reply, &CONTENT_TYPE).unwrap_or_default().split(';');
    let mut charsets = parameters.filter_map(|it| {
        let (name, value) = it.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then_some(value.trim().trim_matches('"'))
    });
    let is_utf8 = |it: &str| {
        ["utf-8", "utf8", "us-ascii"].into_iter().any(|utf8| it.eq_ignore_ascii_case(utf8))
    };
    charsets.next().is_none_or(is_utf8)
}

pub(super) fn content_type(reply: &Response<Vec<u8>>) -> Option<String> {
    header(reply, &CONTENT_TYPE).map(str::to_owned)
}

fn header<'r>(reply: &'r Response<Vec<u8>>, name: &HeaderName) -> Option<&'r str> {
    reply.headers().get(name)?.to_str().ok()
}

/// Start of a body for a person to read: control characters are spaces, what is no UTF-8 is marked.
pub(super) fn excerpt(reply: &Response<Vec<u8>>) -> String {
    let start = reply.body().get(..4 * MAX_EXCERPT).unwrap_or(reply.body());
    let text = String::from_utf8_lossy(start);
    let visible = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    visible.take(MAX_EXCERPT).collect::<String>().trim().to_owned()
}
