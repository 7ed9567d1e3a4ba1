//! What a storm leaves behind, written down beside the library and not by the client.

use std::time::Duration;

use mde_live_response_core::Delivery;
use mde_live_response_mock::StoredFile;

use super::plan::Fault;

/// Which upload of which thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct CallId {
    pub(super) thread: u64,
    pub(super) n: u64,
}

/// One call of the API, an upload or a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exchange {
    pub(super) call: CallId,
    pub(super) attempt: u64,
    pub(super) fault: Fault,
    pub(super) is_listing: bool,
    pub(super) began: Duration,
    /// When the library was asked, if it was.
    pub(super) arrived: Option<Duration>,
    pub(super) ended: Duration,
    /// Whether the client cannot know from it what the service did.
    pub(super) is_unknown: bool,
    /// The status with which the library itself answered, whatever came of that on the way back.
    pub(super) said: Option<u16>,
}

/// A change to the library, in the order in which they happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// A request that the library really acted on.
    Applied {
        call: CallId,
        name: String,
        sha256: String,
        overrides: bool,
        replaced: Option<String>,
        at: Duration,
    },
    Removed {
        name: String,
    },
}

/// An upload as its caller saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) call: CallId,
    pub(super) name: String,
    pub(super) sha256: String,
    pub(super) overrides: bool,
    pub(super) shared: bool,
    pub(super) started: Duration,
    pub(super) at: Duration,
    pub(super) outcome: Outcome,
    /// What the library held under the name when the call had ended.
    pub(super) left: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Stored { sha256: Option<String>, resolved: bool },
    Failed { delivery: Delivery, is_conflict: bool, is_local: bool, text: String },
}

/// Everything of one storm.
#[derive(Debug, PartialEq)]
pub(super) struct Evidence {
    pub(super) seed: u64,
    pub(super) deadline: Duration,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) changes: Vec<Change>,
    pub(super) endings: Vec<Ending>,
    pub(super) files: Vec<StoredFile>,
}
