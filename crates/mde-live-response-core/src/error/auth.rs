//! No token, or one that the service refuses.

use std::error::Error as StdError;
use std::fmt;

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
    /// The credential gave no token.
    Credential,
    /// The service that issues tokens refuses the application.
    Login,
    /// The token shows by itself that it is not good for this, and was not sent.
    Unsuitable,
    /// The service refuses the token: 401.
    Unauthorized,
    /// The token is good, but not for this: 403.
    Forbidden,
}

/// No token, or one that the service refuses. Nothing was stored.
#[derive(Debug)]
pub struct AuthError {
    cause: Box<Cause>,
    pub(super) context: Context,
}

#[derive(Debug)]
enum Cause {
    Credential(CredentialError),
    Login { answer: FailureAnswer, host: String },
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

    /// For a refusal by the service that issues tokens.
    pub(crate) fn login(answer: FailureAnswer, host: &str) -> Self {
        Self::new(Cause::Login { answer, host: host.to_owned() })
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
            Cause::Credential(_) | Cause::Unsuitable(_) => None,
            Cause::Login { answer, .. } | Cause::Refused { answer, .. } => Some(answer),
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
            Cause::Credential(_) => AuthErrorKind::Credential,
            Cause::Login { .. } => AuthErrorKind::Login,
            Cause::Unsuitable(_) => AuthErrorKind::Unsuitable,
            Cause::Refused { answer, .. } if answer.status == StatusCode::FORBIDDEN => {
                AuthErrorKind::Forbidden
            }
            Cause::Refused { .. } => AuthErrorKind::Unauthorized,
        }
    }

    /// Status of the answer that refused; `None` when there was none.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.answer().map(|answer| answer.status)
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
            (Cause::Login { .. }, _) => Some(login_help(self.code().unwrap_or_default()).to_owned()),
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

/// What the commonest refusals mean.
fn login_help(code: &str) -> &'static str {
    match code {
        "AADSTS7000215" => "check the client secret: it is the secret's value, not its identifier",
        "AADSTS7000222" => "the client secret has expired: add a new one to the application",
        "AADSTS700016" => "check the client ID, and that the application is known in this tenant",
        "AADSTS90002" => "check the tenant ID, and that the login host is that of its cloud",
        "AADSTS500011" => {
            "check the audience, and that Defender for Endpoint is used in this tenant"
        }
        "AADSTS70021" | "AADSTS700213" => {
            "check issuer, subject and audience of the application's federated credential against the token's"
        }
        "AADSTS700024" => "the federated token is expired or not yet valid: get a fresh one",
        _ => "check tenant, client ID and secret of the application",
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
                let shown = FailureAnswer { message, ..answer.clone() };
                write!(f, "{host} issues no token to the application ({shown})")?;
            }
            Cause::Unsuitable(problem) => write!(f, "{}", Shown(problem))?,
            Cause::Refused { answer, .. } if answer.status == StatusCode::FORBIDDEN => {
                write!(f, "the service does not permit this with this token ({answer})")?;
            }
            Cause::Refused { answer, .. } => {
                write!(f, "the service refuses the token ({answer})")?;
            }
        }
        if let Cause::Refused { problem: Some(problem), .. } = &*self.cause {
            write!(f, ": {}", Shown(problem))?;
        }
        write!(f, "{}", self.context.ending(Delivery::NotDelivered))
    }
}

/// What a token says is text from outside.
struct Shown<'a>(&'a TokenProblem);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Escaped { text: &self.0.to_string(), max: 500 })
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
            _ => None,
        }
    }
}
