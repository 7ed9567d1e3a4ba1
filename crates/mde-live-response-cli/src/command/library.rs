//! The commands for single files: upload, list, delete, and check.

use std::sync::Arc;

use mde_live_response_core::sync::{Desired, DesiredFile};
use mde_live_response_core::{
    Client, Deleted, Error, FileName, IfExists, InputError, LibraryFile, MAX_FILE_BYTES,
    Sha256Digest, TokenClaims, Upload as CoreUpload,
};
use serde_json::{Value, json};

use super::args::{Common, Delete, Upload};
use super::audit::{Audit, Change};
use super::connect::{self, Tokens};
use super::exit::{Exit, Failure, explain};
use super::json::{self, VERSION};
use super::text::{self, first_line, shown, table};
use super::tokens::Watched;
use super::ui::{Teller, Ui};
use crate::read_file;

pub(super) fn client(common: &Common, ui: &Arc<Ui>) -> Result<Client, Failure> {
    let endpoint = connect::endpoint(common)?;
    let credential = connect::tokens(common, &endpoint)?.credential;
    let (pace_file, teller) = (common.pace_file.clone(), Teller::new(ui, None));
    connect::client(common, endpoint, credential, pace_file, teller)
}

/// What came of one file, and which bytes it is to have.
struct Done {
    name: String,
    sha256: Option<Sha256Digest>,
    outcome: Result<&'static str, Error>,
}

/// Files that can be sent, each name once: what cannot be shows before anything is done, and in a plan.
pub(super) fn check_sendable<'f>(
    files: impl IntoIterator<Item = &'f DesiredFile>,
) -> Result<(), Failure> {
    let refused = |why: InputError| Failure::usage(Error::from(why));
    for file in files {
        let (name, size, limit) = (file.name().clone(), file.size(), MAX_FILE_BYTES);
        if size == 0 {
            return Err(refused(InputError::EmptyFile { name }));
        }
        if size > limit {
            return Err(refused(InputError::FileTooLarge { name, size, limit }));
        }
    }
    Ok(())
}

pub(super) fn upload(
    arguments: &Upload,
    common: &Common,
    ui: &Arc<Ui>,
    audit: &Audit,
) -> Result<Exit, Failure> {
    let existing = if arguments.overriding { IfExists::Override } else { IfExists::Fail };
    let paths = &arguments.files;
    let files = paths.iter().map(|path| read_file(path)).collect::<Result<Vec<_>, _>>()?;
    check_sendable(&files)?;
    Desired::new(files.iter().cloned()).map_err(Failure::usage)?;
    let mut uploads = Vec::new();
    for (path, file) in paths.iter().zip(&files) {
        let mut upload = CoreUpload::from_path(path)
            .map_err(|why| Failure::Usage(explain(&why)))?
            .expect_sha256(*file.sha256())
            .if_exists(existing);
        let (description, parameters) = (&arguments.description, &arguments.parameters);
        let parse = |why| Failure::Usage(format!("{why}"));
        if let Some(text) = description.as_deref().or(file.text_description().map(AsRef::as_ref)) {
            upload = upload.description(text.parse().map_err(parse)?);
        }
        if let Some(text) = parameters.as_deref().or(file.text_parameters().map(AsRef::as_ref)) {
            upload = upload.parameters(text.parse().map_err(parse)?);
        }
        uploads.push((upload, *file.sha256()));
    }
    if arguments.dry_run {
        let names: Vec<_> = uploads.iter().map(|(upload, _)| upload.name().to_string()).collect();
        return dry_run("upload", &names, ui);
    }
    let client = client(common, ui)?;
    let changes = uploads.iter().map(|(upload, sha256)| {
        let outcome = client.upload(upload);
        let outcome = outcome.map(|file| if file.is_resolved() { "resolved" } else { "stored" });
        Done { name: upload.name().to_string(), sha256: Some(*sha256), outcome }
    });
    Ok(carry_out("upload", changes, ui, audit))
}

