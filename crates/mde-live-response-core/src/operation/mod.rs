//! API calls as values, for programs with their own HTTP client.
//!
//! Use this module with an asynchronous HTTP client, for example. It renders requests and reads answers, without I/O,
//! time or retries. [`Client`](crate::Client) is built on it.
//!
//! # Examples
//!
//! ```
//! use mde_live_response::http::Response;
//! use mde_live_response::operation::{Context, Operation, UploadRequest};
//! use mde_live_response::{AccessToken, Endpoint, Upload};
//! use std::io::Read;
//! use std::time::SystemTime;
//!
//! let upload = Upload::new("a.ps1".parse()?, b"Get-Date\n");
//! let token = AccessToken::new("an-access-token")?;
//! let seed = [7; 20]; // 20 random bytes, new for each upload
//! let request = UploadRequest::new(&upload, seed)?;
//!
//! let endpoint = Endpoint::COMMERCIAL;
//! let mut exchange = request.exchange(&endpoint).with_token(&token);
//! let head = exchange.take_head();
//! assert_eq!(head.uri, "https://api.security.microsoft.com/api/libraryfiles");
//! let mut body = Vec::new();
//! exchange.read_to_end(&mut body)?;
//! // ... send head and body, and receive:
//! let sha256 = exchange.sent_sha256().unwrap();
//! let answer = format!(r#"{{"fileName":"a.ps1","sha256":"{sha256}"}}"#);
//! let answer = token.scrub(Response::new(answer.into_bytes()));
//!
//! let context = Context::new(&exchange, &endpoint, SystemTime::now());
//! assert_eq!(request.read(&answer, &context)?.file_name(), "a.ps1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod delete;
mod entity;
mod json;
mod list;
mod refusal;
mod request;
mod retry_after;
mod upload;

use std::time::SystemTime;

use http::Response;

pub use delete::DeleteRequest;
pub use list::{ListRequest, Page};
pub(crate) use refusal::check;
pub use request::percent_encoded;
pub(crate) use request::set_common_headers;
pub use upload::UploadRequest;

use crate::error::Error;
use crate::exchange::{Effect, Exchange};
use crate::values::{CallKind, Endpoint, Sha256Digest};

/// A call of the API, as a value.
pub trait Operation {
    /// Result of a successful call.
    type Output;

    /// The kind of the call.
    fn kind(&self) -> CallKind;

    /// Returns whether doing the call twice equals doing it once.
    fn is_repeatable(&self) -> bool;

    /// Creates the exchange for one attempt, without a token. Each exchange sends the same bytes.
    fn exchange(&self, endpoint: &Endpoint) -> Exchange<'_>;

    /// Reads the answer to one attempt.
    ///
    /// Take the token out of the answer first ([`AccessToken::scrub`](crate::AccessToken::scrub)): an error quotes the
    /// answer.
    ///
    /// # Errors
    ///
    /// [`Error`] if the service refused the call, or if its answer is not usable.
    fn read(
        &self,
        answer: &Response<Vec<u8>>,
        context: &Context<'_>,
    ) -> Result<Self::Output, Error>;
}

/// Facts about an attempt that [`Operation::read`] needs besides its answer.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    endpoint: &'a Endpoint,
    now: SystemTime,
    sent: Option<Sha256Digest>,
    incomplete: bool,
    earlier: Effect,
    unverified_accepted: bool,
}

impl<'a> Context<'a> {
    /// Creates the context of an exchange after it was sent.
    ///
    /// `now` is used for a date in `Retry-After` if the answer has no `Date`.
    #[must_use]
    pub fn new(exchange: &Exchange<'_>, endpoint: &'a Endpoint, now: SystemTime) -> Self {
        Self {
            endpoint,
            now,
            sent: exchange.sent_sha256(),
            incomplete: exchange.is_incomplete(),
            earlier: Effect::NotApplied,
            unverified_accepted: false,
        }
    }

    /// Sets the worst effect of the earlier attempts of this call. Default: [`Effect::NotApplied`].
    #[must_use]
    pub fn with_earlier(mut self, effect: Effect) -> Self {
        self.earlier = effect;
        self
    }

    /// Sets whether an answer without a SHA-256 counts as success. Default: no.
    #[must_use]
    pub fn with_unverified_accepted(mut self, accepted: bool) -> Self {
        self.unverified_accepted = accepted;
        self
    }
}
