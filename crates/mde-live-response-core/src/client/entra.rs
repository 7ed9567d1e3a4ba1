//! Tokens for an application from Microsoft Entra, over the client's own transport and by its own rules.

mod token_file;

use std::ffi::OsString;
use std::path::PathBuf;

use super::pipeline;
use super::task::Task;
use super::{Credential, CredentialError, IssuedToken, TokenRequest};
use crate::error::{Context, Error};
use crate::model::{CallKind, ClientSecret, InvalidEndpoint, InvalidSecret, login_url};
use crate::wire::{Proof, TokenForm};

/// An application of Microsoft Entra as a credential: by its secret, or by a token that another issuer has put
/// into a file (workload identity, CI runners).
///
/// Asks the login host of the client's [`Endpoint`](crate::Endpoint) for a token for its audience, through the
/// client's transport. Such a request is repeated like any other, but does not count on the rates of the library's
/// API. A refusal carries the code (`AADSTS...`) as [`AuthError::code`](crate::AuthError::code) and the correlation
/// ID as [`AuthError::target`](crate::AuthError::target), and is not repeated.
///
/// Keeps no token: that is the [`Client`](crate::Client)'s part, for each client and its clones.
///
/// # Examples
///
/// ```no_run
/// use mde_live_response_core::EntraCredential;
///
/// // AZURE_TENANT_ID, AZURE_CLIENT_ID, and AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE
/// let credential = EntraCredential::from_env()?;
/// # Ok::<(), mde_live_response_core::InvalidApplication>(())
/// ```
#[derive(Debug, Clone)]
pub struct EntraCredential {
    tenant: String,
    client_id: String,
    means: Means,
    login: Option<String>,
}

#[derive(Debug, Clone)]
enum Means {
    Secret(ClientSecret),
    TokenFile(PathBuf),
}

/// Why what was given names no application.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidApplication {
    /// The tenant is neither an identifier nor a domain.
    #[error("tenant must be an ID or a domain: 1 to 255 letters, digits, dots and hyphens")]
    Tenant,
    /// The client ID is no identifier.
    #[error("client ID must be 1 to 255 letters, digits, dots and hyphens")]
    ClientId,
    /// The secret cannot be one.
    #[error("client {0}")]
    Secret(InvalidSecret),
    /// The login host cannot be one.
    #[error("login host cannot be used: {0}")]
    Login(InvalidEndpoint),
    /// A variable is not set.
    #[error("the environment variable {variable} is not set")]
    NotSet {
        /// Its name.
        variable: &'static str,
    },
    /// No variable says how the application proves itself.
    #[error("neither AZURE_CLIENT_SECRET nor AZURE_FEDERATED_TOKEN_FILE is set")]
    NoProof,
    /// A variable holds what is no text.
    #[error("the environment variable {variable} is not UTF-8")]
    NotUtf8 {
        /// Its name.
        variable: &'static str,
    },
}

// By hand, for with `#[from]` the cause would be its own source as well, and be shown twice.
impl From<InvalidSecret> for InvalidApplication {
    fn from(error: InvalidSecret) -> Self {
        Self::Secret(error)
    }
}

impl From<InvalidEndpoint> for InvalidApplication {
    fn from(error: InvalidEndpoint) -> Self {
        Self::Login(error)
    }
}

impl EntraCredential {
    /// An application that proves itself by a secret. The tenant is an ID or a domain.
    ///
    /// Tenant and client ID have 1 to 255 characters, ASCII letters, digits, dots and hyphens, a letter or a digit at
    /// least among them: this library's choice.
    ///
    /// # Errors
    ///
    /// [`InvalidApplication::Tenant`] or [`InvalidApplication::ClientId`] for any other text.
    pub fn with_secret(
        tenant: &str,
        client_id: &str,
        secret: ClientSecret,
    ) -> Result<Self, InvalidApplication> {
        Self::new(tenant, client_id, Means::Secret(secret))
    }

    /// An application that proves itself by the token in a file, which is read anew whenever a token is asked for. One
    /// line end (LF or CRLF) at the file's end is no part of the token. The file may be a symbolic link; it must be
    /// regular, UTF-8, and of 65,536 bytes at most, this library's choice. A file that holds no token ends the call
    /// that needs one with [`AuthErrorKind::Credential`](crate::AuthErrorKind::Credential).
    ///
    /// Tenant and client ID are as for [`with_secret`](Self::with_secret). The path is not looked at before a token
    /// is asked for.
    ///
    /// # Errors
    ///
    /// [`InvalidApplication::Tenant`] or [`InvalidApplication::ClientId`], as for [`with_secret`](Self::with_secret).
    pub fn with_token_file(
        tenant: &str,
        client_id: &str,
        file: impl Into<PathBuf>,
    ) -> Result<Self, InvalidApplication> {
        Self::new(tenant, client_id, Means::TokenFile(file.into()))
    }

