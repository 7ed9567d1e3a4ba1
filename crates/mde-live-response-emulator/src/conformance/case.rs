//! A case: the peer's script, the calls, and the expected outcome.

use std::fmt;
use std::time::Duration;

use mde_live_response_core::Upload;
use mde_live_response_core::http::Request;

use super::Level;
use super::expected::Expected;
use super::peer::{Gate, PATIENCE, Script, Step};

/// A limit that a case reaches. Longer on Windows, which counts time in steps of 16 ms.
pub(super) const SHORT: Duration = Duration::from_secs(if cfg!(windows) { 3 } else { 1 });
/// Longer than the peer's patience.
const PLENTY: Duration = PATIENCE.saturating_mul(4);

#[derive(Clone)]
pub(super) struct Case {
    pub(super) level: Level,
    /// The rule of the contract, in a sentence.
    pub(super) rule: &'static str,
    pub(super) scripts: Vec<Script>,
    pub(super) acts: Vec<Act>,
    pub(super) deadline: Duration,
    pub(super) silence: Duration,
    pub(super) over: Carriage,
    /// Number of connections, if it matters.
    pub(super) connections: Option<usize>,
    /// Bytes that the first connection must have received.
    pub(super) received: Received,
}

/// Kinds of connections that a case is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carriage {
    Any,
    Tls,
    /// Only for TLS, with a peer that does not speak it.
    TlsToPlain,
}

/// One step of the code that uses the transport.
#[derive(Clone)]
pub(super) enum Act {
    Upload(Upload, Expected),
    Delete(Expected),
    /// An exchange without a client, with a limit for the answer's body.
    Exchange(Request<Vec<u8>>, u64, Expected),
    /// The same upload from eight threads at once, five times each.
    Together(Upload, Expected),
    Open(Gate),
    Pass(Gate),
    /// Cancels everything that follows, as soon as the gate opens.
    CancelAt(Gate),
}

#[derive(Debug, Clone)]
pub(super) enum Received {
    Any,
    /// A body to its last byte.
    Whole,
    /// A request without its end, and at most half of [`large`](super::content::large).
    Incomplete,
    /// One request: its lines and its body.
    ///
    /// The lines are without version and the headers of the connection.
    Request(String, Vec<u8>),
}

impl Case {
    pub(super) fn new(level: Level, rule: &'static str) -> Self {
        Self {
            level,
            rule,
            scripts: Vec::new(),
            acts: Vec::new(),
            deadline: PLENTY,
            silence: PLENTY,
            over: Carriage::Any,
            connections: None,
            received: Received::Any,
        }
    }

    /// Adds the script of one more connection.
    pub(super) fn peer(mut self, script: impl Into<Script>) -> Self {
        self.scripts.push(script.into());
        self
    }

    pub(super) fn act(mut self, act: Act) -> Self {
        self.acts.push(act);
        self
    }

    pub(super) fn upload(self, upload: Upload, expected: Expected) -> Self {
        self.act(Act::Upload(upload, expected))
    }

    pub(super) fn connections(self, connections: usize) -> Self {
        Self { connections: Some(connections), ..self }
    }

    pub(super) fn received(self, received: Received) -> Self {
        Self { received, ..self }
    }

    pub(super) fn over(self, over: Carriage) -> Self {
        Self { over, ..self }
    }

    pub(super) fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    pub(super) fn silence(self, silence: Duration) -> Self {
        Self { silence, ..self }
    }
}

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any bytes"),
            Self::Whole => f.write_str("the peer received a whole request"),
            Self::Incomplete => f.write_str("the peer received a request without its end"),
            Self::Request(head, body) => {
                write!(f, "the peer received {head:?} and a body of {} bytes, as given", body.len())
            }
        }
    }
}

/// The calls, and the peer's script for each connection.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for act in &self.acts {
            match act {
                Act::Upload(upload, _) => write!(f, "upload {} bytes; ", upload.content().len())?,
                Act::Delete(_) => f.write_str("delete; ")?,
                Act::Exchange(request, ..) => {
                    write!(f, "{} {}; ", request.method(), request.uri())?;
                }
                Act::Together(..) => f.write_str("upload from many threads; ")?,
                Act::CancelAt(_) => f.write_str("cancel at the gate; ")?,
                Act::Open(_) | Act::Pass(_) => {}
            }
        }
        if self.deadline == SHORT || self.silence == SHORT {
            f.write_str(if self.deadline == SHORT {
                "short deadline; "
            } else {
                "short silence limit; "
            })?;
        }
        for script in &self.scripts {
            let steps: Vec<String> = script.iter().map(Step::to_string).collect();
            write!(f, "\n  peer: {}", steps.join(", "))?;
        }
        Ok(())
    }
}
