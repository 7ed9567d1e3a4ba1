//! From command line and environment to a client.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use mde_live_response_core::{
    AccessToken, Client, Credential, Endpoint, EntraCredential, InvalidEndpoint, Observer,
};
use mde_live_response_ureq::UreqTransport;

use super::args::{Cloud, Common, Region};
use super::exit::Failure;
use super::tokens::{TokenCommand, TokenFile};
use crate::PaceFile;

/// The service that the command line means.
pub(super) fn endpoint(common: &Common) -> Result<Endpoint, Failure> {
    endpoint_of(
        common.cloud,
        common.region,
        common.base_url.as_deref(),
        common.audience.as_deref(),
        common.login_host.as_deref(),
    )
}

/// A service by its cloud or by its URL, with what is to be other than the cloud's.
pub(super) fn endpoint_of(
    cloud: Option<Cloud>,
    region: Option<Region>,
    base_url: Option<&str>,
    audience: Option<&str>,
    login_host: Option<&str>,
) -> Result<Endpoint, Failure> {
    let named = |what: &str, why: InvalidEndpoint| Failure::Usage(format!("{what}: {why}"));
    // Where each stands at another place of the command line, or in a tenants file.
    if base_url.is_some() && (cloud.is_some() || region.is_some()) {
        return Err(Failure::usage("a base URL goes with neither a cloud nor a region"));
    }
    let mut endpoint = match (base_url, cloud.unwrap_or(Cloud::Commercial), region) {
        (Some(url), ..) => custom(url).map_err(|why| named("base URL", why))?,
        (None, Cloud::Commercial, region) => of_region(region),
        (None, _, Some(_)) => {
            return Err(Failure::usage("only the commercial cloud has regions"));
        }
        (None, Cloud::Gcc, None) => Endpoint::GCC,
        (None, Cloud::GccHigh, None) => Endpoint::GCC_HIGH,
        (None, Cloud::Dod, None) => Endpoint::DOD,
    };
    if let Some(audience) = audience {
        endpoint = endpoint.with_audience(audience);
    }
    if let Some(login) = login_host {
        endpoint = endpoint.with_login(login).map_err(|why| named("login host", why))?;
    }
    Ok(endpoint)
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
    }
}

/// A service by its base URL.
fn custom(url: &str) -> Result<Endpoint, InvalidEndpoint> {
    if url.starts_with("http:") { Endpoint::loopback_http(url) } else { Endpoint::custom(url) }
}

/// Where tokens come from.
pub(super) struct Tokens {
    pub(super) credential: Box<dyn Credential>,
    /// The host that is asked for them, as a URL; `None` where they are there already.
    pub(super) login_host: Option<String>,
}

impl Tokens {
    fn there_already(credential: impl Credential + 'static) -> Self {
        Self { credential: Box::new(credential), login_host: None }
    }
}

/// Where tokens for this service come from. What the command line says of the login host goes before the environment.
pub(super) fn tokens(common: &Common, endpoint: &Endpoint) -> Result<Tokens, Failure> {
    if let Some(path) = &common.token_file {
        return Ok(Tokens::there_already(TokenFile::new(path)));
    }
    if let Some(command) = &common.token_command {
        return Ok(Tokens::there_already(TokenCommand::new(command)));
    }
    if let Some(token) = variable("MDE_TOKEN")? {
        let token =
            AccessToken::new(token).map_err(|why| Failure::Usage(format!("MDE_TOKEN: {why}")))?;
        return Ok(Tokens::there_already(token));
    }
    let mut application = EntraCredential::from_env().map_err(|why| {
        Failure::Usage(format!(
            "no token: neither --token-file nor --token-command nor MDE_TOKEN is given, and {why}"
        ))
    })?;
    if common.login_host.is_some() {
        application = application.with_login(endpoint.login()).map_err(Failure::usage)?;
    }
    let login_host = application.login().unwrap_or(endpoint.login()).to_owned();
    Ok(Tokens { credential: Box::new(application), login_host: Some(login_host) })
}

/// A variable that is set and not empty. Its value stays out of every message.
pub(super) fn variable(name: &str) -> Result<Option<String>, Failure> {
    let value = env::var_os(name).filter(|value| !value.is_empty());
    let text = value.map(OsString::into_string).transpose();
    text.map_err(|_| Failure::Usage(format!("the environment variable {name} is not UTF-8")))
}

/// A client of this service, as this caller, sharing its pace by a file if it is to.
pub(super) fn client(
    common: &Common,
    endpoint: Endpoint,
    credential: Box<dyn Credential>,
    pace_file: Option<PathBuf>,
    observer: impl Observer + 'static,
) -> Result<Client, Failure> {
    let builder = Client::builder(endpoint, credential, UreqTransport::new())
        .check_tokens(true)
        .deadline(Duration::from_secs(common.timeout))
        .observer(observer);
    Ok(match pace_file {
        Some(path) => builder.pace_store(PaceFile::new(checked(path)?)),
        None => builder,
    }
    .build())
}

/// Where a pace may be kept: what holds something else, a script say, is not written over.
fn checked(path: PathBuf) -> Result<PathBuf, Failure> {
    let mut start = [0];
    // A pipe, say, is for the pace file itself to refuse: opening one could wait for ever.
    if !path.is_file() {
        return Ok(path);
    }
    match File::open(&path).and_then(|mut file| file.read(&mut start)) {
        // A pace is a JSON object.
        Ok(1) if start != *b"{" => {
            Err(Failure::Usage(format!("--pace-file: {}: this is no pace file", path.display())))
        }
        _ => Ok(path),
    }
}