    fn new(tenant: &str, client_id: &str, means: Means) -> Result<Self, InvalidApplication> {
        let is_id = |text: &str| {
            (1..=255).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
                && text.bytes().any(|b| b.is_ascii_alphanumeric())
        };
        if !is_id(tenant) {
            return Err(InvalidApplication::Tenant);
        }
        if !is_id(client_id) {
            return Err(InvalidApplication::ClientId);
        }
        Ok(Self { tenant: tenant.to_owned(), client_id: client_id.to_owned(), means, login: None })
    }

    /// The application that the environment names, by the variables of Azure's own tools: `AZURE_TENANT_ID`,
    /// `AZURE_CLIENT_ID`, `AZURE_CLIENT_SECRET` or `AZURE_FEDERATED_TOKEN_FILE` (the secret if both are set), and
    /// `AZURE_AUTHORITY_HOST` in place of the endpoint's login host. An empty variable counts as not set.
    ///
    /// # Errors
    ///
    /// [`InvalidApplication`] when a variable is missing, is not UTF-8 or cannot be what it should. The path of the
    /// token file may be any.
    pub fn from_env() -> Result<Self, InvalidApplication> {
        Self::from_lookup(std::env::var_os)
    }

    /// The same, by another way to look the variables up.
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env).
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response_core::{EntraCredential, InvalidApplication};
    ///
    /// let missing = EntraCredential::from_lookup(|_| None).unwrap_err();
    /// assert_eq!(missing, InvalidApplication::NotSet { variable: "AZURE_TENANT_ID" });
    /// ```
    pub fn from_lookup(
        lookup: impl Fn(&'static str) -> Option<OsString>,
    ) -> Result<Self, InvalidApplication> {
        let set = |variable| lookup(variable).filter(|value| !value.is_empty());
        let text = |variable| {
            let value = set(variable).map(OsString::into_string).transpose();
            value.map_err(|_| InvalidApplication::NotUtf8 { variable })
        };
        let needed = |variable| text(variable)?.ok_or(InvalidApplication::NotSet { variable });
        let (tenant, client_id) = (needed("AZURE_TENANT_ID")?, needed("AZURE_CLIENT_ID")?);
        let means = match (text("AZURE_CLIENT_SECRET")?, set("AZURE_FEDERATED_TOKEN_FILE")) {
            (Some(secret), _) => Means::Secret(ClientSecret::new(secret)?),
            (None, Some(file)) => Means::TokenFile(file.into()),
            (None, None) => return Err(InvalidApplication::NoProof),
        };
        let application = Self::new(&tenant, &client_id, means)?;
        match text("AZURE_AUTHORITY_HOST")? {
            Some(host) => application.with_login(&host),
            None => Ok(application),
        }
    }

    /// Sets the login host in place of the endpoint's: a URL, or a host alone, of 2,048 bytes of ASCII at most.
    ///
    /// # Errors
    ///
    /// [`InvalidApplication::Login`], as for [`Endpoint::with_login`](crate::Endpoint::with_login).
    pub fn with_login(mut self, login: &str) -> Result<Self, InvalidApplication> {
        self.login = Some(login_url(login)?);
        Ok(self)
    }

    /// The login host in place of the endpoint's, as a URL without a slash at its end; `None`: the endpoint's.
    #[must_use]
    pub fn login(&self) -> Option<&str> {
        self.login.as_deref()
    }

    fn issue(&self, task: &Task<'_>) -> Result<IssuedToken, Error> {
        match &self.means {
            Means::Secret(secret) => self.ask(task, &Proof::Secret(secret)),
            Means::TokenFile(path) => self.ask(task, &Proof::Assertion(&token_file::read(path)?)),
        }
    }

    fn ask(&self, task: &Task<'_>, proof: &Proof<'_>) -> Result<IssuedToken, Error> {
        let client = task.client;
        let endpoint = &client.endpoint;
        let login = self.login.as_deref().unwrap_or(endpoint.login());
        let form =
            TokenForm::render(login, &self.tenant, &self.client_id, endpoint.audience(), proof);
        let (token, expires_in) = pipeline::run_login(task, |limits| {
            let mut request = form.request();
            request.extensions_mut().insert(limits);
            let reply = proof.scrub(client.transport.send(request)?);
            form.read_reply(reply, endpoint, client.clock.time_of_day())
        })?;
        Ok(match expires_in {
            Some(life) => IssuedToken::expiring(token, life),
            None => token.into(),
        })
    }
}

impl Credential for EntraCredential {
    fn token(&self, request: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
        let task = request.task().part(CallKind::Token);
        task.end(self.issue(&task)).map_err(|mut error| {
            // It ends the call that wants the token, of which earlier requests for one say nothing.
            if matches!(error, Error::Auth(_))
                && let Some(context) = error.context_mut()
            {
                *context = Context::default();
            }
            CredentialError::new(error)
        })
    }
}
