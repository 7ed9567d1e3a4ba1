//! The commands plan and sync, for one library or for many.

use std::collections::BTreeMap;
use std::sync::Arc;

use mde_live_response_core::library::Deleted;
use mde_live_response_core::policy::CancelToken;
use mde_live_response_core::{Client, Effect, Error, LibraryFile};
use mde_live_response_sync::{
    self as sync, Action, Desired, DesiredFile, Orphans, Outcome, Plan, Report, Rules, Step,
};
use serde_json::{Map, Value, json};

use super::args::{self, Common};
use super::audit::{Audit, Change};
use super::connect;
use super::exit::{Exit, Failure, explain};
use super::json::{self, VERSION};
use super::library::{self, check_sizes};
use super::side_by_side::side_by_side;
use super::tenants::{self, Tenant};
use super::text::{shown, table};
use super::ui::{Reporter, Ui};

/// The same work for every library.
struct Job<'a> {
    desired: Desired,
    rules: Rules,
    is_dry: bool,
    common: &'a Common,
    ui: &'a Arc<Ui>,
    audit: &'a Audit,
}

/// The result for one library.
struct Synced {
    plan: Plan,
    /// `None` if the plan was not applied.
    report: Option<Report>,
    /// Failure to write the audit log.
    unwritten: Option<Failure>,
}

pub(super) fn run(
    arguments: &args::Plan,
    is_dry: bool,
    common: &Common,
    ui: &Arc<Ui>,
    audit: &Audit,
) -> Result<Exit, Failure> {
    let desired = sync::read(&arguments.dir)?;
    check_sizes(desired.files())?;
    let orphans = match (arguments.delete, arguments.delete_all) {
        (_, true) => Orphans::DeleteAll,
        (true, false) => Orphans::DeleteOwned,
        (false, false) => Orphans::Keep,
    };
    let rules = Rules::new(arguments.owner.clone())
        .with_orphans(orphans)
        .with_take_over(arguments.take_over);
    let job = Job { desired, rules, is_dry, common, ui, audit };
    match &arguments.tenants {
        Some(_) if common.token_file.is_some() || common.token_command.is_some() => {
            let problem = "--tenants cannot be combined with --token-file or --token-command";
            let help = "The tenants file says where the tokens of each tenant come from.";
            Err(Failure::usage(problem, help))
        }
        Some(path) => job.for_tenants(&tenants::read(path)?, arguments.jobs),
        None => job.for_one(),
    }
}

