//! The result of a plan for one library, for people and programs.

use std::fmt::Write;

use mde_live_response_core::LibraryFile;
use mde_live_response_sync::{Action, DesiredFile, Outcome, Owner, Plan, Reason, Report, Step};
use serde_json::{Map, Value};

use crate::folder::guard::is_conflict;
use crate::folder::job::Mode;
use crate::output::exit::{Exit, Failure};
use crate::output::fields;
use crate::output::table::Table;
use crate::output::text::{command_word, counted, files, words};
use crate::output::ui::Ui;

/// Most names in a hint.
const MAX_NAMED: usize = 5;

/// The result for one library.
pub(crate) struct Synced {
    pub(crate) owner: Owner,
    pub(crate) plan: Plan,
    /// `None` if the plan was not applied.
    pub(crate) report: Option<Report>,
    /// The plan was refused, or the audit log could not be written.
    pub(crate) failure: Option<Failure>,
}

impl Synced {
    /// Every step, with its outcome if the plan was applied.
    fn steps(&self) -> impl Iterator<Item = (&Step, Option<&Outcome>)> {
        let mut outcomes = self.report.iter().flat_map(Report::outcomes);
        self.plan.steps().map(move |step| (step, outcomes.next().map(|(_, outcome)| outcome)))
    }

    fn count(&self, is: impl Fn(&Action) -> bool) -> usize {
        self.plan.steps().filter(|step| is(step.action())).count()
    }

    /// Counts the planned changes, in a line.
    pub(crate) fn planned(&self) -> String {
        format!(
            "Plan: {} to create, {} to update, {} to delete ({})",
            self.count(|it| matches!(it, Action::Create)),
            self.count(|it| matches!(it, Action::Update { .. })),
            self.count(|it| matches!(it, Action::Delete)),
            self.untouched()
        )
    }

    fn untouched(&self) -> String {
        let mut text = format!("{} unchanged", self.count(|it| matches!(it, Action::Unchanged)));
        for (count, word) in [
            (self.count(|it| matches!(it, Action::Unmanaged { .. })), "unmanaged"),
            (self.count(|it| matches!(it, Action::Conflict { .. })), "in conflict"),
        ] {
            if count > 0 {
                let _ = write!(text, ", {count} {word}"); // a `String` takes everything
            }
        }
        text
    }

    /// Counts the outcomes, in a line.
    pub(crate) fn done(&self) -> String {
        let tried = self.steps().filter(|(step, _)| step.is_change());
        let counts = counted(tried.map(|(step, outcome)| word(step, outcome)));
        let counts = if counts.is_empty() { "nothing to do" } else { &counts };
        format!("Done: {counts} ({})", self.untouched())
    }

    /// Says which texts an update replaces.
    pub(crate) fn differences(&self, tenant: &str, ui: &Ui) {
        for step in self.plan.steps() {
            if let (Action::Update { reasons }, Some(file), Some(found)) =
                (step.action(), step.file(), step.found())
            {
                differences(tenant, file, found, reasons, ui);
            }
        }
    }

    /// Says what to do about conflicts, and about files that would be conflicts if they changed. `folder` has the options of
    /// `adopt` for the folder.
    pub(crate) fn hints(&self, tenant: &str, folder: &str, ui: &Ui) {
        let (mut equal, mut others) = (Vec::new(), 0);
        for step in self.plan.steps() {
            match (step.action(), step.found()) {
                (Action::Conflict { reason: Reason::LetterCase }, Some(found)) => {
                    let found = found.file_name();
                    ui.say(format_args!(
                        "{tenant}the library has {} as {found}. Rename your file: {}; or delete the other, with the same options for the service: lrlib delete {}",
                        step.name(),
                        rename(step, found),
                        command_word(found),
                    ));
                }
                (Action::Conflict { .. }, _) if !fields::has_same_content(step) => others += 1,
                (Action::Conflict { .. }, _) => equal.push(step),
                (Action::Unchanged, _) if fields::owner(step).as_ref() != Some(&self.owner) => {
                    equal.push(step);
                }
                _ => {}
            }
        }
        if !equal.is_empty() {
            let (have, yours) = match equal.len() {
                1 => ("1 library file has".to_owned(), "your file"),
                count => (format!("{count} library files have"), "your files"),
            };
            let mut names: Vec<_> =
                equal.iter().take(MAX_NAMED).map(|step| command_word(step.name())).collect();
            if equal.len() > MAX_NAMED {
                names.push("...".to_owned());
            }
            ui.note(format_args!(
                "{tenant}{have} the same content as {yours}, but not your owner. To take ownership: lrlib adopt {} {folder} --owner {}",
                names.join(" "),
                command_word(self.owner.as_str()),
            ));
        }
        if others > 0 {
            ui.say(format_args!(
                "{tenant}{} of other owners, with other content, {} in the way. Rename yours, or overwrite theirs with --take-over.",
                files(others),
                if others == 1 { "is" } else { "are" },
            ));
        }
    }

    /// The fields of the result.
    pub(crate) fn json(&self) -> Map<String, Value> {
        let steps = self.steps().map(|(step, outcome)| fields::step(step, outcome));
        let error = self.failure.as_ref().map(|failure| {
            let mut error = fields::failure(failure);
            // The steps of an applied plan say what is known of the library.
            if let (Some(error), Some(_)) = (error.as_object_mut(), &self.report) {
                error.insert("effect".to_owned(), Value::Null);
            }
            ("error".to_owned(), error)
        });
        let steps = ("steps".to_owned(), Value::Array(steps.collect()));
        std::iter::once(steps).chain(error).collect()
    }

