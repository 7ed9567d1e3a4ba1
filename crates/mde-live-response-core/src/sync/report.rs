//! What came of a plan.

use crate::error::Error;
use crate::model::{Deleted, LibraryFile};

/// What came of a plan, file by file in the order of names.
#[derive(Debug)]
pub struct Report {
    pub(super) outcomes: Vec<Outcome>,
}

/// What came of one file.
#[derive(Debug)]
pub struct Outcome {
    pub(super) name: String,
    pub(super) fate: Fate,
}

/// What came of one step of a plan.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fate {
    /// It was stored.
    Created(LibraryFile),
    /// It was replaced.
    Updated(LibraryFile),
    /// It was removed.
    Deleted(Deleted),
    /// It was as planned already: by an earlier run of the same plan, say.
    AlreadyDone,
    /// There was nothing to do.
    Nothing,
    /// The library's file is no longer what it was when the plan was made. Nothing was done.
    Changed,
    /// Not tried, for an error before it would have come again.
    NotTried,
    /// It did not succeed; the error tells what is known of the library's state.
    Failed(Error),
}

impl Report {
    /// Whether every change of the plan was made, or found made already: none failed, was left untried, or met
    /// another file than the plan had seen.
    ///
    /// A conflict is no change: nothing was planned for it, and it leaves this true.
    /// [`Plan::has_conflicts`](super::Plan::has_conflicts) tells of it.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.outcomes.iter().all(|outcome| {
            !matches!(outcome.fate, Fate::Changed | Fate::NotTried | Fate::Failed(_))
        })
    }

    /// Every file of the plan, in the order of names.
    #[must_use]
    pub fn outcomes(&self) -> impl ExactSizeIterator<Item = &Outcome> {
        self.outcomes.iter()
    }
}

impl Outcome {
    /// Name of the file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What came of it.
    #[must_use]
    pub fn fate(&self) -> &Fate {
        &self.fate
    }
}
