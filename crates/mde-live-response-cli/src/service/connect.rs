//! From command line and environment to a library.

use std::env;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use mde_live_response_core::auth::{Credential, TokenClaims};
use mde_live_response_core::{Client, Endpoint, Error, LibraryFile};

use crate::line::options::{Cloud, Connection, Region};
use crate::output::exit::Failure;
use crate::output::progress::Reporter;
use crate::output::ui::Ui;
use crate::service::credential::{self, Seen, Used};
use crate::service::tenants::Tenant;

/// Name of a service: cloud and region, or URL.
#[derive(Clone, Copy, Default)]
pub(crate) struct Service<'a> {
    pub(crate) cloud: Option<Cloud>,
    pub(crate) region: Option<Region>,
    pub(crate) base_url: Option<&'a str>,
    pub(crate) audience: Option<&'a str>,
    pub(crate) login_host: Option<&'a str>,
}

impl<'a> Service<'a> {
    pub(crate) fn of(connection: &'a Connection) -> Self {
        Self {
            cloud: connection.cloud,
            region: connection.region,
            base_url: connection.base_url.as_deref(),
            audience: connection.audience.as_deref(),
            login_host: connection.login_host.as_deref(),
        }
    }

    /// Returns whether cloud, region or URL are given.
    pub(crate) fn is_named(&self) -> bool {
        self.cloud.is_some() || self.region.is_some() || self.base_url.is_some()
    }

    /// Returns the endpoint. Default: the environment variable `MDE_BASE_URL`.
    pub(crate) fn endpoint(&self) -> Result<Endpoint, Failure> {
        let mut endpoint = match (self.base_url, self.cloud, self.region) {
            // clap sees only conflicts between options at the same place of the command line.
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
                let problem = "a base URL cannot be combined with a cloud or a region";
                return Err(Failure::usage(problem, "Give one or the other."));
            }
            (Some(url), None, None) => Endpoint::parse(url)?,
            (None, None, None) => Endpoint::from_env()?,
            (None, None | Some(Cloud::Commercial), region) => of_region(region),
            (None, Some(_), Some(_)) => {
                return Err(Failure::usage(
                    "only the commercial cloud has regions",
                    "Leave out the region.",
                ));
            }
            (None, Some(Cloud::Gcc), None) => Endpoint::GCC,
            (None, Some(Cloud::GccHigh), None) => Endpoint::GCC_HIGH,
            (None, Some(Cloud::Dod), None) => Endpoint::DOD,
        };
        if let Some(audience) = self.audience {
            endpoint = endpoint.with_audience(audience);
        }
        if let Some(login) = self.login_host {
            endpoint = endpoint.with_login(login)?;
        }
        Ok(endpoint)
    }
}

fn of_region(region: Option<Region>) -> Endpoint {
    match region {
        None => Endpoint::COMMERCIAL,
        Some(Region::Us) => Endpoint::US,
        Some(Region::Eu) => Endpoint::EU,
        Some(Region::Uk) => Endpoint::UK,
        Some(Region::Au) => Endpoint::AU,
        Some(Region::Swa) => Endpoint::SWA,
        Some(Region::Ina) => Endpoint::INA,
        Some(Region::Aea) => Endpoint::AEA,
    }
}

/// Reads an environment variable; an empty one counts as not set. No message contains its value.
pub(crate) fn variable(name: &str) -> Result<Option<String>, Failure> {
    let value = env::var_os(name).filter(|value| !value.is_empty());
    let text = value.map(OsString::into_string).transpose();
    text.map_err(|_| {
        Failure::usage(format!("the environment variable {name} is not UTF-8"), "Set it again.")
    })
}

/// Returns whether an environment variable is set; an empty one is not.
pub(crate) fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// A library, and the identity that opens it.
pub(crate) struct Library {
    /// Name in the tenants file. `None` without one.
    pub(crate) tenant: Option<String>,
    pub(crate) client: Client,
    pub(crate) used: Used,
    /// URL of the login host. `None`: it issues none of the tokens.
    pub(crate) login_host: Option<String>,
    seen: Seen,
}

impl Library {
    /// Opens the library that the command line describes.
    pub(crate) fn open(connection: &Connection, ui: &Arc<Ui>) -> Result<Self, Failure> {
        let endpoint = Service::of(connection).endpoint()?;
        let tokens = credential::tokens(connection, &endpoint)?;
        let (used, login_host) = (tokens.used.clone(), tokens.login_host.clone());
        let seen = Seen::default();
        let credential = seen.watch(tokens.telling(ui));
        let client = client(connection, endpoint, credential, Reporter::new(ui, None))?;
        let client = client.cancelled_by(ui.interrupt().token());
        Ok(Self { tenant: None, client, used, login_host, seen })
    }

    /// Opens a library of the tenants file.
    pub(crate) fn of_tenant(
        tenant: &Tenant,
        connection: &Connection,
        ui: &Arc<Ui>,
    ) -> Result<Self, Failure> {
        let (endpoint, seen) = (tenant.endpoint(connection)?, Seen::default());
        let credential = seen.watch(tenant.credential()?);
        let reporter = Reporter::new(ui, Some(&tenant.name));
        let client = client(connection, endpoint, credential, reporter)?;
        let client = client.cancelled_by(ui.interrupt().token());
        let (name, used) = (Some(tenant.name.clone()), tenant.used());
        Ok(Self { tenant: name, client, used, login_host: None, seen })
    }

    /// The claims of the last token, if they can be read.
    pub(crate) fn claims(&self) -> Option<TokenClaims> {
        self.seen.claims()
    }

    pub(crate) fn list(&self) -> Result<Vec<LibraryFile>, Error> {
        self.client.list().collect()
    }

    /// The start of messages: the tenant's name, if there is one.
    pub(crate) fn prefix(&self) -> String {
        self.tenant.as_deref().map(|name| format!("{name}: ")).unwrap_or_default()
    }
}

fn client(
    connection: &Connection,
    endpoint: Endpoint,
    credential: impl Credential + 'static,
    reporter: Reporter,
) -> Result<Client, Failure> {
    let transport = connection.network.transport()?.build();
    Ok(Client::builder(endpoint, credential, transport)
        .check_tokens(true)
        .deadline(Duration::from_secs(connection.timeout))
        .observer(reporter)
        .build())
}
