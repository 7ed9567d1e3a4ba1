//! The audit log: a line of JSON for every change.
//!
//! Lines have names and hashes, never bytes or tokens.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use mde_live_response_core::library::Sha256Digest;
use serde::Serialize;

use super::exit::Failure;
use super::json::visible;

/// One change that was tried.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Change<'a> {
    pub(super) tenant: Option<&'a str>,
    /// `upload`, `create`, `update` or `delete`.
    pub(super) action: &'a str,
    pub(super) name: &'a str,
    /// The stored bytes before the change, if they are known.
    pub(super) sha256_before: Option<&'a Sha256Digest>,
    /// The bytes that were to be stored; `None` for a delete.
    pub(super) sha256_after: Option<&'a Sha256Digest>,
    /// `done`, `failed` or `unknown`.
    pub(super) outcome: &'static str,
    /// `applied`, `not-applied` or `unknown`.
    pub(super) effect: &'static str,
    /// Identifier that the vendor's support can look up.
    pub(super) correlation_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    #[serde(flatten)]
    change: &'a Change<'a>,
}

/// A file to which lines are appended. Without one, nothing is logged.
#[derive(Debug, Default)]
pub(super) struct Audit {
    file: Option<(PathBuf, Mutex<File>)>,
}

impl Audit {
    /// Opens the log before anything is done.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::default()) };
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.map_err(|why| {
            let message = format!("--audit: cannot open {}: {why}", path.display());
            Failure::usage(message, "Give the path of a file that this user may write.")
        })?;
        Ok(Self { file: Some((path.to_owned(), Mutex::new(file))) })
    }

    /// Appends a line in one write.
    pub(super) fn write(&self, change: &Change<'_>) -> Result<(), Failure> {
        let Some((path, file)) = &self.file else { return Ok(()) };
        let time = jiff::Timestamp::now().to_string();
        let line = serde_json::to_string(&Line { time, change }).map_err(io::Error::from);
        let written = line.and_then(|line| {
            let line = visible(&line) + "\n";
            file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes())
        });
        written.map_err(|why| {
            let (name, path) = (change.name, path.display());
            Failure::Failed(format!(
                "cannot write the change of `{name}` to the audit log {path}: {why}; no further change was made. Correct \
                 that, then run lrlib again."
            ))
        })
    }
}
