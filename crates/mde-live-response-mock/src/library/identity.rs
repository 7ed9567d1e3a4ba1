//! Endpoints that give tokens to a machine or a job: metadata services of Azure, and CI systems.

use std::time::SystemTime;

use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::json;

use super::FakeLibrary;
use super::call::{bearer_token, fields};
use super::login::{Application, EXCHANGE_AUDIENCE, Issued, Login, respond, seconds};

/// An endpoint, by the end of its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    VirtualMachine,
    AppService,
    GitHub,
    AzurePipelines,
}

impl Place {
    pub(super) fn of(path: &str) -> Option<Self> {
        [
            ("/metadata/identity/oauth2/token", Self::VirtualMachine),
            ("/msi/token", Self::AppService),
            ("/idtoken", Self::GitHub),
            ("/oidctoken", Self::AzurePipelines),
        ]
        .into_iter()
        .find_map(|(end, place)| path.ends_with(end).then_some(place))
    }

    pub(super) fn method(self) -> Method {
        match self {
            Self::AzurePipelines => Method::POST,
            Self::VirtualMachine | Self::AppService | Self::GitHub => Method::GET,
        }
    }
}

impl FakeLibrary {
    /// Answers a request for the token of this machine or job.
    pub(super) fn issue_to_machine(&self, place: Place, head: &Parts) -> Response<Vec<u8>> {
        let now = self.now();
        let mut state = self.lock();
        state.issued.count();
        let login = &self.inner.settings.login;
        let query = fields(head.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
        let request = Request { head, query };
        match place {
            Place::VirtualMachine | Place::AppService => {
                login.issue_to_identity(place, &request, &mut state.issued, now)
            }
            Place::GitHub | Place::AzurePipelines => login.issue_to_job(place, &request),
        }
    }
}

struct Request<'a> {
    head: &'a Parts,
    query: Vec<(String, String)>,
}

impl Request<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Login {
    fn issue_to_identity(
        &self,
        place: Place,
        request: &Request<'_>,
        issued: &mut Issued,
        now: SystemTime,
    ) -> Response<Vec<u8>> {
        let version = if place == Place::VirtualMachine { "2018-02-01" } else { "2019-08-01" };
        if place == Place::VirtualMachine && request.header("metadata") != Some("true") {
            return bad("Required metadata header not specified");
        }
        if request.parameter("api-version") != Some(version) {
            return bad("Missing or unknown api-version");
        }
        let Some(resource) = request.parameter("resource") else {
            return bad("Missing resource");
        };
        let wanted = request.parameter("client_id");
        let identity = self.applications.iter().find(|it| {
            it.identity_header.is_some() && wanted.is_none_or(|wanted| it.client_id == wanted)
        });
        let Some(identity) = identity else { return bad("Identity not found") };
        if place == Place::AppService
            && request.header("x-identity-header") != identity.identity_header.as_deref()
        {
            return respond(StatusCode::UNAUTHORIZED, &json!({ "statusCode": 401 }));
        }
        let Ok(token) = self.issue_for(identity, resource, issued, now) else {
            return bad("The resource principal was not found");
        };
        // App Service does not name the lifetime.
        let life = self.life.as_secs().to_string();
        let life = (place == Place::VirtualMachine).then_some(life);
        let body = json!({
            "access_token": token,
            "expires_in": life,
            "client_id": identity.client_id,
            "expires_on": seconds(now + self.life).to_string(),
            "resource": resource,
            "token_type": "Bearer",
        });
        respond(StatusCode::OK, &body)
    }

    fn issue_to_job(&self, place: Place, request: &Request<'_>) -> Response<Vec<u8>> {
        let token = bearer_token(&request.head.headers);
        let job = self
            .applications
            .iter()
            .find_map(|it| it.jobs.iter().find(|(known, _)| Some(known.as_str()) == token));
        let Some((_, assertion)) = job else {
            return respond(StatusCode::UNAUTHORIZED, &json!({ "message": "Unauthorized" }));
        };
        let is_asked_well = match place {
            Place::AzurePipelines => {
                request.parameter("api-version") == Some("7.1")
                    && request.parameter("serviceConnectionId").is_some_and(|id| !id.is_empty())
                    && request.header("content-type") == Some("application/json")
                    && request.header("x-tfs-fedauthredirect") == Some("Suppress")
            }
            _ => request.parameter("audience") == Some(EXCHANGE_AUDIENCE),
        };
        let name = if place == Place::AzurePipelines { "oidcToken" } else { "value" };
        if is_asked_well {
            respond(StatusCode::OK, &json!({ (name): assertion }))
        } else {
            respond(StatusCode::BAD_REQUEST, &json!({ "message": "Bad request" }))
        }
    }
}

fn bad(description: &str) -> Response<Vec<u8>> {
    let body = json!({ "error": "invalid_request", "error_description": description });
    respond(StatusCode::BAD_REQUEST, &body)
}

impl Application {
    /// Makes it the managed identity of this machine. A user-assigned one is asked for by its client ID.
    ///
    /// Tokens come from `/metadata/identity/oauth2/token`, as on a virtual machine, and from `/msi/token`, as in App Service,
    /// if the request has this `X-IDENTITY-HEADER`.
    #[must_use]
    pub fn as_managed_identity(mut self, identity_header: impl Into<String>) -> Self {
        self.identity_header = Some(identity_header.into());
        self
    }

    /// Accepts the tokens of this managed identity as its assertions.
    #[must_use]
    pub fn trusting(mut self, client_id: impl Into<String>) -> Self {
        self.trusted.push(client_id.into());
        self
    }

    /// Gives this assertion to CI jobs that show `job_token`, and accepts it.
    ///
    /// The assertion comes from `/idtoken`, as in GitHub Actions, and from `/oidctoken`, as in Azure Pipelines.
    #[must_use]
    pub fn with_ci_job(
        mut self,
        job_token: impl Into<String>,
        assertion: impl Into<String>,
    ) -> Self {
        let assertion = assertion.into();
        self.jobs.push((job_token.into(), assertion.clone()));
        self.with_assertion(assertion)
    }

    /// Accepts assertions that name this certificate, by the SHA-256 of its DER form in base64url (`x5t#S256`).
    ///
    /// Checks the claims of such an assertion, but not its signature.
    #[must_use]
    pub fn with_certificate(mut self, thumbprint: impl Into<String>) -> Self {
        self.thumbprints.push(thumbprint.into());
        self
    }
}
