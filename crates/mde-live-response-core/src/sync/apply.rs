//! Carries a plan out, one file after the other.

use std::collections::HashMap;

use super::desired::DesiredFile;
use super::owner::Owner;
use super::plan::{Action, Plan, Step, differences};
use super::report::{Fate, Outcome, Report};
use crate::client::Client;
use crate::error::Error;
use crate::model::{Deleted, FileName, IfExists, LibraryFile};

/// How far a plan has come.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// A change begins.
    Begin(&'a Step),
    /// This is what came of it.
    End(&'a Step, &'a Fate),
}

/// Carries a plan out: creates, then updates, then deletes, each telling the observer.
///
/// An empty plan costs no call. Else the library is listed once, and each file is done only if the library's is still
/// what it was when the plan was made; if it is as desired already, that is fine. So a plan can be carried out again
/// after any interruption. Sent are the bytes that were planned, or none. A file that fails does not keep the others
/// from being done, but for a cancel and a token that cannot be had or is refused.
///
/// # Errors
///
/// As for [`Client::list`]; nothing was done then. What became of single files, failures included, is in the report.
///
/// # Panics
///
/// Not by itself; a panic of the observer, or of what the client was given, passes through, and changes that were
/// made stay made.
pub fn apply(
    client: &Client,
    plan: &Plan,
    observer: &mut dyn FnMut(Progress<'_>),
) -> Result<Report, Error> {
    let mut fates = HashMap::new();
    if !plan.is_empty() {
        let files = client.list().collect::<Result<Vec<_>, _>>()?;
        let files: HashMap<_, _> = files.iter().map(|file| (file.file_name(), file)).collect();
        let mut is_over = false;
        for step in in_order(plan) {
            observer(Progress::Begin(step));
            let fate = if is_over {
                Fate::NotTried
            } else {
                let now = files.get(step.name()).copied();
                carry_out(client, step, now, &plan.owner).unwrap_or_else(Fate::Failed)
            };
            is_over |= matches!(&fate, Fate::Failed(error) if ends_all(error));
            observer(Progress::End(step, &fate));
            fates.insert(step.name(), fate);
        }
    }
    let outcomes = plan.steps.iter().map(|step| {
        let fate = fates.remove(step.name()).unwrap_or(Fate::Nothing);
        Outcome { name: step.name.clone(), fate }
    });
    Ok(Report { outcomes: outcomes.collect() })
}

/// Changes, those first after which the library holds more.
fn in_order(plan: &Plan) -> impl Iterator<Item = &Step> {
    let of = |rank: fn(&Action) -> bool| plan.steps.iter().filter(move |step| rank(&step.action));
    of(|action| matches!(action, Action::Create))
        .chain(of(|action| matches!(action, Action::Update { .. })))
        .chain(of(|action| matches!(action, Action::Delete)))
}

/// Does one step, where `now` is what the library holds under its name.
fn carry_out(
    client: &Client,
    step: &Step,
    now: Option<&LibraryFile>,
    owner: &Owner,
) -> Result<Fate, Error> {
    let is_as_planned = now == step.found.as_ref();
    match (&step.action, &step.file) {
        (Action::Delete, _) if now.is_none() => Ok(Fate::AlreadyDone),
        (Action::Delete, _) if is_as_planned => {
            let name = FileName::permitting_separators(step.name())?;
            Ok(match client.delete(&name)? {
                Deleted::WasAbsent => Fate::AlreadyDone,
                deleted => Fate::Deleted(deleted),
            })
        }
        (Action::Create | Action::Update { .. }, Some(file)) => match now {
            Some(now) if is_done(file, now, owner) => Ok(Fate::AlreadyDone),
            _ if !is_as_planned => Ok(Fate::Changed),
            now => store(client, file, owner, now.is_some()),
        },
        _ => Ok(Fate::Changed),
    }
}

fn is_done(file: &DesiredFile, now: &LibraryFile, owner: &Owner) -> bool {
    differences(file, now, owner).is_empty()
        && now.description().is_some_and(|text| owner.owns(text))
}

fn store(client: &Client, file: &DesiredFile, owner: &Owner, exists: bool) -> Result<Fate, Error> {
    let upload = file.upload(owner.mark(file.text_description())?)?;
    Ok(if exists {
        Fate::Updated(client.upload(&upload.if_exists(IfExists::Override))?)
    } else {
        Fate::Created(client.upload(&upload.if_exists(IfExists::Fail))?)
    })
}

/// Whether every later call would end in the same way.
fn ends_all(error: &Error) -> bool {
    matches!(error, Error::Cancelled(_) | Error::Auth(_))
}
