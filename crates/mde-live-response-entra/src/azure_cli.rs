//! Tokens of the person who is logged in with the Azure CLI.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use mde_live_response_core::AccessToken;
use mde_live_response_core::auth::{Credential, CredentialError, IssuedToken, TokenRequest};
use mde_live_response_core::error::InvalidInput;
use serde::Deserialize;

use crate::application::id;
use crate::command::{self, Failure};
use crate::json::{self, Wiped};
use crate::token_text::until_its_claims;

/// Longest part of the program's error that a message shows, in characters.
const MAX_SHOWN: usize = 300;

/// The person who is logged in with the Azure CLI (`az login`).
///
/// Runs `az account get-access-token` for each token request, and ends it at the call's deadline or when the call is
/// cancelled. The token is delegated: the person needs the permission, too.
///
/// # Examples
///
/// ```no_run
/// use mde_live_response::Endpoint;
/// use mde_live_response::auth::AzureCli;
///
/// let client = mde_live_response::client(Endpoint::COMMERCIAL, AzureCli::new());
/// ```
#[derive(Debug, Clone)]
pub struct AzureCli {
    program: PathBuf,
    tenant: Option<String>,
}

impl Default for AzureCli {
    fn default() -> Self {
        Self::new()
    }
}

impl AzureCli {
    /// Uses the program `az` (`az.cmd` on Windows) in the search path, and the tenant of its login.
    #[must_use]
    pub fn new() -> Self {
        let program = if cfg!(windows) { "az.cmd" } else { "az" };
        Self { program: program.into(), tenant: None }
    }

    /// Sets the path of the program.
    #[must_use]
    pub fn with_program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    /// Sets the tenant.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] with the field `tenant`, unless it has 1 to 255 ASCII letters, digits, dots and hyphens.
    pub fn with_tenant(mut self, tenant: &str) -> Result<Self, InvalidInput> {
        self.tenant = Some(id(tenant, "tenant")?);
        Ok(self)
    }
}

impl Credential for AzureCli {
    fn token(&self, request: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
        let mut command = Command::new(&self.program);
        command.args(["account", "get-access-token", "--output", "json", "--resource"]);
        command.arg(request.endpoint().audience()).stderr(Stdio::piped());
        if let Some(tenant) = &self.tenant {
            command.args(["--tenant", tenant]);
        }
        let ended = command::run(request, command).map_err(|failure| {
            let help = match &failure {
                Failure::NotStarted(_) => "Install the Azure CLI, or choose another credential.",
                _ => "Run `az account get-access-token` by hand.",
            };
            CredentialError::message(format!("the Azure CLI {failure}")).with_help(help)
        })?;
        if !ended.status.success() {
            let why = first_line(&ended.stderr);
            let message = format!("the Azure CLI gave no token ({}): {why}", ended.status);
            return Err(CredentialError::message(message).with_help("Run `az login`."));
        }
        read(&ended.stdout, request.time_of_day()).ok_or_else(|| {
            CredentialError::message("the Azure CLI printed no token in JSON")
                .with_help("Update the Azure CLI.")
        })
    }
}

#[derive(Deserialize)]
struct Printed {
    #[serde(rename = "accessToken")]
    access_token: Wiped,
    /// Seconds since 1970. Versions before 2.54 do not print it.
    expires_on: Option<u64>,
}

fn read(stdout: &[u8], now: SystemTime) -> Option<IssuedToken> {
    let printed: Printed = json::object(str::from_utf8(stdout).ok()?)?.ok()?;
    let token = AccessToken::new(printed.access_token.take()).ok()?;
    let Some(seconds) = printed.expires_on else { return Some(until_its_claims(token, now)) };
    let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
    Some(IssuedToken::expiring(token, at.duration_since(now).unwrap_or(Duration::ZERO)))
}

fn first_line(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    // Warnings may come before it.
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let error = lines.clone().find(|line| line.starts_with("ERROR"));
    let line = error.or_else(|| lines.next()).unwrap_or("no message");
    line.chars().take(MAX_SHOWN).collect()
}
