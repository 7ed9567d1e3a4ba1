//! Uploads a file and prints the stored entity.
//!
//! ```text
//! cargo run --example upload
//! cargo run --example upload -- PATH [--description TEXT] [--parameters TEXT] [--override]
//! ```
//!
//! Speaks to an emulator inside this very process, unless there is a PATH **and** the environment has
//! `MDE_TOKEN`: then to the service at `MDE_BASE_URL`, or to the commercial cloud.

use std::env::{self, VarError};
use std::error::Error as StdError;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use mde_live_response::{AccessToken, Client, Endpoint, Error, IfExists, Upload};
use mde_live_response_emulator::Emulator;

/// The script that is uploaded when no other is named.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/library/Get-DnsCache.ps1");

/// Uploads a file to the live response library and prints the stored entity as JSON.
#[derive(Parser)]
struct Arguments {
    /// The file to upload; without it, a script that comes with this example, to an embedded emulator.
    path: Option<PathBuf>,
    /// What the file is for.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    description: Option<String>,
    /// Which parameters the script takes.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    parameters: Option<String>,
    /// Replace a file of the same name.
    #[arg(long = "override")]
    overriding: bool,
}

/// The service to speak to. An emulator lives as long as this does.
struct Service {
    client: Client,
    name: String,
    _emulator: Option<Emulator>,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(help) if !help.use_stderr() => help.exit(),
        Err(error) => {
            // The first line says what is wrong; the rest is what --help says.
            let text = error.to_string();
            say(format_args!("{}; see --help", text.lines().next().unwrap_or_default()));
            return ExitCode::from(2);
        }
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("error: {}", one_line(&*error)));
            ExitCode::FAILURE
        }
    }
}

/// A line on stderr. Nobody may be reading it, which is no reason to stop.
fn say(line: fmt::Arguments<'_>) {
    writeln!(io::stderr(), "{line}").ok();
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn StdError>> {
    let upload = upload(arguments)?;
    let service = service(arguments.path.is_some())?;
    let (name, bytes) = (upload.name(), upload.content().len());
    say(format_args!("uploading `{name}`, {bytes} bytes, to {}", service.name));
    let stored = service.client.upload(&upload)?;
    say(format_args!("stored, and verified by SHA-256"));
    let json = serde_json::to_string_pretty(&stored)?;
    writeln!(io::stdout(), "{json}")
        .map_err(|cause| format!("`{name}` is stored, but stdout takes no entity: {cause}").into())
}

fn upload(arguments: &Arguments) -> Result<Upload, Error> {
    let path = arguments.path.as_deref().unwrap_or(Path::new(SCRIPT));
    let mut upload = Upload::from_path(path)?;
    if let Some(description) = &arguments.description {
        upload = upload.description(description.parse()?);
    }
    if let Some(parameters) = &arguments.parameters {
        upload = upload.parameters(parameters.parse()?);
    }
    let if_exists = if arguments.overriding { IfExists::Override } else { IfExists::Fail };
    Ok(upload.if_exists(if_exists))
}

fn service(has_path: bool) -> Result<Service, Box<dyn StdError>> {
    let token = if has_path { environment("MDE_TOKEN")? } else { None };
    let Some(token) = token else { return embedded() };
    let token = AccessToken::new(token).map_err(|error| format!("MDE_TOKEN: {error}"))?;
    let endpoint = match environment("MDE_BASE_URL")? {
        None => Ok(Endpoint::COMMERCIAL),
        Some(url) if url.starts_with("http:") => Endpoint::loopback_http(&url),
        Some(url) => Endpoint::custom(&url),
    }
    .map_err(|error| format!("MDE_BASE_URL: {error}"))?;
    let name = endpoint.to_string();
    let client = mde_live_response::client(endpoint, token);
    Ok(Service { client, name, _emulator: None })
}

fn embedded() -> Result<Service, Box<dyn StdError>> {
    let emulator = Emulator::start()?;
    let endpoint = Endpoint::loopback_http(emulator.base_url())?;
    let client = mde_live_response::client(endpoint, AccessToken::new(emulator.token())?);
    let name = format!("an emulator in this process ({})", emulator.base_url());
    Ok(Service { client, name, _emulator: Some(emulator) })
}

/// A variable that is set and not empty. The value stays out of every message.
fn environment(name: &str) -> Result<Option<String>, String> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is not Unicode")),
    }
}

/// The error, its causes and what to do, on one line.
fn one_line(error: &(dyn StdError + 'static)) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    if let Some(help) = error.downcast_ref::<Error>().and_then(Error::help) {
        line.push_str("; ");
        line.push_str(&help);
    }
    line.replace(['\r', '\n'], " ")
}
