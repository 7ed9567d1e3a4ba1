//! Upload: `POST {base}/api/libraryfiles`.

use std::fmt;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method, Response};

use super::request::{self, files_uri};
use super::{Context, Operation, entity, refusal};
use crate::error::{AnswerProblem, Error, ErrorKind};
use crate::exchange::{
    Body, Effect, Exchange, FilePart, Framing, Limits, TransportError, TransportErrorKind,
};
use crate::values::{
    CallKind, Endpoint, FileName, IfExists, InvalidInput, LibraryFile, Problem, Upload,
};

/// Names of the form's fields. The service takes them in this letter case only.
// P13
mod field {
    pub(super) const DESCRIPTION: &str = "Description"; // P9
    pub(super) const PARAMETERS: &str = "ParametersDescription"; // P10
    pub(super) const HAS_PARAMETERS: &str = "HasParameters"; // P11
    pub(super) const OVERRIDE: &str = "OverrideIfExists"; // P12
    /// The vendor's page has `File` in its table and `file` in its example. The example's form is known to work.
    pub(super) const FILE: &str = "file"; // P8
}

/// A request that uploads a file.
///
/// The form is rendered once; the file's bytes are read for each attempt.
pub struct UploadRequest<'a> {
    upload: &'a Upload,
    framing: Framing,
    content_type: HeaderValue,
}

impl<'a> UploadRequest<'a> {
    /// Renders the form, with a boundary made of 20 random bytes.
    ///
    /// The boundary must not occur in the form. The texts are checked; in the file it occurs by chance once in 2^160
    /// positions.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] if the boundary occurs in the name or in a text. Call again with other bytes.
    pub fn new(upload: &'a Upload, seed: [u8; 20]) -> Result<Self, InvalidInput> {
        let boundary = boundary(seed);
        let (description, parameters) = (upload.description(), upload.parameters());
        let texts = [
            Some(upload.name().as_str()),
            description.map(AsRef::as_ref),
            parameters.map(AsRef::as_ref),
        ];
        if texts.into_iter().flatten().any(|text| text.contains(&boundary)) {
            let form = "bytes that do not occur in the form's texts";
            return Err(InvalidInput::new("boundary seed", Problem::Form(form)));
        }
        let yes_no = |flag| if flag { "true" } else { "false" };
        let mut fields = Vec::with_capacity(4);
        if let Some(description) = description {
            fields.push((field::DESCRIPTION, description.as_str()));
        }
        if let Some(parameters) = parameters {
            fields.push((field::PARAMETERS, parameters.as_str()));
        }
        // The service does not derive this flag: without it, it stores the description and reports no parameters.
        fields.push((field::HAS_PARAMETERS, yes_no(parameters.is_some())));
        fields.push((field::OVERRIDE, yes_no(upload.if_exists() == IfExists::Override)));
        let name = upload.name();
        let file = FilePart { field: field::FILE, name, media_type: media_type(name) };
        Ok(Self {
            upload,
            framing: Framing::render(&boundary, &fields, &file),
            // P3
            content_type: header(["multipart/form-data; boundary=", &boundary].concat()),
        })
    }

    fn read_stored(
        &self,
        answer: &Response<Vec<u8>>,
        context: &Context<'_>,
    ) -> Result<LibraryFile, Error> {
        refusal::check(answer, context, self.kind())?;
        let Some(sent) = context.sent else {
            let error = TransportError::new(TransportErrorKind::Protocol);
            let why = "the answer is a success, but the request was not sent whole";
            return Err(error.with_effect(Effect::Unknown).with_source(why).into());
        };
        let stored = entity::read(answer)?;
        let unusable = |problem| entity::unusable(answer, problem, Effect::Applied);
        match stored.sha256() {
            Some(sha256) if *sha256 == sent => {}
            Some(sha256) => {
                let kind = ErrorKind::Mismatch { sent, stored: *sha256 };
                return Err(Error::new(kind, Effect::Applied));
            }
            None if context.unverified_accepted => {}
            None => return Err(unusable(AnswerProblem::Unverified)),
        }
        let (sent, name) = (self.upload.name().as_str(), stored.file_name());
        // The service may change the letter case. Any other difference is another file.
        if name != sent && FileName::folded(name) != FileName::folded(sent) {
            return Err(unusable(AnswerProblem::OtherName { stored: name.to_owned() }));
        }
        Ok(stored)
    }
}

impl Operation for UploadRequest<'_> {
    type Output = LibraryFile;

    fn kind(&self) -> CallKind {
        CallKind::Upload
    }

    fn is_repeatable(&self) -> bool {
        self.upload.if_exists() == IfExists::Override
    }

    fn exchange(&self, endpoint: &Endpoint) -> Exchange<'_> {
        let Framing { head, tail } = &self.framing;
        let body = Body::form(head, self.upload.content(), tail, self.upload.expected_sha256());
        let mut head = request::head(Method::POST, files_uri(endpoint)); // P1
        head.headers.insert(CONTENT_TYPE, self.content_type.clone());
        head.headers.insert(CONTENT_LENGTH, body.len().into());
        let limits = Limits::new().with_max_answer(max_answer(self.upload));
        Exchange::with_body(head, body).with_limits(limits)
    }

    /// Compares the stored file with the sent one.
    ///
    /// A success without [`Exchange::sent_sha256`] in the context came before the request was complete, and is an error.
    fn read(
        &self,
        answer: &Response<Vec<u8>>,
        context: &Context<'_>,
    ) -> Result<LibraryFile, Error> {
        self.read_stored(answer, context)
            .map_err(|error| error.about(self.kind(), Some(self.upload.name())))
    }
}

impl fmt::Debug for UploadRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadRequest").field("upload", self.upload).finish_non_exhaustive()
    }
}

/// Longest answer: the default limit, and both texts, which the entity repeats. JSON escapes a byte with up to six.
fn max_answer(upload: &Upload) -> u64 {
    let description = upload.description().map_or(0, |text| text.as_str().len());
    let parameters = upload.parameters().map_or(0, |text| text.as_str().len());
    Limits::DEFAULT_MAX_ANSWER + 6 * (description + parameters) as u64
}

/// 40 hex digits.
fn boundary(seed: [u8; 20]) -> String {
    let digits = seed.into_iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    let mut boundary = String::with_capacity(40);
    boundary.extend(digits.filter_map(|digit| char::from_digit(digit.into(), 16)));
    boundary
}

/// The service accepts any media type; this one is for intermediaries.
fn media_type(name: &FileName) -> &'static str {
    mime_guess::from_path(name.as_str()).first_raw().unwrap_or("application/octet-stream")
}

#[expect(clippy::expect_used, reason = "a boundary is letters and digits")]
fn header(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("visible ASCII")
}
