//! The file into which another issuer's token is put.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::AuthError;
use crate::model::{ClientSecret, InvalidSecret};

/// Longest file, in bytes: ours, far more than a token needs.
const MAX_BYTES: usize = 64 * 1024;

/// The token, without one line end at the file's end.
pub(super) fn read(path: &Path) -> Result<ClientSecret, AuthError> {
    let fault = |what| AuthError::token_file(path, what, None);
    let text = read_text(path)
        .map_err(|cause| AuthError::token_file(path, what_failed(&cause), Some(cause)))?
        .map_err(fault)?;
    let token = text
        .strip_suffix('\n')
        .map_or(text.as_str(), |token| token.strip_suffix('\r').unwrap_or(token));
    ClientSecret::new(token).map_err(|why| {
        fault(match why {
            InvalidSecret::Empty => "is empty",
            InvalidSecret::Whitespace => {
                "starts with white space, or ends with more than one line end"
            }
            InvalidSecret::Control => "holds a control character, as no token does",
        })
    })
}

/// The whole text, or why there is none.
fn read_text(path: &Path) -> io::Result<Result<Zeroizing<String>, &'static str>> {
    // Looked at first: merely opening a pipe waits for who writes to it.
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        return Ok(Err("is a directory"));
    }
    if !metadata.is_file() {
        return Ok(Err("is not a regular file"));
    }
    // Room for all of it, so that no part is left behind by growing.
    let mut text = Zeroizing::new(String::with_capacity(MAX_BYTES + 1));
    File::open(path)?.take(MAX_BYTES as u64 + 1).read_to_string(&mut text)?;
    if text.len() > MAX_BYTES {
        return Ok(Err("is longer than 64 KiB, and holds no token"));
    }
    Ok(Ok(text))
}

fn what_failed(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::NotFound => "does not exist",
        io::ErrorKind::PermissionDenied => "may not be read",
        io::ErrorKind::InvalidData => "is not UTF-8",
        _ => "cannot be read",
    }
}
