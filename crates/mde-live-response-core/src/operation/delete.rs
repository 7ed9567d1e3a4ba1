//! Delete: `DELETE {base}/api/libraryfiles/{fileName}`.

use http::{Method, Response, StatusCode, Uri};

use super::request::{self, files_uri, percent_encoded};
use super::{Context, Operation, entity, json, refusal};
use crate::error::{AnswerProblem, Error};
use crate::exchange::{Body, Effect, Exchange};
use crate::values::{CallKind, Deleted, Endpoint, FileName};

/// A request that deletes a file.
#[derive(Debug, Clone, Copy)]
pub struct DeleteRequest<'a> {
    name: &'a FileName,
}

impl<'a> DeleteRequest<'a> {
    /// Creates a request to delete the file of this name.
    #[must_use]
    pub fn new(name: &'a FileName) -> Self {
        Self { name }
    }

    #[expect(clippy::expect_used, reason = "a URL, a slash, and an escaped name of bounded length")]
    fn uri(self, endpoint: &Endpoint) -> Uri {
        let segment: String = percent_encoded(self.name.as_str()).collect();
        format!("{}/{segment}", files_uri(endpoint)).parse().expect("a URL and a path segment")
    }
}

impl Operation for DeleteRequest<'_> {
    type Output = Deleted;

    fn kind(&self) -> CallKind {
        CallKind::Delete
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn exchange(&self, endpoint: &Endpoint) -> Exchange<'_> {
        // P22
        Exchange::with_body(request::head(Method::DELETE, self.uri(endpoint)), Body::bytes(&[]))
    }

    /// Reads the outcome of the delete.
    ///
    /// A 404 is [`Deleted::WasAbsent`] only in the service's own form; a gateway's 404 is an error. After an attempt
    /// with an unknown effect it is [`Deleted::Gone`].
    fn read(&self, answer: &Response<Vec<u8>>, context: &Context<'_>) -> Result<Deleted, Error> {
        let error = match answer.status() {
            StatusCode::NO_CONTENT => return Ok(Deleted::Removed), // P23
            StatusCode::OK if is_service(answer) => return Ok(Deleted::Removed),
            StatusCode::NOT_FOUND if is_service(answer) => {
                // P24
                return Ok(match context.earlier {
                    Effect::NotApplied => Deleted::WasAbsent,
                    Effect::Unknown | Effect::Applied => Deleted::Gone,
                });
            }
            _ => match refusal::check(answer, context, self.kind()) {
                Err(refusal) => refusal,
                Ok(()) => entity::unusable(answer, AnswerProblem::Status, Effect::Unknown),
            },
        };
        Err(error.about(self.kind(), Some(self.name)))
    }
}

/// Returns whether the answer can be the service's own. A web page, or an error in another form, is a gateway's.
fn is_service(answer: &Response<Vec<u8>>) -> bool {
    answer.body().trim_ascii().is_empty()
        || json::text(answer).is_ok_and(|text| match answer.status() {
            StatusCode::NOT_FOUND => refusal::code_of(text).is_some(),
            _ => text.trim_ascii_start().starts_with('{'),
        })
}
