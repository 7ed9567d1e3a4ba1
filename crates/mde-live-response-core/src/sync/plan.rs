//! What is to be done, as data: nothing here asks or tells a service.

use std::collections::{HashMap, HashSet};

use super::desired::{Desired, DesiredFile};
use super::owner::Owner;
use crate::model::{FileName, LibraryFile, folded};

/// Whose files a plan is about, and what it may do to others.
#[derive(Debug, Clone)]
pub struct Rules {
    owner: Owner,
    orphans: Orphans,
    take_over: bool,
}

/// What becomes of files in the library that are not desired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Orphans {
    /// They stay.
    #[default]
    Keep,
    /// Those of the owner are removed.
    DeleteOwned,
    /// All are removed, whoever put them there. There is no way back.
    DeleteAll,
}

impl Rules {
    /// Replaces the owner's files only, and removes none.
    #[must_use]
    pub fn new(owner: Owner) -> Self {
        Self { owner, orphans: Orphans::Keep, take_over: false }
    }

    /// Sets what becomes of files that are not desired; [`Orphans::Keep`] unless set.
    #[must_use]
    pub fn orphans(mut self, orphans: Orphans) -> Self {
        self.orphans = orphans;
        self
    }

    /// Sets whether files of others are replaced that have a desired file's name; they are not unless set.
    #[must_use]
    pub fn take_over(mut self, take_over: bool) -> Self {
        self.take_over = take_over;
        self
    }
}

/// What is to be done, file by file in the order of names.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) owner: Owner,
    pub(super) steps: Vec<Step>,
}

/// One file, and what is to be done with it.
#[derive(Debug, Clone)]
pub struct Step {
    pub(super) name: String,
    pub(super) action: Action,
    pub(super) file: Option<DesiredFile>,
    pub(super) found: Option<LibraryFile>,
}

/// What is to be done with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// The library has none of this name.
    Create,
    /// The library's file differs.
    Update {
        /// In what; at least one.
        reasons: Vec<Reason>,
    },
    /// The library's file is as desired.
    Unchanged,
    /// The library's file is not desired, and is removed.
    Delete,
    /// The library's file is not desired, and stays.
    Orphan {
        /// Why it stays.
        kept: Kept,
    },
    /// Somebody else's file is in the way, or one whose name differs by letter case alone. Nothing is done.
    Conflict {
        /// In what way.
        conflict: Conflict,
    },
}

/// In what a file differs from the desired one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Its bytes, or the service does not say which they are.
    Content,
    /// What is said of its purpose.
    Description,
    /// What is said of its parameters, or whether it takes any.
    Parameters,
    /// It is not yet the owner's.
    Owner,
}

/// Why a file stays that is not desired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kept {
    /// Nothing is to be removed.
    NotAsked,
    /// It is not the owner's.
    NotOwned,
    /// Its name cannot be asked for ([`FileName`]).
    Name,
}

/// How another file is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Conflict {
    /// It has the name, is not the owner's, and is not as desired.
    NotOwned,
    /// It has the name in another letter case: whether the service tells the two apart is not known.
    LetterCase,
}

impl Plan {
    /// Whether nothing would be created, updated or deleted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.iter().all(|step| !step.is_change())
    }

    /// Whether other files are in the way of desired ones ([`Conflict`]).
    #[must_use]
    pub fn has_conflicts(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.action, Action::Conflict { .. }))
    }

    /// Everything that was looked at, in the order of names.
    #[must_use]
    pub fn steps(&self) -> impl ExactSizeIterator<Item = &Step> {
        self.steps.iter()
    }
}

impl Step {
    /// Name of the file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is to be done with it.
    #[must_use]
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// The desired file, if there is one.
    #[must_use]
    pub fn file(&self) -> Option<&DesiredFile> {
        self.file.as_ref()
    }

    /// The library's file, if there was one.
    #[must_use]
    pub fn found(&self) -> Option<&LibraryFile> {
        self.found.as_ref()
    }

    /// Whether something is to be created, updated or deleted.
    #[must_use]
    pub fn is_change(&self) -> bool {
        matches!(self.action, Action::Create | Action::Update { .. } | Action::Delete)
    }
}

