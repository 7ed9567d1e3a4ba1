//! The answer that describes one stored file.

use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::failure;
use super::json;
use crate::error::{ResponseError, ResponseErrorKind};
use crate::model::{LibraryFile, Sha256Digest, Timestamp};
use crate::transport::Delivery;

/// The service's `LibraryFiles` entity, its values still unread. A known field that comes twice is an error.
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
pub(super) fn read(reply: &Response<Vec<u8>>) -> Result<LibraryFile, ResponseError> {
    let error = |kind, delivery| ResponseError::new(kind, delivery, reply.status());
    let shown = |kind, delivery| {
        error(kind, delivery).with_body(json::content_type(reply), json::excerpt(reply))
    };
    let expected = [StatusCode::OK, StatusCode::CREATED, StatusCode::NO_CONTENT];
    if !expected.contains(&reply.status()) {
        return Err(error(ResponseErrorKind::UnexpectedStatus, Delivery::Unknown));
    }
    if reply.body().is_empty() {
        return Err(error(ResponseErrorKind::Missing, Delivery::Delivered));
    }
    let text = json::text(reply).map_err(|why| shown(why.kind(), Delivery::Unknown))?;
    parse(text).map_err(|kind| match kind {
        ResponseErrorKind::Field { .. } => shown(kind, Delivery::Delivered),
        _ => shown(kind, Delivery::Unknown).with_code(failure::code_of(text)),
    })
}

fn parse(text: &str) -> Result<LibraryFile, ResponseErrorKind> {
    understand(&json::object(text).map_err(|cause| json::fault(&cause, text))?)
}

/// Reads the values of an entity.
pub(super) fn understand(entity: &Entity<'_>) -> Result<LibraryFile, ResponseErrorKind> {
    Ok(LibraryFile {
        is_resolved: false,
        file_name: words(entity.file_name)?.ok_or(ResponseErrorKind::Shape)?,
        description: words(entity.description)?,
        creation_time: words(entity.creation_time)?.map(Timestamp),
        last_updated_time: words(entity.last_updated_time)?.map(Timestamp),
        created_by: words(entity.created_by)?,
        has_parameters: flag(entity.has_parameters),
        parameters_description: words(entity.parameters_description)?,
        sha256: digest(entity.sha256).ok_or(ResponseErrorKind::Field { name: "sha256" })?,
    })
}

/// A value of another type is `None`; a text that cannot be one (a lone surrogate, say) is an error.
fn words(raw: Option<&RawValue>) -> Result<Option<String>, ResponseErrorKind> {
    let text = raw.map(RawValue::get).filter(|raw| raw.starts_with('"'));
    text.map(serde_json::from_str).transpose().map_err(|_| ResponseErrorKind::NotJson)
}

fn flag(raw: Option<&RawValue>) -> Option<bool> {
    match raw?.get() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Outer `None`: unreadable. Inner `None`: the service said nothing (no field, `null`, an empty text).
#[expect(clippy::option_option, reason = "private, and both levels are told apart at once")]
fn digest(raw: Option<&RawValue>) -> Option<Option<Sha256Digest>> {
    let Some(raw) = raw else { return Some(None) };
    let text: String = serde_json::from_str(raw.get()).ok()?;
    if text.is_empty() { Some(None) } else { Some(Some(text.parse().ok()?)) }
}
