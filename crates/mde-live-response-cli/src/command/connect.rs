//! From command line and environment to a client.

use std::env;
use std::ffi::OsString;
use std::time::Duration;

use mde_live_response_core::auth::Credential;
use mde_live_response_core::policy::Observer;
use mde_live_response_core::{Client, Endpoint};

use super::args::{Cloud, Common, Region};
use super::exit::Failure;

/// Name of a service: cloud and region, or URL.
#[derive(Clone, Copy, Default)]
pub(super) struct Service<'a> {
    pub(super) cloud: Option<Cloud>,
    pub(super) region: Option<Region>,
    pub(super) base_url: Option<&'a str>,
    pub(super) audience: Option<&'a str>,
    pub(super) login_host: Option<&'a str>,
}

impl<'a> Service<'a> {
    pub(super) fn of(common: &'a Common) -> Self {
        Self {
            cloud: common.cloud,
            region: common.region,
            base_url: common.base_url.as_deref(),
            audience: common.audience.as_deref(),
            login_host: common.login_host.as_deref(),
        }
    }

    /// Returns whether cloud, region or URL are given.
    pub(super) fn is_named(&self) -> bool {
        self.cloud.is_some() || self.region.is_some() || self.base_url.is_some()
    }

    /// Returns the endpoint. Default: the environment variable `MDE_BASE_URL`.
    pub(super) fn endpoint(&self) -> Result<Endpoint, Failure> {
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
pub(super) fn variable(name: &str) -> Result<Option<String>, Failure> {
    let value = env::var_os(name).filter(|value| !value.is_empty());
    let text = value.map(OsString::into_string).transpose();
    text.map_err(|_| {
        Failure::usage(format!("the environment variable {name} is not UTF-8"), "Set it again.")
    })
}

/// Makes a client of a service.
pub(super) fn client(
    common: &Common,
    endpoint: Endpoint,
    credential: impl Credential + 'static,
    observer: impl Observer + 'static,
) -> Result<Client, Failure> {
    let transport = common.network.transport()?.build();
    Ok(Client::builder(endpoint, credential, transport)
        .check_tokens(true)
        .deadline(Duration::from_secs(common.timeout))
        .observer(observer)
        .build())
}
