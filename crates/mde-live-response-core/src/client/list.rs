//! The iterator over the library's files, page by page.

use std::fmt;
use std::vec;

use super::Client;
use super::run::{Failure, run};
use super::task::Task;
use crate::error::{AnswerProblem, Effect, Error, ErrorKind};
use crate::operation::ListRequest;
use crate::values::{CallKind, FileName, LibraryFile};

/// Largest number of pages. Ours: no library needs more, and links could form a circle.
const MAX_PAGES: u32 = 100;

/// The library's files, in the service's order. See [`Client::list`].
#[must_use = "nothing is requested before the first item is taken"]
pub struct List<'a> {
    client: &'a Client,
    files: vec::IntoIter<LibraryFile>,
    pages: Pages,
}

impl<'a> List<'a> {
    pub(super) fn new(client: &'a Client) -> Self {
        Self { client, files: Vec::new().into_iter(), pages: Pages::new() }
    }
}

impl Iterator for List<'_> {
    type Item = Result<LibraryFile, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(file) = self.files.next() {
                return Some(Ok(file));
            }
            let request = self.pages.next.take()?;
            let task = Task::begin(self.client, CallKind::List, None);
            match task.end(self.pages.fetch(&task, &request)) {
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

/// Finds the file of a name, in any letter case.
pub(super) fn find(task: &Task<'_>, name: &FileName) -> Result<Option<LibraryFile>, Error> {
    let wanted = FileName::folded(name.as_str());
    let mut pages = Pages::new();
    while let Some(request) = pages.next.take() {
        let mut page = pages.fetch(task, &request)?.into_iter();
        let found = page.find(|file| FileName::folded(file.file_name()) == wanted);
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The pages still to come.
struct Pages {
    /// `None` at the end and after an error.
    next: Option<ListRequest>,
    fetched: u32,
}

impl Pages {
    fn new() -> Self {
        Self { next: Some(ListRequest::new()), fetched: 0 }
    }

    fn fetch(&mut self, task: &Task<'_>, request: &ListRequest) -> Result<Vec<LibraryFile>, Error> {
        if self.fetched == MAX_PAGES {
            let kind = ErrorKind::Unusable(AnswerProblem::NextLink);
            return Err(Error::new(kind, Effect::NotApplied));
        }
        self.fetched += 1;
        let page = run(task, request).map_err(|Failure { error, .. }| error)?;
        let (files, next) = page.into_parts();
        self.next = next;
        Ok(files)
    }
}
