//! The call that lists the library's files: `GET {base}/api/libraryfiles`, page by page.

use std::time::SystemTime;

use http::{Method, Request, Response, StatusCode, Uri};
use serde::Deserialize;

use super::entity::{self, Entity};
use super::request::{self, files_uri};
use super::{Body, failure, json};
use crate::error::{Error, ResponseError, ResponseErrorKind};
use crate::model::AccessToken;
use crate::model::{Endpoint, LibraryFile};
use crate::transport::Delivery;

/// Largest page, in bytes: 64 MiB, our choice. No paging is documented, so that one page may hold all.
pub(crate) const MAX_PAGE_BYTES: u64 = 64 * 1024 * 1024;

/// One page of the list, and where the next one is.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) files: Vec<LibraryFile>,
    pub(crate) next: Option<Uri>,
}

#[derive(Deserialize)]
struct Collection<'a> {
    #[serde(borrow)]
    value: Vec<Entity<'a>>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}

/// Asks for a page: the first, or the one that the page before led to.
pub(crate) fn page_request(
    endpoint: &Endpoint,
    next: Option<&Uri>,
    token: &AccessToken,
) -> Request<Body<'static>> {
    let uri = next.cloned().unwrap_or_else(|| files_uri(endpoint));
    request::request(Method::GET, uri, token, Body::empty())
}

/// Reads a page.
pub(crate) fn read_page(
    reply: &Response<Vec<u8>>,
    endpoint: &Endpoint,
    now: SystemTime,
) -> Result<Page, Error> {
    failure::check(reply, endpoint, now)?;
    // Nothing was asked to be changed, and nothing was.
    let error = |kind| {
        ResponseError::new(kind, Delivery::NotDelivered, reply.status())
            .with_body(json::content_type(reply), json::excerpt(reply))
    };
    if reply.status() != StatusCode::OK {
        return Err(error(ResponseErrorKind::UnexpectedStatus).into());
    }
    let text = json::text(reply).map_err(|why| error(why.kind()))?;
    let collection: Collection<'_> =
        json::object(text).map_err(|cause| error(json::fault(&cause, text)))?;
    let files = collection.value.iter().map(entity::understand).collect::<Result<_, _>>();
    let next = collection.next.as_deref().map(|link| same_origin(link, endpoint)).transpose();
    Ok(Page { files: files.map_err(error)?, next: next.map_err(error)? })
}

/// A link to the next page, which takes the token along and so may lead nowhere else.
fn same_origin(link: &str, endpoint: &Endpoint) -> Result<Uri, ResponseErrorKind> {
    let elsewhere = ResponseErrorKind::Field { name: "@odata.nextLink" };
    let uri: Uri = link.parse().map_err(|_| elsewhere.clone())?;
    let ours = files_uri(endpoint);
    let is_ours = uri.scheme() == ours.scheme() && uri.authority() == ours.authority();
    if is_ours { Ok(uri) } else { Err(elsewhere) }
}
