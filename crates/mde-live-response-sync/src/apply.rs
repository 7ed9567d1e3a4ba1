//! Applies a plan, and reports the outcomes.

use std::collections::{HashMap, HashSet};

use mde_live_response_core::library::Deleted;
use mde_live_response_core::{Client, Effect, Error, ErrorKind, FileName};
use mde_live_response_core::{IfExists, LibraryFile};

use crate::plan::is_as_desired;
use crate::{Action, DesiredFile, Jobs, Owner, Plan, Step};

/// The outcome of one step of a plan.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The file was created.
    Created(LibraryFile),
    /// The file was updated.
    Updated(LibraryFile),
    /// The file was deleted.
    Deleted(Deleted),
    /// The change was already made, for example by an earlier run.
    AlreadyDone,
    /// There was nothing to do.
    Nothing,
    /// The stored file changed after planning, and was left alone.
    Changed,
    /// The change was not tried: after a cancel, or because an earlier error would recur.
    NotTried,
    /// The change failed. The error tells what is known of the library.
    Failed(Error),
}

/// The outcomes of a plan's steps.
#[derive(Debug)]
pub struct Report {
    outcomes: Vec<(String, Outcome)>,
}

impl Report {
    /// Returns whether every planned change was made, by this call or before.
    ///
    /// A conflict is not a change, so it does not count here. See [`Plan::has_conflicts`].
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.outcomes.iter().all(|(_, outcome)| {
            !matches!(outcome, Outcome::Changed | Outcome::NotTried | Outcome::Failed(_))
        })
    }

    /// Name and outcome of every step, in the order of [`Plan::steps`].
    #[must_use]
    pub fn outcomes(&self) -> impl ExactSizeIterator<Item = (&str, &Outcome)> {
        self.outcomes.iter().map(|(name, outcome)| (name.as_str(), outcome))
    }
}

/// Applies a plan as [`Jobs::apply`] does, with the default [`Jobs`].
///
/// # Errors
///
/// As for [`Jobs::apply`].
pub fn apply(
    client: &Client,
    plan: &Plan,
    progress: impl FnMut(&Step, &Outcome) + Send,
) -> Result<Report, Error> {
    Jobs::default().apply(client, plan, progress)
}

impl Jobs {
    /// Applies a plan: creates and updates, then deletes.
    ///
    /// Calls `progress` with the outcome of each of these changes, one call at a time. No change starts during a call.
    ///
    /// An empty plan makes no call. Otherwise the library is listed once, and a file is changed only if it did not
    /// change after the plan was made. So a plan can be applied again after any interruption. Only the planned bytes are
    /// uploaded.
    ///
    /// After a failed change the others are still tried, except in the cases that [`Jobs`] names.
    ///
    /// If a file changed after the plan was made, or its name was taken, the library is listed once more before the
    /// deletes. A file that is as desired then is [`Outcome::AlreadyDone`]. So two programs can apply the same folder at
    /// the same time.
    ///
    /// # Errors
    ///
    /// If the first listing fails. Nothing changed then. The outcomes of the files, failures included, are in the
    /// report.
    ///
    /// # Panics
    ///
    /// A panic of `progress` propagates when all threads have ended.
    pub fn apply(
        self,
        client: &Client,
        plan: &Plan,
        progress: impl FnMut(&Step, &Outcome) + Send,
    ) -> Result<Report, Error> {
        let mut outcomes = HashMap::new();
        if !plan.is_empty() {
            let (jobs, stored, is_over) = (self, Stored::list(client)?, false);
            let mut run = Run { jobs, client, owner: &plan.owner, stored, progress, is_over };
            let of = |kind: fn(&Action) -> bool| plan.steps().filter(move |it| kind(it.action()));
            let creates = of(|action| matches!(action, Action::Create));
            let updates = of(|action| matches!(action, Action::Update { .. }));
            outcomes.extend(run.steps(creates.chain(updates).collect()));
            // Deletes come last, so that an interrupted run leaves more rather than less.
            outcomes.extend(run.steps(of(|action| matches!(action, Action::Delete)).collect()));
        }
        let outcomes = plan.steps().map(|step| {
            let outcome = outcomes.remove(step.name()).unwrap_or(Outcome::Nothing);
            (step.name().to_owned(), outcome)
        });
        Ok(Report { outcomes: outcomes.collect() })
    }
}

/// The application of a plan.
struct Run<'a, P> {
    jobs: Jobs,
    client: &'a Client,
    owner: &'a Owner,
    stored: Stored,
    progress: P,
    /// Whether no more steps start.
    is_over: bool,
}

