//! A successful answer that is not what the call should give.

use std::error::Error as StdError;
use std::fmt;

use http::StatusCode;

use super::context::{Context, Escaped};
use crate::transport::Delivery;

/// What is wrong with a successful answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResponseErrorKind {
    /// The status is a success, but none that the call can end with: an upload by 200, 201 or 204, a list by 200, a
    /// delete by 204, or by 200 with an object or nothing in its body. The service documents 200 and, of a delete,
    /// 204.
    UnexpectedStatus,
    /// The answer to an upload has no body.
    Missing,
    /// The body is compressed or written in a character set that was not asked for.
    Encoding,
    /// The body is not JSON.
    NotJson,
    /// The body is JSON, but not an entity of the library, or no list of them.
    Shape,
    /// A field that decides holds a value that cannot be used: `sha256`, of a stored or listed file, is no SHA-256;
    /// `@odata.nextLink`, of a list, leads to another origin or to more than 100 pages.
    Field {
        /// Name of the field.
        name: &'static str,
    },
    /// The service did not say which bytes of an upload it stored.
    Unverified,
}

/// The service answered with success, but its answer is not what the call should give: a stored file, a list of
/// files, or the word that a file was removed.
///
/// # Examples
///
/// ```
/// # use mde_live_response_mock::{MockTransport, Reply};
/// use mde_live_response_core::{
///     AccessToken, Client, Delivery, Endpoint, Error, ResponseErrorKind, RetryPolicy, Upload,
/// };
///
/// // What a gateway may put in the service's place.
/// # let page = Reply::status(200).header("content-type", "text/html").body("<h1>Sign in</h1>");
/// # let transport = MockTransport::new().reply(page);
/// let token = AccessToken::new("an-access-token")?;
/// let client = Client::builder(Endpoint::COMMERCIAL, token, transport).retry(RetryPolicy::NONE).build();
///
/// let upload = Upload::new("a.ps1".parse()?, b"Get-Date\n");
/// let Err(Error::Response(error)) = client.upload(&upload) else { unreachable!() };
/// assert_eq!(*error.kind(), ResponseErrorKind::NotJson);
/// assert_eq!((error.status().as_u16(), error.code()), (200, None));
/// assert_eq!((error.content_type(), error.excerpt()), (Some("text/html"), "<h1>Sign in</h1>"));
/// assert_eq!(error.delivery(), Delivery::Unknown);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ResponseError {
    kind: ResponseErrorKind,
    delivery: Delivery,
    status: StatusCode,
    quote: Box<Quote>,
    pub(super) context: Context,
}

/// What is shown of the answer.
#[derive(Debug, Default)]
struct Quote {
    code: Option<String>,
    content_type: Option<String>,
    excerpt: String,
}

impl ResponseError {
    pub(crate) fn new(kind: ResponseErrorKind, delivery: Delivery, status: StatusCode) -> Self {
        Self { kind, delivery, status, quote: Box::default(), context: Context::default() }
    }

    pub(crate) fn with_body(mut self, content_type: Option<String>, excerpt: String) -> Self {
        self.quote.content_type = content_type;
        self.quote.excerpt = excerpt;
        self
    }

    pub(crate) fn with_code(mut self, code: Option<String>) -> Self {
        self.quote.code = code;
        self
    }

    /// What is wrong with the answer.
    #[must_use]
    pub fn kind(&self) -> &ResponseErrorKind {
        &self.kind
    }

    /// What is known about the library's state. Of an upload: with `Missing`, `Field` and `Unverified` something was
    /// stored, else it is unknown. Of a delete: unknown. Of a list: nothing changed.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        self.context.delivery(self.delivery)
    }

    /// Status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The code of an error that came with a status of success.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.quote.code.as_deref()
    }

    /// Media type that the answer claims.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.quote.content_type.as_deref()
    }

    /// Start of the body, without control characters; at most 300 characters, this library's choice. It is what was
    /// answered, whatever that is. Empty where nothing of it is told.
    #[must_use]
    pub fn excerpt(&self) -> &str {
        &self.quote.excerpt
    }

    pub(super) fn help(&self) -> Option<String> {
        let help = match self.kind {
            ResponseErrorKind::NotJson | ResponseErrorKind::Encoding => {
                "check the base URL, and whether a gateway on the way answers in the service's place"
            }
            ResponseErrorKind::Unverified => {
                "compare the library's entry with the file, or accept unverified answers"
            }
            _ if self.delivery == Delivery::Delivered => {
                "compare the library's entry with the file"
            }
            _ => return None,
        };
        Some(help.to_owned())
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.as_u16();
        write!(f, "{}", self.context)?;
        match &self.kind {
            ResponseErrorKind::UnexpectedStatus => write!(f, "unexpected status {status}")?,
            ResponseErrorKind::Missing => write!(f, "status {status} without the stored entity")?,
            ResponseErrorKind::Encoding => {
                write!(f, "status {status} in an encoding that was not asked for")?;
            }
            ResponseErrorKind::NotJson => write!(f, "status {status}, but the answer is not JSON")?,
            ResponseErrorKind::Shape => {
                write!(f, "status {status}, but the answer is not an entity of the library")?;
            }
            ResponseErrorKind::Field { name } => {
                write!(f, "status {status}, but the entity's field {name} cannot be read")?;
            }
            ResponseErrorKind::Unverified => {
                write!(f, "status {status}, but the service does not say which bytes it stored")?;
            }
        }
        if let Some(code) = &self.quote.code {
            write!(f, ", error code {}", Escaped { text: code, max: 100 })?;
        }
        if let Some(content_type) = &self.quote.content_type {
            write!(f, ", {}", Escaped { text: content_type, max: 100 })?;
        }
        if !self.quote.excerpt.is_empty() {
            write!(f, ", starts with \"{}\"", Escaped { text: &self.quote.excerpt, max: 80 })?;
        }
        write!(f, "{}", self.context.ending(self.delivery))
    }
}

impl StdError for ResponseError {}
