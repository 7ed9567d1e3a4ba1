//! The commands that change single files: upload and delete.

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use mde_live_response_core::error::InvalidInput;
use mde_live_response_core::library::{Deleted, Sha256Digest};
use mde_live_response_core::{Client, Effect, Error, FileName, IfExists, LibraryFile};
use mde_live_response_sync::{Desired, DesiredFile, Jobs, Owner, read_file};
use serde_json::{Value, json};

use crate::files::side_by_side::side_by_side;
use crate::folder::content::check_sizes;
use crate::folder::guard::{Losses, confirm};
use crate::line::args::{Delete, Upload};
use crate::line::options::{Common, Running};
use crate::output::audit::{Audit, Change};
use crate::output::exit::{Exit, Failure, explain};
use crate::output::fields;
use crate::output::table::Table;
use crate::output::text::{counted, shown, words};
use crate::output::ui::Ui;
use crate::service::connect::Library;

pub(crate) fn upload(arguments: &Upload, ui: &Arc<Ui>) -> Result<Exit, Failure> {
    let (is_override, is_dry) = (arguments.overriding, arguments.running.dry_run);
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let mut files = Vec::new();
    // The first error, in the order of the command line.
    for file in side_by_side(arguments.files.iter().collect(), cores, |path| read_file(path)) {
        let mut file = file?;
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
    let run = Run::new("upload", &arguments.running, &arguments.common, ui)?;
    let stored = if is_override || is_dry { run.stored()? } else { HashMap::new() };
    if is_dry {
        let about = |file: &DesiredFile| match stored.contains_key(file.name().as_str()) {
            false => (file.name().clone(), "upload"),
            true if is_override => (file.name().clone(), "overwrite"),
            true => (file.name().clone(), "taken"),
        };
        return run.tell(&files.iter().map(about).collect::<Vec<_>>());
    }
    for file in &mut files {
        if let Some(entry) = stored.get(file.name().as_str()) {
            *file = owned_as(file.clone(), entry)?;
        }
    }
    let if_exists = if is_override { IfExists::Override } else { IfExists::Fail };
    Ok(run.apply(
        &files,
        |file| (file.name(), Some(file.sha256())),
        |client, file| {
            let stored = client.upload(&file.to_upload()?.with_if_exists(if_exists))?;
            Ok(if stored.is_resolved() { "resolved" } else { "stored" })
        },
    ))
}

/// Keeps the owner of the stored file, unless the new description names one.
fn owned_as(file: DesiredFile, stored: &LibraryFile) -> Result<DesiredFile, InvalidInput> {
    let is_owned = file.description().is_some_and(|text| Owner::of(text.as_ref()).is_some());
    match stored.description().and_then(Owner::of) {
        Some(owner) if !is_owned => {
            let description = owner.mark(file.description())?;
            Ok(file.with_description(description))
        }
        _ => Ok(file),
    }
}

pub(crate) fn delete(arguments: &Delete, ui: &Arc<Ui>) -> Result<Exit, Failure> {
    let parse = |name: &String| {
        let help =
            "Give names as `lrlib list` shows them. Delete files with other names in the portal.";
        FileName::permitting_separators(name.as_str())
            .map_err(|why| Failure::usage(format!("`{}`: {why}", shown(name, 100)), help))
    };
    let names: Vec<_> = arguments.names.iter().map(parse).collect::<Result<_, _>>()?;
    let run = Run::new("delete", &arguments.running, &arguments.common, ui)?;
    if arguments.running.dry_run {
        let stored = run.stored()?;
        let about = |name: &FileName| {
            let is_stored = stored.contains_key(name.as_str());
            (name.clone(), if is_stored { "delete" } else { "absent" })
        };
        return run.tell(&names.iter().map(about).collect::<Vec<_>>());
    }
    let losses = Losses { deleted: names.len(), ..Losses::default() };
    let service = run.library.client.endpoint().base();
    confirm(ui, arguments.consent.yes, &format!("this {losses} in the library of {service}"))?;
    Ok(run.apply(
        &names,
        |name| (name, None),
        |client, name| {
            Ok(match client.delete(name)? {
                Deleted::WasAbsent => "absent",
                Deleted::Gone => "gone",
                _ => "removed",
            })
        },
    ))
}

/// A run of one of these commands.
struct Run<'a> {
    command: &'static str,
    library: Library,
    jobs: Jobs,
    ui: &'a Ui,
    audit: Audit,
}

/// A file and its outcome. `None`: its change was not tried.
struct Done<'a> {
    name: &'a FileName,
    outcome: Option<Result<&'static str, Error>>,
}

impl<'a> Run<'a> {
    fn new(
        command: &'static str,
        running: &Running,
        common: &Common,
        ui: &'a Arc<Ui>,
    ) -> Result<Self, Failure> {
        let audit = Audit::open(running.audit.as_deref())?;
        let library = Library::open(&common.connection, ui)?;
        Ok(Self { command, library, jobs: running.jobs(), ui, audit })
    }

