//! A file that contains another issuer's token.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use mde_live_response_core::auth::{CredentialError, Secret};
use mde_live_response_core::error::Problem;
use zeroize::Zeroizing;

use crate::help;

/// Longest file, in bytes. Ours: far more than a token needs.
const MAX_BYTES: usize = 64 * 1024;

/// Reads the token, without one line end at the file's end.
pub(crate) fn read(path: &Path) -> Result<Secret, CredentialError> {
    let error = |what: &str| {
        let message = format!("the token file {} {what}", path.display());
        CredentialError::message(message).with_help(help::OF_TOKEN_FILE)
    };
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
        return Err(error("is longer than 64 KiB, the largest size for a token"));
    }
    Secret::new(without_line_end(&text)).map_err(|invalid| {
        error(match invalid.problem() {
            Problem::Empty => "is empty",
            Problem::Edge(_) => "starts or ends with white space other than one line end",
            _ => "contains a control character",
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
