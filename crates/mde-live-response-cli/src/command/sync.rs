//! The commands plan and sync, for one library or for many.

use std::collections::BTreeSet;
use std::sync::Arc;

use mde_live_response_core::library::Deleted;
use mde_live_response_core::policy::CancelToken;
use mde_live_response_core::{Client, Effect, Error, LibraryFile};
use mde_live_response_sync::{
    self as sync, Action, Desired, DesiredFile, Jobs, Outcome, Plan, Report, Rules, Step, Unmanaged,
};
use serde_json::{Map, Value, json};

use super::args::{self, Common};
use super::audit::{Audit, Change};
use super::changes::check_sizes;
use super::connect;
use super::credential::Used;
use super::exit::{Exit, Failure, explain};
use super::guard::{Losses, confirm, is_take_over};
use super::json::{self, VERSION};
use super::library;
use super::side_by_side::side_by_side;
use super::tenants::{self, Tenant};
use super::text::{counted, shown, table, words};
use super::ui::{Reporter, Ui};

/// The step after planning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Show the plan.
    DryRun,
    /// Apply it. `--yes` has confirmed it, or a person must.
    Apply { is_confirmed: bool },
}

/// The same work for every library.
struct Job<'a> {
    desired: Desired,
    rules: Rules,
    max_delete: Option<usize>,
    mode: Mode,
    jobs: Jobs,
    common: &'a Common,
    ui: &'a Arc<Ui>,
    audit: &'a Audit,
    /// Ends the work in all libraries.
    cancel: CancelToken,
}

/// A library.
struct Library {
    /// `None` without `--tenants`.
    tenant: Option<String>,
    client: Client,
    used: Used,
}

/// The result for one library.
struct Synced {
    plan: Plan,
    /// `None` if the plan was not applied.
    report: Option<Report>,
    /// The plan was refused, or the audit log could not be written.
    failure: Option<Failure>,
}

pub(super) fn run(
    arguments: &args::Plan,
    mode: Mode,
    jobs: Jobs,
    common: &Common,
    ui: &Arc<Ui>,
    audit: &Audit,
) -> Result<Exit, Failure> {
    check_tenants_alone(arguments, common)?;
    let desired = sync::read(&arguments.dir)?;
    check_sizes(desired.files())?;
    if desired.files().len() == 0 && !arguments.allow_empty {
        let problem = format!("{} has no files for the library", arguments.dir.display());
        let help = "Check the path. Hidden files, subfolders and side files do not count. If it is right, give --allow-empty.";
        return Err(Failure::usage(problem, help));
    }
    let unmanaged = match arguments.delete {
        Some(args::Deleted::All) => Unmanaged::DeleteAll,
        Some(args::Deleted::Owned) => Unmanaged::DeleteOwned,
        None => Unmanaged::Keep,
    };
    let rules = Rules::new(arguments.owner.clone())
        .with_unmanaged(unmanaged)
        .with_take_over(arguments.take_over);
    let max_delete = arguments.max_delete;
    let cancel = ui.interrupt().token();
    let job = Job { desired, rules, max_delete, mode, jobs, common, ui, audit, cancel };
    match &arguments.tenants {
        Some(path) => job.for_tenants(&tenants::read(path)?, arguments.tenant_jobs),
        None => job.for_one(),
    }
}

/// Refuses options beside `--tenants` that would hold for all tenants.
fn check_tenants_alone(arguments: &args::Plan, common: &Common) -> Result<(), Failure> {
    let refused = [
        ("--base-url", common.base_url.is_some()),
        ("--credential", common.credential.is_some()),
        ("--token-file", common.token_file.is_some()),
        ("--token-command", common.token_command.is_some()),
    ];
    match refused.iter().find(|(_, is_given)| *is_given && arguments.tenants.is_some()) {
        Some((option, _)) => Err(Failure::usage(
            format!("--tenants cannot be combined with {option}"),
            "Set this in the tenants file for each tenant.",
        )),
        None => Ok(()),
    }
}

