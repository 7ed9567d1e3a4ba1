//! An answer's body as JSON.

use http::Response;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::AnswerProblem;

/// Longest excerpt of a body that an error keeps, in characters.
const MAX_EXCERPT: usize = 300;

/// The body as text, without a byte order mark.
pub(super) fn text(answer: &Response<Vec<u8>>) -> Result<&str, AnswerProblem> {
    let plain =
        header(answer, &CONTENT_ENCODING).is_none_or(|it| it.eq_ignore_ascii_case("identity"));
    if !plain || !charset_is_utf8(answer) {
        return Err(AnswerProblem::Encoding);
    }
    let text = str::from_utf8(answer.body()).map_err(|_| AnswerProblem::NotJson)?;
    Ok(text.strip_prefix('\u{FEFF}').unwrap_or(text))
}

/// Reads a JSON object. Derived readers would also accept an array of the fields' values.
pub(super) fn object<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, AnswerProblem> {
    if text.trim_ascii_start().starts_with('{')
        && let Ok(object) = serde_json::from_str(text)
    {
        return Ok(object);
    }
    Err(match serde_json::from_str::<&RawValue>(text) {
        Ok(_) => AnswerProblem::Shape,
        Err(_) => AnswerProblem::NotJson,
    })
}

fn charset_is_utf8(answer: &Response<Vec<u8>>) -> bool {
    let parameters = header(answer, &CONTENT_TYPE).unwrap_or_default().split(';');
    let mut charsets = parameters.filter_map(|it| {
        let (name, value) = it.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then_some(value.trim().trim_matches('"'))
    });
    let is_utf8 = |it: &str| {
        ["utf-8", "utf8", "us-ascii"].into_iter().any(|utf8| it.eq_ignore_ascii_case(utf8))
    };
    charsets.next().is_none_or(is_utf8)
}

pub(super) fn content_type(answer: &Response<Vec<u8>>) -> Option<String> {
    header(answer, &CONTENT_TYPE).map(str::to_owned)
}

fn header<'r>(answer: &'r Response<Vec<u8>>, name: &HeaderName) -> Option<&'r str> {
    answer.headers().get(name)?.to_str().ok()
}

/// The start of a body, made readable.
///
/// Control characters become spaces, and invalid UTF-8 is marked.
pub(super) fn excerpt(answer: &Response<Vec<u8>>) -> String {
    let start = answer.body().get(..4 * MAX_EXCERPT).unwrap_or(answer.body());
    let text = String::from_utf8_lossy(start);
    let visible = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    visible.take(MAX_EXCERPT).collect::<String>().trim().to_owned()
}
