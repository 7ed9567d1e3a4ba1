//! The call that lists the library's files.

use super::pipeline;
use super::retry::Repeat;
use super::task::Task;
use crate::error::{Error, ResponseError, ResponseErrorKind};
use crate::model::{FileName, LibraryFile};
use crate::transport::Delivery;
use crate::wire::{MAX_PAGE_BYTES, page_request, read_page};

/// Most pages that are followed: no library needs more, and links could run in a circle.
const MAX_PAGES: u32 = 100;

/// What the library holds under a name, in any letter case; `None`: nothing.
pub(super) fn find(task: &Task<'_>, name: &FileName) -> Result<Option<LibraryFile>, Error> {
    let client = task.client;
    let wanted = name.as_str().to_lowercase();
    let mut next = None;
    for _ in 0..MAX_PAGES {
        let page = pipeline::run(task, Repeat::Always, |token, limits| {
            let mut request = page_request(&client.endpoint, next.as_ref(), token);
            request.extensions_mut().insert(limits.with_max_response(MAX_PAGE_BYTES));
            let reply = token.scrub(client.transport.send(request)?);
            read_page(&reply, &client.endpoint, client.clock.time_of_day())
        })?;
        let mut files = page.files.into_iter();
        if let Some(file) = files.find(|file| file.file_name().to_lowercase() == wanted) {
            return Ok(Some(file));
        }
        match page.next {
            Some(link) => next = Some(link),
            None => return Ok(None),
        }
    }
    let kind = ResponseErrorKind::Field { name: "@odata.nextLink" };
    Err(ResponseError::new(kind, Delivery::NotDelivered, http::StatusCode::OK).into())
}
