//! The commands and their arguments. No option takes a token or a client secret, because other users can see command lines.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;
use mde_live_response_sync::Owner;

use crate::line::options::{Common, Connection, Consent, Files, Folder, Output, Rules, Running};
use crate::service::connect::is_set;

/// Manages the live response library of Microsoft Defender for Endpoint. Unofficial.
#[derive(Debug, Parser)]
#[command(name = "lrlib", version, after_long_help = HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const HELP: &str = "\
Examples:
  lrlib check                      is the library reachable, and with which permissions?
  lrlib plan scripts               show what sync would change
  lrlib sync scripts --delete --owner our-team --yes
  lrlib help sync                  the options of one command

Without --credential, tokens come from the first of:
  --token-file, --token-command, MDE_TOKEN,
  an application in Microsoft Entra: AZURE_TENANT_ID, AZURE_CLIENT_ID, and one of AZURE_CLIENT_SECRET, \
AZURE_CLIENT_CERTIFICATE_PATH and AZURE_FEDERATED_TOKEN_FILE.
--login-host, or else AZURE_AUTHORITY_HOST, sets the login host.

A file lrlib.toml can set cloud, region, owner, recursive, include, exclude and require-signed. The \
search starts in DIR, or in the current folder for commands without DIR, and goes up to the root of the git repository.

A description comes from the first of: librarymanifest.json in the folder (lrlib export writes one), NAME.json beside the file \
NAME (fields: description, parametersDescription), and .SYNOPSIS and .PARAMETER of a PowerShell script.

Exit codes:
  0  done
  1  failed: the command or every change failed, you answered no, a plan has conflicts or exceeds --max-delete, or lint \
found errors
  2  usage: the command line, the environment or the folder has an error, or --yes is missing; nothing was done
  3  partly failed, or the result of changes could not be written
  4  there are changes (plan --exit-code) or differences (verify)
  130, 143  interrupted by Ctrl-C or SIGTERM; the output tells what was done";

/// Options that a variable can set: `LRLIB_` and the option's name.
///
/// Not those that permit losses: each run has to ask for them.
const FROM_ENVIRONMENT: [(&str, &str); 13] = [
    ("cloud", "LRLIB_CLOUD"),
    ("region", "LRLIB_REGION"),
    ("audience", "LRLIB_AUDIENCE"),
    ("credential", "LRLIB_CREDENTIAL"),
    ("timeout", "LRLIB_TIMEOUT"),
    ("ca_file", "LRLIB_CA_FILE"),
    ("system_roots", "LRLIB_SYSTEM_ROOTS"),
    ("format", "LRLIB_FORMAT"),
    ("audit", "LRLIB_AUDIT"),
    ("owner", "LRLIB_OWNER"),
    ("jobs", "LRLIB_JOBS"),
    ("require_signed", "LRLIB_REQUIRE_SIGNED"),
    ("tenants", "LRLIB_TENANTS"),
];

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what sync would do.
    #[command(
        after_help = "Examples:\n  lrlib plan scripts\n  lrlib plan scripts --owner our-team --delete --out plan.json"
    )]
    Plan(Plan),
    /// Make the library match a folder.
    #[command(
        after_help = "Examples:\n  lrlib sync scripts\n  lrlib sync scripts --plan plan.json   apply exactly this plan, or nothing"
    )]
    Sync(Sync),
    /// Compare the library with a folder, for files of any owner.
    #[command(
        after_help = "Example:\n  lrlib verify scripts   exit code 4 if there are differences"
    )]
    Verify(Verify),
    /// Find what would fail in a live response session: broken signatures, changed line ends, missing descriptions.
    #[command(
        after_help = "Example:\n  lrlib lint scripts --require-signed   exit code 1 if there are errors"
    )]
    Lint(Lint),
    /// Take ownership of library files that equal the local ones.
    #[command(after_help = "Example:\n  lrlib adopt Get-Dns.ps1 --dir scripts --owner our-team")]
    Adopt(Adopt),
    /// Write a manifest of the library's files. From then on, it decides which files the folder has.
    #[command(
        after_help = "Example:\n  lrlib export scripts   writes scripts/librarymanifest.json"
    )]
    Export(Export),
    /// Upload files. Descriptions come from NAME.json beside each file, or from the script's own help.
    #[command(after_help = "Example:\n  lrlib upload Get-Dns.ps1 --override")]
    Upload(Upload),
    /// List the library's files.
    #[command(after_help = "Example:\n  lrlib list --format tsv | cut -f1")]
    List(Common),
    /// Delete files. There is no undo.
    #[command(after_help = "Example:\n  lrlib delete Get-Dns.ps1 --dry-run")]
    Delete(Delete),
    /// Check host, token, audience and permission. Changes nothing.
    #[command(after_help = "Example:\n  lrlib check --credential github")]
    Check(Common),
    /// Find out what the service does where its documentation is silent, for a report to this project.
    ///
    /// Uploads small files with random names, never overwrites, and deletes them again; at most 40 calls. The report has no
    /// secret, no tenant, no host and no name of another file.
    #[command(after_help = "Example:\n  lrlib probe --format markdown > report.md")]
    Probe(Probe),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page of lrlib or of one command.
    Man {
        /// The command.
        #[arg(value_name = "COMMAND")]
        of: Option<String>,
    },
}

