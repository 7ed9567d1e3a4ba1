//! What goes over the wire: values to `http::Request`, `http::Response` to values or errors.
//!
//! No I/O but reading the file that is sent, no time, no retries. Anyone may use it under a client of their own, an
//! asynchronous one, say.

mod body;
mod boundary;
mod delete;
mod entity;
mod failure;
mod json;
mod list;
mod multipart;
mod random;
mod request;
mod retry_after;
mod token;
mod upload;

pub use body::{Body, SendRecord};
pub use boundary::{Boundary, InvalidBoundary};
pub use random::{OsRandom, Random, RandomError};
pub use upload::UploadForm;

pub(crate) use delete::{delete_request, read_deleted};
pub(crate) use list::{MAX_PAGE_BYTES, Page, page_request, read_page};
pub(crate) use token::{Proof, TokenForm};