pub(super) fn delete(
    arguments: &Delete,
    common: &Common,
    ui: &Arc<Ui>,
    audit: &Audit,
) -> Result<Exit, Failure> {
    let parse = |name: &String| {
        FileName::permitting_separators(name.as_str()).map_err(|why| {
            Failure::Usage(format!(
                "`{}`: {why}; give names as `list` shows them, and remove files of other names in the portal",
                shown(name, 100)
            ))
        })
    };
    let names: Vec<_> = arguments.names.iter().map(parse).collect::<Result<_, _>>()?;
    if arguments.dry_run {
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        return dry_run("delete", &names, ui);
    }
    let client = client(common, ui)?;
    let changes = names.iter().map(|name| {
        let outcome = client.delete(name).map(|deleted| match deleted {
            Deleted::WasAbsent => "absent",
            Deleted::Gone => "gone",
            _ => "removed",
        });
        Done { name: name.to_string(), sha256: None, outcome }
    });
    Ok(carry_out("delete", changes, ui, audit))
}

/// Makes one change after the other, each when it is taken. One that the audit log does not take is the last, and what
/// was done is told all the same.
fn carry_out(command: &str, changes: impl Iterator<Item = Done>, ui: &Ui, audit: &Audit) -> Exit {
    let (mut all, mut written) = (Vec::new(), Ok(()));
    for done in changes {
        written = record(audit, command, &done);
        if let Err(error) = &done.outcome {
            // As it happens; standard output has the whole at the end.
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

fn dry_run(command: &str, names: &[String], ui: &Ui) -> Result<Exit, Failure> {
    if ui.is_json() {
        let value =
            json!({ "version": VERSION, "command": command, "dryRun": true, "names": names });
        ui.print_json(&value)?;
    } else {
        let lines = names.iter().map(|name| format!("would {command} {name}\n"));
        ui.print(&lines.collect::<String>())?;
    }
    Ok(Exit::Done)
}

fn record(audit: &Audit, action: &str, done: &Done) -> Result<(), Failure> {
    let error = done.outcome.as_ref().err();
    audit.write(&Change {
        tenant: None,
        action,
        name: &done.name,
        sha256_before: None,
        sha256_after: done.sha256.as_ref().map(ToString::to_string),
        outcome: super::outcome(error),
        correlation_id: error.and_then(Error::target),
    })
}

fn print(command: &str, all: &[Done], ui: &Ui) -> Result<(), Failure> {
    if ui.is_json() {
        let results: Vec<_> = all.iter().map(result).collect();
        return ui
            .print_json(&json!({ "version": VERSION, "command": command, "results": results }));
    }
    let lines = all.iter().map(|done| format!("{} {}\n", ui.word(done.word()), done.name));
    ui.print(&lines.collect::<String>())
}

impl Done {
    fn word(&self) -> &'static str {
        match &self.outcome {
            Ok(word) => word,
            Err(error) => super::outcome(Some(error)),
        }
    }
}

fn result(done: &Done) -> Value {
    let (name, outcome) = (&done.name, done.word());
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

/// The start of a hash is enough to tell two versions apart; JSON has it whole.
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
    let endpoint = connect::endpoint(common)?;
    let Tokens { credential, login_host } = connect::tokens(common, &endpoint)?;
    let (credential, seen) = Watched::new(credential);
    let (pace_file, teller) = (common.pace_file.clone(), Teller::new(ui, None));
    let client =
        connect::client(common, endpoint.clone(), Box::new(credential), pace_file, teller)?;
    let outcome = client.list().collect::<Result<Vec<_>, _>>();
    let claims = seen.claims();
    let audience = claims.as_ref().and_then(|claims| claims.audience());
    let permissions: Vec<_> = claims.iter().flat_map(TokenClaims::permissions).collect();
    if ui.is_json() {
        ui.print_json(&json!({
            "version": VERSION,
            "command": "check",
            "host": endpoint.base(),
            "loginHost": login_host,
            "expectedAudience": endpoint.audience(),
            "audience": audience,
            "permissions": permissions,
            "files": outcome.as_ref().ok().map(Vec::len),
            "error": outcome.as_ref().err().map(json::error),
        }))?;
    } else {
        let unsaid = "the token does not say";
        let permissions = permissions.join(", ");
        let permissions = if permissions.is_empty() { unsaid } else { &permissions };
        let lines = [
            ("host", endpoint.base()),
            ("login host", login_host.as_deref().unwrap_or("not asked")),
            ("audience expected", endpoint.audience()),
            ("audience of the token", audience.unwrap_or(unsaid)),
            ("permissions", permissions),
        ];
        for (what, value) in lines {
            ui.print(&format!("{what:22} {}\n", shown(value, 200)))?;
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
