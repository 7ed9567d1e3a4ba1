//! An application of Microsoft Entra, and how it proves who it is.

use std::ffi::OsString;
use std::path::PathBuf;

use mde_live_response_core::Endpoint;
use mde_live_response_core::auth::{
    Credential, CredentialError, IssuedToken, Secret, TokenExchange, TokenRequest,
};
use mde_live_response_core::error::{InvalidInput, Problem};

use crate::form::{self, Proof, TokenForm};
use crate::{answer, token_file};

/// Longest tenant and client ID, in bytes. Ours: the longest domain has 253.
const MAX_ID_BYTES: usize = 255;

/// An application of Microsoft Entra as a credential.
///
/// Requests a token for the endpoint's audience from the endpoint's login host, through the client's transport. The
/// client retries such a request like any other, but does not count it in the rate limit. It does not retry a refusal,
/// which ends the call with [`ErrorKind::NoToken`]: the error has the code (`AADSTS...`), the correlation ID, and a help
/// for the common codes.
///
/// Keeps no token: each [`Client`](mde_live_response_core::Client) does that for itself and its clones.
///
/// [`ErrorKind::NoToken`]: mde_live_response_core::ErrorKind::NoToken
///
/// # Examples
///
/// ```
/// use mde_live_response::Endpoint;
/// use mde_live_response::auth::{EntraCredential, Secret};
///
/// let secret = Secret::new("a-client-secret")?;
/// let credential = EntraCredential::with_secret("contoso.example", "an-id", secret)?;
/// let client = mde_live_response::client(Endpoint::COMMERCIAL, credential);
/// # Ok::<(), mde_live_response::error::InvalidInput>(())
/// ```
#[derive(Debug, Clone)]
pub struct EntraCredential {
    tenant: String,
    client_id: String,
    means: Means,
    login: Option<String>,
}

/// How the application proves who it is.
#[derive(Debug, Clone)]
enum Means {
    Secret(Secret),
    TokenFile(PathBuf),
}

impl Means {
    fn proof(&self) -> Result<Proof, CredentialError> {
        Ok(match self {
            Self::Secret(secret) => Proof::Secret(secret.clone()),
            Self::TokenFile(path) => Proof::Assertion(token_file::read(path)?),
        })
    }
}

impl EntraCredential {
    /// Creates the credential of an application with a client secret.
    ///
    /// The tenant is an ID or a domain. Tenant and client ID have 1 to 255 ASCII letters, digits, dots and hyphens, with
    /// at least one letter or digit.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] with the field `tenant` or `client ID` for any other text.
    pub fn with_secret(
        tenant: &str,
        client_id: &str,
        secret: Secret,
    ) -> Result<Self, InvalidInput> {
        Self::new(tenant, client_id, Means::Secret(secret))
    }

