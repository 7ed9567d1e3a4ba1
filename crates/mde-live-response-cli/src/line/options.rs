//! Groups of options that several commands have.

use std::num::NonZero;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, ValueEnum, value_parser};
use mde_live_response_sync::{Jobs, Owner};

use crate::service::credential::Kind;
use crate::service::network::Network;

/// The options of every command that calls the service.
#[derive(Debug, Args)]
pub(crate) struct Common {
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// The service, the identity and the way there.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// Cloud. Default: commercial.
    #[arg(long, value_enum, help_heading = "Service")]
    pub(crate) cloud: Option<Cloud>,
    /// Region of the commercial cloud. Default: the nearest.
    #[arg(long, value_enum, help_heading = "Service")]
    pub(crate) region: Option<Region>,
    /// Base URL of the service, instead of a cloud; http only to loopback addresses.
    #[arg(long, value_name = "URL", help_heading = "Service")]
    pub(crate) base_url: Option<String>,
    /// Audience of the tokens, instead of the cloud's.
    #[arg(long, value_name = "URL", help_heading = "Service")]
    pub(crate) audience: Option<String>,
    /// Host that issues tokens, instead of the cloud's.
    #[arg(long, value_name = "URL", help_heading = "Service")]
    pub(crate) login_host: Option<String>,
    /// Identity that gets tokens. Default: the first of token, secret, certificate and federated that is configured.
    #[arg(long, value_enum, value_name = "NAME", help_heading = "Identity")]
    pub(crate) credential: Option<Kind>,
    /// File with a token. Read again for each new token.
    #[arg(long, value_name = "FILE", help_heading = "Identity", conflicts_with = "token_command")]
    pub(crate) token_file: Option<PathBuf>,
    /// Shell command that prints a token. Run again for each new token.
    #[arg(long, value_name = "COMMAND", help_heading = "Identity")]
    pub(crate) token_command: Option<String>,
    #[command(flatten)]
    pub(crate) network: Network,
    /// Time limit for one call, with its waits and retries, in seconds.
    #[arg(long, value_name = "SECONDS", help_heading = "Network", default_value_t = 3_600, value_parser = value_parser!(u64).range(1..))]
    pub(crate) timeout: u64,
}

impl Connection {
    /// Forgets the service of the environment if the command line names one: cloud, region and URL belong together.
    pub(crate) fn prefer_command_line(&mut self, matches: &ArgMatches) {
        let has = |id, source| matches.value_source(id) == Some(source);
        let given =
            ["cloud", "region", "base_url"].iter().any(|id| has(id, ValueSource::CommandLine));
        if given && has("cloud", ValueSource::EnvVariable) {
            self.cloud = None;
        }
        if given && has("region", ValueSource::EnvVariable) {
            self.region = None;
        }
    }
}

/// Format and amount of output.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Output {
    /// Format of the result on standard output. On GitHub Actions, plan, sync, adopt and verify also write Markdown to the job's summary.
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Output", default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Print the result and errors, but neither progress nor a summary.
    #[arg(short, long, help_heading = "Output", conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Also report settings, failed attempts, the identity that gave the token, and texts that differ.
    #[arg(short, long, help_heading = "Output")]
    pub(crate) verbose: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people.
    #[default]
    Table,
    /// One JSON object, with everything that is known.
    Json,
    /// A table for issues and summaries.
    Markdown,
    /// A line per row, with tabs between the cells.
    Tsv,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Cloud {
    Commercial,
    Gcc,
    GccHigh,
    Dod,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Region {
    Us,
    Eu,
    Uk,
    Au,
    Swa,
    Ina,
    Aea,
}

/// A folder, and which of its files belong to the library.
#[derive(Debug, Clone, Args)]
pub(crate) struct Folder {
    /// The folder.
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) files: Files,
}

/// Rules for the files of a folder.
#[derive(Debug, Clone, Args)]
pub(crate) struct Files {
    /// Also read subfolders. The library has none, so each file name may occur once.
    #[arg(long, help_heading = "Files")]
    pub(crate) recursive: bool,
    /// Take only files that match, such as `*.ps1` or `tools/**`, even READMEs, backups and tests. Can be repeated.
    #[arg(long, value_name = "GLOB", help_heading = "Files")]
    pub(crate) include: Vec<String>,
    /// Skip files that match. Can be repeated; `.lrlibignore` lists more, with the rules of .gitignore.
    #[arg(long, value_name = "GLOB", help_heading = "Files")]
    pub(crate) exclude: Vec<String>,
    /// Refuse PowerShell scripts without an intact signature.
    #[arg(long, help_heading = "Files", value_parser = BoolishValueParser::new())]
    pub(crate) require_signed: bool,
}

/// The changes that a plan may make.
#[derive(Debug, Clone, Args)]
pub(crate) struct Rules {
    /// Owner of the files: the last line of their descriptions is `managed-by: OWNER`. Default: lrlib.
    #[arg(long, value_name = "OWNER", help_heading = "Changes")]
    pub(crate) owner: Option<Owner>,
    /// Delete the owner's files that are missing from the folder; with `--delete=all`, those of any owner. Skipped files
    /// are not missing.
    #[arg(long, value_enum, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "owned", help_heading = "Changes")]
    pub(crate) delete: Option<Deleted>,
    /// Overwrite files of other owners that have the same name as a file in the folder.
    #[arg(long, help_heading = "Changes")]
    pub(crate) take_over: bool,
    /// Refuse a plan that deletes and takes over more files than this. Default: a tenth of the library, at least 5.
    #[arg(long, value_name = "NUMBER", help_heading = "Changes")]
    pub(crate) max_delete: Option<usize>,
    /// Accept a folder without files for the library.
    #[arg(long, help_heading = "Changes")]
    pub(crate) allow_empty: bool,
    /// Also show files that do not change.
    #[arg(long, help_heading = "Output")]
    pub(crate) all: bool,
    /// Plan or sync every tenant in this file.
    #[arg(long, value_name = "FILE", help_heading = "Tenants")]
    pub(crate) tenants: Option<PathBuf>,
    /// Number of tenants at a time.
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 16,
        requires = "tenants",
        help_heading = "Tenants"
    )]
    pub(crate) tenant_jobs: usize,
}

/// Files that are deleted, of those that are not in the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Deleted {
    /// Those of the owner. Requires an owner.
    Owned,
    /// All of them, even if they are not yours.
    All,
}

impl Deleted {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Owned => "owned",
            Self::All => "all",
        }
    }
}

/// How changes run.
#[derive(Debug, Args)]
pub(crate) struct Running {
    /// Number of changes at a time in each library.
    #[arg(long, value_name = "NUMBER", default_value = "8", help_heading = "Running")]
    jobs: NonZero<usize>,
    /// Start no more changes after a failure that shows that the service is down.
    #[arg(long, help_heading = "Running")]
    fail_fast: bool,
    /// Append one JSON line to this file for every attempted change.
    #[arg(long, value_name = "FILE", help_heading = "Running")]
    pub(crate) audit: Option<PathBuf>,
    /// Show what would be done, without changing anything.
    #[arg(long, help_heading = "Running")]
    pub(crate) dry_run: bool,
}

impl Running {
    pub(crate) fn jobs(&self) -> Jobs {
        Jobs::new(self.jobs.get()).with_fail_fast(self.fail_fast)
    }
}

/// The answer to a question before files are lost.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Consent {
    /// Do not ask. Required to delete or overwrite files without a terminal.
    #[arg(short, long, help_heading = "Running")]
    pub(crate) yes: bool,
}
