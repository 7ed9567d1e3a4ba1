//! The call that removes a file.

use super::pipeline;
use super::retry::Repeat;
use super::task::Task;
use crate::error::Error;
use crate::model::{Deleted, FileName};
use crate::transport::Delivery;
use crate::wire::{delete_request, read_deleted};

/// Doing it twice is the same as doing it once, but for what the second answer means.
pub(super) fn delete(task: &Task<'_>, name: &FileName) -> Result<Deleted, Error> {
    let client = task.client;
    let mut may_be_done = false;
    pipeline::run(task, Repeat::Always, |token, limits| {
        let mut request = delete_request(&client.endpoint, name, token);
        request.extensions_mut().insert(limits);
        let outcome = client.transport.send(request).map_err(Error::from).and_then(|reply| {
            let reply = token.scrub(reply);
            read_deleted(&reply, &client.endpoint, client.clock.time_of_day())
        });
        match outcome {
            Ok(Deleted::WasAbsent) if may_be_done => Ok(Deleted::Gone),
            Err(error) => {
                may_be_done |= error.delivery() == Delivery::Unknown;
                Err(error)
            }
            done => done,
        }
    })
}
