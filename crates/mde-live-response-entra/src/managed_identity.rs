//! Managed identities: tokens from the metadata service of an Azure machine.

use std::ffi::OsString;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use http::{Request, Response, StatusCode, Uri};
use mde_live_response_core::auth::{
    Credential, CredentialError, IssuedToken, Secret, TokenExchange, TokenRequest,
};
use mde_live_response_core::error::InvalidInput;
use mde_live_response_core::operation::percent_encoded;

use crate::application::id;
use crate::ci_runner::EXCHANGE_AUDIENCE;
use crate::env::{Variables, with_query};
use crate::{answer, help};

/// Where a virtual machine finds its metadata service. The vendor's documentation.
const VM: &str = "http://169.254.169.254";

/// The managed identity of an Azure virtual machine, App Service, Function or Container App.
///
/// Uses the identity that Azure assigned to the machine, so there is no secret to store. The request goes over plain http
/// to this machine's own metadata service, never through a proxy.
///
/// Grant `Library.Manage` to the identity with Microsoft Graph or PowerShell; the portal cannot do it.
///
/// # Examples
///
/// ```no_run
/// use mde_live_response::Endpoint;
/// use mde_live_response::auth::ManagedIdentity;
///
/// let client = mde_live_response::client(Endpoint::COMMERCIAL, ManagedIdentity::from_env()?);
/// # Ok::<(), mde_live_response::error::InvalidInput>(())
/// ```
#[derive(Debug, Clone)]
pub struct ManagedIdentity {
    place: Place,
    client_id: Option<String>,
    probe: Option<Duration>,
}

/// Reads the answer of this host.
type Read<T> = fn(&TokenRequest<'_>, &str, Response<Vec<u8>>) -> Result<T, CredentialError>;

#[derive(Debug, Clone)]
enum Place {
    Vm { base: String },
    AppService { url: String, header: Secret },
}

impl ManagedIdentity {
    /// Finds the metadata service by the environment.
    ///
    /// With `IDENTITY_ENDPOINT` and `IDENTITY_HEADER`, it is that of App Service, Functions or Container Apps. Otherwise it is
    /// that of a virtual machine, at `http://169.254.169.254` or `AZURE_POD_IDENTITY_AUTHORITY_HOST`.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] with the variable's name as its field, if a variable has a value that cannot be used.
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
        let place = if variables.raw("IDENTITY_ENDPOINT").is_some() {
            let url = variables.url("IDENTITY_ENDPOINT", &[("api-version", "2019-08-01")])?;
            Place::AppService { url: url.to_string(), header: variables.secret("IDENTITY_HEADER")? }
        } else {
            let host = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
            let base = match variables.raw(host) {
                Some(_) => variables.url(host, &[])?.to_string().trim_end_matches('/').to_owned(),
                None => VM.to_owned(),
            };
            Place::Vm { base }
        };
        Ok(Self { place, client_id: None, probe: None })
    }

    /// Chooses a user-assigned identity by its client ID. Default: the system-assigned identity.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] with the field `client ID`, unless it has 1 to 255 ASCII letters, digits, dots and hyphens.
    pub fn with_client_id(mut self, client_id: &str) -> Result<Self, InvalidInput> {
        self.client_id = Some(id(client_id, "client ID")?);
        Ok(self)
    }

    /// Gets a token that an application of another tenant accepts as its assertion.
    ///
    /// Pass it to [`EntraCredential::with_assertion`](crate::EntraCredential::with_assertion).
    ///
    /// # Errors
    ///
    /// [`CredentialError`] if the metadata service issues no token.
    pub fn assertion(&self, request: &TokenRequest<'_>) -> Result<Secret, CredentialError> {
        self.issue(request, EXCHANGE_AUDIENCE, answer::read_assertion)
    }

    /// First asks whether a virtual machine's service is there, for at most this time.
    pub(crate) fn with_probe(mut self, limit: Duration) -> Self {
        self.probe = Some(limit);
        self
    }

    fn issue<T>(
        &self,
        request: &TokenRequest<'_>,
        resource: &str,
        read: Read<T>,
    ) -> Result<T, CredentialError> {
        let issued =
            self.ask(request, resource).and_then(|(host, answer)| read(request, &host, answer));
        issued.map_err(|error| error.with_help(help::OF_MANAGED_IDENTITY))
    }

    /// Gets the metadata service's host and its answer.
    fn ask(
        &self,
        request: &TokenRequest<'_>,
        resource: &str,
    ) -> Result<(String, Response<Vec<u8>>), CredentialError> {
        let url = self.url(resource)?;
        let host = url.host().unwrap_or_default().to_owned();
        if let Some(limit) = self.probe {
            self.look(request, &url, limit)?;
        }
        let asked = Self::request(url, Some(self.header()?));
        let exchange = TokenExchange::new(asked);
        let exchange = match &self.place {
            Place::AppService { header, .. } => exchange.with_secret(header),
            Place::Vm { .. } => retried().fold(exchange, TokenExchange::with_retried_status),
        };
        let answer = request.send(&exchange)?;
        if answer.status() == StatusCode::BAD_REQUEST {
            return Err(request.refusal(&host, &answer));
        }
        Ok((host, answer))
    }

    /// Asks without the header that a token needs. Any answer shows that the service is there.
    fn look(
        &self,
        request: &TokenRequest<'_>,
        url: &Uri,
        limit: Duration,
    ) -> Result<(), CredentialError> {
        let Place::Vm { .. } = self.place else { return Ok(()) };
        let exchange = TokenExchange::new(Self::request(url.clone(), None)).with_limit(limit);
        request.send(&exchange)?;
        Ok(())
    }

    fn url(&self, resource: &str) -> Result<Uri, CredentialError> {
        let base = match &self.place {
            Place::Vm { base } => {
                format!("{base}/metadata/identity/oauth2/token?api-version=2018-02-01")
            }
            Place::AppService { url, .. } => url.clone(),
        };
        let resource: String = percent_encoded(resource).collect();
        let mut parameters = vec![("resource", resource.as_str())];
        parameters.extend(self.client_id.as_deref().map(|id| ("client_id", id)));
        with_query(base, &parameters).parse().map_err(CredentialError::new)
    }

    fn header(&self) -> Result<(HeaderName, HeaderValue), CredentialError> {
        match &self.place {
            Place::Vm { .. } => {
                Ok((HeaderName::from_static("metadata"), HeaderValue::from_static("true")))
            }
            Place::AppService { header, .. } => {
                let value = HeaderValue::from_str(header.expose());
                let mut value = value.map_err(|_| {
                    CredentialError::message("IDENTITY_HEADER cannot be sent as an HTTP header")
                })?;
                value.set_sensitive(true);
                Ok((HeaderName::from_static("x-identity-header"), value))
            }
        }
    }

    fn request(url: Uri, header: Option<(HeaderName, HeaderValue)>) -> Request<&'static [u8]> {
        let mut request = Request::new(&[] as &[u8]);
        *request.uri_mut() = url;
        if let Some((name, value)) = header {
            request.headers_mut().insert(name, value);
        }
        request
    }
}

impl Credential for ManagedIdentity {
    fn token(&self, request: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
        self.issue(request, request.endpoint().audience(), answer::read)
    }
}

/// Statuses that the vendor's documentation says to retry, beside those that the client always retries.
fn retried() -> impl Iterator<Item = StatusCode> {
    let codes = [404, 410].into_iter().chain(500..600);
    codes.filter_map(|code| StatusCode::from_u16(code).ok())
}
