//! The call that gets a token for an application: `POST {login}/{tenant}/oauth2/v2.0/token`.

use std::time::{Duration, SystemTime};

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use serde::{Deserialize, Deserializer};
use zeroize::{Zeroize, Zeroizing};

use super::{Body, failure, json, request, retry_after};
use crate::error::{AuthError, Error, FailureAnswer, ResponseErrorKind, ServiceErrorKind};
use crate::model::{AccessToken, ClientSecret, Endpoint};

/// What need not be escaped in a form.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How an application proves itself.
pub(crate) enum Proof<'a> {
    Secret(&'a ClientSecret),
    /// A token of another issuer that the application's registration trusts.
    Assertion(&'a ClientSecret),
}

impl Proof<'_> {
    /// The reply without it.
    pub(crate) fn scrub(&self, reply: Response<Vec<u8>>) -> Response<Vec<u8>> {
        let (Self::Secret(secret) | Self::Assertion(secret)) = self;
        secret.scrub(reply)
    }
}

/// One request for a token, rendered. Holds the proof, and is wiped when dropped.
pub(crate) struct TokenForm {
    uri: Uri,
    body: Zeroizing<Vec<u8>>,
}

impl TokenForm {
    /// Renders the form. Login host and tenant were checked when they were given: together they are a URL.
    #[expect(clippy::expect_used, reason = "both parts were read before, with a bounded length")]
    pub(crate) fn render(
        login: &str,
        tenant: &str,
        client_id: &str,
        audience: &str,
        proof: &Proof<'_>,
    ) -> Self {
        let scope = format!("{}/.default", audience.trim_end_matches('/'));
        let mut fields =
            vec![("client_id", client_id), ("grant_type", "client_credentials"), ("scope", &scope)];
        match proof {
            Proof::Secret(secret) => fields.push(("client_secret", secret.expose())),
            Proof::Assertion(assertion) => {
                fields.push(("client_assertion_type", ASSERTION_TYPE));
                fields.push(("client_assertion", assertion.expose()));
            }
        }
        // Room for all of it, so that no part is left behind by growing.
        let room = fields.iter().map(|(name, value)| name.len() + 2 + 3 * value.len()).sum();
        let mut body = Zeroizing::new(Vec::with_capacity(room));
        for (name, value) in fields {
            if !body.is_empty() {
                body.push(b'&');
            }
            body.extend_from_slice(name.as_bytes());
            body.push(b'=');
            for piece in percent_encode(value.as_bytes(), ESCAPED) {
                body.extend_from_slice(piece.as_bytes());
            }
        }
        let uri = format!("{login}/{tenant}/oauth2/v2.0/token").parse();
        Self { uri: uri.expect("a base URL and a path"), body }
    }

    pub(crate) fn request(&self) -> Request<Body<'_>> {
        let mut request =
            request::without_token(Method::POST, self.uri.clone(), Body::bytes(&self.body));
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        request.headers_mut().insert(CONTENT_LENGTH, self.body.len().into());
        request
    }

    /// The answer's token, and for how long it is good. The answer's body is wiped.
    pub(crate) fn read_reply(
        &self,
        mut reply: Response<Vec<u8>>,
        endpoint: &Endpoint,
        now: SystemTime,
    ) -> Result<(AccessToken, Option<Duration>), Error> {
        let read = self.read(&reply, endpoint, now);
        reply.body_mut().zeroize();
        read
    }

    fn read(
        &self,
        reply: &Response<Vec<u8>>,
        endpoint: &Endpoint,
        now: SystemTime,
    ) -> Result<(AccessToken, Option<Duration>), Error> {
        let host = self.uri.host().unwrap_or_default();
        if is_refusal(reply.status()) {
            return Err(AuthError::login(answer(reply, now), host).into());
        }
        // Nothing of the body is kept for the error: it may hold a token.
        let no_token = |why: &str| Error::from(AuthError::no_token(reply.status(), host, why));
        match failure::check(reply, endpoint, now) {
            Err(Error::Service(error)) if error.kind() == ServiceErrorKind::Redirected => {
                return Err(no_token(&match error.redirect_host().filter(|to| *to != host) {
                    Some(to) => format!("it redirects to {to}"),
                    None => "it redirects".to_owned(),
                }));
            }
            checked => checked?,
        }
        if reply.status() != StatusCode::OK {
            return Err(no_token(""));
        }
        issued(reply).map_err(no_token)
    }
}

fn issued(reply: &Response<Vec<u8>>) -> Result<(AccessToken, Option<Duration>), &'static str> {
    let unreadable = |kind| match kind {
        ResponseErrorKind::Encoding => "it is in an encoding that was not asked for",
        ResponseErrorKind::NotJson => "it is not JSON",
        _ => "it lacks `access_token` or `token_type`",
    };
    let text = json::text(reply).map_err(|why| unreadable(why.kind()))?;
    let issued: Issued =
        json::object(text).map_err(|cause| unreadable(json::fault(&cause, text)))?;
    let life = issued.life();
    if !issued.token_type.eq_ignore_ascii_case("bearer") {
        return Err("its `token_type` is not Bearer");
    }
    let Wiped(mut token) = issued.access_token;
    let token = AccessToken::new(std::mem::take(&mut *token));
    Ok((token.map_err(|_| "its `access_token` cannot be one")?, life))
}

/// Whether the answer is a definite no to this application, and not to this moment.
fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error()
        && !matches!(
            status,
            StatusCode::REQUEST_TIMEOUT
                | StatusCode::TOO_MANY_REQUESTS
                | StatusCode::PROXY_AUTHENTICATION_REQUIRED
        )
}

#[derive(Deserialize)]
struct Issued {
    token_type: String,
    access_token: Wiped,
    expires_in: Option<serde_json::Value>,
}

/// A token that goes away with an answer that is of no use.
struct Wiped(Zeroizing<String>);

impl<'de> Deserialize<'de> for Wiped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

impl Issued {
    /// Seconds, as a number or as a text. What is neither is as good as not said: the token is used until it is
    /// refused.
    fn life(&self) -> Option<Duration> {
        let said = self.expires_in.as_ref()?;
        let seconds = said.as_u64().or_else(|| said.as_str()?.parse().ok())?;
        Some(Duration::from_secs(seconds))
    }
}

#[derive(Deserialize, Default, PartialEq)]
#[serde(default)]
struct Refusal {
    error: Option<String>,
    error_description: Option<String>,
    correlation_id: Option<String>,
}

fn answer(reply: &Response<Vec<u8>>, now: SystemTime) -> FailureAnswer {
    let refusal: Option<Refusal> = json::text(reply).ok().and_then(|text| json::object(text).ok());
    // A gateway may speak JSON, too, and in other words.
    let refusal = refusal.filter(|refusal| *refusal != Refusal::default());
    let excerpt = if refusal.is_some() { String::new() } else { json::excerpt(reply) };
    let Refusal { error, error_description, correlation_id } = refusal.unwrap_or_default();
    let code = error_description.as_deref().and_then(aadsts).or(error);
    FailureAnswer {
        status: reply.status(),
        code,
        message: error_description,
        target: correlation_id,
        excerpt,
        retry_after: retry_after::read(reply.headers(), now),
    }
}

/// The code at the start of a description: `AADSTS` and digits.
fn aadsts(description: &str) -> Option<String> {
    let digits = description.strip_prefix("AADSTS")?;
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let digits = digits.get(..end).filter(|digits| !digits.is_empty())?;
    Some(format!("AADSTS{digits}"))
}
