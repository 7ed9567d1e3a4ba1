//! The one loop of every call: token, rate window, attempt, decision.
//!
//! The only code that adds a token to a request, takes it out of an answer, sets limits and counts attempts.

use http::Response;

use super::observer::Event;
use super::rate::Slot;
use super::retry::{Decision, Failed, decide};
use super::task::Task;
use super::{Inner, Pacing};
use crate::error::{Effect, Error, ErrorKind};
use crate::exchange::Exchange;
use crate::operation::{Context, Operation};
use crate::values::{AccessToken, CallKind, Sha256Digest};

/// The failure of a call.
pub(super) struct Failure {
    pub(super) error: Error,
    /// Digest of the last attempt's file, if it sent the whole file.
    pub(super) sent: Option<Sha256Digest>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, sent: None }
    }
}

/// Performs an operation of the library's API.
pub(super) fn run<O: Operation>(task: &Task<'_>, operation: &O) -> Result<O::Output, Failure> {
    let endpoint = &task.client.endpoint;
    run_exchanges(
        task,
        endpoint.base(),
        operation.is_repeatable(),
        || Ok(operation.exchange(endpoint)),
        |answer, context| operation.read(&answer, &context),
    )
}

/// Performs exchanges until one succeeds or the retry rule says to stop.
///
/// `url` is the service's.
///
/// Requests for a token are sent without one, and do not count in the rate window.
pub(super) fn run_exchanges<'e, T>(
    task: &Task<'_>,
    url: &str,
    is_repeatable: bool,
    exchange: impl Fn() -> Result<Exchange<'e>, Error>,
    mut read: impl FnMut(Response<Vec<u8>>, Context<'_>) -> Result<T, Error>,
) -> Result<T, Failure> {
    let mut attempts = Attempts::new(task, is_repeatable);
    let mut token = first_token(task)?;
    loop {
        let mut sent = None;
        let outcome = take_slot(task).and_then(|_slot| {
            // The wait for the slot may have been long: the token may be due.
            token = first_token(task)?;
            task.check_cancel()?;
            let exchange = prepare(task, exchange()?, token.as_ref());
            attempts.begin();
            let (outcome, digest) =
                attempt(task, exchange, token.as_ref(), attempts.worst, &mut read);
            sent = digest;
            outcome.map_err(|error| {
                // While the slot is held, so that no waiting call starts in between.
                attempts.close_window(&error);
                error.at_host(&host_and_port(url))
            })
        });
        let error = match outcome {
            Ok(done) => return Ok(done),
            Err(error) => match &token {
                Some(token) => task.explain(error, token),
                None => error,
            },
        };
        match attempts.after(error).map_err(|error| Failure { error, sent })? {
            Next::Again => {}
            Next::WithAnotherToken(refusal) => {
                token = Some(attempts.another_token(token.as_ref(), refusal)?);
            }
        }
    }
}

fn first_token(task: &Task<'_>) -> Result<Option<AccessToken>, Error> {
    match task.call.kind() {
        CallKind::Token => Ok(None),
        _ => task.token(None).map(Some),
    }
}

/// Waits until the rate window has room for one more call.
fn take_slot<'a>(task: &Task<'a>) -> Result<Option<Slot<'a>>, Error> {
    task.check_cancel()?;
    let client: &'a Inner = task.client;
    let until = match client.pacing {
        _ if task.call.kind() == CallKind::Token => return Ok(None),
        Pacing::Off => return Ok(None),
        Pacing::Wait => task.until,
        Pacing::FailFast => task.clock().now(),
    };
    client.rate.take(task, until).map(Some)
}

fn prepare<'e>(
    task: &Task<'_>,
    exchange: Exchange<'e>,
    token: Option<&AccessToken>,
) -> Exchange<'e> {
    let limits = task.limits().with_max_answer(exchange.limits().max_answer());
    let exchange = exchange.with_limits(limits);
    match token {
        Some(token) => exchange.with_token(token),
        None => exchange,
    }
}