impl<P: FnMut(&Step, &Outcome) + Send> Run<'_, P> {
    /// Does these steps, and returns their names and outcomes.
    fn steps<'p>(&mut self, steps: Vec<&'p Step>) -> Vec<(&'p str, Outcome)> {
        let Self { jobs, client, owner, stored, progress, is_over } = self;
        let mut ended = Vec::new();
        if !*is_over {
            let change =
                |step: &&Step| change(client, step, stored, owner).unwrap_or_else(Outcome::Failed);
            ended = jobs.run_until(client, &steps, change, failure, |step, outcome| {
                if !is_conflict(step, outcome) {
                    progress(step, outcome);
                }
            });
        }
        *is_over |= ended.iter().flatten().filter_map(failure).any(|error| jobs.ends_all(error));
        let mut conflicts = steps.iter().zip(ended.iter().flatten());
        let mut later = None;
        if !*is_over && conflicts.any(|(step, outcome)| is_conflict(step, outcome)) {
            match Stored::list(client) {
                Ok(stored) => later = Some(stored),
                Err(error) => *is_over |= jobs.ends_all(&error),
            }
        }
        let ended = ended.into_iter().chain(std::iter::repeat_with(|| None));
        let told = steps.into_iter().zip(ended).map(|(step, outcome)| {
            let outcome = match outcome {
                None => Outcome::NotTried,
                Some(outcome) if !is_conflict(step, &outcome) => return (step.name(), outcome),
                Some(_) if later.as_ref().is_some_and(|it| it.is_as_desired(step, owner)) => {
                    Outcome::AlreadyDone
                }
                Some(outcome) => outcome,
            };
            progress(step, &outcome);
            (step.name(), outcome)
        });
        told.collect()
    }
}

fn failure(outcome: &Outcome) -> Option<&Error> {
    match outcome {
        Outcome::Failed(error) => Some(error),
        _ => None,
    }
}

/// Returns whether another program may have made the change meanwhile.
///
/// The vendor does not document the answer for a name that is taken: [`ErrorKind::Rejected`] may mean it, too.
fn is_conflict(step: &Step, outcome: &Outcome) -> bool {
    match (step.action(), outcome) {
        (Action::Create | Action::Update { .. }, Outcome::Changed) => true,
        (Action::Create, Outcome::Failed(error)) => {
            // After an unknown effect, the file may be this call's own, which the report must not hide.
            error.effect() == Effect::NotApplied
                && matches!(error.kind(), ErrorKind::NameTaken | ErrorKind::Rejected)
        }
        _ => false,
    }
}

/// The files that the library holds.
struct Stored {
    files: HashMap<String, LibraryFile>,
    folded: HashSet<String>,
}

impl Stored {
    fn list(client: &Client) -> Result<Self, Error> {
        let files = client.list().collect::<Result<Vec<_>, _>>()?;
        let folded = files.iter().map(|it| FileName::folded(it.file_name())).collect();
        let files = files.into_iter().map(|it| (it.file_name().to_owned(), it)).collect();
        Ok(Self { files, folded })
    }

    fn get(&self, step: &Step) -> Option<&LibraryFile> {
        self.files.get(step.name())
    }

    fn is_as_desired(&self, step: &Step, owner: &Owner) -> bool {
        let (file, now) = (step.file(), self.get(step));
        file.zip(now).is_some_and(|(file, now)| is_done(file, now, owner))
    }
}

/// Does one step.
fn change(client: &Client, step: &Step, stored: &Stored, owner: &Owner) -> Result<Outcome, Error> {
    let now = stored.get(step);
    let is_as_planned = now == step.found();
    match (step.action(), step.file()) {
        (Action::Delete, _) if now.is_none() => Ok(Outcome::AlreadyDone),
        (Action::Delete, _) if is_as_planned => {
            let name = FileName::permitting_separators(step.name())?;
            Ok(match client.delete(&name)? {
                Deleted::WasAbsent => Outcome::AlreadyDone,
                deleted => Outcome::Deleted(deleted),
            })
        }
        (Action::Create | Action::Update { .. }, Some(file)) => match now {
            Some(now) if is_done(file, now, owner) => Ok(Outcome::AlreadyDone),
            _ if !is_as_planned => Ok(Outcome::Changed),
            // A file whose name differs only in letter case would have been a conflict.
            None if stored.folded.contains(&FileName::folded(step.name())) => Ok(Outcome::Changed),
            now => store(client, file, owner, now.is_some()),
        },
        _ => Ok(Outcome::Changed),
    }
}

fn is_done(file: &DesiredFile, now: &LibraryFile, owner: &Owner) -> bool {
    is_as_desired(file, now, owner) && now.description().is_some_and(|text| owner.owns(text))
}

fn store(
    client: &Client,
    file: &DesiredFile,
    owner: &Owner,
    exists: bool,
) -> Result<Outcome, Error> {
    let upload = file.to_upload()?.with_description(owner.mark(file.description())?);
    Ok(if exists {
        Outcome::Updated(client.upload(&upload.with_if_exists(IfExists::Override))?)
    } else {
        Outcome::Created(client.upload(&upload)?)
    })
}
