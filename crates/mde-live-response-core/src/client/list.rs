//! The call that lists the library's files, page by page.

use std::fmt;
use std::vec;

use http::Uri;

use super::pipeline;
use super::retry::Repeat;
use super::task::Task;
use super::{Client, Inner};
use crate::error::{Error, ResponseError, ResponseErrorKind};
use crate::model::{CallKind, FileName, LibraryFile, folded};
use crate::transport::Delivery;
use crate::wire::{MAX_PAGE_BYTES, Page, page_request, read_page};

/// Most pages that are followed: no library needs more, and links could run in a circle.
const MAX_PAGES: u32 = 100;

/// The library's files, in the service's order: what [`Client::list`] returns.
///
/// Lazy: a page is asked for when the files of the one before have been taken, each within the client's deadline. As a
/// rule there is one page; 100 of 64 MiB each are the most, this library's choice. The first error is the last item.
#[must_use = "nothing is asked for before the first item is taken"]
pub struct List<'a> {
    client: &'a Client,
    files: vec::IntoIter<LibraryFile>,
    rest: Pages,
}

impl<'a> List<'a> {
    pub(super) fn new(client: &'a Client) -> Self {
        Self { client, files: Vec::new().into_iter(), rest: Pages::default() }
    }
}

impl Iterator for List<'_> {
    type Item = Result<LibraryFile, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(file) = self.files.next() {
                return Some(Ok(file));
            }
            let task = Task::begin(self.client, CallKind::List, None);
            match self.rest.next(&task).map(|page| task.end(page))? {
                Ok(files) => self.files = files.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl fmt::Debug for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List").finish_non_exhaustive()
    }
}

/// What the library holds under a name, in any letter case; `None`: nothing.
pub(super) fn find(task: &Task<'_>, name: &FileName) -> Result<Option<LibraryFile>, Error> {
    let wanted = folded(name.as_str());
    let mut pages = Pages::default();
    while let Some(page) = pages.next(task) {
        let found = page?.into_iter().find(|file| folded(file.file_name()) == wanted);
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The pages that are still to come.
#[derive(Debug)]
enum Pages {
    Next { link: Option<Uri>, number: u32 },
    Over,
}

impl Default for Pages {
    fn default() -> Self {
        Self::Next { link: None, number: 1 }
    }
}

impl Pages {
    /// The next page; `None` when there is none. After an error there is none.
    fn next(&mut self, task: &Task<'_>) -> Option<Result<Vec<LibraryFile>, Error>> {
        let Self::Next { link, number } = std::mem::replace(self, Self::Over) else { return None };
        if number > MAX_PAGES {
            let kind = ResponseErrorKind::Field { name: "@odata.nextLink" };
            let status = http::StatusCode::OK;
            return Some(Err(ResponseError::new(kind, Delivery::NotDelivered, status).into()));
        }
        Some(fetch(task, link.as_ref()).map(|page| {
            if page.next.is_some() {
                *self = Self::Next { link: page.next, number: number + 1 };
            }
            page.files
        }))
    }
}

fn fetch(task: &Task<'_>, link: Option<&Uri>) -> Result<Page, Error> {
    let client: &Inner = task.client;
    pipeline::run(task, Repeat::Always, |token, limits| {
        let mut request = page_request(&client.endpoint, link, token);
        request.extensions_mut().insert(limits.with_max_response(MAX_PAGE_BYTES));
        let reply = token.scrub(client.transport.send(request)?);
        read_page(&reply, &client.endpoint, client.clock.time_of_day())
    })
}
