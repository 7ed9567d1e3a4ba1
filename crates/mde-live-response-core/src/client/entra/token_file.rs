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
    let failed = |cause: io::Error| AuthError::token_file(path, what_failed(&cause), Some(cause));
    // Looked at first: merely opening a pipe waits for who writes to it.
    let metadata = fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(fault("is a directory"));
    }
    if !metadata.is_file() {
        return Err(fault("is not a regular file"));
    }
    // Room for all of it, so that no part is left behind by growing.
    let mut text = Zeroizing::new(String::with_capacity(MAX_BYTES + 1));
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_BYTES as u64 + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() > MAX_BYTES {
        return Err(fault("is longer than 64 KiB, as no token is"));
    }
    ClientSecret::new(without_line_end(&text)).map_err(|why| {
        fault(match why {
            InvalidSecret::Empty => "is empty",
            InvalidSecret::Whitespace => "starts or ends with white space, beyond one line end",
            InvalidSecret::Control => "holds a control character, as no token does",
        })
    })
}

fn without_line_end(text: &str) -> &str {
    match text.strip_suffix('\n') {
        Some(line) => line.strip_suffix('\r').unwrap_or(line),
        None => text,
    }
}

fn what_failed(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::NotFound => "does not exist",
        io::ErrorKind::PermissionDenied => "may not be read",
        io::ErrorKind::InvalidData => "is not UTF-8",
        _ => "cannot be read",
    }
}
