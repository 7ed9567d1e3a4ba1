//! An application of Microsoft Entra, and how it proves who it is.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use mde_live_response_core::Endpoint;
use mde_live_response_core::auth::{
    Credential, CredentialError, IssuedToken, Secret, TokenExchange, TokenRequest,
};
use mde_live_response_core::error::{InvalidInput, Problem};

use crate::env::{Variables, named};
use crate::form::{self, Proof, TokenForm};
use crate::{answer, certificate, token_file};

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
#[derive(Clone)]
enum Means {
    Secret(Secret),
    TokenFile(PathBuf),
    Certificate(PathBuf),
    Assertion(Arc<Assert>),
}

type Assert = dyn Fn(&TokenRequest<'_>) -> Result<Secret, CredentialError> + Send + Sync;

impl fmt::Debug for Means {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(_) => f.write_str("Secret"),
            Self::TokenFile(path) => f.debug_tuple("TokenFile").field(path).finish(),
            Self::Certificate(path) => f.debug_tuple("Certificate").field(path).finish(),
            Self::Assertion(_) => f.write_str("Assertion"),
        }
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

    /// Creates the credential of an application with a certificate.
    ///
    /// The file has the private key (RSA with 2,048 to 4,096 bits, PKCS#8 or PKCS#1, without a password) and the certificate, in
    /// PEM, with at most 64 KiB. It is read for each token request, so a renewed certificate is used at once. The key signs an
    /// assertion (PS256) that is valid for 10 min. A call that needs a token ends with [`ErrorKind::NoToken`] if the file
    /// cannot be used.
    ///
    /// [`ErrorKind::NoToken`]: mde_live_response_core::ErrorKind::NoToken
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] as for [`with_secret`](Self::with_secret). The path is not checked.
    pub fn with_certificate_file(
        tenant: &str,
        client_id: &str,
        file: impl Into<PathBuf>,
    ) -> Result<Self, InvalidInput> {
        Self::new(tenant, client_id, Means::Certificate(file.into()))
    }

    /// Creates the credential of an application with another issuer's token, from a function.
    ///
    /// The function is called for each token request. For CI systems and managed identities, see
    /// [`GitHubActions`](crate::GitHubActions), [`AzurePipelines`](crate::AzurePipelines) and
    /// [`ManagedIdentity::assertion`](crate::ManagedIdentity::assertion).
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] as for [`with_secret`](Self::with_secret).
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::auth::{CredentialError, EntraCredential, Secret};
    ///
    /// let credential = EntraCredential::with_assertion("contoso.example", "an-id", |_| {
    ///     let token = std::fs::read_to_string("/run/token").map_err(CredentialError::new)?;
    ///     Secret::new(token.trim_end()).map_err(CredentialError::new)
    /// })?;
    /// # Ok::<(), mde_live_response::error::InvalidInput>(())
    /// ```
    pub fn with_assertion(
        tenant: &str,
        client_id: &str,
        assertion: impl Fn(&TokenRequest<'_>) -> Result<Secret, CredentialError> + Send + Sync + 'static,
    ) -> Result<Self, InvalidInput> {
        Self::new(tenant, client_id, Means::Assertion(Arc::new(assertion)))
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
    /// | `AZURE_CLIENT_SECRET` | its secret; takes precedence over the two files |
    /// | `AZURE_CLIENT_CERTIFICATE_PATH` | the file with its key and certificate; takes precedence over the next one |
    /// | `AZURE_FEDERATED_TOKEN_FILE` | the file with another issuer's token |
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
        let variables = Variables(lookup);
        let needed = |variable| id(&variables.needed(variable)?, variable);
        let (tenant, client_id) = (needed("AZURE_TENANT_ID")?, needed("AZURE_CLIENT_ID")?);
        let file = |variable| variables.raw(variable).map(PathBuf::from);
        let means = if variables.raw("AZURE_CLIENT_SECRET").is_some() {
            Means::Secret(variables.secret("AZURE_CLIENT_SECRET")?)
        } else if let Some(file) = file("AZURE_CLIENT_CERTIFICATE_PATH") {
            Means::Certificate(file)
        } else if let Some(file) = file("AZURE_FEDERATED_TOKEN_FILE") {
            Means::TokenFile(file)
        } else {
            let one =
                "AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE";
            return Err(InvalidInput::new(one, Problem::Missing));
        };
        let credential = Self { tenant, client_id, means, login: None };
        match variables.text("AZURE_AUTHORITY_HOST")? {
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
        let proof = match &self.means {
            Means::Secret(secret) => Proof::Secret(secret.clone()),
            Means::TokenFile(path) => Proof::Assertion(token_file::read(path)?),
            Means::Certificate(path) => {
                let (audience, now) = (url.to_string(), request.time_of_day());
                Proof::Assertion(certificate::assertion(path, &self.client_id, &audience, now)?)
            }
            Means::Assertion(assertion) => Proof::Assertion(assertion(request)?),
        };
        let form = TokenForm::new(&self.client_id, endpoint.audience(), &proof);
        let exchange = TokenExchange::new(form.request(url)).with_secret(proof.secret());
        answer::read(request, &host, request.send(&exchange)?)
    }
}

/// Checks a tenant or a client ID.
pub(crate) fn id(text: &str, field: &'static str) -> Result<String, InvalidInput> {
    let is_id = (1..=MAX_ID_BYTES).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
        && text.bytes().any(|b| b.is_ascii_alphanumeric());
    if is_id {
        return Ok(text.to_owned());
    }
    let form = "1 to 255 letters, digits, dots and hyphens";
    Err(InvalidInput::new(field, Problem::Form(form)))
}
