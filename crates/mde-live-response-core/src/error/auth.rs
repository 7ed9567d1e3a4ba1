//! No token, or one that the service refuses.

mod login_help;

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use http::StatusCode;

use super::Error;
use super::answer::{FailureAnswer, answer_accessors};
use super::context::{Context, Escaped};
use crate::client::CredentialError;
use crate::model::TokenProblem;
use crate::transport::Delivery;

/// How authentication failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthErrorKind {
    /// The credential gave no token, or another call was asking for one until this call's time was over.
    Credential,
    /// The service that issues tokens refuses the application, or answers with something else than a token.
    Login,
    /// The token shows by itself that it is not good for this, and was not sent.
    Unsuitable,
    /// The service refuses the token: 401.
    Unauthorized,
    /// The service does not permit this with this token: 403. The token is for another audience, comes without
    /// `Library.Manage`, or a rule of the service forbids it; [`AuthError::problem`] says which, where the token
    /// shows it.
    Forbidden,
}

/// No token, or one that the service refuses. The attempt that ended so stored nothing; what earlier ones left open
/// is in [`Error::delivery`].
///
/// # Examples
///
/// ```
/// # use mde_live_response_mock::{MockTransport, Reply};
/// use mde_live_response_core::{AccessToken, AuthErrorKind, Client, Endpoint, Error};
///
/// # let transport = MockTransport::new().reply(Reply::error(403, "Forbidden"));
/// let token = AccessToken::new("an-access-token")?;
/// let client = Client::builder(Endpoint::COMMERCIAL, token, transport).build();
///
/// let Some(Err(Error::Auth(error))) = client.list().next() else { unreachable!() };
/// assert_eq!(error.kind(), AuthErrorKind::Forbidden);
/// assert_eq!(error.status().map(|status| status.as_u16()), Some(403));
/// assert_eq!(error.code(), Some("Forbidden"));
/// assert_eq!(error.message(), Some("scripted by a test"));
/// assert!(error.target().is_some()); // for the service's support
/// assert!(error.problem().is_none()); // this token says nothing of itself
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AuthError {
    cause: Box<Cause>,
    pub(super) context: Context,
}

#[derive(Debug)]
enum Cause {
    Credential(CredentialError),
    TokenFile { path: PathBuf, what: &'static str, source: Option<io::Error> },
    Login { answer: FailureAnswer, host: String },
    NoToken { status: StatusCode, host: String, why: String },
    Unsuitable(TokenProblem),
    Refused { answer: FailureAnswer, audience: String, problem: Option<TokenProblem> },
}

impl AuthError {
    fn new(cause: Cause) -> Self {
        Self { cause: Box::new(cause), context: Context::default() }
    }

    pub(crate) fn credential(error: CredentialError) -> Self {
        Self::new(Cause::Credential(error))
    }

    /// For a file that should hold a token; `what` goes after its path.
    pub(crate) fn token_file(path: &Path, what: &'static str, source: Option<io::Error>) -> Self {
        Self::new(Cause::TokenFile { path: path.to_owned(), what, source })
    }

    /// For a refusal by the service that issues tokens.
    pub(crate) fn login(answer: FailureAnswer, host: &str) -> Self {
        Self::new(Cause::Login { answer, host: host.to_owned() })
    }

    /// For an answer of that service which is neither refusal nor token; `why` may be empty.
    pub(crate) fn no_token(status: StatusCode, host: &str, why: &str) -> Self {
        Self::new(Cause::NoToken { status, host: host.to_owned(), why: why.to_owned() })
    }

    pub(crate) fn unsuitable(problem: TokenProblem) -> Self {
        Self::new(Cause::Unsuitable(problem))
    }

    /// For an answer of 401 or 403.
    pub(crate) fn refused(answer: FailureAnswer, audience: &str) -> Self {
        Self::new(Cause::Refused { answer, audience: audience.to_owned(), problem: None })
    }

    /// Keeps what the refused token shows by itself.
    pub(crate) fn set_problem(&mut self, found: Option<TokenProblem>) {
        if let Cause::Refused { problem, .. } = &mut *self.cause {
            *problem = found;
        }
    }

    fn answer(&self) -> Option<&FailureAnswer> {
        match &*self.cause {
            Cause::Login { answer, .. } | Cause::Refused { answer, .. } => Some(answer),
            _ => None,
        }
    }

    /// The call for a token that ended so.
    pub(super) fn call_error(&self) -> Option<&Error> {
        match &*self.cause {
            Cause::Credential(error) => error.call_error(),
            _ => None,
        }
    }

