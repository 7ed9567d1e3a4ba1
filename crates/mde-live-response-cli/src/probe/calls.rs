//! The calls of a probe: counted, each tried once, and what they stored removed again.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use mde_live_response_core::error::AnswerProblem;
use mde_live_response_core::http::Response;
use mde_live_response_core::library::Deleted;
use mde_live_response_core::policy::RetryPolicy;
use mde_live_response_core::transport::{Exchange, Transport, TransportError, TransportErrorKind};
use mde_live_response_core::{Client, Effect, Error, ErrorKind, FileName, LibraryFile, Upload};

use crate::line::options::Connection;
use crate::output::exit::Failure;
use crate::output::progress::Reporter;
use crate::output::ui::Ui;
use crate::service::connect::Service;
use crate::service::credential;

/// Most calls of a probe, cleanup included. Ours.
pub(super) const MAX_CALLS: u32 = 40;

/// Most pages of a listing. Ours: a listing with more would use up the calls.
const MAX_PAGES: u32 = 3;

/// Calls kept for files whose first delete failed.
const SPARE: u32 = 2;

/// Largest file that a probe sends: one byte more than 20 MiB.
const MAX_FILE_BYTES: u64 = 20 * 1024 * 1024 + 1;

/// Answer to a question, or the reason why it is unknown.
pub(super) type Asked<T> = Result<T, String>;

/// Outcome of an upload.
pub(super) enum Sent {
    Stored(LibraryFile),
    /// The service refuses it, with this status and code.
    Refused(String),
}

/// The calls of one probe, and the names that may be left of them.
pub(super) struct Calls {
    client: Client,
    count: Arc<AtomicU32>,
    /// 16 random hex digits, which are in every name.
    tag: String,
    /// Names of files that may exist.
    made: Vec<FileName>,
    /// Names without the tag, under which the service stored files of this probe.
    renamed: Vec<String>,
    pages: u32,
}

impl Calls {
    pub(super) fn open(connection: &Connection, ui: &Arc<Ui>) -> Result<Self, Failure> {
        let endpoint = Service::of(connection).endpoint()?;
        let credential = credential::tokens(connection, &endpoint)?.telling(ui);
        let count = Arc::new(AtomicU32::new(0));
        let inner = connection.network.transport()?.build();
        let transport = Limited { inner, count: Arc::clone(&count) };
        let client = Client::builder(endpoint, credential, transport)
            .check_tokens(true)
            .deadline(Duration::from_secs(connection.timeout))
            .observer(Reporter::new(ui, None))
            // The first answer is the one that was asked for.
            .retry(RetryPolicy::NONE)
            .accept_unverified(true)
            .max_file_bytes(MAX_FILE_BYTES)
            .build()
            .cancelled_by(ui.interrupt().token());
        // Seeded by the operating system. The names need not be secret.
        let tag = format!("{:016x}", RandomState::new().hash_one(MAX_CALLS));
        Ok(Self { client, count, tag, made: Vec::new(), renamed: Vec::new(), pages: 1 })
    }

    /// Number of calls so far.
    pub(super) fn count(&self) -> u32 {
        self.count.load(Ordering::SeqCst)
    }

    pub(super) fn base_url(&self) -> &str {
        self.client.endpoint().base()
    }

    /// A name of this probe: `lrlib-probe-`, random digits, and a word.
    pub(super) fn name(&self, word: &str) -> Asked<FileName> {
        parse(&format!("lrlib-probe-{}{word}", self.tag))
    }

    /// The first page of the library's files: shows whether the service can be reached and permits it.
    pub(super) fn begin(&self) -> Result<(), Error> {
        self.client.list().next().transpose().map(drop)
    }

    /// Returns whether this many calls can be made, with enough left to clean up.
    pub(super) fn have_room_for(&self, calls: usize) -> bool {
        let kept = self.pages + SPARE;
        self.count() as usize + calls + self.made.len() + kept as usize <= MAX_CALLS as usize
    }

    fn take_room(&self, calls: usize) -> Asked<()> {
        if self.have_room_for(calls) { Ok(()) } else { Err(NO_ROOM.to_owned()) }
    }

    /// Uploads a file that may be deleted again.
    pub(super) fn upload(&mut self, upload: &Upload) -> Asked<Sent> {
        let is_new = !self.made.contains(upload.name());
        self.take_room(if is_new { 2 } else { 1 })?;
        let outcome = self.client.upload(upload);
        let effect = outcome.as_ref().map_or_else(Error::effect, |_| Effect::Applied);
        if is_new && effect != Effect::NotApplied {
            self.made.push(upload.name().clone());
        }
        let error = match outcome {
            Ok(stored) => return Ok(Sent::Stored(stored)),
            Err(error) => error,
        };
        match error.kind() {
            ErrorKind::Rejected | ErrorKind::NameTaken | ErrorKind::TooLarge => {
                Ok(Sent::Refused(reason(&error)))
            }
            ErrorKind::Unusable(AnswerProblem::OtherName { stored }) => {
                self.note(stored);
                Err(reason(&error))
            }
            _ => Err(reason(&error)),
        }
    }

    /// Uploads a file, and deletes it at once if it was stored.
    pub(super) fn try_upload(&mut self, upload: &Upload) -> Asked<Sent> {
        let sent = self.upload(upload)?;
        if let Sent::Stored(_) = sent {
            // A file that could not be deleted stays on the list for the cleanup.
            let _ = self.remove(upload.name());
        }
        Ok(sent)
    }

