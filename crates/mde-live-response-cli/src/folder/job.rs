//! The work of plan, sync and adopt in one library or in many: plan, confirm, apply, report.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use mde_live_response_core::library::Deleted;
use mde_live_response_core::{Effect, Error, FileName, LibraryFile};
use mde_live_response_sync::{
    self as sync, Action, Desired, DesiredFile, Jobs, Outcome, Owner, Reason, Rules, Step,
};
use serde_json::{Value, json};

use crate::files::side_by_side::side_by_side;
use crate::folder::guard::{Losses, confirm, is_take_over};
use crate::folder::saved::Saved;
use crate::folder::synced::{self, Synced};
use crate::output::audit::{Audit, Change};
use crate::output::exit::{Exit, Failure, explain};
use crate::output::fields;
use crate::output::text::{shown, words};
use crate::output::ui::Ui;
use crate::service::connect::Library;

/// The step after planning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Show the plan.
    Plan { has_exit_code: bool },
    /// Apply it. `--yes` has confirmed it, or a person must.
    Apply { is_confirmed: bool },
}

impl Mode {
    pub(crate) const DRY: Self = Self::Plan { has_exit_code: false };
}

/// Which plans may be applied.
pub(crate) enum Expected {
    Any,
    /// Only owner and texts of the stored files change.
    SameContent,
    /// The changes that were saved, or a rest of them.
    Saved(Saved),
}

/// The same work for every library.
pub(crate) struct Job<'a> {
    pub(crate) desired: Desired,
    /// Options that name the folder again, for a hint.
    pub(crate) folder: String,
    pub(crate) owner: Owner,
    pub(crate) rules: Rules,
    pub(crate) max_delete: Option<usize>,
    pub(crate) mode: Mode,
    pub(crate) jobs: Jobs,
    pub(crate) expected: Expected,
    /// Whether files without a change are shown.
    pub(crate) shows_all: bool,
    pub(crate) ui: &'a Arc<Ui>,
    pub(crate) audit: &'a Audit,
}

/// A library's part of the work.
pub(crate) type Result<T = Synced> = std::result::Result<T, Failure>;

