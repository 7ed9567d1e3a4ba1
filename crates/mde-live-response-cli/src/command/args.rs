//! The command line. No option takes a token or a client secret, because other users can see command lines.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};
use clap_complete::Shell;
use mde_live_response_sync::{Jobs, Owner};

use super::credential::Kind;
use super::network::Network;

/// Manages the live response library of Microsoft Defender for Endpoint. Unofficial.
#[derive(Debug, Parser)]
#[command(name = "lrlib", version, after_long_help = HELP)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
    #[command(flatten, next_help_heading = "Options of every command")]
    pub(super) common: Common,
}

const HELP: &str = "\
Without --credential, tokens come from the first of:
  --token-file, --token-command, MDE_TOKEN,
  an application in Microsoft Entra: AZURE_TENANT_ID, AZURE_CLIENT_ID, and one of AZURE_CLIENT_SECRET, \
AZURE_CLIENT_CERTIFICATE_PATH and AZURE_FEDERATED_TOKEN_FILE.
--login-host, or else AZURE_AUTHORITY_HOST, sets the login host.

Exit codes:
  0  done
  1  failed: the command or every change failed, you answered no, or a plan has conflicts or exceeds --max-delete
  2  usage: the command line, the environment or the folder has an error, or --yes is missing; nothing was done
  3  partly failed, or the result of changes could not be written
  4  a plan has changes (plan, sync --dry-run)
  130, 143  interrupted by Ctrl-C or SIGTERM; the output tells what was done";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Upload files. Descriptions come from NAME.json beside each file, or from the script's own help.
    Upload(Upload),
    /// List the library's files.
    List,
    /// Delete files. There is no undo.
    Delete(Delete),
    /// Make the library match a folder.
    Sync(Sync),
    /// Show what sync would do.
    Plan(Plan),
    /// Check host, token, audience and permission. Changes nothing.
    Check,
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
    /// Name of the command in JSON.
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
    /// Cloud. Default: commercial.
    #[arg(long, global = true, value_enum, conflicts_with = "base_url")]
    pub(super) cloud: Option<Cloud>,
    /// Region of the commercial cloud. Default: the nearest.
    #[arg(long, global = true, value_enum, conflicts_with = "base_url")]
    pub(super) region: Option<Region>,
    /// Base URL of the service, instead of a cloud; http only to loopback addresses. Default: `MDE_BASE_URL`.
    #[arg(long, global = true, value_name = "URL")]
    pub(super) base_url: Option<String>,
    /// Audience of the tokens, instead of the cloud's.
    #[arg(long, global = true, value_name = "URL")]
    pub(super) audience: Option<String>,
    /// Host that issues tokens, instead of the cloud's.
    #[arg(long, global = true, value_name = "URL")]
    pub(super) login_host: Option<String>,
    /// Identity that gets tokens. Default: the first of token, secret, certificate and federated that is configured.
    #[arg(long, global = true, value_enum, value_name = "NAME")]
    pub(super) credential: Option<Kind>,
    /// File with a token. Read again for each new token.
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "token_command")]
    pub(super) token_file: Option<PathBuf>,
    /// Shell command that prints a token. Run again for each new token.
    #[arg(long, global = true, value_name = "COMMAND")]
    pub(super) token_command: Option<String>,
    #[command(flatten)]
    pub(super) network: Network,
    /// Print JSON on standard output.
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Append one JSON line to this file for every attempted change.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) audit: Option<PathBuf>,
    /// Time limit for one call, with its waits and retries, in seconds.
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 3_600, value_parser = value_parser!(u64).range(1..))]
    pub(super) timeout: u64,
    /// Also report failed attempts, and which identity gave the token.
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
    Aea,
}

/// How many changes run at once, and when the rest does not start.
#[derive(Debug, Args)]
pub(super) struct SideBySide {
    /// Number of changes at a time; with --tenants, in each library.
    #[arg(long, value_name = "NUMBER", default_value_t = 8)]
    jobs: usize,
    /// Start no more changes after a failure that shows that the service is down.
    #[arg(long)]
    fail_fast: bool,
}

impl SideBySide {
    pub(super) fn jobs(&self) -> Jobs {
        Jobs::new(self.jobs).with_fail_fast(self.fail_fast)
    }
}

#[derive(Debug, Args)]
pub(super) struct Upload {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Description; overrides the side file and the script's own help.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(super) description: Option<String>,
    /// Parameters description; overrides the side file and the script's own help.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(super) parameters: Option<String>,
    /// Overwrite a file of the same name, even if it is not yours. Its owner stays.
    #[arg(long = "override")]
    pub(super) overriding: bool,
    /// Show what would be done, without changing anything.
    #[arg(long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) side_by_side: SideBySide,
}

#[derive(Debug, Args)]
pub(super) struct Delete {
    /// Names of the files.
    #[arg(required = true, value_name = "NAME")]
    pub(super) names: Vec<String>,
    /// Show what would be done, without changing anything.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Delete without a question. Required without a terminal.
    #[arg(short, long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) side_by_side: SideBySide,
}

#[derive(Debug, Args)]
pub(super) struct Sync {
    #[command(flatten)]
    pub(super) plan: Plan,
    /// Show the plan, and do nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Delete and take over files without asking. Required for that if there is no terminal.
    #[arg(short, long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) side_by_side: SideBySide,
}

/// Files that are deleted, of those that are not in the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Deleted {
    /// Those of the owner. Requires --owner.
    Owned,
    /// All of them, even if they are not yours.
    All,
}

#[derive(Debug, Args)]
pub(super) struct Plan {
    /// The folder.
    #[arg(value_name = "DIR")]
    pub(super) dir: PathBuf,
    /// Owner of the files: the last line of their descriptions is `managed-by: OWNER`.
    #[arg(long, value_name = "OWNER", default_value = "lrlib")]
    pub(super) owner: Owner,
    /// Delete files that are missing from the folder: those of --owner; with `--delete=all`, of any owner.
    #[arg(long, value_enum, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "owned")]
    #[arg(requires_if("owned", "owner"))]
    pub(super) delete: Option<Deleted>,
    /// Refuse a plan that deletes and takes over more files than this. Default: a tenth of the library, at least 5.
    #[arg(long, value_name = "NUMBER")]
    pub(super) max_delete: Option<usize>,
    /// Accept a folder without files for the library.
    #[arg(long)]
    pub(super) allow_empty: bool,
    /// Overwrite files of others that have the name of a file in the folder.
    #[arg(long)]
    pub(super) take_over: bool,
    /// Plan or sync every tenant in this file.
    #[arg(long, value_name = "FILE")]
    pub(super) tenants: Option<PathBuf>,
    /// Number of tenants at a time.
    #[arg(long, value_name = "NUMBER", default_value_t = 16, requires = "tenants")]
    pub(super) tenant_jobs: usize,
}
