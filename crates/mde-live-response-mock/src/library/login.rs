//! The token service, as a client of Microsoft Entra sees it.
//!
//! Tokens look like real ones (JSON Web Tokens), but are not signed.

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::{answer, timestamp};

/// Audience of the library by default: the commercial cloud's.
pub(super) const AUDIENCE: &str = "https://api.securitycenter.microsoft.com"; // P43

/// Other services of the tenant, whose tokens the library refuses.
const OTHER_AUDIENCES: [&str; 2] =
    ["https://api.security.microsoft.com", "https://graph.microsoft.com"];

/// Resource of tokens that other applications accept as assertions.
pub(super) const EXCHANGE_AUDIENCE: &str = "api://AzureADTokenExchange";

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An application that can request tokens.
///
/// Its `Debug` shows neither secret nor token.
///
/// # Examples
///
/// ```
/// use mde_live_response_mock::{Application, FakeLibrary};
///
/// let application = Application::new("a-tenant", "a-client").with_secret("a-secret");
/// let library = FakeLibrary::builder().application(application).build();
/// ```
#[derive(Clone)]
pub struct Application {
    tenant: String,
    pub(super) client_id: String,
    secrets: Vec<String>,
    assertions: Vec<String>,
    roles: Vec<String>,
    /// Tokens of CI jobs, and the assertions that they get.
    pub(super) jobs: Vec<(String, String)>,
    /// If it is a managed identity: the header that App Service asks for.
    pub(super) identity_header: Option<String>,
    /// Client IDs of the managed identities whose tokens it accepts.
    pub(super) trusted: Vec<String>,
    pub(super) thumbprints: Vec<String>,
}

impl Application {
    /// An application with the permission `Library.Manage`, and without credentials yet.
    #[must_use]
    pub fn new(tenant: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            tenant: tenant.into(),
            client_id: client_id.into(),
            secrets: Vec::new(),
            assertions: Vec::new(),
            roles: vec!["Library.Manage".to_owned()],
            jobs: Vec::new(),
            identity_header: None,
            trusted: Vec::new(),
            thumbprints: Vec::new(),
        }
    }

    /// Adds a client secret. An application can have several.
    #[must_use]
    pub fn with_secret(mut self, secret: impl Into<String>) -> Self {
        self.secrets.push(secret.into());
        self
    }

    /// Adds a client assertion that is accepted: a token of another issuer.
    #[must_use]
    pub fn with_assertion(mut self, assertion: impl Into<String>) -> Self {
        self.assertions.push(assertion.into());
        self
    }

    /// Sets the permissions. Without `Library.Manage` the library answers its tokens with 403.
    #[must_use]
    pub fn with_roles(mut self, roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.roles = roles.into_iter().map(Into::into).collect();
        self
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

/// Longest validity of an assertion that a certificate signs: 10 min, in seconds. The vendor's documentation.
const MAX_ASSERTION_SECONDS: u64 = 600;

/// Largest form of a token request, in bytes. 64 KiB, our choice: a secret or a token, and four short fields.
pub(super) const MAX_FORM_BYTES: u64 = 64 * 1024;

/// The form of a token request. It has no `Debug`, because it holds a secret.
pub(super) struct TokenForm<'a> {
    tenant: &'a str,
    fields: Vec<(String, String)>,
}

impl<'a> TokenForm<'a> {
    /// The form of a request to this tenant. Without fields, the answer is that the first one is missing.
    pub(super) fn new(tenant: &'a str, fields: Vec<(String, String)>) -> Self {
        Self { tenant, fields }
    }

    /// The one value of a field; an empty one counts as none.
    fn field(&self, name: &'static str) -> Result<&str, Refusal> {
        let mut values = self.fields.iter().filter(|(field, _)| field == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) if !value.is_empty() => Ok(value),
            (Some(_), Some(_)) => {
                let text =
                    format!("The request body contains the parameter '{name}' more than once.");
                Err(Refusal::bad("invalid_request", 900_144, text))
            }
            _ => {
                let text =
                    format!("The request body must contain the following parameter: '{name}'.");
                Err(Refusal::bad("invalid_request", 900_144, text))
            }
        }
    }
}

/// The applications, and the tokens that they got.
pub(super) struct Login {
    pub(super) applications: Vec<Application>,
    pub(super) audience: String,
    pub(super) life: Duration,
}

/// Standing of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Accepted,
    Unknown,
    Forbidden,
}

