//! The commands for single files: upload, list, delete, and check.

use std::sync::Arc;

use mde_live_response_core::auth::TokenClaims;
use mde_live_response_core::error::{InvalidInput, Problem};
use mde_live_response_core::library::{Deleted, MAX_FILE_BYTES, Sha256Digest};
use mde_live_response_core::{Client, Effect, Error, FileName};
use mde_live_response_core::{IfExists, LibraryFile};
use mde_live_response_sync::{Desired, DesiredFile, read_file};
use serde_json::{Value, json};

use super::args::{Common, Delete, Upload};
use super::audit::{Audit, Change};
use super::connect::{self, Service};
use super::credential::{self, Seen};
use super::exit::{Exit, Failure, explain};
use super::json::{self, VERSION};
use super::text::{self, first_line, shown, table};
use super::ui::{Reporter, Ui};

pub(super) fn client(common: &Common, ui: &Arc<Ui>) -> Result<Client, Failure> {
    let endpoint = Service::of(common).endpoint()?;
    let credential = credential::tokens(common, &endpoint)?.telling(ui);
    connect::client(common, endpoint, credential, Reporter::new(ui, None))
}

/// The outcome of one file.
struct Done<'a> {
    name: &'a FileName,
    sha256: Option<&'a Sha256Digest>,
    outcome: Result<&'static str, Error>,
}

/// Refuses empty and too large files before any change.
///
/// A dry run checks this, too.
pub(super) fn check_sizes<'f>(
    files: impl IntoIterator<Item = &'f DesiredFile>,
) -> Result<(), Failure> {
    for file in files {
        let problem = match file.size() {
            0 => Problem::Empty,
            len if len > MAX_FILE_BYTES => Problem::TooLong { len, max: MAX_FILE_BYTES },
            _ => continue,
        };
        let why = InvalidInput::new("file", problem);
        return Err(Failure::usage(format!("`{}`: {why}", file.name()), why.help()));
    }
    Ok(())
}

pub(super) fn upload(
    arguments: &Upload,
    common: &Common,
    ui: &Arc<Ui>,
    audit: &Audit,
) -> Result<Exit, Failure> {
    let if_exists = if arguments.overriding { IfExists::Override } else { IfExists::Fail };
    let mut files = Vec::new();
    for path in &arguments.files {
        let mut file = read_file(path)?;
        if let Some(text) = &arguments.description {
            file = file.with_description(text.parse()?);
        }
        if let Some(text) = &arguments.parameters {
            file = file.with_parameters(text.parse()?);
        }
        files.push(file);
    }
    check_sizes(&files)?;
    Desired::new(files.iter().cloned())?;
    if arguments.dry_run {
        return dry_run("upload", files.iter().map(DesiredFile::name), ui);
    }
    let client = client(common, ui)?;
    let changes = files.iter().map(|file| {
        let upload = file.to_upload().map_err(Error::from);
        let stored = upload.and_then(|upload| client.upload(&upload.with_if_exists(if_exists)));
        let outcome = stored.map(|file| if file.is_resolved() { "resolved" } else { "stored" });
        Done { name: file.name(), sha256: Some(file.sha256()), outcome }
    });
    Ok(apply("upload", changes, ui, audit))
}

pub(super) fn delete(
    arguments: &Delete,
    common: &Common,
    ui: &Arc<Ui>,
    audit: &Audit,
) -> Result<Exit, Failure> {
    let parse = |name: &String| {
        let help =
            "Give names as `lrlib list` shows them. Delete files with other names in the portal.";
        FileName::permitting_separators(name.as_str())
            .map_err(|why| Failure::usage(format!("`{}`: {why}", shown(name, 100)), help))
    };
    let names: Vec<_> = arguments.names.iter().map(parse).collect::<Result<_, _>>()?;
    if arguments.dry_run {
        return dry_run("delete", names.iter(), ui);
    }
    let client = client(common, ui)?;
    let changes = names.iter().map(|name| {
        let outcome = client.delete(name).map(|deleted| match deleted {
            Deleted::WasAbsent => "absent",
            Deleted::Gone => "gone",
            _ => "removed",
        });
        Done { name, sha256: None, outcome }
    });
    Ok(apply("delete", changes, ui, audit))
}

/// Makes the changes one by one. Stops if one cannot be written to the audit log.
fn apply<'a>(
    command: &str,
    changes: impl Iterator<Item = Done<'a>>,
    ui: &Ui,
    audit: &Audit,
) -> Exit {
    let (mut all, mut written) = (Vec::new(), Ok(()));
    for done in changes {
        written = record(audit, command, &done);
        if let Err(error) = &done.outcome {
            // At once; standard output gets all results at the end.
            ui.say(format_args!("error: {}", explain(error)));
        }
        all.push(done);
        if written.is_err() {
            break;
        }
    }
    let failed = all.iter().filter(|done| done.outcome.is_err()).count();
    let exit = ui.end(Exit::of(all.len(), failed), written);
    ui.end(exit, print(command, &all, ui))
}

fn dry_run<'a>(
    command: &str,
    names: impl Iterator<Item = &'a FileName>,
    ui: &Ui,
) -> Result<Exit, Failure> {
    if ui.is_json() {
        let names: Vec<_> = names.map(FileName::as_str).collect();
        let value =
            json!({ "version": VERSION, "command": command, "dryRun": true, "names": names });
        ui.print_json(&value)?;
    } else {
        let lines = names.map(|name| format!("would {command} {name}\n"));
        ui.print(&lines.collect::<String>())?;
    }
    Ok(Exit::Done)
}

