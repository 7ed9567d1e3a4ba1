//! Errors of calls: kind, effect, and the facts to act on.
//!
//! [`Error::effect`] tells whether the library may have changed, and [`Error::kind`] why the call failed. The other
//! types are details of kinds, and the errors of conversions and files.

mod answer;
mod help;
mod kind;
mod message;
mod status;

use std::error::Error as StdError;
use std::time::{Duration, SystemTime};

use http::StatusCode;

pub(crate) use answer::Answer;
pub use kind::{AnswerProblem, ErrorKind};
pub(crate) use status::{Meaning, meaning};

pub(crate) use crate::exchange::{Effect, TransportErrorKind};
pub use crate::values::{InvalidInput, Problem, SourceError, SourceProblem, shown, span};

use crate::exchange::TransportError;
use crate::values::{CallKind, FileName, TokenProblem};

/// Error of a call, with its known effect on the library.
///
/// Decide by [`effect`](Self::effect) whether the library may have changed, and by [`kind`](Self::kind) what to do. The
/// message states both, and names the file or the call. `Debug` is for people: it prints message, help and causes.
///
/// # Examples
///
/// ```
/// use mde_live_response::{Client, Effect, Upload};
///
/// fn upload(client: &Client, upload: &Upload) {
///     match client.upload(upload) {
///         Ok(stored) => println!("stored {}", stored.file_name()),
///         Err(error) if error.effect() == Effect::NotApplied && error.is_retryable() => {
///             println!("nothing changed; try again later: {error}");
///         }
///         Err(error) => eprintln!("{error:?}"), // message, help and causes
///     }
/// }
/// ```
pub struct Error(Box<Inner>);

pub(crate) type Cause = Box<dyn StdError + Send + Sync>;

struct Inner {
    kind: ErrorKind,
    effect: Effect,
    retryable: bool,
    call: CallKind,
    file: Option<FileName>,
    attempts: u32,
    answer: Option<Answer>,
    /// A path, host and port, or the message of a credential.
    place: Option<String>,
    wait: Option<Duration>,
    /// The end of the wait, if a person would look at a clock for it.
    until: Option<SystemTime>,
    token_problem: Option<TokenProblem>,
    /// Message of the earlier attempt that left the outcome unknown.
    earlier: Option<String>,
    /// Reason why the library's listing did not tell the outcome.
    unresolved: Option<String>,
    /// A better help than the kind's.
    help: Option<String>,
    source: Option<Cause>,
}

