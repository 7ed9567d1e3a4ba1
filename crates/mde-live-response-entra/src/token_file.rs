//! Files that contain a token or a certificate.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use mde_live_response_core::auth::{
    Credential, CredentialError, IssuedToken, Secret, TokenRequest,
};
use mde_live_response_core::error::Problem;
use zeroize::Zeroizing;

use crate::token_text::{MAX_BYTES, without_line_end};
use crate::{command, help, token_text};

/// An access token in a file that another program keeps fresh.
///
/// The file is read for each token request. It may be a pipe; the client stops waiting for it at the call's deadline, or when
/// the call is cancelled. The content is one token, at most 64 KiB, with at most one line end. The client renews the token
/// by the expiry in its claims; a token without claims is used until the service refuses it.
///
/// # Examples
///
/// ```
/// use mde_live_response::Endpoint;
/// use mde_live_response::auth::TokenFile;
///
/// let client = mde_live_response::client(Endpoint::COMMERCIAL, TokenFile::new("/run/mde/token"));
/// ```
#[derive(Debug, Clone)]
pub struct TokenFile(PathBuf);

impl TokenFile {
    /// Creates the credential. The file is read when a token is needed.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

impl Credential for TokenFile {
    fn token(&self, request: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
        let error = |why: &dyn fmt::Display| {
            let message = format!("the token file {} {why}", self.0.display());
            CredentialError::message(message).with_help(help::OF_TOKEN_FILE)
        };
        let path = self.0.clone();
        // On another thread: a pipe without a writer would hang.
        let read = command::within(request, move || File::open(path).and_then(command::read));
        let text = read.map_err(|failure| error(&failure))?;
        let text = text.map_err(|cause| error(&what_failed(&cause)).with_source(cause))?;
        token_text::issued(&text, request.time_of_day())
            .map_err(|why| error(&format_args!("contains no token: {why}")))
    }
}

/// Reads the token, without one line end at the file's end.
pub(crate) fn read(path: &Path) -> Result<Secret, CredentialError> {
    let error = |what: &str| {
        let message = format!("the token file {} {what}", path.display());
        CredentialError::message(message).with_help(help::OF_TOKEN_FILE)
    };
    let text = text(path, &error)?;
    Secret::new(without_line_end(&text)).map_err(|invalid| {
        error(match invalid.problem() {
            Problem::Empty => "is empty",
            Problem::Edge(_) => "starts or ends with white space other than one line end",
            _ => "contains a control character",
        })
    })
}

/// Reads a small regular file. `error` completes a sentence that names it.
pub(crate) fn text(
    path: &Path,
    error: &impl Fn(&str) -> CredentialError,
) -> Result<Zeroizing<String>, CredentialError> {
    let failed = |cause: io::Error| error(what_failed(&cause)).with_source(cause);
    // Checked before opening: opening a pipe waits for a writer.
    let metadata = fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(error("is a directory"));
    }
    if !metadata.is_file() {
        return Err(error("is not a regular file"));
    }
    // Room for all of it, because a buffer that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(MAX_BYTES + 1));
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_BYTES as u64 + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() > MAX_BYTES {
        return Err(error("is longer than 64 KiB"));
    }
    Ok(text)
}

fn what_failed(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::NotFound => "does not exist",
        io::ErrorKind::PermissionDenied => "cannot be read: permission denied",
        io::ErrorKind::InvalidData => "is not UTF-8",
        io::ErrorKind::FileTooLarge => "has more than 64 KiB",
        _ => "cannot be read",
    }
}
