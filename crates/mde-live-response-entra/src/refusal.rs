//! Answers other than success, by Entra or by another server.

use std::fmt;

use http::{Response, StatusCode};
use mde_live_response_core::auth::{CredentialError, TokenRequest};
use serde::Deserialize;

use crate::{help, json};

/// Longest part of a message, in characters.
///
/// Parts are code, description and correlation ID; the error's accessors have them whole.
const MAX_SHOWN: usize = 300;

/// Creates the error for an answer without a token.
pub(crate) fn error(
    request: &TokenRequest<'_>,
    host: &str,
    answer: &Response<Vec<u8>>,
) -> CredentialError {
    let status = answer.status();
    if let Some(refusal) = Refusal::read(answer) {
        return refusal.into_error(host, status);
    }
    let error = request.refusal(host, answer);
    if is_definite(status) || status.is_redirection() {
        return error.with_help(help::OF_ANOTHER_SERVER);
    }
    error
}

/// Returns whether a status is a lasting refusal of this application.
fn is_definite(status: StatusCode) -> bool {
    status.is_client_error() && !matches!(status.as_u16(), 407 | 408 | 429)
}

/// Entra's form of a refusal.
#[derive(Deserialize, Default)]
#[serde(default)]
// P41
struct Refusal {
    error: Option<String>,
    error_description: Option<String>,
    correlation_id: Option<String>,
}

impl Refusal {
    /// Reads a definite refusal. A gateway may answer with other JSON.
    fn read(answer: &Response<Vec<u8>>) -> Option<Self> {
        if !is_definite(answer.status()) {
            return None;
        }
        let refusal: Self = json::object(json::text(answer)?)?.ok()?;
        let is_entra = refusal.error.is_some() || refusal.error_description.is_some();
        is_entra.then_some(refusal)
    }

    /// Entra's code if the description starts with one, otherwise OAuth's.
    fn code(&self) -> Option<&str> {
        self.error_description.as_deref().and_then(aadsts).or(self.error.as_deref())
    }

    /// The description without its leading code and trailing identifiers.
    fn sentence(&self) -> &str {
        let whole = self.error_description.as_deref().unwrap_or_default();
        let rest = whole.strip_prefix(self.code().unwrap_or_default());
        let rest = rest.map_or(whole, |rest| rest.trim_start_matches([':', ' ']));
        rest.split("Trace ID:").next().unwrap_or(rest).trim().trim_end_matches('.')
    }

    fn into_error(self, host: &str, status: StatusCode) -> CredentialError {
        let message =
            format!("{host} issued no token to the application ({}{self})", status.as_u16());
        let code = self.code();
        let mut error =
            CredentialError::message(message).with_status(status).with_help(help::of(code));
        if let Some(code) = code {
            error = error.with_code(code);
        }
        if let Some(description) = self.error_description {
            error = error.with_description(description);
        }
        match self.correlation_id {
            Some(id) => error.with_correlation_id(id),
            None => error,
        }
    }
}

/// The part of a message after the status.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(code) = self.code() {
            write!(f, " {}", cut(code))?;
        }
        match self.sentence() {
            "" => {}
            sentence => write!(f, ": {}", cut(sentence))?,
        }
        match &self.correlation_id {
            Some(id) => write!(f, ", correlation ID {}", cut(id)),
            None => Ok(()),
        }
    }
}

/// The code at the start of a description: `AADSTS` and digits.
fn aadsts(description: &str) -> Option<&str> {
    let digits = description.strip_prefix("AADSTS")?;
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    description.get(.."AADSTS".len() + count).filter(|_| count > 0)
}

fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
