//! The call that stores a file: `POST {base}/api/libraryfiles`.

use std::fmt;
use std::time::SystemTime;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response};

use super::multipart::{FilePart, Framing};
use super::request::{self, files_uri};
use super::{Body, Boundary, SendRecord, entity, failure};
use super::{Random, RandomError};
use crate::error::{Error, MismatchError, MismatchErrorKind, ResponseError, ResponseErrorKind};
use crate::model::{AccessToken, folded};
use crate::model::{Endpoint, IfExists, LibraryFile, Sha256Digest, Upload};
use crate::transport::{Delivery, TransportError, TransportErrorKind};

/// Names of the form's fields. The service takes them in this letter case only.
mod field {
    pub(super) const DESCRIPTION: &str = "Description";
    pub(super) const PARAMETERS: &str = "ParametersDescription";
    pub(super) const HAS_PARAMETERS: &str = "HasParameters";
    pub(super) const OVERRIDE: &str = "OverrideIfExists";
    /// The service's documentation has `File` in its table and `file` in its example; the example's form
    /// is the one that is known to work.
    pub(super) const FILE: &str = "file";
}

/// A healthy source draws a text that was not meant once in 2^160; more tries would help nobody.
const MAX_DRAWS: usize = 4;

/// One upload, rendered: everything but the file's bytes, which are read anew for every attempt.
///
/// # Examples
///
/// The core of a client of one's own:
///
/// ```
/// use mde_live_response_core::wire::{Boundary, UploadForm};
/// use mde_live_response_core::{AccessToken, Endpoint, OsRandom, SendRecord, Upload};
/// use std::io::Read;
///
/// let upload = Upload::new("a.ps1".parse()?, b"Get-Date\n");
/// let form = UploadForm::render(&upload, &Boundary::draw(&OsRandom)?);
/// let token: AccessToken = "an-access-token".parse()?;
///
/// let mut record = SendRecord::new();
/// let mut request = form.request(&Endpoint::COMMERCIAL, &token, &mut record);
/// let mut sent = Vec::new();
/// request.body_mut().read_to_end(&mut sent)?;
/// assert_eq!(sent.len() as u64, request.body().len());
/// assert_eq!(record.sha256(), Some(&upload.content().sha256()?)); // what `read_reply` wants to know
/// assert!(record.source_error().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct UploadForm<'a> {
    upload: &'a Upload,
    framing: Framing,
    content_type: HeaderValue,
    unverified_accepted: bool,
}

impl<'a> UploadForm<'a> {
    /// Renders the form. The boundary must stand in no text and not in the file: nothing here checks that.
    /// [`draw`](Self::draw) draws one that stands in no text, and in a file by chance once in 2^160 places.
    #[must_use]
    pub fn render(upload: &'a Upload, boundary: &Boundary) -> Self {
        let yes_no = |flag| if flag { "true" } else { "false" };
        let mut fields = Vec::with_capacity(4);
        if let Some(description) = upload.text_description() {
            fields.push((field::DESCRIPTION, description.as_str()));
        }
        if let Some(parameters) = upload.text_parameters() {
            fields.push((field::PARAMETERS, parameters.as_str()));
        }
        // The service does not derive this: without it a parameters description is stored and ignored.
        fields.push((field::HAS_PARAMETERS, yes_no(upload.text_parameters().is_some())));
        fields.push((field::OVERRIDE, yes_no(upload.existing() == IfExists::Override)));
        let file = FilePart {
            field: field::FILE,
            name: upload.name(),
            content_type: &upload.media_type(),
        };
        Self {
            upload,
            framing: Framing::render(boundary, &fields, &file),
            content_type: header(["multipart/form-data; boundary=", boundary.as_str()].concat()),
            unverified_accepted: false,
        }
    }

    /// Renders the form with a boundary drawn for it, and drawn again should a text hold it: four times at most, this
    /// library's choice.
    ///
    /// # Errors
    ///
    /// [`RandomError`] when the source of randomness fails, or draws what the texts hold over and over.
    pub fn draw(upload: &'a Upload, random: &dyn Random) -> Result<Self, RandomError> {
        for _ in 0..MAX_DRAWS {
            let boundary = Boundary::draw(random)?;
            if !texts_hold(upload, &boundary) {
                return Ok(Self::render(upload, &boundary));
            }
        }
        Err(RandomError::repeating())
    }

