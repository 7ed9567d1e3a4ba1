//! The answer to a token request, as a token.

use std::time::{Duration, SystemTime};

use http::{Response, StatusCode};
use mde_live_response_core::AccessToken;
use mde_live_response_core::auth::{CredentialError, IssuedToken, Secret, TokenRequest};
use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroize;

use crate::json::Wiped;
use crate::{help, json, refusal};

/// Reads the last answer of a host as an access token, and wipes it.
pub(crate) fn read(
    request: &TokenRequest<'_>,
    host: &str,
    answer: Response<Vec<u8>>,
) -> Result<IssuedToken, CredentialError> {
    let now = request.time_of_day();
    read_as(request, host, answer, |issued| {
        let life = issued.life(now);
        let token = AccessToken::new(issued.access_token.take()).ok()?;
        Some(match life {
            Some(life) => IssuedToken::expiring(token, life),
            None => token.into(),
        })
    })
}

/// Reads the last answer of a host as an assertion, and wipes it.
pub(crate) fn read_assertion(
    request: &TokenRequest<'_>,
    host: &str,
    answer: Response<Vec<u8>>,
) -> Result<Secret, CredentialError> {
    read_as(request, host, answer, |issued| Secret::new(issued.access_token.take()).ok())
}

fn read_as<T>(
    request: &TokenRequest<'_>,
    host: &str,
    mut answer: Response<Vec<u8>>,
    convert: impl FnOnce(Issued) -> Option<T>,
) -> Result<T, CredentialError> {
    let read = if answer.status().is_success() {
        let issued = issued(&answer);
        let made = issued.and_then(|it| convert(it).ok_or("`access_token` cannot be used"));
        made.map_err(|why| no_token(host, answer.status(), why))
    } else {
        Err(refusal::error(request, host, &answer))
    };
    answer.body_mut().zeroize();
    read
}

#[derive(Deserialize)]
// P40
struct Issued {
    token_type: String,
    access_token: Wiped,
    expires_in: Option<Value>,
    /// Seconds since 1970. Some metadata services name only this.
    expires_on: Option<Value>,
}

impl Issued {
    /// Seconds, as a number or as text. Without them the token is used until the service refuses it.
    fn life(&self, now: SystemTime) -> Option<Duration> {
        let seconds = |said: &Value| {
            let seconds = said.as_u64().or_else(|| said.as_str()?.parse().ok())?;
            Some(Duration::from_secs(seconds))
        };
        if let Some(life) = self.expires_in.as_ref().and_then(seconds) {
            return Some(life);
        }
        let at = SystemTime::UNIX_EPOCH.checked_add(self.expires_on.as_ref().and_then(seconds)?)?;
        Some(at.duration_since(now).unwrap_or(Duration::ZERO))
    }
}

/// Reads a token, or tells what is wrong without a quote: the body may contain a token.
fn issued(answer: &Response<Vec<u8>>) -> Result<Issued, &'static str> {
    if answer.status() != StatusCode::OK {
        return Err("a token comes only with status 200");
    }
    let text = json::text(answer).ok_or("the body has an unexpected encoding")?;
    let not_json = "the body is not a JSON object";
    let issued: Issued = json::object(text).ok_or(not_json)?.map_err(|error| {
        if error.is_data() { "the body lacks `access_token` or `token_type`" } else { not_json }
    })?;
    if !issued.token_type.eq_ignore_ascii_case("bearer") {
        return Err("`token_type` is not Bearer");
    }
    Ok(issued)
}

fn no_token(host: &str, status: StatusCode, why: &str) -> CredentialError {
    let message = format!("{host} answered without a token ({}): {why}", status.as_u16());
    CredentialError::message(message).with_status(status).with_help(help::OF_ANOTHER_SERVER)
}
