//! The commands that only look at the library: list, check, verify and export.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::sync::Arc;

use mde_live_response_core::auth::TokenClaims;
use mde_live_response_core::{FileName, LibraryFile};
use mde_live_response_sync::{MANIFEST, Owner};
use serde_json::{Value, json};

use crate::folder::content;
use crate::folder::synced;
use crate::line::args::{Export, Verify};
use crate::line::options::Common;
use crate::output::exit::{Exit, Failure};
use crate::output::fields;
use crate::output::table::Table;
use crate::output::text::{files, first_line};
use crate::output::ui::Ui;
use crate::service::connect::Library;

pub(crate) fn list(common: &Common, ui: &Arc<Ui>) -> Result<Exit, Failure> {
    let stored = Library::open(&common.connection, ui)?.list()?;
    let mut table = Table::new(["NAME", "SHA256", "UPDATED", "OWNER", "DESCRIPTION"]);
    for file in &stored {
        let hash = file.sha256().map(ToString::to_string).unwrap_or_default();
        let description = file.description().unwrap_or_default();
        let updated = file.last_updated_time().map(ToString::to_string).unwrap_or_default();
        table.row([
            file.file_name().to_owned(),
            // The start of the hash and the day; JSON has all of them.
            hash.chars().take(12).collect(),
            updated.chars().take(10).collect(),
            Owner::of(description).map(|owner| owner.to_string()).unwrap_or_default(),
            first_line(Owner::strip(description)).to_owned(),
        ]);
    }
    ui.result(json!({ "files": stored }), &table, Some(&files(stored.len())))?;
    Ok(Exit::Done)
}

pub(crate) fn check(common: &Common, ui: &Arc<Ui>) -> Result<Exit, Failure> {
    let library = Library::open(&common.connection, ui)?;
    let endpoint = library.client.endpoint();
    let outcome = library.list();
    let claims = library.claims();
    let audience = claims.as_ref().and_then(TokenClaims::audience);
    let tenant = claims.as_ref().and_then(TokenClaims::tenant);
    let permissions: Vec<_> = claims.iter().flat_map(TokenClaims::permissions).collect();
    let json = json!({
        "host": endpoint.base(),
        "credential": library.used.name(),
        "loginHost": library.login_host,
        "expectedAudience": endpoint.audience(),
        "audience": audience,
        "tenant": tenant,
        "permissions": permissions,
        "files": outcome.as_ref().ok().map(Vec::len),
        "error": outcome.as_ref().err().map(fields::error),
    });
    let unknown = "not in the token";
    let permissions = permissions.join(", ");
    let permissions = if permissions.is_empty() { unknown } else { &permissions };
    let proxy = common.connection.network.route(endpoint.base())?;
    let found = outcome.as_ref().map_or_else(|_| "failed".to_owned(), |it| files(it.len()));
    let mut table = Table::new(["CHECK", "RESULT"]);
    for (what, value) in [
        ("host", endpoint.base()),
        ("proxy", &proxy),
        ("credential", &library.used.report()),
        ("login host", library.login_host.as_deref().unwrap_or("not used")),
        ("audience expected", endpoint.audience()),
        ("audience of the token", audience.unwrap_or(unknown)),
        ("tenant", tenant.unwrap_or(unknown)),
        ("permissions", permissions),
        ("library", &found),
    ] {
        table.row([what.to_owned(), value.to_owned()]);
    }
    ui.result(json, &table, None)?;
    match outcome {
        Ok(_) => Ok(Exit::Done),
        Err(error) => {
            ui.fail(&error.into());
            Ok(Exit::Failed)
        }
    }
}

/// Compares a folder with the library, without owners.
pub(crate) fn verify(arguments: &Verify, ui: &Arc<Ui>) -> Result<Exit, Failure> {
    let desired = content::read_checked(&arguments.folder, ui)?;
    let stored = Library::open(&arguments.common.connection, ui)?.list()?;
    let mut by_name: HashMap<_, _> = stored.iter().map(|it| (it.file_name(), it)).collect();
    let mut found: Vec<_> = desired
        .files()
        .map(|file| {
            let (word, reasons) = match by_name.remove(file.name().as_str()) {
                None => ("missing", Vec::new()),
                Some(stored) => match file.differences(stored) {
                    reasons if reasons.is_empty() => ("equal", reasons),
                    reasons => {
                        if ui.is_verbose() {
                            synced::differences("", file, stored, &reasons, ui);
                        }
                        ("different", reasons)
                    }
                },
            };
            (file.name().to_string(), word, reasons.into_iter().map(fields::difference).collect())
        })
        .collect();
    found.extend(by_name.into_keys().map(|name| (name.to_owned(), "extra", Vec::<&str>::new())));
    found.sort();
    let mut table = Table::new(["STATE", "NAME", "WHY"]);
    for (name, word, reasons) in &found {
        if ["different", "missing"].contains(word) || arguments.all {
            table.row([(*word).to_owned(), name.clone(), reasons.join(", ")]);
        }
    }
    let count = |word| found.iter().filter(|(_, found, _)| *found == word).count();
    let [equal, different, missing, extra] = ["equal", "different", "missing", "extra"].map(count);
    let summary = format!(
        "{equal} equal, {different} different, {missing} missing in the library, {extra} only in the library"
    );
    let json: Vec<Value> = found
        .iter()
        .map(|(name, state, reasons)| json!({ "name": name, "state": state, "reasons": reasons }))
        .collect();
    ui.result(json!({ "files": json }), &table, Some(&summary))?;
    ui.summarise(&table, &summary);
    // The library may have files of others.
    Ok(if different + missing == 0 { Exit::Done } else { Exit::HasChanges })
}

/// Writes a manifest of the library's files, for a folder that has them or will have them.
pub(crate) fn export(arguments: &Export, ui: &Arc<Ui>) -> Result<Exit, Failure> {
    let stored = Library::open(&arguments.common.connection, ui)?.list()?;
    let (named, others): (Vec<_>, Vec<_>) =
        stored.iter().partition(|file| file.file_name().parse::<FileName>().is_ok());
    for file in others {
        ui.say(format_args!(
            "left out {}: no folder can have a file of this name",
            file.file_name()
        ));
    }
    let entries: Vec<_> = named.iter().map(|file| entry(file)).collect();
    let path = arguments.dir.join(MANIFEST);
    let written =
        serde_json::to_string_pretty(&entries).map_err(io::Error::from).and_then(|text| {
            let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
            file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n"))
        });
    written.map_err(|why| {
        let help = match why.kind() {
            io::ErrorKind::AlreadyExists => "Move the old manifest away first.",
            _ => "Give a folder that exists and that this user may write.",
        };
        Failure::usage(format!("cannot write {}: {why}", path.display()), help)
    })?;
    let path = path.display().to_string();
    let mut table = Table::new(["NAME"]);
    for file in &named {
        table.row([file.file_name().to_owned()]);
    }
    let summary = format!("{} in {path}", files(named.len()));
    ui.result(json!({ "manifest": path, "files": entries }), &table, Some(&summary))?;
    Ok(Exit::Done)
}

/// An entry of the manifest. It has no owner and no hash: both would go stale when the files change.
fn entry(file: &LibraryFile) -> Value {
    let description = file.description().map(Owner::strip).filter(|text| !text.is_empty());
    json!({
        "fileName": file.file_name(),
        "description": description,
        "parametersDescription": file.parameters_description(),
        "hasParameters": file.has_parameters(),
    })
}
