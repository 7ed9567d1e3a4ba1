//! The answer to a token request, as a token.

use std::time::Duration;

use http::{Response, StatusCode};
use mde_live_response_core::AccessToken;
use mde_live_response_core::auth::{CredentialError, IssuedToken, TokenRequest};
use serde::{Deserialize, Deserializer};
use zeroize::{Zeroize, Zeroizing};

use crate::{help, json, refusal};

/// Reads the last answer of a host, and wipes it.
pub(crate) fn read(
    request: &TokenRequest<'_>,
    host: &str,
    mut answer: Response<Vec<u8>>,
) -> Result<IssuedToken, CredentialError> {
    let read = if answer.status().is_success() {
        issued(&answer).map_err(|why| no_token(host, answer.status(), why))
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
    expires_in: Option<serde_json::Value>,
}

/// A token that is wiped if the answer is useless.
struct Wiped(Zeroizing<String>);

impl<'de> Deserialize<'de> for Wiped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

impl Issued {
    /// Seconds, as a number or as text. Without them the token is used until the service refuses it.
    fn life(&self) -> Option<Duration> {
        let said = self.expires_in.as_ref()?;
        let seconds = said.as_u64().or_else(|| said.as_str()?.parse().ok())?;
        Some(Duration::from_secs(seconds))
    }
}

/// Reads a token, or tells what is wrong without a quote: the body may contain a token.
fn issued(answer: &Response<Vec<u8>>) -> Result<IssuedToken, &'static str> {
    if answer.status() != StatusCode::OK {
        return Err("a token comes with status 200");
    }
    let text = json::text(answer).ok_or("it has an unexpected encoding")?;
    let not_json = "it is not a JSON object";
    let issued: Issued = json::object(text).ok_or(not_json)?.map_err(|error| {
        if error.is_data() { "it lacks `access_token` or `token_type`" } else { not_json }
    })?;
    let life = issued.life();
    if !issued.token_type.eq_ignore_ascii_case("bearer") {
        return Err("its `token_type` is not Bearer");
    }
    let Wiped(mut token) = issued.access_token;
    let token = AccessToken::new(std::mem::take(&mut *token))
        .map_err(|_| "its `access_token` cannot be used")?;
    Ok(match life {
        Some(life) => IssuedToken::expiring(token, life),
        None => token.into(),
    })
}

fn no_token(host: &str, status: StatusCode, why: &str) -> CredentialError {
    let message = format!("{host} answers with status {} and no token: {why}", status.as_u16());
    CredentialError::message(message).with_status(status).with_help(help::OF_ANOTHER_SERVER)
}
