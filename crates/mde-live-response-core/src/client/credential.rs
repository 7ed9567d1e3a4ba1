//! The trait for credentials, and the client's means that they can use.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{Request, Response, StatusCode};

use super::credential_error::CredentialError;
use super::run::run_exchanges;
use super::task::Task;
use crate::error::{Effect, Error, ErrorKind};
use crate::exchange::{Body, Exchange};
use crate::operation::{Context, check, set_common_headers};
use crate::values::{AccessToken, CallKind, Endpoint, Secret};

/// Gives tokens to a client.
///
/// An [`AccessToken`] is the simplest credential: it always gives itself.
///
/// A client and its clones share one token. Before it expires, and after the service refused it, one call asks for
/// another, and the others wait for it.
///
/// # Examples
///
/// ```
/// use mde_live_response::AccessToken;
/// use mde_live_response::auth::{Credential, CredentialError, IssuedToken, TokenRequest};
/// use std::time::Duration;
///
/// /// A token that another program keeps fresh in a file.
/// #[derive(Debug)]
/// struct TokenFile(std::path::PathBuf);
///
/// impl Credential for TokenFile {
///     fn token(&self, _: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
///         let text = std::fs::read_to_string(&self.0).map_err(CredentialError::new)?;
///         let token = AccessToken::new(text.trim_end()).map_err(CredentialError::new)?;
///         Ok(IssuedToken::expiring(token, Duration::from_secs(600)))
///     }
/// }
/// ```
pub trait Credential: fmt::Debug + Send + Sync {
    /// Gets a token for the next calls. The credential's [`Debug`](fmt::Debug) must not show it.
    ///
    /// # Errors
    ///
    /// [`CredentialError`] if there is no token. The call then ends with [`ErrorKind::NoToken`], and nothing is sent.
    fn token(&self, request: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError>;
}

impl Credential for AccessToken {
    fn token(&self, _: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
        Ok(self.clone().into())
    }
}

macro_rules! forward {
    ($($pointer:ty),*) => {
        $(impl<C: Credential + ?Sized> Credential for $pointer {
            fn token(&self, request: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
                (**self).token(request)
            }
        })*
    };
}

forward!(Arc<C>, Box<C>);

/// Creates a credential from a function.
///
/// # Examples
///
/// ```
/// use mde_live_response::AccessToken;
/// use mde_live_response::auth::{CredentialError, credential_fn};
///
/// let credential = credential_fn(|request| {
///     let token = if request.is_refused() { "a-newer-token" } else { "a-token" };
///     Ok(AccessToken::new(token).map_err(CredentialError::new)?.into())
/// });
/// ```
pub fn credential_fn<F>(function: F) -> impl Credential
where
    F: Fn(&TokenRequest<'_>) -> Result<IssuedToken, CredentialError> + Send + Sync,
{
    CredentialFn(function)
}

struct CredentialFn<F>(F);

impl<F> Credential for CredentialFn<F>
where
    F: Fn(&TokenRequest<'_>) -> Result<IssuedToken, CredentialError> + Send + Sync,
{
    fn token(&self, request: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
        (self.0)(request)
    }
}

impl<F> fmt::Debug for CredentialFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("credential_fn(..)")
    }
}

/// A token and its lifetime.
#[derive(Debug, Clone)]
pub struct IssuedToken {
    pub(super) token: AccessToken,
    pub(super) expires_in: Option<Duration>,
}

impl IssuedToken {
    /// Creates a token that expires after this time.
    ///
    /// The client renews it 300 s before that, or at half of the time if that is later. If renewing fails, the old token
    /// stays in use while it is valid, and the client tries again after 30 s.
    #[must_use]
    pub fn expiring(token: AccessToken, expires_in: Duration) -> Self {
        Self { token, expires_in: Some(expires_in) }
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &AccessToken {
        &self.token
    }
}

/// A token that is used until the service refuses it.
impl From<AccessToken> for IssuedToken {
    fn from(token: AccessToken) -> Self {
        Self { token, expires_in: None }
    }
}

/// A client's request for a token, as its credential receives it.
#[derive(Clone, Copy)]
pub struct TokenRequest<'a> {
    refused: bool,
    task: &'a Task<'a>,
}

impl<'a> TokenRequest<'a> {
    pub(super) fn new(refused: bool, task: &'a Task<'a>) -> Self {
        Self { refused, task }
    }

    /// Returns whether the service refused the last token. If the credential gives the same token again, the call ends.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.refused
    }