    /// The library's files by their names.
    fn stored(&self) -> Result<HashMap<String, LibraryFile>, Error> {
        Ok(self.library.list()?.into_iter().map(|it| (it.file_name().to_owned(), it)).collect())
    }

    /// Makes the changes. Stops if one cannot be written to the audit log, and at a signal.
    fn apply<T: Sync>(
        &self,
        items: &[T],
        about: impl Fn(&T) -> (&FileName, Option<&Sha256Digest>) + Sync,
        change: impl Fn(&Client, &T) -> Result<&'static str, Error> + Sync,
    ) -> Exit {
        let mut unwritten = None;
        let client = &self.library.client;
        let work = |item: &T| change(client, item);
        let outcomes = self.jobs.run(client, items, work, |item, outcome| {
            let (name, sha256) = about(item);
            match outcome {
                // At once, while other changes run.
                Err(error) => self.ui.say(format_args!("error: {}", explain(error))),
                Ok("resolved") => {
                    self.ui.change("", "stored", name.as_str());
                    self.ui.note(format_args!(
                        "{name}: the answer was lost, and a listing confirmed the upload"
                    ));
                }
                Ok(outcome) => self.ui.change("", outcome, name.as_str()),
            }
            // Also after a failed write: the calls that were running have outcomes, too.
            if let Err(failure) = self.record(name, sha256, outcome) {
                self.ui.interrupt().token().cancel();
                unwritten.get_or_insert(failure);
            }
        });
        let all: Vec<_> = items
            .iter()
            .zip(outcomes)
            .map(|(item, outcome)| Done { name: about(item).0, outcome })
            .collect();
        let summary = counted(all.iter().map(|done| words(done.word())));
        let failed = all.iter().filter(|done| !matches!(done.outcome, Some(Ok(_)))).count();
        let exit = self.ui.end(Exit::of(all.len(), failed), unwritten.map_or(Ok(()), Err));
        self.ui.end(exit, self.print(&all, &summary))
    }

    fn record(
        &self,
        name: &FileName,
        sha256_after: Option<&Sha256Digest>,
        outcome: &Result<&'static str, Error>,
    ) -> Result<(), Failure> {
        let error = outcome.as_ref().err();
        let effect = match outcome {
            Err(error) => error.effect(),
            Ok("absent") => Effect::NotApplied,
            Ok("gone") => Effect::Unknown,
            Ok(_) => Effect::Applied,
        };
        self.audit.write(&Change {
            tenant: None,
            credential: &self.library.used.name(),
            action: self.command,
            name: name.as_str(),
            sha256_before: None,
            sha256_after,
            outcome: crate::outcome(error),
            effect: fields::effect(effect),
            correlation_id: error.and_then(Error::correlation_id),
        })
    }

    fn print(&self, all: &[Done<'_>], summary: &str) -> Result<(), Failure> {
        let head = ["OUTCOME", "NAME"];
        let (mut table, mut rest) = (Table::new(head), Table::new(head));
        for done in all {
            let row = [words(done.word()), done.name.to_string()];
            if !matches!(done.outcome, Some(Ok(_))) {
                rest.row(row.clone());
            }
            table.row(row);
        }
        let results: Vec<_> = all.iter().map(Done::json).collect();
        self.ui.note(format_args!("{summary}"));
        self.ui.rest(json!({ "results": results }), &table, Some(&rest), summary)
    }

    /// Ends a dry run: prints what the real run would do with each file, and has its exit code.
    fn tell(&self, all: &[(FileName, &'static str)]) -> Result<Exit, Failure> {
        for (name, _) in all.iter().filter(|(_, word)| *word == "taken") {
            self.ui.say(format_args!(
                "error: the library has a file `{name}`. Give --override to overwrite it."
            ));
        }
        let mut table = Table::new(["OUTCOME", "NAME"]);
        for (name, word) in all {
            let word = match *word {
                "absent" => word.to_string(),
                "taken" => "would fail".to_owned(),
                word => format!("would {word}"),
            };
            table.row([word, name.to_string()]);
        }
        let result =
            |(name, word): &(FileName, &str)| json!({ "name": name.as_str(), "outcome": word });
        let results: Vec<_> = all.iter().map(result).collect();
        let summary = counted(all.iter().map(|(_, word)| (*word).to_owned()));
        self.ui.rest(
            json!({ "dryRun": true, "results": results }),
            &table,
            Some(&table),
            &summary,
        )?;
        Ok(Exit::of(all.len(), all.iter().filter(|(_, word)| *word == "taken").count()))
    }
}

impl Done<'_> {
    fn word(&self) -> &'static str {
        match &self.outcome {
            Some(Ok(word)) => word,
            Some(Err(error)) => crate::outcome(Some(error)),
            None => "notTried",
        }
    }

    fn json(&self) -> Value {
        let (name, outcome) = (self.name.as_str(), self.word());
        match &self.outcome {
            Some(Err(error)) => {
                json!({ "name": name, "outcome": outcome, "error": fields::error(error) })
            }
            _ => json!({ "name": name, "outcome": outcome }),
        }
    }
}
