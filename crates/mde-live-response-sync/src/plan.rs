//! The plan: pure data, computed from desired and stored files.

use std::collections::{HashMap, HashSet};

use mde_live_response_core::library::same_text;
use mde_live_response_core::{FileName, LibraryFile};

use crate::{Desired, DesiredFile, Owner};

/// The owner, and what a plan may do to other files.
#[derive(Debug, Clone)]
pub struct Rules {
    owner: Owner,
    unmanaged: Unmanaged,
    /// Folded names.
    skipped: HashSet<String>,
    take_over: bool,
}

/// Treatment of stored files that are not desired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Unmanaged {
    /// Keep them all.
    #[default]
    Keep,
    /// Delete those of the owner.
    DeleteOwned,
    /// Delete them all, even those of other owners. There is no undo.
    DeleteAll,
}

impl Rules {
    /// Updates only the owner's files, and deletes none.
    #[must_use]
    pub fn new(owner: Owner) -> Self {
        Self { owner, unmanaged: Unmanaged::Keep, skipped: HashSet::new(), take_over: false }
    }

    /// Sets what to do with stored files that are not desired. Default: [`Unmanaged::Keep`].
    #[must_use]
    pub fn with_unmanaged(mut self, unmanaged: Unmanaged) -> Self {
        self.unmanaged = unmanaged;
        self
    }

    /// Sets names of files that were skipped, such as [`Contents::skipped`](crate::Contents::skipped) lists. Default: none.
    ///
    /// A stored file of such a name is never deleted. Letter case does not count.
    #[must_use]
    pub fn with_skipped(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.skipped = names.into_iter().map(|name| FileName::folded(name.as_ref())).collect();
        self
    }

    /// Sets whether to overwrite other owners' files of a desired name. Default: no.
    #[must_use]
    pub fn with_take_over(mut self, take_over: bool) -> Self {
        self.take_over = take_over;
        self
    }
}

/// The action for every file, in the order of names.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(crate) owner: Owner,
    pub(crate) steps: Vec<Step>,
}

/// A file and what to do with it.
#[derive(Debug, Clone)]
pub struct Step {
    name: String,
    action: Action,
    file: Option<DesiredFile>,
    found: Option<LibraryFile>,
}

/// Action for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Upload it: the library has no file of this name.
    Create,
    /// Overwrite the stored file, which differs.
    Update {
        /// All differences; at least one.
        reasons: Vec<Reason>,
    },
    /// No change: the stored file is as desired.
    Unchanged,
    /// Delete the stored file, which is not desired.
    Delete,
    /// Keep the stored file, which is not desired.
    Unmanaged {
        /// Reason why it is kept.
        reason: Reason,
    },
    /// No change, because a stored file is in the way.
    Conflict {
        /// Reason why it is not overwritten.
        reason: Reason,
    },
}

/// Reason for an [`Action`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The bytes differ, or the service does not report their SHA-256.
    Content,
    /// The description differs.
    Description,
    /// The parameters description or `HasParameters` differs.
    Parameters,
    /// The stored file does not belong to the owner.
    NotOwned,
    /// The rules keep files that are not desired.
    Kept,
    /// A file of this name was skipped ([`Rules::with_skipped`]).
    Skipped,
    /// The stored name is not a [`FileName`], so requests cannot use it.
    Name,
    /// The stored name differs only in letter case. It is not known whether the service tells the two apart.
    LetterCase,
}

impl Plan {
    /// Returns whether the plan creates, updates and deletes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.steps.iter().any(Step::is_change)
    }

    /// Returns whether other files are in the way of desired ones ([`Action::Conflict`]).
    #[must_use]
    pub fn has_conflicts(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.action, Action::Conflict { .. }))
    }

    /// All desired files, and all stored files without a desired one, in the order of names.
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

    /// Action for the file.
    #[must_use]
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// The desired file, if there is one.
    #[must_use]
    pub fn file(&self) -> Option<&DesiredFile> {
        self.file.as_ref()
    }

    /// The stored file, if there is one.
    #[must_use]
    pub fn found(&self) -> Option<&LibraryFile> {
        self.found.as_ref()
    }

    /// Returns whether the action creates, updates or deletes.
    #[must_use]
    pub fn is_change(&self) -> bool {
        matches!(self.action, Action::Create | Action::Update { .. } | Action::Delete)
    }
}

