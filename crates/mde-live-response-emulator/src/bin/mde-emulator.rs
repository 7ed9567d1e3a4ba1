//! The emulator as a program: prints one line of JSON when it listens, then serves until it is killed.

#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use mde_live_response_emulator::{Application, Emulator, ExistsAnswer, SeenRequest};
use serde::Serialize;

/// The live response library of Microsoft Defender for Endpoint, emulated over plain HTTP for tests.
///
/// When it listens, it prints one line of JSON on standard output, {"baseUrl":"http://...","token":"..."}, and
/// serves until it is killed. If you name an application, the same address issues tokens to it, and the line also has
/// "loginUrl":"http://...". Unofficial.
///
/// Requests under /_emulator/ with the header "X-Emulator: 1" order faults (POST faults), revoke issued tokens
/// (POST expire-tokens), start over (POST reset), list the requests so far (GET journal) and answer at once (GET health). They
/// are accepted from this machine only.
#[derive(Parser)]
#[command(name = "mde-emulator", version, after_long_help = HELP)]
struct Arguments {
    /// Address and port to listen on; port 0 takes a free one. A port alone, and `localhost`, mean 127.0.0.1.
    #[arg(long, value_name = "[ADDRESS:]PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    listen: SocketAddr,
    /// Bearer token to accept; protects nothing.
    #[arg(long, default_value = Emulator::DEFAULT_TOKEN)]
    token: String,
    /// Issue tokens in this tenant.
    #[arg(long, value_name = "ID", requires = "client_id")]
    tenant: Option<String>,
    /// Issue tokens to this application.
    #[arg(long, value_name = "ID", requires = "tenant", requires = "proof")]
    client_id: Option<String>,
    /// Secret of the application; protects nothing.
    #[arg(long, value_name = "TEXT", requires = "client_id", group = "proof")]
    client_secret: Option<String>,
    /// Client assertion of the application, a token of another issuer; protects nothing.
    #[arg(long, value_name = "TEXT", requires = "client_id", group = "proof")]
    federated_token: Option<String>,
    /// Give the federated token to CI jobs that show this token: at /idtoken as GitHub Actions, at /oidctoken as Azure Pipelines.
    #[arg(long, value_name = "TEXT", requires = "federated_token")]
    ci_token: Option<String>,
    /// Accept client assertions that name this certificate, by its SHA-256 in base64url.
    #[arg(long, value_name = "SHA256", requires = "client_id", group = "proof")]
    certificate: Option<String>,
    /// Make the application the machine's managed identity: at /metadata/identity/oauth2/token, and at /msi/token for requests
    /// with this X-IDENTITY-HEADER.
    #[arg(long, value_name = "TEXT", requires = "client_id", group = "proof")]
    identity_header: Option<String>,
    /// Turn off the rate limits of 100 calls a minute and 1,500 an hour.
    #[arg(long)]
    no_limits: bool,
    /// Refuse forms that are not documented, although the service accepts or may accept them: a part named `File`, a file
    /// without a name, flags other than `true` and `false`, a description of parameters without `HasParameters=true`.
    #[arg(long)]
    strict: bool,
    /// Answer an upload of an existing name with 409 and the code `Conflict`, instead of 400 and `BadRequest`. The
    /// service's answer is not known.
    #[arg(long)]
    conflict: bool,
    /// Store the files of this folder at start, unless --state has a library already.
    #[arg(long, value_name = "DIR")]
    seed: Option<PathBuf>,
    /// Write a line about each request on standard error, without tokens and contents.
    #[arg(long, value_name = "FORMAT")]
    log: Option<Log>,
    /// Demand this text in the header X-Emulator of requests under /_emulator/.
    #[arg(long, value_name = "TEXT")]
    control_token: Option<String>,
    /// Keep the library in this directory over restarts; created if necessary.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

const HELP: &str = r#"A fault, here for the next two uploads:
  curl http://127.0.0.1:8080/_emulator/faults -H "X-Emulator: 1" \
    -d '{"on":"upload","times":2,"status":503,"headers":{"Retry-After":"1"}}'
Fields of a fault; one of the last five at least:
  on           upload, list, delete or token; without it, every request
  times        number of requests; default 1
  status       status code of the answer
  headers      more headers of the answer
  delayMs      milliseconds before the answer
  dropAnswer   true: do what was asked, and close the connection without an answer
  wrongSha256  true: answer an upload with the hash of other bytes"#;

#[derive(Clone, Copy, ValueEnum)]
enum Log {
    /// One line of text.
    Text,
    /// One JSON object in a line, as in the journal.
    Json,
}

impl Log {
    fn write(self, seen: &SeenRequest) {
        let line = match self {
            Self::Text => seen.to_string(),
            Self::Json => serde_json::to_string(seen).unwrap_or_default(),
        };
        // A closed standard error does not stop the emulator.
        let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
    }
}

/// Reads the value of `--listen`.
fn address(text: &str) -> Result<SocketAddr, String> {
    let local = |port: &str| Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().ok()?)));
    let by_name = || match text.split_once(':') {
        Some((host, port)) if host.eq_ignore_ascii_case("localhost") => local(port),
        Some(_) => None,
        None => local(text),
    };
    let found = text.parse().ok().or_else(by_name);
    found.ok_or_else(|| "give ADDRESS:PORT, localhost:PORT or PORT".to_owned())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Started<'a> {
    base_url: &'a str,
    token: &'a str,
    /// Login host, if tokens are issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    login_url: Option<&'a str>,
}

fn main() -> ExitCode {
    match serve(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mde-emulator: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(arguments: Arguments) -> io::Result<()> {
    let application = application(&arguments);
    let issues_tokens = application.is_some();
    let Arguments { listen, token, no_limits, strict, conflict, state, seed, log, .. } = arguments;
    let control_token = arguments.control_token;
    let mut builder = Emulator::builder().listen(listen).token(token);
    if let Some(application) = application {
        builder = builder.application(application);
    }
    if no_limits {
        builder = builder.no_limits();
    }
    if conflict {
        builder = builder.exists_answer(ExistsAnswer::Conflict409);
    }
    if strict {
        builder = builder.strict();
    }
    if let Some(dir) = state {
        builder = builder.state_dir(dir);
    }
    if let Some(dir) = seed {
        builder = builder.seed_dir(dir);
    }
    if let Some(log) = log {
        builder = builder.on_request(move |seen| log.write(seen));
    }
    if let Some(token) = control_token {
        builder = builder.control_token(token);
    }
    let emulator = builder.start()?;
    let base_url = emulator.base_url();
    let login_url = issues_tokens.then_some(base_url);
    let started = Started { base_url, token: emulator.token(), login_url };
    let mut line = serde_json::to_vec(&started)?;
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line)?;
    stdout.flush()?;
    drop(stdout);
    emulator.wait()
}

fn application(arguments: &Arguments) -> Option<Application> {
    let Arguments { tenant, client_id, client_secret, federated_token, .. } = arguments;
    let mut application = Application::new(tenant.as_deref()?, client_id.as_deref()?);
    if let Some(secret) = client_secret {
        application = application.with_secret(secret);
    }
    if let Some(token) = federated_token {
        application = application.with_assertion(token);
        if let Some(job) = &arguments.ci_token {
            application = application.with_ci_job(job, token);
        }
    }
    if let Some(thumbprint) = &arguments.certificate {
        application = application.with_certificate(thumbprint);
    }
    if let Some(header) = &arguments.identity_header {
        application = application.as_managed_identity(header);
    }
    Some(application)
}