    /// Deletes the file of a name that this probe has made up.
    pub(super) fn delete(&self, name: &FileName) -> Asked<Deleted> {
        self.take_room(1)?;
        self.client.delete(name).map_err(|error| reason(&error))
    }

    /// Lists the library. Also returns the number of pages.
    pub(super) fn list(&mut self) -> Asked<(Vec<LibraryFile>, u32)> {
        let (before, mut files) = (self.count(), Vec::new());
        for file in self.client.list() {
            files.push(file.map_err(|error| reason(&error))?);
            self.pages = self.count().saturating_sub(before).max(1);
            if self.pages > MAX_PAGES {
                return Err(format!("the listing has more than {MAX_PAGES} pages"));
            }
        }
        Ok((files, self.pages))
    }

    fn remove(&mut self, name: &FileName) -> Result<Deleted, Error> {
        let deleted = self.client.delete(name)?;
        self.made.retain(|made| made != name);
        Ok(deleted)
    }

    /// Deletes everything that is left of this probe, and looks for it in a last listing.
    ///
    /// After a cancel it makes no calls.
    pub(super) fn clean_up(&mut self) -> Left {
        for name in self.made.clone() {
            let _ = self.remove(&name);
        }
        let mut listed = Vec::new();
        if let Ok((files, _)) = self.list() {
            listed.extend(files.iter().map(LibraryFile::file_name).map(str::to_owned));
            listed.retain(|name| name.to_lowercase().contains(&self.tag));
            for name in &listed {
                self.note(name);
            }
        }
        let mut left = Left { own: Vec::new(), renamed: std::mem::take(&mut self.renamed) };
        for name in self.made.clone() {
            let deleted = self.remove(&name);
            let is_gone = match deleted {
                Ok(Deleted::WasAbsent) => !listed.iter().any(|it| it == name.as_str()),
                deleted => deleted.is_ok(),
            };
            if !is_gone {
                left.own.push(name.to_string());
            }
        }
        left
    }

    /// Notes a file that the service stored under a name of its own.
    fn note(&mut self, stored: &str) {
        match parse(stored) {
            Ok(name) if stored.to_lowercase().contains(&self.tag) => {
                if !self.made.contains(&name) {
                    self.made.push(name);
                }
            }
            // Not to be deleted, because it could be a file of others.
            _ => self.renamed.push(stored.to_owned()),
        }
    }
}

/// Names that may still exist.
pub(super) struct Left {
    pub(super) own: Vec<String>,
    /// Names that the service chose. No report may contain them.
    pub(super) renamed: Vec<String>,
}

/// Reason why a question was not asked.
pub(super) const NO_ROOM: &str = "no calls left";

pub(super) fn parse(name: &str) -> Asked<FileName> {
    name.parse().map_err(|_| "the name cannot be sent".to_owned())
}

/// Explains why a call failed. Omits the service's message, which may contain names.
fn reason(error: &Error) -> String {
    let text = match error.kind() {
        ErrorKind::NoToken => "no token",
        ErrorKind::Cancelled => "interrupted",
        ErrorKind::Mismatch { .. } => "the service reports the SHA-256 of other bytes",
        ErrorKind::Unusable(AnswerProblem::OtherName { .. }) => "stored under another name",
        ErrorKind::Unusable(_) => "the answer cannot be read",
        ErrorKind::Throttled { local: true } => "rate limit reached",
        ErrorKind::Transport(TransportErrorKind::Unsupported) => NO_ROOM,
        ErrorKind::Transport(TransportErrorKind::Timeout(_)) => "no answer in time",
        ErrorKind::Input(_) | ErrorKind::Source(_) => "not sent",
        _ => {
            return error
                .status()
                .map_or_else(|| "no answer".to_owned(), |it| status(it.as_u16(), error.code()));
        }
    };
    text.to_owned()
}

/// A status and the code, if that is a word: other texts of the service are left out.
fn status(status: u16, code: Option<&str>) -> String {
    let is_word = |code: &&str| {
        (1..=40).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    match code {
        None => format!("{status} without a code"),
        Some(code) if is_word(&code) => format!("{status} {code}"),
        Some(_) => format!("{status} with an unusual code"),
    }
}

/// A transport that makes at most [`MAX_CALLS`] calls. Token requests do not count.
#[derive(Debug)]
struct Limited<T> {
    inner: T,
    count: Arc<AtomicU32>,
}

impl<T: Transport> Transport for Limited<T> {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        let is_call = exchange.head().uri.path().contains("/api/libraryfiles");
        let one_more = |count| (count < MAX_CALLS).then_some(count + 1);
        if is_call && self.count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more).is_err()
        {
            let error = TransportError::new(TransportErrorKind::Unsupported);
            return Err(error.with_effect(Effect::NotApplied));
        }
        self.inner.send(exchange)
    }
}

#[cfg(test)]
mod tests {
    use super::status;

    #[test]
    fn a_code_that_is_not_a_word_is_left_out() {
        for (code, expected) in [
            (None, "400 without a code"),
            (Some("BadRequest"), "400 BadRequest"),
            (Some(""), "400 with an unusual code"),
            (Some("contoso.example"), "400 with an unusual code"),
            (Some("0b6b2b0e-5a3f-4b1c-9c55-3d0f3f1d2a11"), "400 with an unusual code"),
            (Some("a\u{1b}[2J"), "400 with an unusual code"),
        ] {
            assert_eq!(status(400, code), expected);
        }
    }
}
