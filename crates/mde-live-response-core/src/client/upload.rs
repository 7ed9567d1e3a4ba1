//! The call that stores a file, and finds out what came of it when its answer was lost.

use super::observer::Event;
use super::retry::Repeat;
use super::task::Task;
use super::{Inner, list, pipeline};
use crate::error::{Error, InputError, MismatchError, MismatchErrorKind};
use crate::model::{AccessToken, CallKind, FileName, IfExists, LibraryFile, Sha256Digest, Upload};
use crate::transport::{Delivery, Limits, TransportError, TransportErrorKind};
use crate::wire::{SendRecord, UploadForm};

pub(super) fn upload(task: &Task<'_>, upload: &Upload) -> Result<LibraryFile, Error> {
    let client = task.client;
    check(client, upload)?;
    let form = UploadForm::draw(upload, &*client.random)
        .map_err(|cause| {
            TransportError::new(TransportErrorKind::Local, Delivery::NotDelivered)
                .with_source(cause)
        })?
        .accept_unverified(client.unverified_accepted);
    let sending = Sending { task, form: &form };
    match upload.existing() {
        IfExists::Override => sending.run(Repeat::Always).map_err(|(error, _)| error),
        IfExists::Fail => {
            sending.run(Repeat::OnlyIfNotDelivered).or_else(|(error, sent)| match sent {
                Some(sent) if sending.is_to_resolve(&error) => {
                    sending.resolve(error, sent, upload.name())
                }
                _ => Err(error),
            })
        }
    }
}

/// One upload, rendered.
#[derive(Clone, Copy)]
struct Sending<'a> {
    task: &'a Task<'a>,
    form: &'a UploadForm<'a>,
}

impl Sending<'_> {
    /// Sends the form, as often as the rule says. An error comes with what the last attempt had sent whole.
    fn run(&self, repeat: Repeat) -> Result<LibraryFile, (Error, Option<Sha256Digest>)> {
        let mut sent = None;
        let outcome = pipeline::run(self.task, repeat, |token, limits| {
            let (outcome, digest) = self.attempt(token, limits);
            sent = digest;
            outcome
        });
        outcome.map_err(|error| (error, sent))
    }

    fn attempt(
        &self,
        token: &AccessToken,
        limits: Limits,
    ) -> (Result<LibraryFile, Error>, Option<Sha256Digest>) {
        let client = self.task.client;
        let mut record = SendRecord::new();
        let reply = {
            let request = self.form.request(&client.endpoint, token, &mut record);
            let of = request.body().len();
            let tell = |bytes| self.task.tell(&Event::Sent { bytes, of });
            let mut request = request
                .map(|body| if self.task.is_observed() { body.with_progress(&tell) } else { body });
            request.extensions_mut().insert(limits);
            client.transport.send(request)
        };
        // First: a source that failed explains every other fault, and the request was not completed.
        if let Some(error) = record.take_source_error() {
            return (Err(error.into()), None);
        }
        let sent = record.sha256().copied();
        let outcome = reply.map_err(Error::from).and_then(|reply| {
            // Before anything reads it: an answer may quote the request.
            let reply = token.scrub(reply);
            let now = client.clock.time_of_day();
            self.form.read_reply(&reply, sent.as_ref(), &client.endpoint, now)
        });
        (outcome, sent)
    }

    fn is_to_resolve(&self, error: &Error) -> bool {
        error.delivery() == Delivery::Unknown
            && !matches!(error, Error::Cancelled(_))
            && self.task.client.retry.resolves_unknown()
    }

    /// Looks into the library for what came of an attempt whose answer was lost.
    fn resolve(
        &self,
        mut lost: Error,
        sent: Sha256Digest,
        name: &FileName,
    ) -> Result<LibraryFile, Error> {
        let listing = self.task.part(CallKind::List);
        let unresolved = match listing.end(list::find(&listing, name)) {
            Ok(None) => return self.send_again(&lost),
            Ok(Some(file)) => match file.sha256().copied() {
                Some(stored) if stored == sent => {
                    return Ok(LibraryFile { is_resolved: true, ..file });
                }
                Some(stored) => {
                    return Err(
                        MismatchError::new(MismatchErrorKind::Exists { sent, stored }).into()
                    );
                }
                None => "the service lists the file without its sha256".to_owned(),
            },
            Err(Error::Cancelled(mut cancelled)) => {
                cancelled.context.set_earlier_unknown(lost.to_string());
                return Err(cancelled.after(lost).into());
            }
            Err(error) => error.to_string(),
        };
        if let Some(context) = lost.context_mut() {
            context.set_unresolved(unresolved);
        }
        Err(lost)
    }

    /// The name was absent when the library was listed, but the lost attempt may still arrive. So a refusal now can be
    /// its doing, and whatever else ends the call, nothing is sure.
    fn send_again(&self, lost: &Error) -> Result<LibraryFile, Error> {
        self.run(Repeat::OnlyIfNotDelivered).map_err(|(mut error, _)| {
            if error.delivery() == Delivery::NotDelivered
                && let Some(context) = error.context_mut()
            {
                context.set_earlier_unknown(lost.to_string());
            }
            error
        })
    }
}

/// What can be known before anything is sent.
fn check(client: &Inner, upload: &Upload) -> Result<(), Error> {
    let name = || upload.name().clone();
    let size = upload.content().len();
    if size == 0 && !upload.is_empty_allowed() {
        return Err(InputError::EmptyFile { name: name() }.into());
    }
    if size > client.max_file_bytes {
        let limit = client.max_file_bytes;
        return Err(InputError::FileTooLarge { name: name(), size, limit }.into());
    }
    Ok(upload.content().check_unchanged()?)
}