/// Computes the changes that turn `stored` into `desired`. Does no I/O.
///
/// `stored` must be the whole listing: a file that is missing there counts as missing in the library.
///
/// # Examples
///
/// ```
/// use mde_live_response::sync::{self, Action, Desired, DesiredFile, Rules};
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
pub fn plan(desired: &Desired, stored: &[LibraryFile], rules: &Rules) -> Plan {
    let by_name: HashMap<_, _> = stored.iter().map(|file| (file.file_name(), file)).collect();
    let by_folded: HashMap<_, _> =
        stored.iter().map(|file| (FileName::folded(file.file_name()), file)).collect();
    let mut wanted = HashSet::new();
    let mut steps: Vec<_> = desired
        .files()
        .map(|file| {
            let name = file.name().as_str();
            let key = FileName::folded(name);
            let exact = by_name.get(name).copied();
            let found = exact.or_else(|| by_folded.get(&key).copied());
            wanted.insert(key);
            let action = match (exact, found) {
                (Some(found), _) => rules.action(file, found),
                (None, Some(_)) => Action::Conflict { reason: Reason::LetterCase },
                (None, None) => Action::Create,
            };
            let (file, found) = (Some(file.clone()), found.cloned());
            Step { name: name.to_owned(), action, file, found }
        })
        .collect();
    let unmanaged = stored.iter().filter(|it| !wanted.contains(&FileName::folded(it.file_name())));
    steps.extend(unmanaged.map(|found| Step {
        name: found.file_name().to_owned(),
        action: rules.unmanaged(found),
        file: None,
        found: Some(found.clone()),
    }));
    steps.sort_by(|a, b| a.name.cmp(&b.name));
    Plan { owner: rules.owner.clone(), steps }
}

impl Rules {
    fn owns(&self, found: &LibraryFile) -> bool {
        found.description().is_some_and(|text| self.owner.owns(text))
    }

    fn action(&self, file: &DesiredFile, found: &LibraryFile) -> Action {
        let is_owned = self.owns(found);
        // Taking a file over also replaces another owner's line.
        let is_taken = self.take_over && !is_owned;
        let found_text = found.description().unwrap_or_default();
        let found_text =
            if is_taken { Owner::strip(found_text) } else { self.owner.unmarked(found_text) };
        let mut reasons =
            differences(file, found, [found_text, self.owner.unmarked(text_of(file))]);
        if reasons.is_empty() && (is_owned || !self.take_over) {
            return Action::Unchanged;
        }
        if !is_owned {
            if !self.take_over {
                return Action::Conflict { reason: Reason::NotOwned };
            }
            reasons.push(Reason::NotOwned);
        }
        Action::Update { reasons }
    }

    fn unmanaged(&self, found: &LibraryFile) -> Action {
        let reason = match self.unmanaged {
            Unmanaged::Keep => Reason::Kept,
            Unmanaged::DeleteOwned if !self.owns(found) => Reason::NotOwned,
            _ if self.skipped.contains(&FileName::folded(found.file_name())) => Reason::Skipped,
            _ if FileName::permitting_separators(found.file_name()).is_err() => Reason::Name,
            _ => return Action::Delete,
        };
        Action::Unmanaged { reason }
    }
}

impl DesiredFile {
    /// Compares bytes and texts with a stored file of any owner.
    ///
    /// Returns [`Reason::Content`], [`Reason::Description`] and [`Reason::Parameters`], or nothing if all are equal. An
    /// owner's line at the end of a description does not count.
    #[must_use]
    pub fn differences(&self, stored: &LibraryFile) -> Vec<Reason> {
        let texts = [stored.description().unwrap_or_default(), text_of(self)];
        differences(self, stored, texts.map(Owner::strip))
    }
}

/// Returns whether a stored file is as desired, except for the owner's line.
pub(crate) fn is_as_desired(file: &DesiredFile, found: &LibraryFile, owner: &Owner) -> bool {
    let texts = [found.description().unwrap_or_default(), text_of(file)];
    differences(file, found, texts.map(|text| owner.unmarked(text))).is_empty()
}

fn text_of(file: &DesiredFile) -> &str {
    file.description().map(AsRef::as_ref).unwrap_or_default()
}

/// Returns the differences of a stored file. The texts are its description and the desired one, without owners.
fn differences(file: &DesiredFile, found: &LibraryFile, texts: [&str; 2]) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if found.sha256() != Some(file.sha256()) {
        reasons.push(Reason::Content);
    }
    let [found_text, wanted_text] = texts;
    if !same_text(found_text, wanted_text) {
        reasons.push(Reason::Description);
    }
    let parameters: Option<&str> = file.parameters().map(AsRef::as_ref);
    let found_parameters = found.parameters_description().unwrap_or_default();
    let is_same = same_text(found_parameters, parameters.unwrap_or_default())
        && found.has_parameters().is_none_or(|has| has == parameters.is_some());
    if !is_same {
        reasons.push(Reason::Parameters);
    }
    reasons
}