impl Job<'_> {
    pub(crate) fn run(&self, libraries: &[Library], at_once: usize) -> Result<Exit> {
        self.finish(libraries, self.plan(libraries, at_once), at_once)
    }

    /// Plans. A plan that must not be applied is kept, to be shown.
    pub(crate) fn plan(&self, libraries: &[Library], at_once: usize) -> Vec<Result> {
        side_by_side(libraries.iter().collect(), at_once, |library| {
            let mut stored = library.list()?;
            if matches!(self.expected, Expected::SameContent) {
                // Other files are not reported.
                let names: HashSet<_> =
                    self.desired.files().map(|it| FileName::folded(it.name().as_str())).collect();
                stored.retain(|it| names.contains(&FileName::folded(it.file_name())));
            }
            let plan = sync::plan(&self.desired, &stored, &self.rules);
            let failure = Losses::of(&plan)
                .check(self.max_delete, stored.len())
                .and_then(|()| self.check(library, &plan));
            let owner = self.owner.clone();
            Ok(Synced { owner, plan, report: None, failure: failure.err() })
        })
    }

    /// Checks that the plan is one that was asked for.
    fn check(&self, library: &Library, plan: &sync::Plan) -> Result<()> {
        match &self.expected {
            Expected::Any => Ok(()),
            Expected::Saved(saved) => saved.check(library, plan, &self.owner),
            Expected::SameContent => {
                for step in plan.steps().filter(|step| step.file().is_some()) {
                    let problem = match step.action() {
                        Action::Unchanged => continue,
                        Action::Update { reasons } if !reasons.contains(&Reason::Content) => {
                            continue;
                        }
                        Action::Create => "is not in the library",
                        Action::Update { .. } => {
                            "has other content in the library, which only `lrlib sync --take-over` overwrites"
                        }
                        _ => "has another letter case in the library",
                    };
                    let name = step.name();
                    return Err(Failure::Failed(format!("{name} {problem}; nothing was changed")));
                }
                Ok(())
            }
        }
    }

    /// Applies the plans unless this is a dry run, and reports.
    pub(crate) fn finish(
        &self,
        libraries: &[Library],
        mut planned: Vec<Result>,
        at_once: usize,
    ) -> Result<Exit> {
        let is_one = libraries.iter().all(|library| library.tenant.is_none());
        if is_one && let [Err(_)] = planned.as_slice() {
            return planned.remove(0).map(|_| Exit::Failed);
        }
        for (library, synced) in libraries.iter().zip(&planned) {
            if let Ok(synced) = synced {
                self.ui.note(format_args!("{}{}", library.prefix(), synced.planned()));
                // Adopting replaces texts that people wrote.
                if self.ui.is_verbose() || matches!(self.expected, Expected::SameContent) {
                    synced.differences(&library.prefix(), self.ui);
                }
            }
        }
        if let Mode::Apply { is_confirmed } = self.mode {
            self.refuse_all(&mut planned);
            if !is_confirmed {
                self.confirm(libraries, &planned)?;
            }
            planned =
                side_by_side(libraries.iter().zip(planned).collect(), at_once, |(it, plan)| {
                    self.apply(it, plan?)
                });
        }
        if is_one && let [Err(_)] = planned.as_slice() {
            return planned.remove(0).map(|_| Exit::Failed);
        }
        let printed = self.print(libraries, &planned);
        for (library, synced) in libraries.iter().zip(&planned) {
            self.sum_up(&library.prefix(), synced);
        }
        let exit = synced::exit(&planned, self.mode);
        // A plan that could not be printed is a failure. Applied changes stay applied.
        match self.mode {
            Mode::Plan { .. } => printed.map(|()| exit),
            Mode::Apply { .. } => Ok(self.ui.end(exit, printed)),
        }
    }

    /// Refuses a saved plan for every library if it does not hold for one.
    fn refuse_all(&self, planned: &mut [Result]) {
        let is_refused =
            |synced: &Result| synced.as_ref().map_or(true, |synced| synced.failure.is_some());
        if !matches!(self.expected, Expected::Saved(_)) || !planned.iter().any(is_refused) {
            return;
        }
        for synced in planned.iter_mut().flatten() {
            synced.failure.get_or_insert_with(|| {
                let problem = "the saved plan does not hold for every tenant; nothing was changed";
                Failure::Failed(problem.to_owned())
            });
        }
    }

    /// Asks once for all libraries, after it has shown what each would lose.
    fn confirm(&self, libraries: &[Library], planned: &[Result]) -> Result<()> {
        let planned = libraries.iter().zip(planned);
        let planned = planned
            .filter_map(|(library, synced)| Some((library, synced.as_ref().ok()?)))
            .filter(|(_, synced)| synced.failure.is_none());
        let mut all = Losses::default();
        let mut services = BTreeSet::new();
        for (library, synced) in planned.clone() {
            let losses = Losses::of(&synced.plan);
            all += losses;
            if losses.count() > 0 {
                services.insert(library.client.endpoint().base());
            }
        }
        if all.count() == 0 {
            return Ok(());
        }
        for (library, synced) in planned {
            let tenant = library.prefix();
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
        confirm(self.ui, false, &plan)
    }

    /// Applies a plan, unless it was refused.
    fn apply(&self, library: &Library, planned: Synced) -> Result {
        let Synced { owner, plan, failure: None, .. } = planned else { return Ok(planned) };
        // A change that cannot be written to the audit log ends the run.
        let mut unwritten = None;
        let report = self.jobs.apply(&library.client, &plan, |step, outcome| {
            self.say(&library.prefix(), step, outcome);
            // Also after a failed write: the calls that were running have outcomes, too.
            if let Err(failure) = self.record(library, step, outcome) {
                unwritten.get_or_insert(failure);
                self.ui.interrupt().token().cancel();
            }
        })?;
        Ok(Synced { owner, plan, report: Some(report), failure: unwritten })
    }

    fn say(&self, tenant: &str, step: &Step, outcome: &Outcome) {
        let name = step.name();
        match outcome {
            Outcome::Failed(error) => {
                self.ui.say(format_args!("{tenant}error: {}", explain(error)));
            }
            Outcome::Changed => self.ui.say(format_args!(
                "{tenant}changed {name}: left alone, because it changed after it was listed. Run again."
            )),
            _ => self.ui.change(tenant, &words(fields::outcome(outcome)), name),
        }
    }

    fn record(&self, library: &Library, step: &Step, outcome: &Outcome) -> Result<()> {
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
            action: fields::action(step.action()),
            name: step.name(),
            sha256_before: step.found().and_then(LibraryFile::sha256),
            sha256_after: step.file().map(DesiredFile::sha256),
            outcome: crate::outcome(error),
            effect: fields::effect(effect),
            correlation_id: error.and_then(Error::correlation_id),
        })
    }

    fn sum_up(&self, tenant: &str, synced: &Result) {
        let synced = match synced {
            Ok(synced) => synced,
            Err(failure) => {
                return self.ui.say(format_args!("{tenant}error: {}", failure.message()));
            }
        };
        if synced.report.is_some() {
            self.ui.note(format_args!("{tenant}{}", synced.done()));
        }
        synced.hints(tenant, &self.folder, self.ui);
        if let Some(failure) = &synced.failure {
            self.ui.say(format_args!("{tenant}error: {}", failure.message()));
        }
    }

    fn print(&self, libraries: &[Library], all: &[Result]) -> Result<()> {
        let named = || libraries.iter().map(|it| it.tenant.as_deref()).zip(all);
        let json = match all {
            [Ok(synced)] if libraries.iter().all(|it| it.tenant.is_none()) => {
                Value::Object(synced.json())
            }
            _ => {
                let tenants: Vec<_> =
                    named().map(|(name, it)| synced::of_tenant(name, it)).collect();
                json!({ "tenants": tenants })
            }
        };
        let is_shown = |step: &Step| self.shows_all || synced::is_shown(step);
        let is_applied = matches!(self.mode, Mode::Apply { .. });
        let table = synced::table(named(), is_applied, |step, _| is_shown(step));
        let summaries: Vec<_> = named().map(|(name, it)| synced::summary(name, it)).collect();
        let summary = summaries.join("\n");
        self.ui.summarise(&table, &summary);
        let rest = is_applied.then(|| {
            synced::table(named(), true, |step, outcome| {
                is_shown(step) && !outcome.is_some_and(is_printed)
            })
        });
        self.ui.rest(json, &table, rest.as_ref(), &summary)
    }
}

/// Returns whether a change was printed when it ended.
fn is_printed(outcome: &Outcome) -> bool {
    !matches!(outcome, Outcome::Nothing | Outcome::Changed | Outcome::Failed(_))
}