    /// How authentication failed.
    #[must_use]
    pub fn kind(&self) -> AuthErrorKind {
        match &*self.cause {
            Cause::Credential(_) | Cause::TokenFile { .. } => AuthErrorKind::Credential,
            Cause::Login { .. } | Cause::NoToken { .. } => AuthErrorKind::Login,
            Cause::Unsuitable(_) => AuthErrorKind::Unsuitable,
            Cause::Refused { answer, .. } if answer.status == StatusCode::FORBIDDEN => {
                AuthErrorKind::Forbidden
            }
            Cause::Refused { .. } => AuthErrorKind::Unauthorized,
        }
    }

    /// Status of the answer that refused, or came without a token; `None` when there was none.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match &*self.cause {
            Cause::NoToken { status, .. } => Some(*status),
            _ => self.answer().map(|answer| answer.status),
        }
    }

    /// What the token shows by itself, where that explains the refusal.
    #[must_use]
    pub fn problem(&self) -> Option<&TokenProblem> {
        match &*self.cause {
            Cause::Unsuitable(problem) => Some(problem),
            Cause::Refused { problem, .. } => problem.as_ref(),
            _ => None,
        }
    }

    answer_accessors!();

    pub(super) fn help(&self) -> Option<String> {
        match (&*self.cause, self.problem()) {
            (_, Some(TokenProblem::Audience { expected, .. })) => {
                Some(format!("get a token for the audience {expected}"))
            }
            (_, Some(TokenProblem::Permission)) => Some(
                "grant the application the permission Library.Manage, with an administrator's consent, and get \
                 a new token"
                    .to_owned(),
            ),
            (Cause::Credential(_), _) => self.call_error().and_then(Error::help),
            (Cause::TokenFile { .. }, _) => {
                Some("check the path, and whatever writes the token there".to_owned())
            }
            (Cause::Login { .. }, _) => Some(login_help::of(self.code()).to_owned()),
            (Cause::NoToken { .. }, _) => Some(login_help::OF_ANOTHER_SERVER.to_owned()),
            (Cause::Refused { audience, .. }, None) if self.kind() == AuthErrorKind::Forbidden => {
                Some(format!(
                    "check that the token is for the audience {audience}, and that the application has the \
                     permission Library.Manage"
                ))
            }
            _ => Some(
                "get a new token: this one is expired, revoked or not for this service".to_owned(),
            ),
        }
    }
}

/// A description without the code before it and the identifiers after it, which stand elsewhere.
fn sentence<'m>(message: &'m str, code: &str) -> &'m str {
    let rest =
        message.strip_prefix(code).map_or(message, |rest| rest.trim_start_matches([':', ' ']));
    rest.split("Trace ID:").next().unwrap_or(rest).trim()
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.context)?;
        match &*self.cause {
            Cause::Credential(error) => match error.call_error() {
                Some(error) => write!(f, "{error}")?,
                None => f.write_str("the credential gave no token")?,
            },
            Cause::Login { answer, host } => {
                let code = answer.code.as_deref().unwrap_or_default();
                let message = answer.message.as_deref().map(|it| sentence(it, code).to_owned());
                let message = message.filter(|message| !message.is_empty());
                let shown = FailureAnswer { message, ..answer.clone() };
                write!(f, "{host} issues no token to the application ({shown})")?;
            }
            Cause::NoToken { status, host, why } => {
                write!(f, "{host} answers with status {} and no token", status.as_u16())?;
                if !why.is_empty() {
                    write!(f, ": {}", Escaped { text: why, max: 200 })?;
                }
            }
            Cause::TokenFile { path, what, .. } => {
                let path = path.to_string_lossy();
                write!(f, "the token file {} {what}", Escaped { text: &path, max: usize::MAX })?;
            }
            Cause::Unsuitable(problem) => write!(f, "{problem}")?,
            Cause::Refused { answer, .. } if answer.status == StatusCode::FORBIDDEN => {
                write!(f, "the service does not permit this with this token ({answer})")?;
            }
            Cause::Refused { answer, .. } => {
                write!(f, "the service refuses the token ({answer})")?;
            }
        }
        if let Cause::Refused { problem: Some(problem), .. } = &*self.cause {
            write!(f, ": {problem}")?;
        }
        write!(f, "{}", self.context.ending(Delivery::NotDelivered))
    }
}

impl StdError for AuthError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &*self.cause {
            // The wrapper would only say again that there is no token, and the call's error was shown.
            Cause::Credential(error) => match error.call_error() {
                Some(error) => error.source(),
                None => error.source(),
            },
            Cause::TokenFile { source, .. } => source.as_ref().map(|source| source as _),
            _ => None,
        }
    }
}