impl Job<'_> {
    fn command(&self) -> &'static str {
        if self.is_dry { "plan" } else { "sync" }
    }

    fn for_one(&self) -> Result<Exit, Failure> {
        let client = library::client(self.common, self.ui)?;
        let synced = self.sync(None, &client)?;
        let printed = if self.ui.is_json() {
            let mut fields = synced.json();
            fields.insert("version".to_owned(), VERSION.into());
            fields.insert("command".to_owned(), self.command().into());
            self.ui.print_json(&Value::Object(fields))
        } else {
            self.ui.print(&synced.table(self.ui))
        };
        self.sum_up("", &synced);
        self.end(synced.exit(), printed)
    }

    /// A plan that could not be printed is a failure. Applied changes stay applied.
    fn end(&self, exit: Exit, printed: Result<(), Failure>) -> Result<Exit, Failure> {
        if self.is_dry { printed.map(|()| exit) } else { Ok(self.ui.end(exit, printed)) }
    }

    fn sum_up(&self, tenant: &str, synced: &Synced) {
        self.ui.say(format_args!("{tenant}{}", synced.summary()));
        if synced.plan.has_conflicts() {
            let help = "Rename your files, or overwrite files of other owners with --take-over.";
            self.ui.say(format_args!("{tenant}conflicts were left alone. {help}"));
        }
        if let Some(failure) = &synced.unwritten {
            self.ui.say(format_args!("{tenant}error: {}", failure.message()));
        }
    }

    fn for_tenants(&self, tenants: &[Tenant], jobs: usize) -> Result<Exit, Failure> {
        // All settings are checked before anything is done.
        let clients: Vec<_> = tenants
            .iter()
            .map(|tenant| Ok((tenant, self.client_of(tenant)?)))
            .collect::<Result<_, Failure>>()?;
        let all = side_by_side(&clients, jobs, |(tenant, client)| {
            let synced = self.sync(Some(&tenant.name), client);
            let name = &tenant.name;
            match &synced {
                Ok(synced) => self.sum_up(&format!("{name}: "), synced),
                Err(failure) => self.ui.say(format_args!("{name}: error: {}", failure.message())),
            }
            synced
        });
        let named = || tenants.iter().map(|tenant| &tenant.name).zip(&all);
        let printed = if self.ui.is_json() {
            let tenants: Vec<_> = named().map(|(name, synced)| of_tenant(name, synced)).collect();
            let value =
                json!({ "version": VERSION, "command": self.command(), "tenants": tenants });
            self.ui.print_json(&value)
        } else {
            let tables = named().filter_map(|(name, synced)| {
                Some(format!("{name}\n{}\n", synced.as_ref().ok()?.table(self.ui)))
            });
            self.ui.print(&tables.collect::<String>())
        };
        self.end(exit_of(&all), printed)
    }

    fn client_of(&self, tenant: &Tenant) -> Result<Client, Failure> {
        let (endpoint, credential) = (tenant.endpoint(self.common)?, tenant.credential()?);
        let reporter = Reporter::new(self.ui, Some(&tenant.name));
        connect::client(self.common, endpoint, credential, reporter)
    }

    /// Plans, and applies the plan unless this is a dry run.
    fn sync(&self, tenant: Option<&str>, client: &Client) -> Result<Synced, Failure> {
        let stored: Vec<LibraryFile> = client.list().collect::<Result<_, Error>>()?;
        let plan = sync::plan(&self.desired, &stored, &self.rules);
        if self.is_dry {
            return Ok(Synced { plan, report: None, unwritten: None });
        }
        // Stops after a change that cannot be written to the audit log.
        let (cancel, mut unwritten) = (CancelToken::new(), None);
        let report = sync::apply(&client.cancelled_by(&cancel), &plan, |step, outcome| {
            if unwritten.is_some() {
                return;
            }
            self.say(tenant, step, outcome);
            if let Err(failure) = self.record(tenant, step, outcome) {
                unwritten = Some(failure);
                cancel.cancel();
            }
        })?;
        Ok(Synced { plan, report: Some(report), unwritten })
    }

    fn say(&self, tenant: Option<&str>, step: &Step, outcome: &Outcome) {
        let tenant = tenant.map(|name| format!("{name}: ")).unwrap_or_default();
        let name = shown(step.name(), 100);
        match outcome {
            Outcome::Failed(error) => {
                self.ui.say(format_args!("{tenant}error: {}", explain(error)));
            }
            Outcome::Changed => self.ui.say(format_args!(
                "{tenant}changed {name}: left alone, because it changed after it was listed. Run again."
            )),
            _ => self.ui.say(format_args!("{tenant}{} {name}", words(json::outcome(outcome)))),
        }
    }

    fn record(&self, tenant: Option<&str>, step: &Step, outcome: &Outcome) -> Result<(), Failure> {
        let (error, effect) = match outcome {
            Outcome::Deleted(Deleted::Gone) => (None, Effect::Unknown),
            Outcome::Created(_) | Outcome::Updated(_) | Outcome::Deleted(_) => {
                (None, Effect::Applied)
            }
            Outcome::Failed(error) => (Some(error), error.effect()),
            // Nothing was tried.
            _ => return Ok(()),
        };
        self.audit.write(&Change {
            tenant,
            action: json::action(step.action()),
            name: step.name(),
            sha256_before: step.found().and_then(LibraryFile::sha256),
            sha256_after: step.file().map(DesiredFile::sha256),
            outcome: super::outcome(error),
            effect: json::effect(effect),
            correlation_id: error.and_then(Error::correlation_id),
        })
    }
}

