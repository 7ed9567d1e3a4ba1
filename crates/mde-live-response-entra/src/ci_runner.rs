//! Tokens that CI systems issue to their jobs, as assertions of an application.

use std::ffi::OsString;
use std::fmt;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, Request, Response, Uri};
use mde_live_response_core::auth::{CredentialError, Secret, TokenExchange, TokenRequest};
use mde_live_response_core::error::InvalidInput;
use mde_live_response_core::operation::percent_encoded;
use serde::Deserialize;
use zeroize::{Zeroize, Zeroizing};

use crate::env::Variables;
use crate::json::{self, Wiped};

/// Audience of the assertions that Entra accepts. The vendor's documentation.
pub(crate) const EXCHANGE_AUDIENCE: &str = "api://AzureADTokenExchange";

/// The OIDC token of a GitHub Actions job.
///
/// The job needs `permissions: id-token: write`. Pass it to
/// [`EntraCredential::with_assertion`](crate::EntraCredential::with_assertion). The token lives five minutes, so
/// each token request gets a new one.
///
/// # Examples
///
/// ```no_run
/// use mde_live_response::Endpoint;
/// use mde_live_response::auth::{EntraCredential, GitHubActions};
///
/// let job = GitHubActions::from_env()?;
/// let credential =
///     EntraCredential::with_assertion("contoso.example", "an-id", move |request| job.assertion(request))?;
/// let client = mde_live_response::client(Endpoint::COMMERCIAL, credential);
/// # Ok::<(), mde_live_response::error::InvalidInput>(())
/// ```
#[derive(Debug, Clone)]
pub struct GitHubActions(Runner);

impl GitHubActions {
    /// Reads `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`, which GitHub sets.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] with the variable's name as its field, if it is not set or cannot be used.
    pub fn from_env() -> Result<Self, InvalidInput> {
        Self::from_lookup(std::env::var_os)
    }

    /// As [`from_env`](Self::from_env), with another way to look up the variables.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] as for [`from_env`](Self::from_env).
    pub fn from_lookup(
        lookup: impl Fn(&'static str) -> Option<OsString>,
    ) -> Result<Self, InvalidInput> {
        let variables = Variables(lookup);
        let audience: String = percent_encoded(EXCHANGE_AUDIENCE).collect();
        Ok(Self(Runner {
            name: "GitHub Actions",
            help: "Give the job the permission `id-token: write`.",
            url: variables.url("ACTIONS_ID_TOKEN_REQUEST_URL", &[("audience", &audience)])?,
            token: variables.secret("ACTIONS_ID_TOKEN_REQUEST_TOKEN")?,
            method: Method::GET,
        }))
    }

    /// Gets the job's token.
    ///
    /// # Errors
    ///
    /// [`CredentialError`] if GitHub issues none.
    pub fn assertion(&self, request: &TokenRequest<'_>) -> Result<Secret, CredentialError> {
        self.0.assertion(request)
    }
}

/// The OIDC token of an Azure Pipelines job, for a service connection.
///
/// The step must map `SYSTEM_ACCESSTOKEN: $(System.AccessToken)` into its environment. Pass it to
/// [`EntraCredential::with_assertion`](crate::EntraCredential::with_assertion), as in the example of
/// [`GitHubActions`].
#[derive(Debug, Clone)]
pub struct AzurePipelines(Runner);

impl AzurePipelines {
    /// Reads `SYSTEM_OIDCREQUESTURI`, `SYSTEM_ACCESSTOKEN` and `AZURESUBSCRIPTION_SERVICE_CONNECTION_ID`.
    ///
    /// Azure Pipelines sets the first one, and the tasks for Azure set the last one, which is the service connection's ID.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] with the variable's name as its field, if it is not set or cannot be used.
    pub fn from_env() -> Result<Self, InvalidInput> {
        Self::from_lookup(std::env::var_os)
    }

    /// As [`from_env`](Self::from_env), with another way to look up the variables.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] as for [`from_env`](Self::from_env).
    pub fn from_lookup(
        lookup: impl Fn(&'static str) -> Option<OsString>,
    ) -> Result<Self, InvalidInput> {
        let variables = Variables(lookup);
        let connection = variables.needed("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID")?;
        let connection: String = percent_encoded(&connection).collect();
        let query = [("api-version", "7.1"), ("serviceConnectionId", connection.as_str())];
        Ok(Self(Runner {
            name: "Azure Pipelines",
            help: "Check the service connection's ID, and map SYSTEM_ACCESSTOKEN into the step.",
            url: variables.url("SYSTEM_OIDCREQUESTURI", &query)?,
            token: variables.secret("SYSTEM_ACCESSTOKEN")?,
            method: Method::POST,
        }))
    }

    /// Gets the job's token.
    ///
    /// # Errors
    ///
    /// [`CredentialError`] if Azure Pipelines issues none.
    pub fn assertion(&self, request: &TokenRequest<'_>) -> Result<Secret, CredentialError> {
        self.0.assertion(request)
    }
}

/// The token service of a CI system.
#[derive(Clone)]
struct Runner {
    name: &'static str,
    help: &'static str,
    url: Uri,
    /// The job's own token, which proves to the CI system who asks.
    token: Secret,
    method: Method,
}

impl Runner {
    fn assertion(&self, request: &TokenRequest<'_>) -> Result<Secret, CredentialError> {
        let exchange = TokenExchange::new(self.request()?).with_secret(&self.token);
        let mut answer = request.send(&exchange)?;
        let host = self.url.host().unwrap_or_default();
        let assertion = if answer.status().is_success() {
            read(&answer).ok_or_else(|| {
                let message = format!("{host} ({}) answered without a token", self.name);
                CredentialError::message(message).with_status(answer.status())
            })
        } else {
            Err(request.refusal(host, &answer))
        };
        answer.body_mut().zeroize();
        assertion.map_err(|error| error.with_help(self.help))
    }

    fn request(&self) -> Result<Request<&[u8]>, CredentialError> {
        let bearer = Zeroizing::new(format!("Bearer {}", self.token.expose()));
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| {
            CredentialError::message(format!(
                "the job's token of {} cannot be sent as an HTTP header",
                self.name
            ))
        })?;
        bearer.set_sensitive(true);
        let mut request = Request::new(&[] as &[u8]);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.url.clone();
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, bearer);
        if self.method == Method::POST {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            // Without it, the answer to a bad token is a redirect to a login page.
            let no_redirect = HeaderName::from_static("x-tfs-fedauthredirect");
            headers.insert(no_redirect, HeaderValue::from_static("Suppress"));
        }
        Ok(request)
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("host", &self.url.host()).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(alias = "oidcToken")]
    value: Wiped,
}

fn read(answer: &Response<Vec<u8>>) -> Option<Secret> {
    let answer: Answer = json::object(json::text(answer)?)?.ok()?;
    Secret::new(answer.value.take()).ok()
}
