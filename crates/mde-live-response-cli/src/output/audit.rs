//! The audit log: a line of JSON for every change.
//!
//! Lines have names and hashes, never bytes or tokens.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use mde_live_response_core::library::Sha256Digest;
use serde::Serialize;
use serde::de::IgnoredAny;

use crate::output::exit::Failure;
use crate::output::fields::visible;

/// One change that was tried.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change<'a> {
    pub(crate) tenant: Option<&'a str>,
    /// Name of the identity that gave the token, as for `--credential`.
    pub(crate) credential: &'a str,
    /// `upload`, `create`, `update` or `delete`.
    pub(crate) action: &'a str,
    pub(crate) name: &'a str,
    /// The stored bytes before the change, if they are known.
    pub(crate) sha256_before: Option<&'a Sha256Digest>,
    /// The bytes that were to be stored; `None` for a delete.
    pub(crate) sha256_after: Option<&'a Sha256Digest>,
    /// `done`, `failed` or `unknown`.
    pub(crate) outcome: &'static str,
    /// `applied`, `not-applied` or `unknown`.
    pub(crate) effect: &'static str,
    /// Identifier that the vendor's support can look up.
    pub(crate) correlation_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    #[serde(flatten)]
    change: &'a Change<'a>,
}

/// The rest of a line that was not written to its end.
#[derive(Serialize)]
struct Torn<'a> {
    time: String,
    torn: &'a str,
}

/// A file to which lines are appended. Without one, nothing is logged.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    file: Option<(PathBuf, Mutex<File>)>,
}

impl Audit {
    /// Opens the log before anything is done, and repairs its last line.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::default()) };
        repair(path).map_err(|why| {
            let message = format!("--audit: cannot append to {}: {why}", path.display());
            Failure::usage(message, "Give the path of an audit log, or of a new file.")
        })?;
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.map_err(|why| {
            let message = format!("--audit: cannot open {}: {why}", path.display());
            Failure::usage(message, "Give the path of a file that this user may write.")
        })?;
        Ok(Self { file: Some((path.to_owned(), Mutex::new(file))) })
    }

    /// Appends a line in one write.
    pub(crate) fn write(&self, change: &Change<'_>) -> Result<(), Failure> {
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
                "cannot write the change of `{name}` to the audit log {path}: {why}; no more changes start. Correct \
                 that, then run lrlib again."
            ))
        })
    }
}

/// Start of every line.
const START: &[u8] = br#"{"time":""#;

/// Longest last line that is repaired, in bytes. Our choice; lines are far shorter.
const MAX_LINE: u64 = 64 * 1024;

/// Completes the last line of a log whose writer was killed, or found no space, within the line.
///
/// A whole line gets its line end. A torn one becomes the text in the field `torn` of a whole line. A file that ends
/// otherwise is not an audit log, and stays as it is.
fn repair(path: &Path) -> io::Result<()> {
    // Not a pipe or a device: they have no last line, and opening a pipe may wait.
    let Some(length) = fs::metadata(path).ok().filter(Metadata::is_file).map(|it| it.len()) else {
        return Ok(());
    };
    // A log may be for appending only.
    let Ok(mut log) = File::open(path) else { return Ok(()) };
    let mut end = Vec::new();
    log.seek(SeekFrom::Start(length.saturating_sub(MAX_LINE)))?;
    log.read_to_end(&mut end)?;
    let line = end.rsplit(|b| *b == b'\n').next().unwrap_or_default();
    if line.is_empty() {
        return Ok(());
    }
    if !line.starts_with(START) && !START.starts_with(line) {
        return Err(io::Error::other("its last line is not a line of an audit log"));
    }
    let mut log = OpenOptions::new().write(true).open(path)?;
    if serde_json::from_slice::<IgnoredAny>(line).is_ok() {
        log.seek(SeekFrom::End(0))?;
        return log.write_all(b"\n");
    }
    let (time, torn) = (jiff::Timestamp::now().to_string(), String::from_utf8_lossy(line));
    let whole = serde_json::to_string(&Torn { time, torn: &torn }).map_err(io::Error::from)?;
    log.seek(SeekFrom::End(-i64::try_from(line.len()).map_err(io::Error::other)?))?;
    // It is longer than the torn line, so nothing of that stays.
    log.write_all((visible(&whole) + "\n").as_bytes())
}