/// Performs one exchange. Also returns the digest of the file, if all its bytes were sent.
fn attempt<T>(
    task: &Task<'_>,
    exchange: Exchange<'_>,
    token: Option<&AccessToken>,
    earlier: Effect,
    read: &mut impl FnMut(Response<Vec<u8>>, Context<'_>) -> Result<T, Error>,
) -> (Result<T, Error>, Option<Sha256Digest>) {
    let client = task.client;
    let of = exchange.body_len();
    let tell = |bytes| task.tell(&Event::Sent { bytes, of });
    let is_told = task.is_observed() && task.call.kind() == CallKind::Upload;
    let mut exchange = if is_told { exchange.with_progress(&tell) } else { exchange };
    let answer = exchange.perform(&*client.transport);
    // A source that failed explains every other fault, and the request was not completed.
    if let Some(error) = exchange.take_source_error() {
        return (Err(error.into()), None);
    }
    let outcome = answer.map_err(Error::from).and_then(|answer| {
        // Before anything reads the answer, because it may quote the request.
        let answer = match token {
            Some(token) => token.scrub(answer),
            None => answer,
        };
        let context = Context::new(&exchange, &client.endpoint, client.clock.time_of_day())
            .with_earlier(earlier)
            .with_unverified_accepted(client.unverified_accepted);
        read(answer, context)
    });
    (outcome, exchange.file_sha256())
}

/// `host:port` of a URL.
fn host_and_port(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let authority = rest.split('/').next().unwrap_or(rest);
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    let port = if scheme == "http" { 80 } else { 443 };
    if has_port { authority.to_owned() } else { format!("{authority}:{port}") }
}

/// The attempts of a call so far.
struct Attempts<'a> {
    task: &'a Task<'a>,
    is_repeatable: bool,
    /// Attempts that say something about the request. One that ended with a refused token does not.
    count: u32,
    is_running: bool,
    is_renewed: bool,
    /// Worst effect of the attempts.
    worst: Effect,
    /// Message of the first attempt that left the outcome unknown.
    unknown: Option<String>,
}

/// Next step after a failed attempt.
enum Next {
    Again,
    WithAnotherToken(Error),
}

impl<'a> Attempts<'a> {
    fn new(task: &'a Task<'a>, is_repeatable: bool) -> Self {
        Self {
            task,
            is_repeatable,
            count: 0,
            is_running: false,
            is_renewed: false,
            worst: Effect::NotApplied,
            unknown: None,
        }
    }

    fn begin(&mut self) {
        self.is_running = true;
        self.task.tell(&Event::Attempt { number: self.count + 1 });
    }

    /// Returns `Ok` when it is time for another attempt.
    fn after(&mut self, error: Error) -> Result<Next, Error> {
        let error = error.about(self.task.call.kind(), None);
        if !std::mem::take(&mut self.is_running) {
            // Nothing was sent: no slot, no token, or cancelled.
            return Err(self.ended_by(error));
        }
        self.count += 1;
        self.task.tell(&Event::Failed { number: self.count, error: &error });
        let decision = self.decide(&error);
        self.worst = self.worst.max(error.effect());
        if self.unknown.is_none() && error.effect() == Effect::Unknown {
            self.unknown = Some(error.what_failed());
        }
        match decision {
            Decision::Wait { time, reason } => match self.task.pause(reason, time) {
                Ok(()) => Ok(Next::Again),
                Err(cancelled) => Err(self.ended_by(cancelled.with_source(error))),
            },
            Decision::RenewToken => {
                self.is_renewed = true;
                self.count -= 1;
                Ok(Next::WithAnotherToken(error))
            }
            Decision::GiveUp => Err(self.ended_by(error)),
        }
    }

    /// Closes the rate window if the service throttled this call.
    fn close_window(&self, error: &Error) {
        if let (ErrorKind::Throttled { .. }, Some(wait)) = (error.kind(), error.retry_after())
            && self.task.call.kind() != CallKind::Token
        {
            self.task.client.rate.close_for(wait, self.task.clock());
        }
    }

    fn decide(&self, error: &Error) -> Decision {
        let failed = Failed {
            effect: error.effect(),
            is_refused_token: *error.kind() == ErrorKind::Unauthorized
                && self.task.call.kind() != CallKind::Token,
            is_retryable: error.is_retryable(),
            asked: error.retry_after(),
            is_repeatable: self.is_repeatable,
            attempts: self.count,
            is_renewed: self.is_renewed,
            time_left: self.task.time_left(),
        };
        decide(&self.task.client.retry, &failed, || self.task.client.fraction())
    }

    fn another_token(
        &self,
        refused: Option<&AccessToken>,
        refusal: Error,
    ) -> Result<AccessToken, Error> {
        match self.task.token(refused) {
            // The credential has no other token: the refusal stands.
            Ok(token) if refused.is_some_and(|refused| token.is_same(refused)) => {
                Err(self.ended_by(refusal))
            }
            Ok(token) => Ok(token),
            Err(error) => Err(self.ended_by(error)),
        }
    }

    fn ended_by(&self, error: Error) -> Error {
        error.after_attempts(self.count).after_unknown(self.unknown.clone())
    }
}
