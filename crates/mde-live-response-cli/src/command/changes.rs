//! The commands that change single files: upload and delete.

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use mde_live_response_core::error::{InvalidInput, Problem};
use mde_live_response_core::library::{Deleted, MAX_FILE_BYTES, Sha256Digest};
use mde_live_response_core::policy::CancelToken;
use mde_live_response_core::{Client, Effect, Error, FileName, IfExists, LibraryFile};
use mde_live_response_sync::{Desired, DesiredFile, Jobs, Owner, read_file};
use serde_json::{Value, json};

use super::args::{Common, Delete, Upload};
use super::audit::{Audit, Change};
use super::credential::Used;
use super::exit::{Exit, Failure, explain};
use super::guard::{Losses, confirm};
use super::json::{self, VERSION};
use super::library;
use super::side_by_side::side_by_side;
use super::text::{counted, shown, words};
use super::ui::Ui;

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
    let is_override = arguments.overriding;
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
    let run = Run::new("upload", arguments.side_by_side.jobs(), common, ui, audit)?;
    let stored = if is_override || arguments.dry_run { run.stored()? } else { HashMap::new() };
    if arguments.dry_run {
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
    let run = Run::new("delete", arguments.side_by_side.jobs(), common, ui, audit)?;
    if arguments.dry_run {
        let stored = run.stored()?;
        let about = |name: &FileName| {
            let is_stored = stored.contains_key(name.as_str());
            (name.clone(), if is_stored { "delete" } else { "absent" })
        };
        return run.tell(&names.iter().map(about).collect::<Vec<_>>());
    }
    let losses = Losses { deleted: names.len(), ..Losses::default() };
    let service = run.client.endpoint().base();
    confirm(ui, arguments.yes, &format!("this {losses} in the library of {service}"))?;
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
    client: Client,
    used: Used,
    cancel: CancelToken,
    jobs: Jobs,
    ui: &'a Ui,
    audit: &'a Audit,
}

/// A file and its outcome. `None`: its change was not tried.
struct Done<'a> {
    name: &'a FileName,
    outcome: Option<Result<&'static str, Error>>,
}

impl<'a> Run<'a> {
    fn new(
        command: &'static str,
        jobs: Jobs,
        common: &Common,
        ui: &'a Arc<Ui>,
        audit: &'a Audit,
    ) -> Result<Self, Failure> {
        let cancel = ui.interrupt().token();
        let (client, used) = library::client(common, ui, &cancel)?;
        Ok(Self { command, client, used, cancel, jobs, ui, audit })
    }

    /// The library's files by their names.
    fn stored(&self) -> Result<HashMap<String, LibraryFile>, Error> {
        self.client.list().map(|file| file.map(|it| (it.file_name().to_owned(), it))).collect()
    }

    /// Makes the changes. Stops if one cannot be written to the audit log, and at a signal.
    fn apply<T: Sync>(
        &self,
        items: &[T],
        about: impl Fn(&T) -> (&FileName, Option<&Sha256Digest>) + Sync,
        change: impl Fn(&Client, &T) -> Result<&'static str, Error> + Sync,
    ) -> Exit {
        let mut unwritten = None;
        let work = |item: &T| change(&self.client, item);
        let outcomes = self.jobs.run(&self.client, items, work, |item, outcome| {
            if let Err(error) = outcome {
                // At once; standard output gets all results at the end.
                self.ui.say(format_args!("error: {}", explain(error)));
            }
            let (name, sha256) = about(item);
            // Also after a failed write: the calls that were running have outcomes, too.
            if let Err(failure) = self.record(name, sha256, outcome) {
                self.cancel.cancel();
                unwritten.get_or_insert(failure);
            }
        });
        let all: Vec<_> = items
            .iter()
            .zip(outcomes)
            .map(|(item, outcome)| Done { name: about(item).0, outcome })
            .collect();
        if self.client.is_cancelled() {
            let words = all.iter().map(|done| words(done.word()));
            self.ui.say(format_args!("{}", counted(words)));
        }
        let failed = all.iter().filter(|done| !matches!(done.outcome, Some(Ok(_)))).count();
        let exit = self.ui.end(Exit::of(all.len(), failed), unwritten.map_or(Ok(()), Err));
        self.ui.end(exit, self.print(&all))
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
            credential: &self.used.name(),
            action: self.command,
            name: name.as_str(),
            sha256_before: None,
            sha256_after,
            outcome: super::outcome(error),
            effect: json::effect(effect),
            correlation_id: error.and_then(Error::correlation_id),
        })
    }

    fn print(&self, all: &[Done<'_>]) -> Result<(), Failure> {
        if self.ui.is_json() {
            let results: Vec<_> = all.iter().map(Done::json).collect();
            return self.ui.print_json(
                json!({ "version": VERSION, "command": self.command, "results": results }),
            );
        }
        let line =
            |done: &Done<'_>| format!("{} {}\n", self.ui.word(&words(done.word())), done.name);
        self.ui.print(&all.iter().map(line).collect::<String>())
    }

    /// Ends a dry run: prints what the real run would do with each file, and has its exit code.
    fn tell(&self, all: &[(FileName, &'static str)]) -> Result<Exit, Failure> {
        for (name, _) in all.iter().filter(|(_, word)| *word == "taken") {
            self.ui.say(format_args!(
                "error: the library has a file `{name}`. Give --override to overwrite it."
            ));
        }
        if self.ui.is_json() {
            let names: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
            let results: Vec<_> = all
                .iter()
                .map(|(name, word)| json!({ "name": name.as_str(), "outcome": word }))
                .collect();
            self.ui.print_json(json!({
                "version": VERSION,
                "command": self.command,
                "dryRun": true,
                "names": names,
                "results": results,
            }))?;
        } else {
            let line = |(name, word): &(FileName, &str)| match *word {
                "absent" => format!("absent {name}\n"),
                "taken" => format!("would fail {name}\n"),
                word => format!("would {word} {name}\n"),
            };
            self.ui.print(&all.iter().map(line).collect::<String>())?;
        }
        Ok(Exit::of(all.len(), all.iter().filter(|(_, word)| *word == "taken").count()))
    }
}

impl Done<'_> {
    fn word(&self) -> &'static str {
        match &self.outcome {
            Some(Ok(word)) => word,
            Some(Err(error)) => super::outcome(Some(error)),
            None => "notTried",
        }
    }

    fn json(&self) -> Value {
        let (name, outcome) = (self.name.as_str(), self.word());
        match &self.outcome {
            Some(Err(error)) => {
                json!({ "name": name, "outcome": outcome, "error": json::error(error) })
            }
            _ => json!({ "name": name, "outcome": outcome }),
        }
    }
}
