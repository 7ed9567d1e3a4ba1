//! Upload, and how the outcome is found when the answer was lost.

use super::list;
use super::observer::WaitReason;
use super::run::{Failure, run};
use super::task::Task;
use crate::error::{Effect, Error, ErrorKind};
use crate::exchange::{TransportError, TransportErrorKind};
use crate::operation::UploadRequest;
use crate::values::{
    CallKind, IfExists, InvalidInput, LibraryFile, Problem, Sha256Digest, Upload, same_text,
};

/// Most boundaries that are tried.
///
/// A random boundary occurs in a text once in 2^160 times. If several do, the generator is broken, and more tries do
/// not help.
const MAX_DRAWS: usize = 4;

pub(super) fn upload(task: &Task<'_>, upload: &Upload) -> Result<LibraryFile, Error> {
    check(task, upload)?;
    let request = draw(task, upload)?;
    run(task, &request).or_else(|Failure { error, sent }| {
        let retry = &task.client.retry;
        let asked = error.retry_after().unwrap_or_default();
        let is_lost = upload.if_exists() == IfExists::Fail
            && error.effect() == Effect::Unknown
            && *error.kind() != ErrorKind::Cancelled;
        let is_resolvable =
            is_lost && retry.resolves_unknown() && retry.waits(asked, task.time_left());
        match sent.filter(|_| is_resolvable) {
            Some(sent) => resolve(task, upload, &request, sent, error),
            None => Err(error),
        }
    })
}

/// Checks what can be known before anything is sent.
fn check(task: &Task<'_>, upload: &Upload) -> Result<(), Error> {
    let (len, max) = (upload.content().len(), task.client.max_file_bytes);
    if len == 0 && !upload.is_empty_allowed() {
        return Err(InvalidInput::new("file", Problem::Empty).into());
    }
    if len > max {
        return Err(InvalidInput::new("file", Problem::TooLong { len, max }).into());
    }
    Ok(upload.content().check_unchanged()?)
}

/// Renders the form with a random boundary that it does not contain.
fn draw<'u>(task: &Task<'_>, upload: &'u Upload) -> Result<UploadRequest<'u>, Error> {
    let failed = |error: TransportError| Error::from(error.with_effect(Effect::NotApplied));
    let local = || TransportError::new(TransportErrorKind::Local);
    for _ in 0..MAX_DRAWS {
        let mut seed = [0; 20];
        (task.client.random)(&mut seed).map_err(|cause| failed(local().with_source(cause)))?;
        if let Ok(request) = UploadRequest::new(upload, seed) {
            return Ok(request);
        }
    }
    Err(failed(local().with_source("the random generator repeats the same bytes")))
}

/// Lists the library to find out whether the lost upload was stored, after the wait that the service asked for.
fn resolve(
    task: &Task<'_>,
    upload: &Upload,
    request: &UploadRequest<'_>,
    sent: Sha256Digest,
    lost: Error,
) -> Result<LibraryFile, Error> {
    let listing = task.part(CallKind::List);
    let waited = match lost.retry_after() {
        Some(asked) => listing.pause(WaitReason::RetryAfter, asked),
        None => Ok(()),
    };
    match listing.end(waited.and_then(|()| list::find(&listing, upload.name()))) {
        Ok(None) => send_again(task, request, &lost),
        Ok(Some(file)) if file.sha256().is_none() => {
            Err(lost.unresolved("the service lists the file without a SHA-256".to_owned()))
        }
        Ok(Some(file)) if is_upload(&file, upload, sent) => {
            Ok(LibraryFile { is_resolved: true, ..file })
        }
        // An older file may have the same bytes, but not also the same texts.
        Ok(Some(_)) => {
            let taken = Error::new(ErrorKind::NameTaken, Effect::Unknown);
            Err(taken.after_attempts(lost.attempts()).with_source(lost))
        }
        Err(error) if *error.kind() == ErrorKind::Cancelled => {
            let cancelled = Error::new(ErrorKind::Cancelled, Effect::NotApplied)
                .after_attempts(lost.attempts())
                .after_unknown(Some(lost.what_failed()));
            Err(cancelled.with_source(lost))
        }
        Err(error) => Err(lost.unresolved(error.what_failed())),
    }
}

/// Returns whether a listed file has this upload's bytes and texts.
fn is_upload(file: &LibraryFile, upload: &Upload, sent: Sha256Digest) -> bool {
    let description = upload.description().map(AsRef::as_ref).unwrap_or_default();
    let parameters = upload.parameters().map(AsRef::as_ref).unwrap_or_default();
    file.sha256() == Some(&sent)
        && same_text(file.description().unwrap_or_default(), description)
        && same_text(file.parameters_description().unwrap_or_default(), parameters)
        && file.has_parameters().is_none_or(|has| has == upload.parameters().is_some())
}

/// Uploads again after a listing without the name.
///
/// The lost attempt may still arrive, so the outcome stays unknown if this upload fails.
fn send_again(
    task: &Task<'_>,
    request: &UploadRequest<'_>,
    lost: &Error,
) -> Result<LibraryFile, Error> {
    run(task, request).map_err(|Failure { error, .. }| {
        let attempts = lost.attempts() + error.attempts();
        error.after_attempts(attempts).after_unknown(Some(lost.what_failed()))
    })
}
