//! The commands for a folder: plan and sync, for one library or for many.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use mde_live_response_core::sync::{
    self, Action, Desired, Fate, Orphans, Plan, Progress, Report, Rules, Step,
};
use mde_live_response_core::{CancelToken, Client, Error, LibraryFile};
use serde_json::{Map, Value, json};

use super::args::{self, Common};
use super::audit::{Audit, Change};
use super::connect;
use super::exit::{Exit, Failure, explain};
use super::json::{self, VERSION};
use super::library::{self, check_sendable};
use super::tenants::{self, Tenant};
use super::text::{shown, table};
use super::ui::{Teller, Ui};
use crate::{read_folder, side_by_side};

/// What is to be done everywhere.
struct Job<'a> {
    desired: Desired,
    rules: Rules,
    is_dry: bool,
    common: &'a Common,
    ui: &'a Arc<Ui>,
    audit: &'a Audit,
}

/// What came of one library.
struct Synced {
    plan: Plan,
    report: Option<Report>,
    /// Why the audit log took no more.
    unwritten: Option<Failure>,
}

pub(super) fn run(
    arguments: &args::Plan,
    is_dry: bool,
    common: &Common,
    ui: &Arc<Ui>,
    audit: &Audit,
) -> Result<Exit, Failure> {
    let desired = read_folder(&arguments.dir)?;
    check_sendable(desired.files())?;
    let orphans = match (arguments.delete, arguments.delete_all) {
        (_, true) => Orphans::DeleteAll,
        (true, false) => Orphans::DeleteOwned,
        (false, false) => Orphans::Keep,
    };
    let rules = Rules::new(arguments.owner.clone()).orphans(orphans).take_over(arguments.take_over);
    let job = Job { desired, rules, is_dry, common, ui, audit };
    match &arguments.tenants {
        Some(_) if common.token_file.is_some() || common.token_command.is_some() => {
            Err(Failure::usage(
                "a tenants file says where each token is: no --token-file, no --token-command",
            ))
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

    /// A plan that nobody got is none; what was done was done.
    fn end(&self, exit: Exit, printed: Result<(), Failure>) -> Result<Exit, Failure> {
        if self.is_dry { printed.map(|()| exit) } else { Ok(self.ui.end(exit, printed)) }
    }

    fn sum_up(&self, tenant: &str, synced: &Synced) {
        self.ui.say(format_args!("{tenant}{}", synced.summary()));
        if synced.plan.has_conflicts() {
            let help = "rename your file, or replace somebody else's with --take-over";
            self.ui.say(format_args!("{tenant}what is in the way is left alone: {help}"));
        }
        if let Some(failure) = &synced.unwritten {
            self.ui.say(format_args!("{tenant}error: {}", failure.message()));
        }
    }

    fn for_tenants(&self, tenants: &[Tenant], jobs: usize) -> Result<Exit, Failure> {
        // What is wrong with a tenant's settings shows before anything is done for another.
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
        let teller = Teller::new(self.ui, Some(&tenant.name));
        // The service counts for each tenant, and so does a file.
        let pace_file = self.common.pace_file.clone().map(|path| {
            let mut name = path.into_os_string();
            name.push(format!(".{}", tenant.name));
            PathBuf::from(name)
        });
        connect::client(self.common, endpoint, credential, pace_file, teller)
    }

    /// Plans, and carries out what was planned unless that was all.
    fn sync(&self, tenant: Option<&str>, client: &Client) -> Result<Synced, Failure> {
        let remote: Vec<LibraryFile> = client.list().collect::<Result<_, Error>>()?;
        let plan = sync::plan(&self.desired, &remote, &self.rules);
        if self.is_dry {
            return Ok(Synced { plan, report: None, unwritten: None });
        }
        // A change that the audit log does not take is the last one.
        let (cancel, mut unwritten) = (CancelToken::new(), None);
        let report = sync::apply(&client.cancelled_by(&cancel), &plan, &mut |progress| {
            if let Progress::End(step, fate) = progress
                && unwritten.is_none()
            {
                self.tell(tenant, step, fate);
                if let Err(failure) = self.record(tenant, step, fate) {
                    unwritten = Some(failure);
                    cancel.cancel();
                }
            }
        })?;
        Ok(Synced { plan, report: Some(report), unwritten })
    }

    fn tell(&self, tenant: Option<&str>, step: &Step, fate: &Fate) {
        let tenant = tenant.map(|name| format!("{name}: ")).unwrap_or_default();
        let name = shown(step.name(), 100);
        match fate {
            Fate::Failed(error) => {
                self.ui.say(format_args!("{tenant}error: {}", explain(error)));
            }
            Fate::Changed => self.ui.say(format_args!(
                "{tenant}changed {name}: left alone, for somebody changed it since it was listed; run again"
            )),
            _ => self.ui.say(format_args!("{tenant}{} {name}", words(json::fate(fate)))),
        }
    }

    fn record(&self, tenant: Option<&str>, step: &Step, fate: &Fate) -> Result<(), Failure> {
        let error = match fate {
            // Nothing was tried.
            Fate::AlreadyDone | Fate::Nothing | Fate::Changed | Fate::NotTried => return Ok(()),
            Fate::Failed(error) => Some(error),
            _ => None,
        };
        let is_removal = matches!(step.action(), Action::Delete);
        let after = step.file().filter(|_| !is_removal).map(|file| file.sha256().to_string());
        self.audit.write(&Change {
            tenant,
            action: json::action(step.action()),
            name: step.name(),
            sha256_before: step.found().and_then(LibraryFile::sha256).map(ToString::to_string),
            sha256_after: after,
            outcome: super::outcome(error),
            correlation_id: error.and_then(Error::target),
        })
    }
}

impl Synced {
    fn fates(&self) -> BTreeMap<&str, &Fate> {
        let outcomes = self.report.iter().flat_map(Report::outcomes);
        outcomes.map(|outcome| (outcome.name(), outcome.fate())).collect()
    }

    fn json(&self) -> Map<String, Value> {
        let fates = self.fates();
        let steps = self.plan.steps();
        let steps = steps.map(|step| json::step(step, fates.get(step.name()).copied()));
        let error = self.unwritten.as_ref().map(json::failure);
        let error = error.map(|error| ("error".to_owned(), error));
        let steps = ("steps".to_owned(), Value::Array(steps.collect()));
        std::iter::once(steps).chain(error).collect()
    }

    /// What is to be done, or what was.
    fn table(&self, ui: &Ui) -> String {
        let fates = self.fates();
        let rows: Vec<_> = self
            .plan
            .steps()
            .map(|step| {
                let why = json::reasons(step.action()).join(", ");
                [word(step, &fates), shown(step.name(), 100), why]
            })
            .collect();
        let plain = table(["ACTION", "NAME", "WHY"], &rows);
        // Coloured when the widths are settled: an escape has none.
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

    /// How many of each.
    fn summary(&self) -> String {
        let fates = self.fates();
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for step in self.plan.steps() {
            *counts.entry(word(step, &fates)).or_default() += 1;
        }
        if counts.is_empty() {
            return "nothing here and nothing there".to_owned();
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
        let is_bad = |fate: &Fate| matches!(fate, Fate::Failed(_) | Fate::Changed | Fate::NotTried);
        let bad = report.outcomes().filter(|outcome| is_bad(outcome.fate())).count();
        let exit = Exit::of(changes + conflicts, bad + conflicts);
        if self.unwritten.is_some() { exit.untold() } else { exit }
    }
}

/// What became of a step, or what is to.
fn word(step: &Step, fates: &BTreeMap<&str, &Fate>) -> String {
    words(match fates.get(step.name()) {
        Some(Fate::Nothing) | None => json::action(step.action()),
        Some(fate) => json::fate(fate),
    })
}

/// `alreadyDone` for people.
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

/// All failed, some did, or what is said of the best.
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
