//! The entity that describes one stored file.

use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{json, refusal};
use crate::error::{Answer, AnswerProblem, Error, ErrorKind};
use crate::exchange::Effect;
use crate::values::{LibraryFile, Sha256Digest, Timestamp};

/// The service's `LibraryFiles` entity with unread values. A known field that occurs twice is an error.
// P26
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entity<'a> {
    #[serde(borrow)]
    file_name: Option<&'a RawValue>,
    #[serde(borrow)]
    sha256: Option<&'a RawValue>,
    #[serde(borrow)]
    description: Option<&'a RawValue>,
    #[serde(borrow)]
    creation_time: Option<&'a RawValue>,
    #[serde(borrow)]
    last_updated_time: Option<&'a RawValue>,
    #[serde(borrow)]
    created_by: Option<&'a RawValue>,
    #[serde(borrow)]
    has_parameters: Option<&'a RawValue>,
    #[serde(borrow)]
    parameters_description: Option<&'a RawValue>,
}

/// Reads the stored entity from an answer with a status of success.
pub(super) fn read(answer: &Response<Vec<u8>>) -> Result<LibraryFile, Error> {
    let error = |problem, effect| unusable(answer, problem, effect);
    // P18
    let expected = [StatusCode::OK, StatusCode::CREATED, StatusCode::NO_CONTENT];
    if !expected.contains(&answer.status()) {
        return Err(error(AnswerProblem::Status, Effect::Unknown));
    }
    if answer.body().is_empty() {
        return Err(error(AnswerProblem::Missing, Effect::Applied));
    }
    let text = json::text(answer).map_err(|problem| error(problem, Effect::Unknown))?;
    json::object(text).and_then(|entity| parse(&entity)).map_err(|problem| match problem {
        AnswerProblem::Sha256 => error(problem, Effect::Applied),
        _ => error(problem, Effect::Unknown),
    })
}

/// Creates the error for a success with an unusable answer.
pub(super) fn unusable(
    answer: &Response<Vec<u8>>,
    problem: AnswerProblem,
    effect: Effect,
) -> Error {
    // The first two need no excerpt, and a link may contain a secret.
    let is_quoted = !matches!(
        problem,
        AnswerProblem::Unverified | AnswerProblem::OtherName { .. } | AnswerProblem::NextLink
    );
    let code = json::text(answer).ok().and_then(refusal::code_of);
    let quote = if is_quoted { json::excerpt(answer) } else { String::new() };
    Error::new(ErrorKind::Unusable(problem), effect).with_answer(Answer {
        status: Some(answer.status()),
        code,
        content_type: json::content_type(answer),
        excerpt: quote,
        ..Answer::default()
    })
}

/// Reads the values of an entity.
pub(super) fn parse(entity: &Entity<'_>) -> Result<LibraryFile, AnswerProblem> {
    Ok(LibraryFile {
        is_resolved: false,
        file_name: words(entity.file_name)?.ok_or(AnswerProblem::Shape)?,
        description: words(entity.description)?,
        creation_time: words(entity.creation_time)?.map(Timestamp),
        last_updated_time: words(entity.last_updated_time)?.map(Timestamp),
        created_by: words(entity.created_by)?,
        has_parameters: flag(entity.has_parameters),
        parameters_description: words(entity.parameters_description)?,
        sha256: digest(entity.sha256).ok_or(AnswerProblem::Sha256)?,
    })
}

/// Reads a text; a value of another type is `None`. Invalid text, for example a lone surrogate, is an error.
fn words(raw: Option<&RawValue>) -> Result<Option<String>, AnswerProblem> {
    let text = raw.map(RawValue::get).filter(|raw| raw.starts_with('"'));
    text.map(serde_json::from_str).transpose().map_err(|_| AnswerProblem::NotJson)
}

fn flag(raw: Option<&RawValue>) -> Option<bool> {
    match raw?.get() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Outer `None`: unreadable. Inner `None`: not reported (no field, `null`, an empty text).
#[expect(clippy::option_option, reason = "private, and both levels are told apart at once")]
fn digest(raw: Option<&RawValue>) -> Option<Option<Sha256Digest>> {
    let Some(raw) = raw else { return Some(None) };
    let text: String = serde_json::from_str(raw.get()).ok()?;
    if text.is_empty() { Some(None) } else { Some(Some(text.parse().ok()?)) }
}