/// Tokens that were issued.
#[derive(Default)]
pub(super) struct Issued {
    calls: u64,
    tokens: HashMap<String, (Standing, SystemTime)>,
}

impl Issued {
    pub(super) fn calls(&self) -> u64 {
        self.calls
    }

    pub(super) fn count(&mut self) {
        self.calls += 1;
    }

    pub(super) fn revoke(&mut self) {
        self.tokens.clear();
    }

    /// Standing of an issued token at this time. `None`: not issued here.
    pub(super) fn standing(&self, token: &str, now: SystemTime) -> Option<Standing> {
        let (standing, expires) = self.tokens.get(token)?;
        Some(if *expires <= now { Standing::Unknown } else { *standing })
    }
}

impl Login {
    pub(super) fn answer(
        &self,
        call: &TokenForm<'_>,
        issued: &mut Issued,
        now: SystemTime,
    ) -> Response<Vec<u8>> {
        issued.count();
        match self.issue(call, issued, now) {
            Ok(token) => {
                let life = self.life.as_secs();
                let body = json!({
                    // P40
                    "token_type": "Bearer",
                    "expires_in": life,
                    "ext_expires_in": life,
                    "access_token": token,
                });
                respond(StatusCode::OK, &body)
            }
            Err(refusal) => refusal.answer(issued.calls, now),
        }
    }

    fn issue(
        &self,
        call: &TokenForm<'_>,
        issued: &mut Issued,
        now: SystemTime,
    ) -> Result<String, Refusal> {
        let grant = call.field("grant_type")?;
        if grant != "client_credentials" {
            let text = "The app requested an unsupported grant type.";
            return Err(Refusal::bad("unsupported_grant_type", 70_003, text));
        }
        let mut tenant = self.applications.iter().filter(|it| it.tenant == call.tenant).peekable();
        if tenant.peek().is_none() {
            let text = format!("Tenant '{}' not found.", call.tenant);
            return Err(Refusal::bad("invalid_request", 90_002, text));
        }
        let client_id = call.field("client_id")?;
        let Some(application) = tenant.find(|it| it.client_id == client_id) else {
            let text = format!(
                "Application with identifier '{client_id}' was not found in the directory '{}'.",
                call.tenant
            );
            return Err(Refusal::bad("unauthorized_client", 700_016, text));
        };
        // P39
        let audience = Self::audience_of(call.field("scope")?)?;
        application.check_proof(call, issued, now)?;
        self.issue_for(application, audience, issued, now)
    }

    /// Issues a token to an application that proved who it is.
    pub(super) fn issue_for(
        &self,
        application: &Application,
        audience: &str,
        issued: &mut Issued,
        now: SystemTime,
    ) -> Result<String, Refusal> {
        if audience != self.audience
            && audience != EXCHANGE_AUDIENCE
            && !OTHER_AUDIENCES.contains(&audience)
        {
            let text =
                format!("The resource principal named {audience} was not found in the tenant.");
            return Err(Refusal::bad("invalid_resource", 500_011, text));
        }
        let has_permission = application.roles.iter().any(|role| role == "Library.Manage"); // P7
        let standing = if audience == self.audience && has_permission {
            Standing::Accepted
        } else {
            Standing::Forbidden
        };
        let token = application.token(audience, issued.calls, now, self.life);
        issued.tokens.insert(token.clone(), (standing, now + self.life));
        Ok(token)
    }

    fn audience_of(scope: &str) -> Result<&str, Refusal> {
        let Some(audience) = scope.strip_suffix("/.default") else {
            let text = format!(
                "The provided value for scope {scope} is not valid. Client credential flows must have a \
                 scope value with /.default suffixed to the resource identifier (application ID URI)."
            );
            return Err(Refusal::bad("invalid_scope", 1_002_012, text));
        };
        Ok(audience)
    }
}