impl Error {
    /// Reason why the call failed.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// Known effect of the call on the library, after all its attempts.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.0.effect
    }

    /// The call that failed.
    #[must_use]
    pub fn call(&self) -> CallKind {
        self.0.call
    }

    /// The file that the call was about.
    #[must_use]
    pub fn file(&self) -> Option<&FileName> {
        self.0.file.as_ref()
    }

    /// Number of attempts. An attempt that ended with a refused token does not count.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Status of the answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.0.answer.as_ref()?.status
    }

    /// Error code of the service or of Microsoft Entra.
    ///
    /// For example `InvalidRequestBody` or `AADSTS7000215`.
    ///
    /// Classify by it: the service documents that its messages may change.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.answer.as_ref()?.code.as_deref()
    }

    /// Message of the service: free text without the token.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.answer.as_ref()?.message.as_deref()
    }

    /// Identifier that the vendor's support can look up.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.0.answer.as_ref()?.correlation_id.as_deref()
    }

    /// Time to wait before another call, if it is known.
    ///
    /// The service's answer or the client's own rate limit states it.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.wait.or_else(|| self.0.answer.as_ref()?.retry_after)
    }

    /// Problem in the refused token's claims, if it explains the refusal.
    #[must_use]
    pub fn token_problem(&self) -> Option<&TokenProblem> {
        self.0.token_problem.as_ref()
    }

    /// Returns whether the same call may succeed later.
    ///
    /// True for lost connections and time-outs, for status 408, 429, 500, 502, 503 and 504, and for an unusable answer
    /// to a change of the library. It does not mean that a repeat is harmless: see [`effect`](Self::effect).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Recommended next step.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        help::of(self)
    }

    pub(crate) fn new(kind: ErrorKind, effect: Effect) -> Self {
        let retryable = match &kind {
            ErrorKind::Transport(kind) => kind::is_passing(*kind),
            ErrorKind::Throttled { .. } => true,
            // The service may have done it, and its confirmation was lost.
            ErrorKind::Unusable(_) => effect == Effect::Unknown,
            _ => false,
        };
        Self(Box::new(Inner {
            kind,
            effect,
            retryable,
            call: CallKind::default(),
            file: None,
            attempts: 0,
            answer: None,
            place: None,
            wait: None,
            until: None,
            token_problem: None,
            earlier: None,
            unresolved: None,
            help: None,
            source: None,
        }))
    }

    /// Creates the error for a status, by the one table. A request that was not sent whole had no effect.
    pub(crate) fn refusal(
        status: StatusCode,
        answer: Answer,
        incomplete: bool,
        call: CallKind,
    ) -> Self {
        let wait = answer.retry_after;
        let Meaning { kind, effect, retryable, .. } =
            meaning(status.as_u16(), answer.code.as_deref(), wait.is_some(), call);
        let effect = if incomplete { Effect::NotApplied } else { effect };
        let mut error = Self::new(kind, effect).with_answer(answer);
        error.0.retryable = retryable;
        error
    }

    pub(crate) fn answer(&self) -> Option<&Answer> {
        self.0.answer.as_ref()
    }

    pub(crate) fn answer_mut(&mut self) -> &mut Answer {
        self.0.answer.get_or_insert_default()
    }

    pub(crate) fn with_answer(mut self, answer: Answer) -> Self {
        self.0.answer = Some(answer);
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Cause>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_wait(mut self, wait: Option<Duration>) -> Self {
        self.0.wait = wait;
        self
    }

    /// Notes when the wait ends, if it is one of minutes or hours.
    pub(crate) fn waiting_from(mut self, now: SystemTime) -> Self {
        const MINUTE: Duration = Duration::from_secs(60);
        let is_on_a_clock = |wait: &Duration| *wait > MINUTE && *wait < 24 * 60 * MINUTE;
        let wait = self.retry_after().filter(is_on_a_clock);
        self.0.until = wait.and_then(|wait| now.checked_add(wait));
        self
    }

    pub(crate) fn with_help(mut self, help: Option<String>) -> Self {
        self.0.help = help;
        self
    }

    /// For an answer that the caller asked to retry.
    pub(crate) fn into_retryable(mut self) -> Self {
        self.0.retryable = true;
        self
    }

    /// Names the path, or the message of a credential.
    pub(crate) fn with_place(mut self, place: String) -> Self {
        self.0.place = Some(place);
        self
    }

    /// Names the host and port of a failed exchange, beside its proxy.
    pub(crate) fn at_host(mut self, host: &str) -> Self {
        if matches!(self.0.kind, ErrorKind::Transport(_)) {
            self.0.place = Some(match self.0.place.take() {
                Some(proxy) => format!("{host} through the proxy {proxy}"),
                None => host.to_owned(),
            });
        } else if let Some(answer) = &mut self.0.answer {
            answer.host = Some(host.to_owned());
        }
        self
    }

    /// Names the call and its file. A call that changes nothing has no effect.
    pub(crate) fn about(mut self, call: CallKind, file: Option<&FileName>) -> Self {
        self.0.call = call;
        self.0.file = file.cloned();
        if !call.changes_library() {
            self.0.effect = Effect::NotApplied;
        }
        self
    }

    pub(crate) fn after_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Notes that an earlier attempt left the outcome unknown.
    ///
    /// Does nothing if this error alone says so.
    pub(crate) fn after_unknown(mut self, earlier: Option<String>) -> Self {
        if let Some(earlier) = earlier.filter(|_| self.0.effect == Effect::NotApplied) {
            self.0.effect = Effect::Unknown;
            self.0.earlier = Some(earlier);
        }
        self
    }

    pub(crate) fn unresolved(mut self, why: String) -> Self {
        self.0.unresolved = Some(why);
        self
    }

    pub(crate) fn explained_by(mut self, problem: Option<TokenProblem>) -> Self {
        self.0.token_problem = problem;
        self
    }

    /// Turns this into the error of a call that got no token.
    pub(crate) fn into_no_token(self, message: Option<String>) -> Self {
        if self.0.kind == ErrorKind::Cancelled {
            return Self::new(ErrorKind::Cancelled, Effect::NotApplied);
        }
        let message = message.unwrap_or_else(|| self.to_string());
        let mut error = Self::new(ErrorKind::NoToken, Effect::NotApplied).with_place(message);
        error.0.retryable = self.0.retryable;
        error.0.wait = self.0.wait;
        error.0.answer = self.0.answer;
        error.0.source = self.0.source;
        error
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<InvalidInput> for Error {
    fn from(invalid: InvalidInput) -> Self {
        Self::new(ErrorKind::Input(invalid), Effect::NotApplied)
    }
}

impl From<SourceError> for Error {
    fn from(SourceError { problem, path, source }: SourceError) -> Self {
        let kind = match problem {
            SourceProblem::Name(invalid) => ErrorKind::Input(invalid),
            problem => ErrorKind::Source(problem),
        };
        let mut error = Self::new(kind, Effect::NotApplied);
        error.0.place = path.map(|path| path.to_string_lossy().into_owned());
        error.0.source = source.map(Into::into);
        error
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        let effect = error.effect().unwrap_or(Effect::Unknown);
        let kind = match error.kind() {
            TransportErrorKind::Cancelled => ErrorKind::Cancelled,
            kind => ErrorKind::Transport(kind),
        };
        let mut new = Self::new(kind, effect);
        (new.0.place, new.0.source) = error.into_parts();
        new
    }
}