fn record(audit: &Audit, action: &str, done: &Done<'_>) -> Result<(), Failure> {
    let error = done.outcome.as_ref().err();
    let effect = match &done.outcome {
        Err(error) => error.effect(),
        Ok("absent") => Effect::NotApplied,
        Ok("gone") => Effect::Unknown,
        Ok(_) => Effect::Applied,
    };
    audit.write(&Change {
        tenant: None,
        action,
        name: done.name.as_str(),
        sha256_before: None,
        sha256_after: done.sha256,
        outcome: super::outcome(error),
        effect: json::effect(effect),
        correlation_id: error.and_then(Error::correlation_id),
    })
}

fn print(command: &str, all: &[Done<'_>], ui: &Ui) -> Result<(), Failure> {
    if ui.is_json() {
        let results: Vec<_> = all.iter().map(result).collect();
        return ui
            .print_json(&json!({ "version": VERSION, "command": command, "results": results }));
    }
    let lines = all.iter().map(|done| format!("{} {}\n", ui.word(done.word()), done.name));
    ui.print(&lines.collect::<String>())
}

impl Done<'_> {
    fn word(&self) -> &'static str {
        match &self.outcome {
            Ok(word) => word,
            Err(error) => super::outcome(Some(error)),
        }
    }
}

fn result(done: &Done<'_>) -> Value {
    let (name, outcome) = (done.name.as_str(), done.word());
    match &done.outcome {
        Ok(_) => json!({ "name": name, "outcome": outcome }),
        Err(error) => json!({ "name": name, "outcome": outcome, "error": json::error(error) }),
    }
}

pub(super) fn list(common: &Common, ui: &Arc<Ui>) -> Result<Exit, Failure> {
    let files = client(common, ui)?.list().collect::<Result<Vec<_>, _>>()?;
    if ui.is_json() {
        ui.print_json(&json!({ "version": VERSION, "command": "list", "files": files }))?;
    } else {
        let rows: Vec<_> = files.iter().map(row).collect();
        ui.print(&table(["NAME", "SHA256", "UPDATED", "BY", "DESCRIPTION"], &rows))?;
        ui.say(format_args!("{}", text::files(files.len())));
    }
    Ok(Exit::Done)
}

/// A row of the table. It has the start of the hash; JSON has all of it.
fn row(file: &LibraryFile) -> [String; 5] {
    let hash = file.sha256().map(ToString::to_string).unwrap_or_default();
    let updated = file.last_updated_time().map(ToString::to_string).unwrap_or_default();
    [
        shown(file.file_name(), 60),
        hash.chars().take(12).collect(),
        shown(updated.get(..19).unwrap_or(&updated), 19),
        shown(file.created_by().unwrap_or_default(), 30),
        shown(first_line(file.description().unwrap_or_default()), 60),
    ]
}

pub(super) fn check(common: &Common, ui: &Arc<Ui>) -> Result<Exit, Failure> {
    let endpoint = Service::of(common).endpoint()?;
    let tokens = credential::tokens(common, &endpoint)?;
    let (login_host, used, seen) =
        (tokens.login_host.clone(), tokens.used.clone(), Seen::default());
    let (credential, reporter) = (seen.watch(tokens.credential), Reporter::new(ui, None));
    let client = connect::client(common, endpoint.clone(), credential, reporter)?;
    let outcome = client.list().collect::<Result<Vec<_>, _>>();
    let claims = seen.claims();
    let audience = claims.as_ref().and_then(|claims| claims.audience());
    let permissions: Vec<_> = claims.iter().flat_map(TokenClaims::permissions).collect();
    if ui.is_json() {
        ui.print_json(&json!({
            "version": VERSION,
            "command": "check",
            "host": endpoint.base(),
            "credential": used.name(),
            "loginHost": login_host,
            "expectedAudience": endpoint.audience(),
            "audience": audience,
            "permissions": permissions,
            "files": outcome.as_ref().ok().map(Vec::len),
            "error": outcome.as_ref().err().map(json::error),
        }))?;
    } else {
        let unknown = "not in the token";
        let permissions = permissions.join(", ");
        let permissions = if permissions.is_empty() { unknown } else { &permissions };
        let lines = [
            ("host", endpoint.base()),
            ("credential", &used.report()),
            ("login host", login_host.as_deref().unwrap_or("not used")),
            ("audience expected", endpoint.audience()),
            ("audience of the token", audience.unwrap_or(unknown)),
            ("permissions", permissions),
        ];
        for (what, value) in lines {
            ui.print(&format!("{what:22} {}\n", shown(value, 200)))?;
        }
        if ui.is_verbose() {
            ui.print(&format!("{:22} {}\n", "proxy", common.network.route(endpoint.base())?))?;
        }
    }
    match outcome {
        Ok(files) => {
            if !ui.is_json() {
                let count = text::files(files.len());
                ui.print(&format!("{:22} {}, {count}\n", "library", ui.word("ok")))?;
            }
            Ok(Exit::Done)
        }
        Err(error) => {
            ui.fail(&error.into());
            Ok(Exit::Failed)
        }
    }
}