    /// Time left for the call that needs the token.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.task.time_left()
    }

    /// The time of day, on the client's clock.
    #[must_use]
    pub fn time_of_day(&self) -> SystemTime {
        self.task.clock().time_of_day()
    }

    /// Returns whether the call that needs the token was cancelled. A slow credential should check it.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.task.is_cancelled()
    }

    /// The service that the token is for.
    ///
    /// [`Endpoint::audience`] is the token's audience, and [`Endpoint::login`] the host that issues it.
    #[must_use]
    pub fn endpoint(&self) -> &'a Endpoint {
        &self.task.client.endpoint
    }

    /// Sends a request for a token through the client.
    ///
    /// The request goes through the client's transport, with its retries, deadline, cancel and observer.
    ///
    /// It does not count in the client's rate limit. Returns the last answer, a refusal included, with the named
    /// secrets removed.
    ///
    /// # Errors
    ///
    /// [`Error`] if there was no answer, or the URL is not allowed. Allowed are `https`, and plain `http` to a loopback
    /// address, to `localhost`, which is taken as `127.0.0.1`, and to the metadata services of Azure at 169.254.0.0/16. At
    /// 169.254.169.254 only the path `/metadata/identity/oauth2/token` is allowed.
    pub fn send(&self, exchange: &TokenExchange<'_>) -> Result<Response<Vec<u8>>, Error> {
        let part = self.task.part(CallKind::Token);
        let task = exchange.limit.map_or(part, |limit| part.within(limit));
        let mut last = None;
        let outcome = run_exchanges(
            &task,
            &exchange.request.uri().to_string(),
            true,
            || exchange.exchange(),
            |answer, context| {
                let answer = exchange.secrets.iter().fold(answer, |answer, it| it.scrub(answer));
                let checked = check(&answer, &context, CallKind::Token).map_err(|error| {
                    let is_retried = exchange.retried.contains(&answer.status());
                    if is_retried { error.into_retryable() } else { error }
                });
                last = Some(answer);
                checked
            },
        );
        let outcome = task.end(outcome.map_err(|failure| failure.error));
        match (last, outcome) {
            (Some(answer), Ok(())) => Ok(answer),
            (Some(answer), Err(error)) if error.status() == Some(answer.status()) => Ok(answer),
            (_, Err(error)) => Err(error),
            (None, Ok(())) => Err(Error::new(ErrorKind::NoToken, Effect::NotApplied)),
        }
    }

    /// Creates the error for an answer without a token, by its status.
    #[must_use]
    pub fn refusal(&self, host: &str, answer: &Response<Vec<u8>>) -> CredentialError {
        let request = Request::new(()).into_parts().0;
        let exchange = Exchange::with_body(request, Body::bytes(&[]));
        let context = Context::new(&exchange, self.endpoint(), self.time_of_day());
        let Err(error) = check(answer, &context, CallKind::Token) else {
            let status = answer.status();
            let message = format!("{host} answered without a token ({})", status.as_u16());
            return CredentialError::message(message).with_status(status);
        };
        let error = error.about(CallKind::Token, None).with_help(None);
        let error = error.waiting_from(self.time_of_day());
        let shown = error.answer().map(ToString::to_string).unwrap_or_default();
        let to = error.answer().and_then(|it| it.redirect.as_deref());
        let message = match to.filter(|to| !to.eq_ignore_ascii_case(host)) {
            Some(to) => format!("{host} issued no token: it redirects to {to} ({shown})"),
            None => format!("{host} issued no token ({shown})"),
        };
        CredentialError::of_call(message, error)
    }
}

impl fmt::Debug for TokenRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest")
            .field("refused", &self.refused)
            .field("time_left", &self.time_left())
            .finish_non_exhaustive()
    }
}

/// A request for a token, as [`TokenRequest::send`] takes it.
pub struct TokenExchange<'a> {
    request: Request<&'a [u8]>,
    secrets: Vec<&'a Secret>,
    retried: Vec<StatusCode>,
    limit: Option<Duration>,
}

impl<'a> TokenExchange<'a> {
    /// Creates an exchange from a request with its whole body. The client adds the headers that all its requests have.
    #[must_use]
    pub fn new(mut request: Request<&'a [u8]>) -> Self {
        let length = request.body().len();
        let headers = request.headers_mut();
        set_common_headers(headers);
        if length > 0 {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        Self { request, secrets: Vec::new(), retried: Vec::new(), limit: None }
    }

    /// Names a secret of the request, to remove from every answer.
    #[must_use]
    pub fn with_secret(mut self, secret: &'a Secret) -> Self {
        self.secrets.push(secret);
        self
    }

    /// Also retries after this status. Default: after 408, 429, 500, 502, 503 and 504.
    #[must_use]
    pub fn with_retried_status(mut self, status: StatusCode) -> Self {
        self.retried.push(status);
        self
    }

    /// Sets a limit for all attempts together. Default: the time left for the call.
    #[must_use]
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    fn exchange(&self) -> Result<Exchange<'a>, Error> {
        Ok(Exchange::for_token(self.request.clone())?)
    }
}

impl fmt::Debug for TokenExchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenExchange")
            .field("url", self.request.uri())
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