    /// Accepts an answer that does not say which bytes were stored; refused unless set.
    #[must_use]
    pub fn accept_unverified(mut self, accepted: bool) -> Self {
        self.unverified_accepted = accepted;
        self
    }

    /// A request for one attempt. May be called any number of times: each request sends the same bytes.
    #[must_use]
    pub fn request<'b>(
        &'b self,
        endpoint: &Endpoint,
        token: &AccessToken,
        record: &'b mut SendRecord,
    ) -> Request<Body<'b>> {
        let Framing { head, tail } = &self.framing;
        let body = Body::form(head, self.upload.content(), tail, record)
            .expecting(self.upload.expected_sha256());
        let length = body.len();
        let mut request = request::request(Method::POST, files_uri(endpoint), token, body);
        request.headers_mut().insert(CONTENT_TYPE, self.content_type.clone());
        request.headers_mut().insert(CONTENT_LENGTH, length.into());
        request
    }

    /// Reads the answer to one attempt, and compares what was stored with what was sent.
    ///
    /// `sent` is the record's [`sha256`](SendRecord::sha256): a success without it came before the request
    /// was complete, and means nothing. `endpoint` serves the help that errors give, and `now` a date in
    /// `Retry-After` where the answer has no date of its own.
    ///
    /// # Errors
    ///
    /// * [`Error::Auth`], [`Error::Service`], [`Error::Throttled`]: the service refused.
    /// * [`Error::Response`], [`Error::Mismatch`]: it accepted, but not verifiably the file that was sent.
    /// * [`Error::Transport`]: it accepted what it cannot have received, or the status is not its own word: 407, or
    ///   outside of 200 to 599.
    ///
    /// An error quotes the answer as it is given here: take the token out of it before ([`AccessToken::scrub`]), for a
    /// server may echo it.
    pub fn read_reply(
        &self,
        reply: &Response<Vec<u8>>,
        sent: Option<&Sha256Digest>,
        endpoint: &Endpoint,
        now: SystemTime,
    ) -> Result<LibraryFile, Error> {
        failure::check(reply, endpoint, now)?;
        let Some(sent) = sent else {
            let status = reply.status().as_u16();
            let cause = format!("status {status} came before the request was complete");
            let error = TransportError::new(TransportErrorKind::Protocol, Delivery::Unknown);
            return Err(error.with_source(cause).into());
        };
        let stored = entity::read(reply)?;
        match stored.sha256() {
            Some(sha256) if sha256 == sent => {}
            Some(sha256) => {
                let kind = MismatchErrorKind::Sha256 { sent: *sent, stored: *sha256 };
                return Err(MismatchError::new(kind).into());
            }
            None if self.unverified_accepted => {}
            None => {
                let kind = ResponseErrorKind::Unverified;
                return Err(ResponseError::new(kind, Delivery::Delivered, reply.status()).into());
            }
        }
        self.check_name(&stored)?;
        Ok(stored)
    }

    /// Letter case is the service's to choose; any other difference is another file.
    fn check_name(&self, stored: &LibraryFile) -> Result<(), MismatchError> {
        let sent = self.upload.name().as_str();
        let stored_name = stored.file_name();
        if stored_name == sent || folded(stored_name) == folded(sent) {
            return Ok(());
        }
        Err(MismatchError::new(MismatchErrorKind::FileName {
            sent: sent.to_owned(),
            stored: stored.file_name().to_owned(),
        }))
    }
}

impl fmt::Debug for UploadForm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadForm").field("upload", self.upload).finish_non_exhaustive()
    }
}

fn texts_hold(upload: &Upload, boundary: &Boundary) -> bool {
    let texts = [
        upload.text_description().map(AsRef::as_ref),
        upload.text_parameters().map(AsRef::as_ref),
        Some(upload.name().as_str()),
        upload.given_media_type().map(AsRef::as_ref),
    ];
    texts.into_iter().flatten().any(|text: &str| text.contains(boundary.as_str()))
}

/// Only for text that is valid by construction.
#[expect(clippy::expect_used, reason = "a boundary is letters and digits")]
fn header(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("visible ASCII")
}
