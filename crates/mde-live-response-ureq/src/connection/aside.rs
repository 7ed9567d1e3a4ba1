//! Runs what cannot be interrupted on a thread of its own.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use mde_live_response_core::transport::TransportErrorKind;

use crate::facts::Allowance;
use crate::fault::Fault;

/// Runs `work` on a thread and waits for its result, as long as is allowed. A thread that hangs is left behind.
pub(super) fn run<T: Send + 'static>(
    name: &str,
    time: Allowance<'_>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    let local = |cause: Box<dyn std::error::Error + Send + Sync>| {
        Fault::new(TransportErrorKind::Local, cause)
    };
    let (sender, receiver) = mpsc::sync_channel(1);
    let spawned = thread::Builder::new().name(name.to_owned()).spawn(move || {
        // The receiver may be gone.
        let _ = sender.send(work());
    });
    spawned.map_err(|cause| local(cause.into()))?;
    loop {
        let outcome = match time.slice()? {
            Some(slice) => receiver.recv_timeout(slice),
            None => receiver.recv().map_err(RecvTimeoutError::from),
        };
        match outcome {
            Ok(done) => return Ok(done),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(local("the thread ended without a result".into()));
            }
        }
    }
}