    /// Creates the credential of an application with a token file.
    ///
    /// The file has another issuer's token (workload identity, CI runners).
    ///
    /// The file is read for each token request, not before. It must be a regular file or a link to one, in UTF-8, with at
    /// most 64 KiB. One line end (LF or CRLF) at its end is dropped. A call that needs a token ends with
    /// [`ErrorKind::NoToken`] if the file has none.
    ///
    /// [`ErrorKind::NoToken`]: mde_live_response_core::ErrorKind::NoToken
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] as for [`with_secret`](Self::with_secret). The path is not checked.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::auth::EntraCredential;
    ///
    /// let path = "/var/run/secrets/azure/tokens/azure-identity-token";
    /// let credential = EntraCredential::with_token_file("contoso.example", "an-id", path)?;
    /// # Ok::<(), mde_live_response::error::InvalidInput>(())
    /// ```
    pub fn with_token_file(
        tenant: &str,
        client_id: &str,
        file: impl Into<PathBuf>,
    ) -> Result<Self, InvalidInput> {
        Self::new(tenant, client_id, Means::TokenFile(file.into()))
    }

    fn new(tenant: &str, client_id: &str, means: Means) -> Result<Self, InvalidInput> {
        Ok(Self {
            tenant: id(tenant, "tenant")?,
            client_id: id(client_id, "client ID")?,
            means,
            login: None,
        })
    }

    /// Creates the credential that the environment describes, by the variables of Azure's own tools.
    ///
    /// | Variable | Meaning |
    /// |---|---|
    /// | `AZURE_TENANT_ID` | the tenant |
    /// | `AZURE_CLIENT_ID` | the application's client ID |
    /// | `AZURE_CLIENT_SECRET` | its secret; takes precedence over the file |
    /// | `AZURE_FEDERATED_TOKEN_FILE` | the file with another issuer's token; any path |
    /// | `AZURE_AUTHORITY_HOST` | the login host; default: the endpoint's |
    ///
    /// An empty variable counts as not set.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] with the variable's name as its field, if a variable is missing ([`Problem::Missing`]), is not
    /// UTF-8, or has a value that cannot be used.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use mde_live_response::Endpoint;
    /// use mde_live_response::auth::EntraCredential;
    ///
    /// let client = mde_live_response::client(Endpoint::from_env()?, EntraCredential::from_env()?);
    /// # Ok::<(), mde_live_response::error::InvalidInput>(())
    /// ```
    pub fn from_env() -> Result<Self, InvalidInput> {
        Self::from_lookup(std::env::var_os)
    }

    /// As [`from_env`](Self::from_env), with another way to look up the variables.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] as for [`from_env`](Self::from_env).
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::auth::EntraCredential;
    /// use mde_live_response::error::Problem;
    ///
    /// let missing = EntraCredential::from_lookup(|_| None).unwrap_err();
    /// assert_eq!((missing.field(), missing.problem()), ("AZURE_TENANT_ID", &Problem::Missing));
    /// ```
    pub fn from_lookup(
        lookup: impl Fn(&'static str) -> Option<OsString>,
    ) -> Result<Self, InvalidInput> {
        let set = |variable| lookup(variable).filter(|value| !value.is_empty());
        let text = |variable| {
            let value = set(variable).map(OsString::into_string).transpose();
            value.map_err(|_| InvalidInput::new(variable, Problem::NotUtf8))
        };
        let needed = |variable| {
            let value = text(variable)?;
            id(&value.ok_or(InvalidInput::new(variable, Problem::Missing))?, variable)
        };
        let (tenant, client_id) = (needed("AZURE_TENANT_ID")?, needed("AZURE_CLIENT_ID")?);
        let means = match (text("AZURE_CLIENT_SECRET")?, set("AZURE_FEDERATED_TOKEN_FILE")) {
            (Some(secret), _) => Means::Secret(named(Secret::new(secret), "AZURE_CLIENT_SECRET")?),
            (None, Some(file)) => Means::TokenFile(file.into()),
            (None, None) => {
                let either = "AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE";
                return Err(InvalidInput::new(either, Problem::Missing));
            }
        };
        let credential = Self { tenant, client_id, means, login: None };
        match text("AZURE_AUTHORITY_HOST")? {
            Some(host) => named(credential.with_login(&host), "AZURE_AUTHORITY_HOST"),
            None => Ok(credential),
        }
    }

    /// Sets the login host, by its URL or its host alone. Default: the endpoint's.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] as for [`Endpoint::with_login`].
    pub fn with_login(mut self, login: &str) -> Result<Self, InvalidInput> {
        self.login = Some(Endpoint::COMMERCIAL.with_login(login)?.login().to_owned());
        Ok(self)
    }

    /// URL of the login host, if it is not the endpoint's.
    #[must_use]
    pub fn login(&self) -> Option<&str> {
        self.login.as_deref()
    }
}

impl Credential for EntraCredential {
    fn token(&self, request: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
        let endpoint = request.endpoint();
        let login = self.login.as_deref().unwrap_or(endpoint.login());
        let url = form::url(login, &self.tenant);
        let host = url.host().unwrap_or_default().to_owned();
        let proof = self.means.proof()?;
        let form = TokenForm::new(&self.client_id, endpoint.audience(), &proof);
        let exchange = TokenExchange::new(form.request(url)).with_secret(proof.secret());
        answer::read(request, &host, request.send(&exchange)?)
    }
}

/// Checks a tenant or a client ID.
fn id(text: &str, field: &'static str) -> Result<String, InvalidInput> {
    let is_id = (1..=MAX_ID_BYTES).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
        && text.bytes().any(|b| b.is_ascii_alphanumeric());
    if is_id {
        return Ok(text.to_owned());
    }
    let form = "1 to 255 letters, digits, dots and hyphens";
    Err(InvalidInput::new(field, Problem::Form(form)))
}

/// Gives the error of a value the name of its variable.
fn named<T>(value: Result<T, InvalidInput>, variable: &'static str) -> Result<T, InvalidInput> {
    value.map_err(|error| {
        let named = InvalidInput::new(variable, error.problem().clone());
        match error.at() {
            Some(at) => named.with_position(at),
            None => named,
        }
    })
}
