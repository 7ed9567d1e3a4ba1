//! Applies a plan, one file after the other, and reports the outcomes.

use std::collections::{HashMap, HashSet};

use mde_live_response_core::library::Deleted;
use mde_live_response_core::{Client, Error, ErrorKind, FileName};
use mde_live_response_core::{IfExists, LibraryFile};

use crate::plan::differences;
use crate::{Action, DesiredFile, Owner, Plan, Step};

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
    /// The change was not tried, because an earlier error would recur.
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

/// Applies a plan: creates, then updates, then deletes.
///
/// Calls `progress` after each of these changes.
///
/// An empty plan makes no call. Otherwise the library is listed once, and a file is changed only if it did not change
/// after the plan was made. So a plan can be applied again after any interruption. Only the planned bytes are uploaded.
///
/// After a failed change the others are still tried, unless the call was cancelled, or had no token or a refused one.
///
/// # Errors
///
/// If the library cannot be listed. Nothing changed then. The outcomes of the files, failures included, are in the
/// report.
pub fn apply(
    client: &Client,
    plan: &Plan,
    mut progress: impl FnMut(&Step, &Outcome),
) -> Result<Report, Error> {
    let mut outcomes = HashMap::new();
    if !plan.is_empty() {
        let files = client.list().collect::<Result<Vec<_>, _>>()?;
        let folded: HashSet<_> = files.iter().map(|it| FileName::folded(it.file_name())).collect();
        let files: HashMap<_, _> = files.iter().map(|file| (file.file_name(), file)).collect();
        let mut is_over = false;
        for step in in_order(plan) {
            let now = files.get(step.name()).copied();
            // A file whose name differs only in letter case would have been a conflict.
            let is_taken = now.is_none()
                && step.found().is_none()
                && folded.contains(&FileName::folded(step.name()));
            let outcome = match (is_over, is_taken) {
                (true, _) => Outcome::NotTried,
                (false, true) => Outcome::Changed,
                _ => change(client, step, now, &plan.owner).unwrap_or_else(Outcome::Failed),
            };
            is_over |= matches!(&outcome, Outcome::Failed(error) if ends_all(error));
            progress(step, &outcome);
            outcomes.insert(step.name(), outcome);
        }
    }
    let outcomes = plan.steps().map(|step| {
        let outcome = outcomes.remove(step.name()).unwrap_or(Outcome::Nothing);
        (step.name().to_owned(), outcome)
    });
    Ok(Report { outcomes: outcomes.collect() })
}

/// Deletes come last, so that an interrupted run leaves more rather than less.
fn in_order(plan: &Plan) -> impl Iterator<Item = &Step> {
    let of = |kind: fn(&Action) -> bool| plan.steps().filter(move |step| kind(step.action()));
    of(|action| matches!(action, Action::Create))
        .chain(of(|action| matches!(action, Action::Update { .. })))
        .chain(of(|action| matches!(action, Action::Delete)))
}

/// Does one step. `now` is the file that the library holds under its name.
fn change(
    client: &Client,
    step: &Step,
    now: Option<&LibraryFile>,
    owner: &Owner,
) -> Result<Outcome, Error> {
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
            now => store(client, file, owner, now.is_some()),
        },
        _ => Ok(Outcome::Changed),
    }
}

fn is_done(file: &DesiredFile, now: &LibraryFile, owner: &Owner) -> bool {
    differences(file, now, owner).is_empty()
        && now.description().is_some_and(|text| owner.owns(text))
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

/// Returns whether every later call would fail in the same way.
fn ends_all(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Cancelled | ErrorKind::NoToken | ErrorKind::Unauthorized | ErrorKind::Forbidden
    )
}
