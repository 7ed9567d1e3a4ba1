//! Where tokens come from.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::task::Task;
use crate::error::Error;
use crate::model::{AccessToken, Endpoint};

/// What a client says when it asks for a token.
#[derive(Clone, Copy)]
pub struct TokenRequest<'a> {
    refused: bool,
    task: &'a Task<'a>,
}

impl<'a> TokenRequest<'a> {
    pub(super) fn new(refused: bool, task: &'a Task<'a>) -> Self {
        Self { refused, task }
    }

    pub(super) fn task(&self) -> &'a Task<'a> {
        self.task
    }

    /// Whether the service has refused the token that was given last. Another one is wanted then; the same
    /// one ends the call.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.refused
    }

    /// What is left of the time of the call that asks.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.task.time_left()
    }

    /// Whether the call that asks was cancelled meanwhile. A credential that takes its time looks at it; one that does
    /// not is waited for.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.task.is_cancelled()
    }

    /// The service that the token is for: [`Endpoint::audience`] names it, [`Endpoint::login`] issues it.
    #[must_use]
    pub fn endpoint(&self) -> &'a Endpoint {
        &self.task.client.endpoint
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

/// A token, and for how long it is good.
#[derive(Debug, Clone)]
pub struct IssuedToken {
    pub(super) token: AccessToken,
    pub(super) expires_in: Option<Duration>,
}

impl IssuedToken {
    /// A token that is good for so long from now on.
    ///
    /// It is renewed five minutes before its end, or at half of its time if that is later. When renewing fails and it
    /// is still good it stays in use, and the next try comes 30 s later, or at its end if that is sooner. These times
    /// are this library's choice.
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

/// A token that is good until the service refuses it.
impl From<AccessToken> for IssuedToken {
    fn from(token: AccessToken) -> Self {
        Self { token, expires_in: None }
    }
}

/// Gives tokens. An [`AccessToken`] is the simplest: always the same.
///
/// A client and its clones keep what they were given. They ask again when a token is about to expire and when
/// the service has refused it, one call for all.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::{
///     AccessToken, Credential, CredentialError, IssuedToken, TokenRequest,
/// };
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
    /// A token for the calls to come. The credential's [`Debug`](fmt::Debug) must not show it.
    ///
    /// # Errors
    ///
    /// [`CredentialError`] when there is no token; the call then ends without being sent.
    fn token(&self, request: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError>;
}

impl Credential for AccessToken {
    fn token(&self, _: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
        Ok(self.clone().into())
    }
}

impl<C: Credential + ?Sized> Credential for Arc<C> {
    fn token(&self, request: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
        (**self).token(request)
    }
}

impl<C: Credential + ?Sized> Credential for Box<C> {
    fn token(&self, request: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
        (**self).token(request)
    }
}

/// A function as a credential.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::{AccessToken, CredentialError, CredentialFn};
///
/// let credential = CredentialFn::new(|request| {
///     let token = if request.is_refused() { "a-newer-token" } else { "a-token" };
///     Ok(AccessToken::new(token).map_err(CredentialError::new)?.into())
/// });
/// ```
pub struct CredentialFn<F>(F);

impl<F> CredentialFn<F>
where
    F: Fn(&TokenRequest<'_>) -> Result<IssuedToken, CredentialError> + Send + Sync,
{
    /// Wraps the function.
    #[must_use]
    pub fn new(function: F) -> Self {
        Self(function)
    }
}

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
        f.write_str("CredentialFn(..)")
    }
}

/// A credential gave no token. The call ends with [`Error::Auth`](crate::Error::Auth), and has this one's cause as
/// its source.
#[derive(Debug, thiserror::Error)]
#[error("no token to be had")]
pub struct CredentialError {
    source: Box<dyn StdError + Send + Sync>,
}

impl CredentialError {
    /// An error with its cause, which must not hold a secret.
    #[must_use]
    pub fn new(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: source.into() }
    }

    /// The error of a call within the call, where it was one.
    pub(crate) fn call_error(&self) -> Option<&Error> {
        self.source.downcast_ref()
    }

    pub(crate) fn into_call_error(self) -> Result<Error, Self> {
        self.source.downcast().map(|error| *error).map_err(|source| Self { source })
    }
}