/// What is to be done so that a library that holds `remote` holds what is desired.
///
/// `remote` is all that the library lists: what is missing there counts as missing in the library.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::sync::{self, Action, Desired, DesiredFile, Rules};
///
/// let desired = Desired::new([DesiredFile::new("a.ps1".parse()?, b"Get-Date\n")?])?;
/// let plan = sync::plan(&desired, &[], &Rules::new("our-repository".parse()?));
///
/// assert!(!plan.is_empty() && !plan.has_conflicts());
/// let step = plan.steps().next().unwrap();
/// assert_eq!((step.name(), step.action()), ("a.ps1", &Action::Create));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn plan(desired: &Desired, remote: &[LibraryFile], rules: &Rules) -> Plan {
    let by_name: HashMap<_, _> = remote.iter().map(|file| (file.file_name(), file)).collect();
    let by_folded: HashMap<_, _> =
        remote.iter().map(|file| (folded(file.file_name()), file)).collect();
    let mut wanted = HashSet::new();
    let mut steps: Vec<_> = desired
        .files()
        .map(|file| {
            let name = file.name().as_str();
            let key = folded(name);
            let exact = by_name.get(name).copied();
            let found = exact.or_else(|| by_folded.get(&key).copied());
            wanted.insert(key);
            let action = match (exact, found) {
                (Some(found), _) => rules.action(file, found),
                (None, Some(_)) => Action::Conflict { conflict: Conflict::LetterCase },
                (None, None) => Action::Create,
            };
            let (file, found) = (Some(file.clone()), found.cloned());
            Step { name: name.to_owned(), action, file, found }
        })
        .collect();
    let orphans = remote.iter().filter(|it| !wanted.contains(&folded(it.file_name())));
    steps.extend(orphans.map(|found| Step {
        name: found.file_name().to_owned(),
        action: rules.orphan(found),
        file: None,
        found: Some(found.clone()),
    }));
    steps.sort_by(|a, b| a.name.cmp(&b.name));
    Plan { owner: rules.owner.clone(), steps }
}

impl Rules {
    fn action(&self, file: &DesiredFile, found: &LibraryFile) -> Action {
        let is_owned = found.description().is_some_and(|text| self.owner.owns(text));
        let mut reasons = differences(file, found, &self.owner);
        if reasons.is_empty() && (is_owned || !self.take_over) {
            return Action::Unchanged;
        }
        if !is_owned {
            if !self.take_over {
                return Action::Conflict { conflict: Conflict::NotOwned };
            }
            reasons.push(Reason::Owner);
        }
        Action::Update { reasons }
    }

    fn orphan(&self, found: &LibraryFile) -> Action {
        let is_owned = found.description().is_some_and(|text| self.owner.owns(text));
        let kept = match self.orphans {
            Orphans::Keep => Kept::NotAsked,
            Orphans::DeleteOwned if !is_owned => Kept::NotOwned,
            _ if FileName::permitting_separators(found.file_name()).is_err() => Kept::Name,
            _ => return Action::Delete,
        };
        Action::Orphan { kept }
    }
}

/// In what a library's file differs from the desired one, its owner's line left aside.
pub(super) fn differences(file: &DesiredFile, found: &LibraryFile, owner: &Owner) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if found.sha256() != Some(file.sha256()) {
        reasons.push(Reason::Content);
    }
    let found_text = found.description().unwrap_or_default();
    let wanted_text = file.text_description().map(AsRef::as_ref).unwrap_or_default();
    if !is_same_text(owner.unmarked(found_text), owner.unmarked(wanted_text)) {
        reasons.push(Reason::Description);
    }
    let parameters: Option<&str> = file.text_parameters().map(AsRef::as_ref);
    let found_parameters = found.parameters_description().unwrap_or_default();
    let is_same = is_same_text(found_parameters, parameters.unwrap_or_default())
        && found.has_parameters().is_none_or(|has| has == parameters.is_some());
    if !is_same {
        reasons.push(Reason::Parameters);
    }
    reasons
}

/// Whether two texts are the same but for their line ends, which somebody on the way may have changed.
fn is_same_text(one: &str, other: &str) -> bool {
    one.chars().filter(|c| *c != '\r').eq(other.chars().filter(|c| *c != '\r'))
}