    fn exit(&self, mode: Mode) -> Exit {
        let Some(report) = &self.report else {
            let is_refused = self.plan.has_conflicts() || self.failure.is_some();
            return match mode {
                _ if is_refused => Exit::Failed,
                Mode::Plan { has_exit_code: true } if !self.plan.is_empty() => Exit::HasChanges,
                _ => Exit::Done,
            };
        };
        let conflicts = self.plan.steps().filter(|step| is_conflict(step)).count();
        let changes = self.plan.steps().filter(|step| step.is_change()).count();
        let is_bad = |outcome: &Outcome| {
            matches!(outcome, Outcome::Failed(_) | Outcome::Changed | Outcome::NotTried)
        };
        let bad = report.outcomes().filter(|(_, outcome)| is_bad(outcome)).count();
        let exit = Exit::of(changes + conflicts, bad + conflicts);
        if self.failure.is_some() { exit.unwritten() } else { exit }
    }
}

/// Says which texts of a stored file differ.
pub(crate) fn differences(
    tenant: &str,
    file: &DesiredFile,
    found: &LibraryFile,
    reasons: &[Reason],
    ui: &Ui,
) {
    let (name, description) = (file.name(), found.description().map(Owner::strip));
    let parameters = found.parameters_description();
    let wanted = (file.description().map(AsRef::as_ref), file.parameters().map(AsRef::as_ref));
    for (reason, what, before, after) in [
        (Reason::Description, "description", description, wanted.0),
        (Reason::Parameters, "parameters", parameters, wanted.1),
    ] {
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        if reasons.contains(&reason) && before != after {
            ui.say(format_args!("{tenant}{name}: - {what}: {before}"));
            ui.say(format_args!("{tenant}{name}: + {what}: {after}"));
        }
    }
}

/// The command that gives a local file the name that the library has.
fn rename(step: &Step, to: &str) -> String {
    let path = step.file().and_then(DesiredFile::path);
    let from = path.map_or_else(|| step.name().to_owned(), |path| path.display().to_string());
    let target = path.map(|path| path.with_file_name(to).display().to_string());
    if cfg!(windows) {
        format!("ren {} {}", command_word(&from), command_word(to))
    } else {
        let target = target.unwrap_or_else(|| to.to_owned());
        format!("mv {} {}", command_word(&from), command_word(&target))
    }
}

/// Returns whether a step is shown without `--all`.
pub(crate) fn is_shown(step: &Step) -> bool {
    step.is_change() || is_conflict(step)
}

/// The steps of all libraries that are to be shown. With `is_refused`, changes that were not applied read `would ...`.
pub(crate) fn table<'a>(
    all: impl Iterator<Item = (Option<&'a str>, &'a Result<Synced, Failure>)>,
    is_refused: bool,
    is_shown: impl Fn(&Step, Option<&Outcome>) -> bool,
) -> Table {
    let all: Vec<_> = all.collect();
    let has_tenants = all.iter().any(|(name, _)| name.is_some());
    let mut table = if has_tenants {
        Table::new(["ACTION", "TENANT", "NAME", "WHY"])
    } else {
        Table::new(["ACTION", "NAME", "WHY"])
    };
    for (tenant, synced) in all {
        let Ok(synced) = synced else { continue };
        for (step, outcome) in synced.steps().filter(|(step, outcome)| is_shown(step, *outcome)) {
            let mut action = word(step, outcome);
            if is_refused && synced.report.is_none() && step.is_change() {
                action = format!("would {action}");
            }
            let mut why = fields::reasons(step).join(", ");
            if matches!(step.action(), Action::Unchanged)
                && fields::owner(step).as_ref() != Some(&synced.owner)
            {
                "not yours".clone_into(&mut why);
            }
            let name = step.name().to_owned();
            match tenant {
                Some(tenant) => table.row([action, tenant.to_owned(), name, why]),
                None => table.row([action, name, why]),
            }
        }
    }
    table
}

/// The result for a library in a line, with the tenant's name.
pub(crate) fn summary(tenant: Option<&str>, synced: &Result<Synced, Failure>) -> String {
    let line = match synced {
        Err(failure) => format!("error: {}", failure.message()),
        Ok(synced) => {
            let line = if synced.report.is_some() { synced.done() } else { synced.planned() };
            match &synced.failure {
                Some(failure) => format!("{line}; error: {}", failure.message()),
                None => line,
            }
        }
    };
    tenant.map_or_else(|| line.clone(), |tenant| format!("{tenant}: {line}"))
}

/// The outcome of a step if it was tried, else its action.
fn word(step: &Step, outcome: Option<&Outcome>) -> String {
    words(match outcome {
        Some(Outcome::Nothing) | None => fields::action(step.action()),
        Some(outcome) => fields::outcome(outcome),
    })
}

/// The result for a tenant.
pub(crate) fn of_tenant(name: Option<&str>, synced: &Result<Synced, Failure>) -> Value {
    let mut fields = match synced {
        Ok(synced) => synced.json(),
        Err(failure) => Map::from_iter([("error".to_owned(), fields::failure(failure))]),
    };
    fields.insert("name".to_owned(), name.into());
    Value::Object(fields)
}

/// The common outcome: all failed, some failed, or the most severe of the rest.
pub(crate) fn exit(all: &[Result<Synced, Failure>], mode: Mode) -> Exit {
    let exit = |synced: &Result<Synced, Failure>| {
        synced.as_ref().map_or(Exit::Failed, |synced| synced.exit(mode))
    };
    let exits: Vec<_> = all.iter().map(exit).collect();
    let failed = exits.iter().filter(|exit| **exit == Exit::Failed).count();
    match Exit::of(exits.len(), failed) {
        Exit::Done if exits.contains(&Exit::PartlyFailed) => Exit::PartlyFailed,
        Exit::Done if exits.contains(&Exit::HasChanges) => Exit::HasChanges,
        exit => exit,
    }
}