impl Synced {
    /// Every step, with its outcome if the plan was applied.
    fn steps(&self) -> impl Iterator<Item = (&Step, Option<&Outcome>)> {
        let mut outcomes = self.report.iter().flat_map(Report::outcomes);
        self.plan.steps().map(move |step| (step, outcomes.next().map(|(_, outcome)| outcome)))
    }

    fn json(&self) -> Map<String, Value> {
        let steps = self.steps().map(|(step, outcome)| json::step(step, outcome));
        let error = self.unwritten.as_ref().map(json::failure);
        let error = error.map(|error| ("error".to_owned(), error));
        let steps = ("steps".to_owned(), Value::Array(steps.collect()));
        std::iter::once(steps).chain(error).collect()
    }

    fn table(&self, ui: &Ui) -> String {
        let rows: Vec<_> = self
            .steps()
            .map(|(step, outcome)| {
                let why = json::reasons(step.action()).join(", ");
                [word(step, outcome), shown(step.name(), 100), why]
            })
            .collect();
        let plain = table(["ACTION", "NAME", "WHY"], &rows);
        // Coloured after the widths are computed, because a colour has no width.
        let mut coloured = String::new();
        for line in plain.lines() {
            let word = rows.iter().map(|[word, ..]| word).find(|word| line.starts_with(*word));
            match word {
                Some(word) => {
                    coloured.push_str(&ui.word(word));
                    coloured.push_str(line.get(word.len()..).unwrap_or_default());
                }
                None => coloured.push_str(line),
            }
            coloured.push('\n');
        }
        coloured
    }

    /// Counts the steps by their words.
    fn summary(&self) -> String {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (step, outcome) in self.steps() {
            *counts.entry(word(step, outcome)).or_default() += 1;
        }
        if counts.is_empty() {
            return "folder and library are empty".to_owned();
        }
        let counts: Vec<_> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
        counts.join(", ")
    }

    fn exit(&self) -> Exit {
        let Some(report) = &self.report else {
            return match (self.plan.has_conflicts(), self.plan.is_empty()) {
                (true, _) => Exit::Failed,
                (false, true) => Exit::Done,
                (false, false) => Exit::HasChanges,
            };
        };
        let is_conflict = |step: &&Step| matches!(step.action(), Action::Conflict { .. });
        let conflicts = self.plan.steps().filter(is_conflict).count();
        let changes = self.plan.steps().filter(|step| step.is_change()).count();
        let is_bad = |outcome: &Outcome| {
            matches!(outcome, Outcome::Failed(_) | Outcome::Changed | Outcome::NotTried)
        };
        let bad = report.outcomes().filter(|(_, outcome)| is_bad(outcome)).count();
        let exit = Exit::of(changes + conflicts, bad + conflicts);
        if self.unwritten.is_some() { exit.unwritten() } else { exit }
    }
}

/// The outcome of a step if it was tried, else its action.
fn word(step: &Step, outcome: Option<&Outcome>) -> String {
    words(match outcome {
        Some(Outcome::Nothing) | None => json::action(step.action()),
        Some(outcome) => json::outcome(outcome),
    })
}

/// Turns `alreadyDone` into `already done`.
fn words(word: &str) -> String {
    let mut words = String::new();
    for c in word.chars() {
        if c.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}

fn of_tenant(name: &str, synced: &Result<Synced, Failure>) -> Value {
    let mut fields = match synced {
        Ok(synced) => synced.json(),
        Err(failure) => Map::from_iter([("error".to_owned(), json::failure(failure))]),
    };
    fields.insert("name".to_owned(), name.into());
    Value::Object(fields)
}

/// The common outcome: all failed, some failed, or the most severe of the rest.
fn exit_of(all: &[Result<Synced, Failure>]) -> Exit {
    let exits: Vec<_> =
        all.iter().map(|synced| synced.as_ref().map_or(Exit::Failed, Synced::exit)).collect();
    let failed = exits.iter().filter(|exit| **exit == Exit::Failed).count();
    match Exit::of(exits.len(), failed) {
        Exit::Done if exits.contains(&Exit::PartlyFailed) => Exit::PartlyFailed,
        Exit::Done if exits.contains(&Exit::HasChanges) => Exit::HasChanges,
        exit => exit,
    }
}