impl Command {
    /// Parses a command line, whose first argument is the program's name.
    pub(crate) fn parse(
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, clap::Error> {
        let mut definition = definition();
        let matches = definition.try_get_matches_from_mut(arguments)?;
        let mut command = Arguments::from_arg_matches(&matches)?.command;
        if let Some((_, matches)) = matches.subcommand() {
            if let Some(connection) = command.connection_mut() {
                connection.prefer_command_line(matches);
            }
            if let Self::Sync(Sync { saved: Some(_), .. }) = command {
                refuse_beside_saved_plan(&mut definition, matches)?;
            }
        }
        Ok(command)
    }

    /// Name of the command in JSON.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Plan(_) => "plan",
            Self::Sync(sync) if sync.running.dry_run => "plan",
            Self::Sync(_) => "sync",
            Self::Verify(_) => "verify",
            Self::Lint(_) => "lint",
            Self::Adopt(_) => "adopt",
            Self::Export(_) => "export",
            Self::Upload(_) => "upload",
            Self::List(_) => "list",
            Self::Delete(_) => "delete",
            Self::Check(_) => "check",
            Self::Probe(_) => "probe",
            Self::Completions { .. } => "completions",
            Self::Man { .. } => "man",
        }
    }

    /// The options of every command that calls the service.
    pub(crate) fn common(&self) -> Option<&Common> {
        Some(match self {
            Self::Plan(it) => &it.common,
            Self::Sync(it) => &it.common,
            Self::Verify(it) => &it.common,
            Self::Adopt(it) => &it.common,
            Self::Export(it) => &it.common,
            Self::Upload(it) => &it.common,
            Self::List(it) | Self::Check(it) => it,
            Self::Delete(it) => &it.common,
            Self::Probe(it) => &it.common,
            Self::Lint(_) | Self::Completions { .. } | Self::Man { .. } => return None,
        })
    }

    pub(crate) fn connection_mut(&mut self) -> Option<&mut Connection> {
        Some(match self {
            Self::Plan(it) => &mut it.common.connection,
            Self::Sync(it) => &mut it.common.connection,
            Self::Verify(it) => &mut it.common.connection,
            Self::Adopt(it) => &mut it.common.connection,
            Self::Export(it) => &mut it.common.connection,
            Self::Upload(it) => &mut it.common.connection,
            Self::List(it) | Self::Check(it) => &mut it.connection,
            Self::Delete(it) => &mut it.common.connection,
            Self::Probe(it) => &mut it.common.connection,
            Self::Lint(_) | Self::Completions { .. } | Self::Man { .. } => return None,
        })
    }

    /// How to print the result.
    pub(crate) fn output(&self) -> Output {
        match self {
            Self::Lint(it) => it.output,
            _ => self.common().map_or_else(Output::default, |it| it.output),
        }
    }

    /// The folder in which the search for `lrlib.toml` starts. `None` if the command has no settings.
    pub(crate) fn start(&self) -> Option<&Path> {
        Some(match self {
            Self::Plan(it) => &it.folder.dir,
            Self::Sync(it) => &it.folder.dir,
            Self::Verify(it) => &it.folder.dir,
            Self::Lint(it) => &it.folder.dir,
            Self::Adopt(it) => &it.dir,
            Self::Export(it) => &it.dir,
            Self::Completions { .. } | Self::Man { .. } => return None,
            _ => Path::new("."),
        })
    }

    pub(crate) fn files_mut(&mut self) -> Option<&mut Files> {
        Some(match self {
            Self::Plan(it) => &mut it.folder.files,
            Self::Sync(it) => &mut it.folder.files,
            Self::Verify(it) => &mut it.folder.files,
            Self::Lint(it) => &mut it.folder.files,
            Self::Adopt(it) => &mut it.files,
            _ => return None,
        })
    }

    pub(crate) fn owner_mut(&mut self) -> Option<&mut Option<Owner>> {
        Some(match self {
            Self::Plan(it) => &mut it.rules.owner,
            Self::Sync(it) => &mut it.rules.owner,
            Self::Adopt(it) => &mut it.owner,
            _ => return None,
        })
    }
}