impl Application {
    fn check_proof(
        &self,
        call: &TokenForm<'_>,
        issued: &Issued,
        now: SystemTime,
    ) -> Result<(), Refusal> {
        let (proofs, proof, code, text) = if let Ok(assertion) = call.field("client_assertion") {
            if call.field("client_assertion_type")? != ASSERTION_TYPE {
                // P42
                let text = "Unsupported client_assertion_type value.";
                return Err(Refusal::bad("invalid_request", 90_023, text));
            }
            if self.trusts(assertion, issued, now) || self.signed(assertion, now) {
                return Ok(());
            }
            let text = "No matching federated identity record found for presented assertion.";
            (&self.assertions, assertion, 700_213, text.to_owned())
        } else if let Ok(secret) = call.field("client_secret") {
            let text = format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the \
                 client secret value, not the client secret ID, for a secret added to app '{}'.",
                self.client_id
            );
            (&self.secrets, secret, 7_000_215, text)
        } else {
            let text = "The request body must contain the following parameter: 'client_assertion' or \
                        'client_secret'.";
            return Err(Refusal::unproven(7_000_218, text));
        };
        if proofs.iter().any(|known| known == proof) {
            Ok(())
        } else {
            Err(Refusal::unproven(code, text))
        }
    }

    /// Returns whether the assertion is a token of a managed identity that this application accepts.
    fn trusts(&self, assertion: &str, issued: &Issued, now: SystemTime) -> bool {
        let is_trusted = |id: &str| self.trusted.iter().any(|trusted| trusted == id);
        issued.standing(assertion, now).is_some_and(|standing| standing != Standing::Unknown)
            && parts(assertion).is_some_and(|[_, claims]| {
                text(&claims, "aud") == EXCHANGE_AUDIENCE && is_trusted(text(&claims, "appid"))
            })
    }

    /// Returns whether the assertion names a certificate of this application, and makes the documented claims.
    fn signed(&self, assertion: &str, now: SystemTime) -> bool {
        let Some([head, claims]) = parts(assertion) else { return false };
        let now = seconds(now);
        let at = |name: &str| claims.get(name).and_then(Value::as_u64).unwrap_or_default();
        let token_service = format!("/{}/oauth2/v2.0/token", self.tenant);
        text(&head, "alg") == "PS256"
            && text(&head, "typ") == "JWT"
            && self.thumbprints.iter().any(|known| known == text(&head, "x5t#S256"))
            && text(&claims, "iss") == self.client_id
            && text(&claims, "sub") == self.client_id
            && !text(&claims, "jti").is_empty()
            && text(&claims, "aud").ends_with(&token_service)
            && at("nbf") <= now
            && now < at("exp")
            && at("exp") - now <= MAX_ASSERTION_SECONDS
    }

    fn token(&self, audience: &str, number: u64, now: SystemTime, life: Duration) -> String {
        let head = json!({ "typ": "JWT", "alg": "none" });
        let payload = json!({
            "aud": audience,
            "iss": format!("https://sts.windows.net/{}/", self.tenant),
            "iat": seconds(now),
            "nbf": seconds(now),
            "exp": seconds(now + life),
            "appid": self.client_id,
            "roles": self.roles,
            "tid": self.tenant,
            "uti": format!("{number:022}"),
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{}", part(&head), part(&payload), URL_SAFE_NO_PAD.encode("signed by nobody"))
    }
}

fn text<'v>(object: &'v Value, name: &str) -> &'v str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Head and claims of a JSON Web Token.
fn parts(token: &str) -> Option<[Value; 2]> {
    let mut parts = token
        .split('.')
        .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok());
    Some([parts.next()??, parts.next()??])
}

pub(super) fn seconds(at: SystemTime) -> u64 {
    at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |it| it.as_secs())
}

/// Reason why no token is issued, in Entra's own codes.
pub(super) struct Refusal {
    status: StatusCode,
    error: &'static str,
    code: u32,
    text: String,
}

impl Refusal {
    fn new(status: StatusCode, error: &'static str, code: u32, text: impl Into<String>) -> Self {
        Self { status, error, code, text: text.into() }
    }

    fn bad(error: &'static str, code: u32, text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, code, text)
    }

    fn unproven(code: u32, text: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", code, text)
    }

    fn answer(&self, number: u64, now: SystemTime) -> Response<Vec<u8>> {
        let Self { status, error, code, text } = self;
        let (id, at) = (answer::target(number), timestamp::entra_text(now));
        let body = json!({
            // P41
            "error": error,
            "error_description": format!(
                "AADSTS{code}: {text} Trace ID: {id} Correlation ID: {id} Timestamp: {at}"
            ),
            "error_codes": [code],
            "timestamp": at,
            "trace_id": id,
            "correlation_id": id,
            "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
        });
        respond(*status, &body)
    }
}

pub(super) fn respond(status: StatusCode, body: &Value) -> Response<Vec<u8>> {
    let mut answer = Response::new(body.to_string().into_bytes());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
    answer
}
