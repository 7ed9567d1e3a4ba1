//! The call that stores a file.

use super::retry::Repeat;
use super::{AccessToken, Inner, pipeline};
use crate::error::{Error, InputError};
use crate::model::{IfExists, LibraryFile, Upload};
use crate::transport::{Delivery, Limits, TransportError, TransportErrorKind};
use crate::wire::{SendRecord, UploadForm};

pub(super) fn upload(client: &Inner, upload: &Upload) -> Result<LibraryFile, Error> {
    check(client, upload)?;
    let form = UploadForm::draw(upload, &*client.random)
        .map_err(|cause| {
            TransportError::new(TransportErrorKind::Local, Delivery::NotDelivered)
                .with_source(cause)
        })?
        .accept_unverified(client.unverified_accepted);
    let repeat = match upload.existing() {
        IfExists::Override => Repeat::Always,
        IfExists::Fail => Repeat::OnlyIfNotDelivered,
    };
    pipeline::run(client, repeat, |token, limits| attempt(client, &form, token, limits))
}

fn attempt(
    client: &Inner,
    form: &UploadForm<'_>,
    token: &AccessToken,
    limits: Limits,
) -> Result<LibraryFile, Error> {
    let mut record = SendRecord::new();
    let mut request = form.request(&client.endpoint, token, &mut record);
    request.extensions_mut().insert(limits);
    let sent = client.transport.send(request);
    // First: a source that failed explains every other fault, and the request was not completed.
    if let Some(error) = record.take_source_error() {
        return Err(error.into());
    }
    // Before anything reads it: an answer may quote the request.
    let reply = token.scrub(sent?);
    form.read_reply(&reply, record.sha256(), &client.endpoint, client.clock.time_of_day())
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