/// Variables that other parts of lrlib read, for the help.
const SHOWN_VARIABLES: [(&str, &str); 4] = [
    ("base_url", "MDE_BASE_URL"),
    ("login_host", "AZURE_AUTHORITY_HOST"),
    ("proxy", "HTTPS_PROXY, ALL_PROXY"),
    ("no_proxy", "NO_PROXY"),
];

/// The definition of the command line. An empty variable counts as not set.
pub(crate) fn definition() -> clap::Command {
    Arguments::command().mut_subcommands(|command| {
        command.mut_args(|arg| {
            let id = arg.get_id().as_str();
            let of = |(option, _): &&(&str, &str)| *option == id;
            let sets = FROM_ENVIRONMENT.iter().find(of);
            let Some((_, name)) = sets.or(SHOWN_VARIABLES.iter().find(of)) else { return arg };
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let arg = arg.help(format!("{help} [env: {name}]")).hide_env(true);
            if sets.is_some() && is_set(name) { arg.env(*name) } else { arg }
        })
    })
}

/// Refuses options that the saved plan has fixed.
fn refuse_beside_saved_plan(
    definition: &mut clap::Command,
    matches: &ArgMatches,
) -> Result<(), clap::Error> {
    let fixed = ["owner", "delete", "take_over", "recursive", "include", "exclude", "allow_empty"];
    let is_given = |id: &&&str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let Some(given) = fixed.iter().find(is_given) else { return Ok(()) };
    let option = given.replace('_', "-");
    let message = format!("--plan fixes --{option}; give it to `lrlib plan` instead");
    Err(definition.error(clap::error::ErrorKind::ArgumentConflict, message))
}

#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) folder: Folder,
    #[command(flatten)]
    pub(crate) rules: Rules,
    /// Save the plan, for `lrlib sync --plan FILE`.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Exit with 4 if there are changes.
    #[arg(long)]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct Sync {
    #[command(flatten)]
    pub(crate) folder: Folder,
    #[command(flatten)]
    pub(crate) rules: Rules,
    /// Apply exactly the plan that `lrlib plan --out FILE` saved, or nothing. Its losses need no --yes.
    #[arg(long = "plan", value_name = "FILE")]
    pub(crate) saved: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) running: Running,
    #[command(flatten)]
    pub(crate) consent: Consent,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) folder: Folder,
    /// Also show files that are equal, and those that only the library has.
    #[arg(long, help_heading = "Output")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct Lint {
    #[command(flatten)]
    pub(crate) folder: Folder,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Adopt {
    /// Names of the files, which the library and the folder have with the same bytes.
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// The folder with the local files. Their texts replace those in the library.
    #[arg(long, value_name = "DIR", default_value = ".", help_heading = "Files")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) files: Files,
    /// New owner: the last line of the descriptions becomes `managed-by: OWNER`. Default: lrlib.
    #[arg(long, value_name = "OWNER", help_heading = "Changes")]
    pub(crate) owner: Option<Owner>,
    #[command(flatten)]
    pub(crate) running: Running,
    #[command(flatten)]
    pub(crate) consent: Consent,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The folder for the manifest.
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct Upload {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Description; overrides the side file and the script's own help.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) description: Option<String>,
    /// Parameters description; overrides the side file and the script's own help.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) parameters: Option<String>,
    /// Overwrite a file of the same name, even if it is not yours. Its owner stays.
    #[arg(long = "override")]
    pub(crate) overriding: bool,
    #[command(flatten)]
    pub(crate) running: Running,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// Names of the files.
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) running: Running,
    #[command(flatten)]
    pub(crate) consent: Consent,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct Probe {
    /// Also find the limit of a file's size, with up to three files of 20 MB.
    #[arg(long)]
    pub(crate) size_limit: bool,
    /// Do it without a question. Required without a terminal.
    #[arg(short, long, help_heading = "Running")]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) common: Common,
}
