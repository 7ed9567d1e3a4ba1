//! Many tenants: who they are, and work for all of them side by side.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use mde_live_response_core::{
    AccessToken, ClientSecret, Credential, Endpoint, EntraCredential, InvalidApplication,
};
use serde::Deserialize;

use super::args::{Cloud, Common, Region};
use super::connect;
use super::exit::Failure;
use crate::source::without_mark;

/// A tenant as a tenants file says: an array of such objects. Secrets stand elsewhere, and are named here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Tenant {
    /// What it is called in output and logs.
    pub(super) name: String,
    #[serde(rename = "tenantId")]
    directory: Option<String>,
    client_id: Option<String>,
    /// Name of the variable that holds the application's secret.
    client_secret_env: Option<String>,
    federated_token_file: Option<PathBuf>,
    /// Name of the variable that holds a token.
    token_env: Option<String>,
    cloud: Option<String>,
    region: Option<String>,
    base_url: Option<String>,
    audience: Option<String>,
    login_host: Option<String>,
}

/// Reads a tenants file; each tenant once.
pub(super) fn read(path: &Path) -> Result<Vec<Tenant>, Failure> {
    let about = |why: &dyn std::fmt::Display| Failure::Usage(format!("{}: {why}", path.display()));
    let bytes = fs::read(path).map_err(|why| about(&why))?;
    let json = without_mark(&bytes);
    let tenants: Vec<Tenant> = serde_json::from_slice(json).map_err(|why| about(&why))?;
    for (n, tenant) in tenants.iter().enumerate() {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        let name = tenant.name.as_str();
        if name.is_empty() || !name.bytes().all(is_plain) {
            return Err(about(&format_args!(
                "tenant {}: a name is letters, digits, dots, hyphens and underscores",
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
    /// What the command line says, where this tenant says nothing of its own.
    fn common<'c>(&'c self, common: &'c Common) -> Result<TenantEndpoint<'c>, Failure> {
        let choice = |what: &str, text: &str| {
            Failure::Usage(format!("tenant `{}`: {what} `{text}` is not known", self.name))
        };
        let cloud = self
            .cloud
            .as_deref()
            .map(|text| Cloud::from_str(text, true).map_err(|_| choice("cloud", text)));
        let region = self
            .region
            .as_deref()
            .map(|text| Region::from_str(text, true).map_err(|_| choice("region", text)));
        Ok(TenantEndpoint {
            tenant: self,
            common,
            cloud: cloud.transpose()?,
            region: region.transpose()?,
        })
    }

    pub(super) fn endpoint(&self, common: &Common) -> Result<Endpoint, Failure> {
        self.common(common)?.endpoint()
    }

    pub(super) fn credential(&self) -> Result<Box<dyn Credential>, Failure> {
        let about =
            |why: &dyn std::fmt::Display| Failure::Usage(format!("tenant `{}`: {why}", self.name));
        let variable = |name: &str| {
            // Somebody may have put the secret where its variable should be named.
            if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                return Err(about(
                    &"an environment variable's name is letters, digits and underscores",
                ));
            }
            let value = connect::variable(name).map_err(|failure| about(&failure.message()))?;
            value.ok_or_else(|| about(&format_args!("the environment variable {name} is not set")))
        };
        if let Some(name) = &self.token_env {
            let token = AccessToken::new(variable(name)?);
            return Ok(Box::new(token.map_err(|why| about(&format_args!("{name}: {why}")))?));
        }
        let (Some(tenant), Some(client)) = (&self.directory, &self.client_id) else {
            return Err(about(&"neither tokenEnv nor tenantId and clientId are given"));
        };
        let application = match (&self.client_secret_env, &self.federated_token_file) {
            (Some(name), _) => ClientSecret::new(variable(name)?)
                .map_err(InvalidApplication::from)
                .and_then(|secret| EntraCredential::with_secret(tenant, client, secret)),
            (None, Some(file)) => EntraCredential::with_token_file(tenant, client, file),
            (None, None) => {
                return Err(about(&"neither clientSecretEnv nor federatedTokenFile is given"));
            }
        };
        Ok(Box::new(application.map_err(|why| about(&why))?))
    }
}

struct TenantEndpoint<'c> {
    tenant: &'c Tenant,
    common: &'c Common,
    cloud: Option<Cloud>,
    region: Option<Region>,
}

impl TenantEndpoint<'_> {
    fn endpoint(&self) -> Result<Endpoint, Failure> {
        let Self { tenant, common, .. } = self;
        // A tenant that names a cloud or a URL of its own wants nothing of the other kind from elsewhere.
        let is_own = self.cloud.is_some() || self.region.is_some() || tenant.base_url.is_some();
        let (cloud, region, base_url) = if is_own {
            (self.cloud, self.region, tenant.base_url.as_deref())
        } else {
            (common.cloud, common.region, common.base_url.as_deref())
        };
        let audience = tenant.audience.as_deref().or(common.audience.as_deref());
        let login_host = tenant.login_host.as_deref().or(common.login_host.as_deref());
        connect::endpoint_of(cloud, region, base_url, audience, login_host).map_err(|failure| {
            Failure::Usage(format!("tenant `{}`: {}", tenant.name, failure.message()))
        })
    }
}
