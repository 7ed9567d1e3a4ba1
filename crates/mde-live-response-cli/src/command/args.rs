//! What can be said on the command line. Never a secret.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use mde_live_response_core::sync::Owner;

/// Keeps the live response library of Microsoft Defender for Endpoint as a folder says. Unofficial.
#[derive(Debug, Parser)]
#[command(name = "lrlib", version, after_long_help = HELP)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
    #[command(flatten)]
    pub(super) common: Common,
}

const HELP: &str = "\
Tokens come from the first of: --token-file, --token-command, the variable MDE_TOKEN, an application of Microsoft \
Entra by the variables AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE \
(AZURE_AUTHORITY_HOST, or before it --login-host, sets another login host).

Exit codes:
  0  done
  1  failed: nothing is known to have been done, or a plan has conflicts
  2  usage: the command line, the environment or the folder is not as it should be
  3  partly failed, or done and not told
  4  a plan has changes (plan, sync --dry-run)";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Upload files, described by NAME.json beside them or by their own help.
    Upload(Upload),
    /// List the library's files.
    List,
    /// Remove files. There is no way back.
    Delete(Delete),
    /// Make the library hold what a folder holds.
    Sync(Sync),
    /// Show what sync would do.
    Plan(Plan),
    /// Check host, token, audience and permission, without changing anything.
    Check,
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        shell: Shell,
    },
    /// Print the manual page, of all or of a command.
    Man {
        /// Which command.
        #[arg(value_name = "COMMAND")]
        of: Option<String>,
    },
}

impl Command {
    /// What it is called.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Upload(_) => "upload",
            Self::List => "list",
            Self::Delete(_) => "delete",
            Self::Sync(sync) if !sync.dry_run => "sync",
            Self::Sync(_) | Self::Plan(_) => "plan",
            Self::Check => "check",
            Self::Completions { .. } => "completions",
            Self::Man { .. } => "man",
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Common {
    /// Cloud; commercial unless set.
    #[arg(long, global = true, value_enum, conflicts_with = "base_url")]
    pub(super) cloud: Option<Cloud>,
    /// Region of the commercial cloud; the nearest unless set.
    #[arg(long, global = true, value_enum, conflicts_with = "base_url")]
    pub(super) region: Option<Region>,
    /// Base URL of the service, in place of a cloud's; http to a loopback address only.
    #[arg(long, global = true, value_name = "URL")]
    pub(super) base_url: Option<String>,
    /// Audience that tokens are for, in place of the cloud's.
    #[arg(long, global = true, value_name = "URL")]
    pub(super) audience: Option<String>,
    /// Host that issues tokens, in place of the cloud's.
    #[arg(long, global = true, value_name = "URL")]
    pub(super) login_host: Option<String>,
    /// File that holds a token, read anew when another is needed.
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "token_command")]
    pub(super) token_file: Option<PathBuf>,
    /// Command of the shell that prints a token, run anew when another is needed.
    #[arg(long, global = true, value_name = "COMMAND")]
    pub(super) token_command: Option<String>,
    /// Print JSON on standard output.
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Append a line of JSON to this file for every change.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) audit: Option<PathBuf>,
    /// Share the service's rates with other runs by this file; one for each application and tenant.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) pace_file: Option<PathBuf>,
    /// Time for one call, its waits and repeats included, in seconds.
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 3_600)]
    pub(super) timeout: u64,
    /// Tell of attempts that failed, too.
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Cloud {
    Commercial,
    Gcc,
    GccHigh,
    Dod,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Region {
    Us,
    Eu,
    Uk,
    Au,
    Swa,
    Ina,
}

#[derive(Debug, Args)]
pub(super) struct Upload {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// What the files are for, in place of what is said beside or in them.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(super) description: Option<String>,
    /// Which parameters the scripts take, in place of what is said beside or in them.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(super) parameters: Option<String>,
    /// Replace files of the same name, whoever put them there.
    #[arg(long = "override")]
    pub(super) overriding: bool,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Args)]
pub(super) struct Delete {
    /// Names of the files.
    #[arg(required = true, value_name = "NAME")]
    pub(super) names: Vec<String>,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Args)]
pub(super) struct Sync {
    #[command(flatten)]
    pub(super) plan: Plan,
    /// Show the plan, and do nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Args)]
pub(super) struct Plan {
    /// The folder.
    #[arg(value_name = "DIR")]
    pub(super) dir: PathBuf,
    /// Whose files they are: what the last line of a description says after `managed-by: `.
    #[arg(long, value_name = "OWNER", default_value = "lrlib")]
    pub(super) owner: Owner,
    /// Remove files of the owner that the folder does not hold; the owner must be named then.
    #[arg(long, conflicts_with = "delete_all", requires = "owner")]
    pub(super) delete: bool,
    /// Remove all files that the folder does not hold, whoever put them there.
    #[arg(long)]
    pub(super) delete_all: bool,
    /// Replace files of others that have the name of one in the folder.
    #[arg(long)]
    pub(super) take_over: bool,
    /// Do so for every tenant of this file, side by side.
    #[arg(long, value_name = "FILE")]
    pub(super) tenants: Option<PathBuf>,
    /// How many tenants at a time.
    #[arg(long, value_name = "NUMBER", default_value_t = 16, requires = "tenants")]
    pub(super) jobs: usize,
}
