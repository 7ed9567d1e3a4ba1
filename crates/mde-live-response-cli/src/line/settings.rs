//! `lrlib.toml`: a repository's settings. A pull request can change it, so it cannot say where tokens go.

use std::fs;
use std::path::{self, Path, PathBuf};

use clap::ValueEnum;
use mde_live_response_sync::Owner;
use serde::Deserialize;

use crate::line::args::Command;
use crate::line::options::{Cloud, Region};
use crate::line::small_file;
use crate::output::exit::Failure;
use crate::output::ui::Ui;
use crate::service::connect::is_set;

/// Name of the file.
const NAME: &str = "lrlib.toml";

/// Largest file, in bytes. Ours.
const MAX_BYTES: u64 = 64 * 1024;

/// Settings that only the command line and the environment may have: they decide who gets the token.
const REFUSED: [&str; 10] = [
    "base-url",
    "login-host",
    "audience",
    "credential",
    "token-file",
    "token-command",
    "proxy",
    "no-proxy",
    "ca-file",
    "system-roots",
];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    cloud: Option<String>,
    region: Option<String>,
    owner: Option<String>,
    #[serde(default)]
    recursive: bool,
    #[serde(default)]
    include: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
    #[serde(default)]
    require_signed: bool,
}

/// Completes a command from the nearest `lrlib.toml`. The command line and the environment take precedence.
pub(crate) fn complete(command: &mut Command, ui: &Ui) -> Result<(), Failure> {
    let Some(start) = command.start() else { return Ok(()) };
    let Some(path) = find(start) else { return Ok(()) };
    // Without the prefix of a real path on Windows.
    let shown = path.to_string_lossy();
    let shown = shown.strip_prefix(r"\\?\").unwrap_or(&shown);
    let text = small_file::in_repository(&path, MAX_BYTES);
    let settings = text.and_then(|text| parse(&text.unwrap_or_default())).map_err(|why| {
        Failure::usage(format!("{shown}: {why}"), "Correct the file, or move it away.")
    })?;
    if ui.is_verbose() {
        ui.say(format_args!("settings: {shown}"));
    }
    settings.apply(command).map_err(|why| Failure::Usage(format!("{shown}: {}", why.message())))
}

/// Looks in the folder, then in those above up to the root of the git repository. Outside a repository, in the folder only.
fn find(start: &Path) -> Option<PathBuf> {
    // A missing path is reported when it is read. Some drives of Windows have no real paths.
    let start = fs::canonicalize(start).or_else(|_| path::absolute(start)).ok()?;
    let root = start.ancestors().find(|it| it.join(".git").exists()).unwrap_or(&start);
    let within = start.ancestors().take_while(|it| it.starts_with(root));
    within.map(|it| it.join(NAME)).find(|it| fs::symlink_metadata(it).is_ok())
}

fn parse(text: &str) -> Result<Settings, String> {
    let table: toml::Table = text.parse().map_err(|why| one_line(&why))?;
    let refused = |name: &&&str| {
        let other = name.replace('-', "_");
        table.contains_key(**name) || table.contains_key(&other)
    };
    if let Some(name) = REFUSED.iter().find(refused) {
        return Err(format!(
            "{name} cannot be set here, because a change of this file could send the token elsewhere; use --{name}"
        ));
    }
    toml::from_str(text).map_err(|why| one_line(&why))
}

/// The position and the problem, without the picture of the line.
fn one_line(error: &toml::de::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned() + ": " + error.message()
}

impl Settings {
    fn apply(self, command: &mut Command) -> Result<(), Failure> {
        let cloud = self.cloud.as_deref().map(|text| choice::<Cloud>("cloud", text)).transpose()?;
        let region =
            self.region.as_deref().map(|text| choice::<Region>("region", text)).transpose()?;
        let owner = self.owner.as_deref().map(str::parse::<Owner>).transpose()?;
        if let Some(connection) = command.connection_mut() {
            let is_named = connection.cloud.is_some()
                || connection.region.is_some()
                || connection.base_url.is_some();
            // Cloud and region belong together.
            if !is_named && !is_set("MDE_BASE_URL") {
                (connection.cloud, connection.region) = (cloud, region);
            }
        }
        if matches!(command, Command::Sync(sync) if sync.saved.is_some()) {
            return Ok(()); // the saved plan has the rest
        }
        if let Some(chosen) = command.owner_mut()
            && chosen.is_none()
        {
            *chosen = owner;
        }
        if let Some(files) = command.files_mut() {
            files.recursive |= self.recursive;
            files.require_signed |= self.require_signed;
            files.exclude.splice(0..0, self.exclude);
            if files.include.is_empty() {
                files.include = self.include;
            }
        }
        Ok(())
    }
}

/// Parses the name of a choice, as on the command line.
pub(crate) fn choice<C: ValueEnum>(field: &str, text: &str) -> Result<C, Failure> {
    C::from_str(text, true).map_err(|_| {
        let known = C::value_variants().iter().filter_map(C::to_possible_value);
        let known: Vec<_> = known.map(|it| it.get_name().to_owned()).collect();
        let help = format!("Use one of: {}.", known.join(", "));
        Failure::usage(format!("{field} `{text}` is not known"), &help)
    })
}
