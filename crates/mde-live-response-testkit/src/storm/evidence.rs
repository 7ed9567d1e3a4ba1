//! What a storm leaves behind, recorded beside the library and not by the client.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use mde_live_response_core::{Effect, ErrorKind};

use super::plan::{Fault, Job};

/// A stored file, as far as uploads differ in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Stored {
    pub(super) sha256: Option<String>,
    pub(super) description: Option<String>,
}

/// One call of the API, an upload or a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exchange {
    pub(super) job: Arc<Job>,
    pub(super) fault: Fault,
    pub(super) is_listing: bool,
    pub(super) began: Duration,
    /// When the library got the request, if it did by the end, and the status of its answer.
    pub(super) arrived: Option<(Duration, u16)>,
    pub(super) ended: Duration,
    /// Whether the client cannot know from the answer what the service did.
    pub(super) is_unknown: bool,
}

/// A change to the library, in the order in which they happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// A request that the library acted on.
    Applied {
        job: Arc<Job>,
        file: Stored,
        replaced: Option<Stored>,
        at: Duration,
    },
    Removed {
        name: String,
    },
}

/// An upload as its caller saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) job: Arc<Job>,
    pub(super) sent: Stored,
    pub(super) started: Duration,
    pub(super) at: Duration,
    pub(super) outcome: Outcome,
    /// What the library held under the name when the call had ended.
    pub(super) left: Option<Stored>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Stored { file: Stored, resolved: bool },
    Failed { kind: ErrorKind, effect: Effect, text: String },
}

/// Everything of one storm.
#[derive(Debug, PartialEq)]
pub struct Evidence {
    pub(super) deadline: Duration,
    pub(super) repeats: bool,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) changes: Vec<Change>,
    pub(super) endings: Vec<Ending>,
    pub(super) files: BTreeMap<String, Stored>,
    /// The client's secret and the tokens, which no text may contain.
    pub(super) secrets: BTreeSet<String>,
    pub(super) token_calls: u64,
}
