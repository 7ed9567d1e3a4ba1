//! What a storm leaves behind, recorded beside the library and not by the client.

use std::collections::BTreeMap;
use std::time::Duration;

use mde_live_response_core::{Effect, ErrorKind};

use super::plan::Fault;

/// A stored file, as far as uploads differ in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Stored {
    pub(super) sha256: Option<String>,
    pub(super) description: Option<String>,
}

/// An upload of a thread.
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
    /// When the library got the request, if it did.
    pub(super) arrived: Option<Duration>,
    pub(super) ended: Duration,
    /// Whether the whole request was sent.
    pub(super) is_whole: bool,
    /// Whether the client cannot know from the answer what the service did.
    pub(super) is_unknown: bool,
    /// Status of the library's own answer, whatever the client received.
    pub(super) status: Option<u16>,
}

/// A change to the library, in the order in which they happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// A request that the library acted on.
    Applied {
        call: CallId,
        name: String,
        file: Stored,
        overrides: bool,
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
    pub(super) call: CallId,
    pub(super) name: String,
    pub(super) sent: Stored,
    pub(super) overrides: bool,
    pub(super) shared: bool,
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
pub(super) struct Evidence {
    pub(super) seed: u64,
    pub(super) deadline: Duration,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) changes: Vec<Change>,
    pub(super) endings: Vec<Ending>,
    pub(super) files: BTreeMap<String, Stored>,
}
