//! The call that removes a file: `DELETE {base}/api/libraryfiles/{fileName}`.

use std::time::SystemTime;

use http::{Method, Request, Response, StatusCode, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::request::{self, files_uri};
use super::{Body, failure, json};
use crate::error::{Error, ResponseError, ResponseErrorKind};
use crate::model::{AccessToken, Deleted, Endpoint, FileName};
use crate::transport::Delivery;

/// What may stand in a path segment as it is (RFC 3986, "unreserved").
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Asks for the removal of the file of this name.
pub(crate) fn delete_request(
    endpoint: &Endpoint,
    name: &FileName,
    token: &AccessToken,
) -> Request<Body<'static>> {
    request::request(Method::DELETE, file_uri(endpoint, name), token, Body::empty())
}

#[expect(clippy::expect_used, reason = "a URL, a slash, and a name of bounded length, escaped")]
fn file_uri(endpoint: &Endpoint, name: &FileName) -> Uri {
    let segment = utf8_percent_encode(name.as_str(), ESCAPED);
    format!("{}/{segment}", files_uri(endpoint)).parse().expect("a URL and a path segment")
}

/// Reads the answer.
pub(crate) fn read_deleted(
    reply: &Response<Vec<u8>>,
    endpoint: &Endpoint,
    now: SystemTime,
) -> Result<Deleted, Error> {
    match reply.status() {
        StatusCode::NO_CONTENT => Ok(Deleted::Removed),
        StatusCode::OK if is_service(reply) => Ok(Deleted::Removed),
        StatusCode::NOT_FOUND if is_service(reply) => Ok(Deleted::WasAbsent),
        _ => {
            failure::check(reply, endpoint, now)?;
            let kind = ResponseErrorKind::UnexpectedStatus;
            Err(ResponseError::new(kind, Delivery::Unknown, reply.status())
                .with_body(json::content_type(reply), json::excerpt(reply))
                .into())
        }
    }
}

/// Whether the answer can be the service's own. A page for people, or an error in another form, is a gateway's or another
/// host's: it does not know the file, nor the library.
fn is_service(reply: &Response<Vec<u8>>) -> bool {
    reply.body().trim_ascii().is_empty()
        || json::text(reply).is_ok_and(|text| match reply.status() {
            StatusCode::NOT_FOUND => failure::code_of(text).is_some(),
            _ => text.trim_ascii_start().starts_with('{'),
        })
}
