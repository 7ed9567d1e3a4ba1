//! What a client tells, as records of the `log` crate.

use mde_live_response_core::{Call, Event, Observer};

/// Writes every event of a client to the program's logger, under the target `mde_live_response`.
///
/// Results are `info`, calls that end with an error `error`, attempts that fail `warn`, waits `info`, attempts `debug`
/// and bytes `trace`. Needs the feature `log`.
///
/// No record holds a token. A record of an error quotes what was answered: from a server that echoes the request,
/// bytes of the file may be in it (see [`Observer`]).
///
/// # Examples
///
/// ```
/// use mde_live_response::{AccessToken, Client, Endpoint, LogObserver};
/// # use mde_live_response_mock::MockTransport;
///
/// # let transport = MockTransport::new();
/// let token = AccessToken::new("an-access-token")?;
/// let client = Client::builder(Endpoint::COMMERCIAL, token, transport).observer(LogObserver).build();
/// # Ok::<(), mde_live_response::InvalidToken>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct LogObserver;

const TARGET: &str = "mde_live_response";

impl Observer for LogObserver {
    fn event(&self, call: &Call<'_>, event: &Event<'_>) {
        let id = call.id();
        match event {
            Event::Attempt { number } => {
                log::debug!(target: TARGET, "call {id}, {call}: attempt {number}");
            }
            Event::Sent { bytes, of } => {
                log::trace!(target: TARGET, "call {id}, {call}: {bytes} of {of} bytes sent");
            }
            Event::Failed { number, error } => {
                log::warn!(target: TARGET, "call {id}, {call}: attempt {number} failed: {error}");
            }
            Event::Waiting { reason, time: Some(time) } => {
                let seconds = time.as_millis().div_ceil(1000);
                log::info!(target: TARGET, "call {id}, {call}: waiting {seconds} s: {reason}");
            }
            Event::Waiting { reason, time: None } => {
                log::info!(target: TARGET, "call {id}, {call}: waiting: {reason}");
            }
            Event::PaceStoreFailed { error } => {
                log::warn!(target: TARGET, "call {id}, {call}: the pace is not shared: {error}");
            }
            Event::Succeeded => log::info!(target: TARGET, "call {id}, {call}: succeeded"),
            Event::Ended { error } => log::error!(target: TARGET, "call {id}, {error}"),
            // What a later version tells.
            other => log::debug!(target: TARGET, "call {id}, {call}: {other:?}"),
        }
    }
}
