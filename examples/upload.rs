//! Uploads a file and prints the stored entity.
//!
//! ```text
//! cargo run --example upload
//! cargo run --example upload -- PATH [--description TEXT] [--parameters TEXT] [--override]
//! ```
//!
//! Uses an emulator inside this process. With a PATH **and** the variable `MDE_TOKEN` it uses the service at
//! `MDE_BASE_URL` instead, or the commercial cloud.

use std::env::{self, VarError};
use std::error::Error as StdError;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use mde_live_response::{AccessToken, Client, Endpoint, Error, IfExists, Upload};
use mde_live_response_emulator::Emulator;

/// The script to upload without a PATH.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/library/Get-DnsCache.ps1");

/// Uploads a file to the live response library and prints the stored entity as JSON.
#[derive(Parser)]
struct Arguments {
    /// File to upload. Default: a script of this example, to an embedded emulator.
    path: Option<PathBuf>,
    /// Description of the file.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    description: Option<String>,
    /// Description of the script's parameters.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    parameters: Option<String>,
    /// Overwrite a file of the same name.
    #[arg(long = "override")]
    overriding: bool,
}

/// The service to use. An embedded emulator lives as long as this value.
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
            // The first line has the error; the rest repeats --help.
            let text = error.to_string();
            say(format_args!("{}; see --help", text.lines().next().unwrap_or_default()));
            return ExitCode::from(2);
        }
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // `Debug` of the library's error is one line with message, help and causes.
            match error.downcast_ref::<Error>() {
                Some(error) => say(format_args!("error: {error:?}")),
                None => say(format_args!("error: {error}")),
            }
            ExitCode::FAILURE
        }
    }
}

/// Writes a line to stderr. A closed stderr is not a reason to stop.
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
    writeln!(io::stdout(), "{json}").map_err(|cause| {
        format!("`{name}` is stored, but writing to stdout failed: {cause}").into()
    })
}

fn upload(arguments: &Arguments) -> Result<Upload, Error> {
    let path = arguments.path.as_deref().unwrap_or(Path::new(SCRIPT));
    let mut upload = Upload::from_path(path)?;
    if let Some(description) = &arguments.description {
        upload = upload.with_description(description.parse()?);
    }
    if let Some(parameters) = &arguments.parameters {
        upload = upload.with_parameters(parameters.parse()?);
    }
    let if_exists = if arguments.overriding { IfExists::Override } else { IfExists::Fail };
    Ok(upload.with_if_exists(if_exists))
}

fn service(has_path: bool) -> Result<Service, Box<dyn StdError>> {
    let token = match env::var("MDE_TOKEN") {
        Ok(token) if has_path && !token.is_empty() => token,
        Err(VarError::NotUnicode(_)) if has_path => return Err("MDE_TOKEN is not UTF-8".into()),
        _ => return embedded(),
    };
    let token = AccessToken::new(token).map_err(|error| format!("MDE_TOKEN: {error}"))?;
    let endpoint = Endpoint::from_env()?;
    let name = endpoint.to_string();
    Ok(Service { client: mde_live_response::client(endpoint, token), name, _emulator: None })
}

fn embedded() -> Result<Service, Box<dyn StdError>> {
    let emulator = Emulator::start()?;
    let endpoint = Endpoint::parse(emulator.base_url())?;
    let client = mde_live_response::client(endpoint, AccessToken::new(emulator.token())?);
    let name = format!("an emulator in this process ({})", emulator.base_url());
    Ok(Service { client, name, _emulator: Some(emulator) })
}
