//! A client's events as records of the `log` crate.

use mde_live_response_core::policy::{Call, Event, Observer};

/// Writes every event of a client to the program's logger.
///
/// The target is `mde_live_response`.
///
/// Levels: `info` for results and waits, `error` for failed calls, `warn` for failed attempts, `debug` for attempts,
/// `trace` for byte counts.
///
/// No record contains a token. An error can quote the answer, so a server that echoes the request can bring bytes of the
/// file into the log.
///
/// # Examples
///
/// ```
/// use mde_live_response::policy::{ClientBuilder, LogObserver};
///
/// fn with_log(builder: ClientBuilder) -> ClientBuilder {
///     builder.observer(LogObserver)
/// }
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
            Event::Succeeded => log::info!(target: TARGET, "call {id}, {call}: succeeded"),
            Event::Ended { error } => log::error!(target: TARGET, "call {id}, {error}"),
            // Events of later versions.
            other => log::debug!(target: TARGET, "call {id}, {call}: {other:?}"),
        }
    }
}
