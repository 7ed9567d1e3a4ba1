//! The tenants file: the tenants, and their settings.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use mde_live_response_core::AccessToken;
use mde_live_response_core::Endpoint;
use mde_live_response_core::auth::{Credential, Secret};
use mde_live_response_core::error::InvalidInput;
use mde_live_response_entra::EntraCredential;
use serde::Deserialize;

use crate::line::options::{Cloud, Connection, Region};
use crate::line::settings;
use crate::output::exit::Failure;
use crate::service::connect::{self, Service};
use crate::service::credential::{Kind, Used};

/// A tenant. The file is an array of them. It names environment variables and files, and contains no secrets.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Tenant {
    /// Name in output and logs.
    pub(crate) name: String,
    #[serde(rename = "tenantId")]
    directory: Option<String>,
    client_id: Option<String>,
    /// Environment variable with the application's secret.
    client_secret_env: Option<String>,
    federated_token_file: Option<PathBuf>,
    /// Environment variable with a token.
    token_env: Option<String>,
    cloud: Option<String>,
    region: Option<String>,
    base_url: Option<String>,
    audience: Option<String>,
    login_host: Option<String>,
}

/// Reads a tenants file, in which each name occurs once.
pub(crate) fn read(path: &Path) -> Result<Vec<Tenant>, Failure> {
    let about = |why: &dyn Display| {
        Failure::usage(format!("{}: {why}", path.display()), "Correct the tenants file.")
    };
    let bytes = fs::read(path).map_err(|why| {
        let message = format!("cannot read the tenants file {}: {why}", path.display());
        Failure::usage(message, "Check its path and permissions.")
    })?;
    let json = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let tenants: Vec<Tenant> = serde_json::from_slice(json).map_err(|why| about(&why))?;
    if tenants.is_empty() {
        return Err(about(&"it lists no tenant"));
    }
    for (n, tenant) in tenants.iter().enumerate() {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        let name = tenant.name.as_str();
        if name.is_empty() || !name.bytes().all(is_plain) {
            return Err(about(&format_args!(
                "tenant {}: name must be letters, digits, dots, hyphens and underscores",
                n + 1
            )));
        }
        if tenants.iter().take(n).any(|other| other.name == name) {
            return Err(about(&format_args!("tenant `{name}` is listed twice")));
        }
    }
    Ok(tenants)
}

impl Tenant {
    fn about(&self, why: impl Display) -> Failure {
        Failure::Usage(format!("tenant `{}`: {why}", self.name))
    }

    /// The tenant's service: its own settings, else those of the command line.
    pub(crate) fn endpoint(&self, connection: &Connection) -> Result<Endpoint, Failure> {
        let common = Service::of(connection);
        let own = Service {
            cloud: self.choice::<Cloud>("cloud", self.cloud.as_deref())?,
            region: self.choice::<Region>("region", self.region.as_deref())?,
            base_url: self.base_url.as_deref(),
            ..Service::default()
        };
        let service = Service {
            audience: self.audience.as_deref().or(common.audience),
            login_host: self.login_host.as_deref().or(common.login_host),
            // Cloud, region and URL belong together.
            ..if own.is_named() { own } else { common }
        };
        service.endpoint().map_err(|failure| self.about(failure.message()))
    }

    fn choice<C: ValueEnum>(&self, field: &str, text: Option<&str>) -> Result<Option<C>, Failure> {
        let choice = text.map(|text| settings::choice(field, text)).transpose();
        choice.map_err(|failure| self.about(failure.message()))
    }

    pub(crate) fn credential(&self) -> Result<Box<dyn Credential>, Failure> {
        if let Some(name) = &self.token_env {
            let token = AccessToken::new(self.variable(name)?);
            let about = |why: InvalidInput| format!("{name}: {why}. {}", why.help());
            return Ok(Box::new(token.map_err(|why| self.about(about(why)))?));
        }
        let (Some(tenant), Some(client)) = (&self.directory, &self.client_id) else {
            return Err(self.about("no token. Set tokenEnv, or tenantId and clientId."));
        };
        let application = match (&self.client_secret_env, &self.federated_token_file) {
            (Some(name), _) => Secret::new(self.variable(name)?)
                .and_then(|secret| EntraCredential::with_secret(tenant, client, secret)),
            (None, Some(file)) => EntraCredential::with_token_file(tenant, client, file),
            (None, None) => {
                let problem =
                    "no secret of the application. Set clientSecretEnv or federatedTokenFile.";
                return Err(self.about(problem));
            }
        };
        Ok(Box::new(application.map_err(|why| self.about(Failure::from(why).message()))?))
    }

    /// The identity, for the audit log.
    pub(crate) fn used(&self) -> Used {
        Used::of(match (&self.token_env, &self.client_secret_env) {
            (Some(_), _) => Kind::Token,
            (None, Some(_)) => Kind::Secret,
            (None, None) => Kind::Federated,
        })
    }

    fn variable(&self, name: &str) -> Result<String, Failure> {
        // A wrong name may be the secret itself, so it is not shown.
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(self.about(
                "the name of an environment variable must be letters, digits and underscores. Give the name of the \
                 variable, not its value.",
            ));
        }
        let value = connect::variable(name).map_err(|failure| self.about(failure.message()))?;
        value.ok_or_else(|| {
            self.about(format_args!("the environment variable {name} is not set. Set it first."))
        })
    }
}
