//! The answer that describes one stored file.

use http::{Response, StatusCode};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::failure;
use super::json::{self, NoText};
use crate::error::{ResponseError, ResponseErrorKind};
use crate::model::{LibraryFile, Sha256Digest, Timestamp};
use crate::transport::Delivery;

/// The service's `LibraryFiles` entity. A known field that comes twice is an error.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entity<'a> {
    file_name: String,
    #[serde(borrow)]
    sha256: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "lenient")]
    description: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    creation_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "lenient")]
    last_updated_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "lenient")]
    created_by: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    has_parameters: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    parameters_description: Option<String>,
}

/// A value of another type is `None`; a broken value (a lone surrogate, say) is still an error.
fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let raw = <&RawValue>::deserialize(deserializer)?;
    match serde_json::from_str(raw.get()) {
        Ok(value) => Ok(value),
        Err(error) if error.is_data() => Ok(None),
        Err(error) => Err(D::Error::custom(error)),
    }
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
    let text = json::text(reply).map_err(|why| match why {
        NoText::Encoding => shown(ResponseErrorKind::Encoding, Delivery::Unknown),
        NoText::NotUtf8 => shown(ResponseErrorKind::NotJson, Delivery::Unknown),
    })?;
    let entity: Entity<'_> = serde_json::from_str(text).map_err(|cause| {
        // Whether the text is JSON at all is told by reading it as nothing in particular.
        let is_json = cause.is_data() && serde_json::from_str::<&RawValue>(text).is_ok();
        let kind = if is_json { ResponseErrorKind::Shape } else { ResponseErrorKind::NotJson };
        shown(kind, Delivery::Unknown).with_code(failure::code_of(text))
    })?;
    let sha256 = read_sha256(entity.sha256)
        .ok_or_else(|| error(ResponseErrorKind::Field { name: "sha256" }, Delivery::Delivered))?;
    Ok(LibraryFile {
        file_name: entity.file_name,
        sha256,
        description: entity.description,
        creation_time: entity.creation_time,
        last_updated_time: entity.last_updated_time,
        created_by: entity.created_by,
        has_parameters: entity.has_parameters,
        parameters_description: entity.parameters_description,
    })
}

/// Outer `None`: unreadable. Inner `None`: the service said nothing (no field, `null`, an empty text).
#[expect(clippy::option_option, reason = "private, and both levels are told apart at once")]
fn read_sha256(raw: Option<&RawValue>) -> Option<Option<Sha256Digest>> {
    let Some(raw) = raw else { return Some(None) };
    let text: String = serde_json::from_str(raw.get()).ok()?;
    if text.is_empty() { Some(None) } else { Some(Some(text.parse().ok()?)) }
}