impl Job<'_> {
    fn is_dry(&self) -> bool {
        self.mode == Mode::DryRun
    }

    fn command(&self) -> &'static str {
        if self.is_dry() { "plan" } else { "sync" }
    }

    fn for_one(&self) -> Result<Exit, Failure> {
        let (client, used) = library::client(self.common, self.ui, &self.cancel)?;
        let library = Library { tenant: None, client, used };
        let planned = self.plan(&library)?;
        self.confirm(&[(&library, &planned)])?;
        let synced = self.apply(&library, planned)?;
        let printed = if self.ui.is_json() {
            let mut fields = synced.json();
            fields.insert("version".to_owned(), VERSION.into());
            fields.insert("command".to_owned(), self.command().into());
            self.ui.print_json(Value::Object(fields))
        } else {
            self.ui.print(&synced.table(self.ui))
        };
        self.sum_up("", &synced);
        self.end(synced.exit(), printed)
    }

    /// A plan that could not be printed is a failure. Applied changes stay applied.
    fn end(&self, exit: Exit, printed: Result<(), Failure>) -> Result<Exit, Failure> {
        if self.is_dry() { printed.map(|()| exit) } else { Ok(self.ui.end(exit, printed)) }
    }

    fn sum_up(&self, tenant: &str, synced: &Synced) {
        self.ui.say(format_args!("{tenant}{}", synced.summary()));
        if synced.plan.has_conflicts() {
            let help = "Rename your files, or overwrite files of other owners with --take-over.";
            let are = if self.is_dry() { "are" } else { "were" };
            self.ui.say(format_args!("{tenant}conflicts {are} left alone. {help}"));
        }
        if let Some(failure) = &synced.failure {
            self.ui.say(format_args!("{tenant}error: {}", failure.message()));
        }
    }

    fn for_tenants(&self, tenants: &[Tenant], at_once: usize) -> Result<Exit, Failure> {
        // All settings are checked before anything is done.
        let libraries: Vec<_> =
            tenants.iter().map(|tenant| self.library_of(tenant)).collect::<Result<_, _>>()?;
        let plans = side_by_side(libraries.iter().collect(), at_once, |library| self.plan(library));
        let planned = libraries.iter().zip(&plans);
        let planned: Vec<_> =
            planned.filter_map(|(it, plan)| Some((it, plan.as_ref().ok()?))).collect();
        self.confirm(&planned)?;
        let planned = libraries.iter().zip(plans).collect();
        let all = side_by_side(planned, at_once, |(library, planned)| {
            let synced = planned.and_then(|planned| self.apply(library, planned));
            let name = library.name();
            match &synced {
                Ok(synced) => self.sum_up(&name, synced),
                Err(failure) => self.ui.say(format_args!("{name}error: {}", failure.message())),
            }
            synced
        });
        let named = || tenants.iter().map(|tenant| &tenant.name).zip(&all);
        let printed = if self.ui.is_json() {
            let tenants: Vec<_> = named().map(|(name, synced)| of_tenant(name, synced)).collect();
            let value =
                json!({ "version": VERSION, "command": self.command(), "tenants": tenants });
            self.ui.print_json(value)
        } else {
            let tables = named().filter_map(|(name, synced)| {
                Some(format!("{name}\n{}\n", synced.as_ref().ok()?.table(self.ui)))
            });
            self.ui.print(&tables.collect::<String>())
        };
        self.end(exit_of(&all), printed)
    }

    fn library_of(&self, tenant: &Tenant) -> Result<Library, Failure> {
        let (endpoint, credential) = (tenant.endpoint(self.common)?, tenant.credential()?);
        let reporter = Reporter::new(self.ui, Some(&tenant.name));
        let client = connect::client(self.common, endpoint, credential, reporter)?;
        let (name, used) = (Some(tenant.name.clone()), tenant.used());
        Ok(Library { tenant: name, client: client.cancelled_by(&self.cancel), used })
    }

    /// Plans. A plan that deletes too much is kept, to be shown.
    fn plan(&self, library: &Library) -> Result<Synced, Failure> {
        let stored: Vec<LibraryFile> = library.client.list().collect::<Result<_, Error>>()?;
        let plan = sync::plan(&self.desired, &stored, &self.rules);
        let failure = Losses::of(&plan).check(self.max_delete, stored.len()).err();
        Ok(Synced { plan, report: None, failure })
    }

    /// Asks once for all libraries, after it has shown what each would lose.
    fn confirm(&self, planned: &[(&Library, &Synced)]) -> Result<(), Failure> {
        let Mode::Apply { is_confirmed } = self.mode else { return Ok(()) };
        let planned = planned.iter().filter(|(_, synced)| synced.failure.is_none());
        let mut all = Losses::default();
        let mut services = BTreeSet::new();
        for (library, synced) in planned.clone() {
            let losses = Losses::of(&synced.plan);
            all += losses;
            if losses.count() > 0 {
                services.insert(library.client.endpoint().base());
            }
        }
        if all.count() == 0 || is_confirmed {
            return Ok(());
        }
        for (library, synced) in planned {
            let tenant = library.name();
            for step in synced.plan.steps() {
                let name = shown(step.name(), 100);
                if matches!(step.action(), Action::Delete) {
                    self.ui.say(format_args!("{tenant}would delete {name}"));
                } else if is_take_over(step) {
                    self.ui.say(format_args!("{tenant}would take over {name}"));
                }
            }
        }
        let services: Vec<_> = services.into_iter().collect();
        let plan = format!("the plan {all} in the library of {}", services.join(", "));
        confirm(self.ui, is_confirmed, &plan)
    }

    /// Applies a plan, unless this is a dry run or the plan was refused.
    fn apply(&self, library: &Library, planned: Synced) -> Result<Synced, Failure> {
        let Synced { plan, failure: None, .. } = planned else { return Ok(planned) };
        if self.is_dry() {
            return Ok(Synced { plan, report: None, failure: None });
        }
        // A change that cannot be written to the audit log ends the run.
        let mut unwritten = None;
        let report = self.jobs.apply(&library.client, &plan, |step, outcome| {
            self.say(&library.name(), step, outcome);
            // Also after a failed write: the calls that were running have outcomes, too.
            if let Err(failure) = self.record(library, step, outcome) {
                unwritten.get_or_insert(failure);
                self.cancel.cancel();
            }
        })?;
        Ok(Synced { plan, report: Some(report), failure: unwritten })
    }

    fn say(&self, tenant: &str, step: &Step, outcome: &Outcome) {
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

    fn record(&self, library: &Library, step: &Step, outcome: &Outcome) -> Result<(), Failure> {
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
            tenant: library.tenant.as_deref(),
            credential: &library.used.name(),
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

impl Library {
    /// The start of messages: the tenant's name, if there is one.
    fn name(&self) -> String {
        self.tenant.as_deref().map(|name| format!("{name}: ")).unwrap_or_default()
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
        let error = self.failure.as_ref().map(|failure| {
            let mut error = json::failure(failure);
            // The steps of an applied plan say what is known of the library.
            if let (Some(error), Some(_)) = (error.as_object_mut(), &self.report) {
                error.insert("effect".to_owned(), Value::Null);
            }
            ("error".to_owned(), error)
        });
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
        let counts = counted(self.steps().map(|(step, outcome)| word(step, outcome)));
        if counts.is_empty() { "folder and library are empty".to_owned() } else { counts }
    }

    fn exit(&self) -> Exit {
        let Some(report) = &self.report else {
            let is_refused = self.plan.has_conflicts() || self.failure.is_some();
            return match (is_refused, self.plan.is_empty()) {
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
        if self.failure.is_some() { exit.unwritten() } else { exit }
    }
}

/// The outcome of a step if it was tried, else its action.
fn word(step: &Step, outcome: Option<&Outcome>) -> String {
    words(match outcome {
        Some(Outcome::Nothing) | None => json::action(step.action()),
        Some(outcome) => json::outcome(outcome),
    })
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
