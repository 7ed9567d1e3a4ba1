//! List: `GET {base}/api/libraryfiles`, page by page.

use http::{Method, Response, StatusCode, Uri};
use serde::Deserialize;

use super::entity::{self, Entity};
use super::request::{self, files_uri};
use super::{Context, Operation, json, refusal};
use crate::error::{AnswerProblem, Error};
use crate::exchange::{Body, Effect, Exchange, Limits};
use crate::values::{CallKind, Endpoint, LibraryFile};

/// Largest page: 64 MiB, in bytes. Ours: no paging is documented, so one page may hold the whole library.
const MAX_PAGE_BYTES: u64 = 64 * 1024 * 1024;

/// A request for one page of the library's list.
#[derive(Debug, Clone, Default)]
pub struct ListRequest {
    /// The first page, if there is none.
    link: Option<Uri>,
}

/// One page of the library's files.
#[derive(Debug)]
pub struct Page {
    files: Vec<LibraryFile>,
    next: Option<ListRequest>,
}

impl ListRequest {
    /// Creates a request for the first page.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Page {
    /// Files of this page, in the service's order.
    #[must_use]
    pub fn files(&self) -> &[LibraryFile] {
        &self.files
    }

    /// Takes the files, and the request for the next page, if any.
    #[must_use]
    pub fn into_parts(self) -> (Vec<LibraryFile>, Option<ListRequest>) {
        (self.files, self.next)
    }
}

// P21
#[derive(Deserialize)]
struct Collection<'a> {
    #[serde(borrow)]
    value: Vec<Entity<'a>>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}

impl Operation for ListRequest {
    type Output = Page;

    fn kind(&self) -> CallKind {
        CallKind::List
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn exchange(&self, endpoint: &Endpoint) -> Exchange<'_> {
        let uri = self.link.clone().unwrap_or_else(|| files_uri(endpoint));
        Exchange::with_body(request::head(Method::GET, uri), Body::bytes(&[])) // P20
            .with_limits(Limits::new().with_max_answer(MAX_PAGE_BYTES))
    }

    fn read(&self, answer: &Response<Vec<u8>>, context: &Context<'_>) -> Result<Page, Error> {
        read_page(answer, context).map_err(|error| error.about(self.kind(), None))
    }
}

fn read_page(answer: &Response<Vec<u8>>, context: &Context<'_>) -> Result<Page, Error> {
    refusal::check(answer, context, CallKind::List)?;
    let error = |problem| entity::unusable(answer, problem, Effect::NotApplied);
    if answer.status() != StatusCode::OK {
        return Err(error(AnswerProblem::Status));
    }
    let text = json::text(answer).map_err(error)?;
    let collection: Collection<'_> = json::object(text).map_err(error)?;
    let files = collection.value.iter().map(entity::parse).collect::<Result<_, _>>();
    let next = collection.next.as_deref().map(|link| same_origin(link, context.endpoint));
    let next = next.transpose().map_err(error)?.map(|link| ListRequest { link: Some(link) });
    Ok(Page { files: files.map_err(error)?, next })
}

/// Checks that the link to the next page has the same origin.
///
/// The request for that page carries the token.
fn same_origin(link: &str, endpoint: &Endpoint) -> Result<Uri, AnswerProblem> {
    let uri: Uri = link.parse().map_err(|_| AnswerProblem::NextLink)?;
    let ours = files_uri(endpoint);
    let is_ours = uri.scheme() == ours.scheme() && uri.authority() == ours.authority();
    if is_ours { Ok(uri) } else { Err(AnswerProblem::NextLink) }
}
