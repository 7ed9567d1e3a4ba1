//! A case: what a peer does, what is sent to it, and what must come of it.

use std::time::Duration;

use mde_live_response_core::Upload;
use mde_live_response_core::http::Request;
use mde_live_response_core::transport::Limits;

use super::Level;
use super::expected::Expected;
use super::peer::{Gate, PATIENCE, Script, Step};

/// A limit that is meant to pass.
pub(super) const SHORT: Duration = Duration::from_millis(500);
/// Longer than the peer's patience.
const PLENTY: Duration = PATIENCE.saturating_mul(4);

#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) level: Level,
    /// The rule of the contract, in a sentence.
    pub(super) rule: &'static str,
    pub(super) name: String,
    pub(super) scripts: Vec<Script>,
    pub(super) acts: Vec<Act>,
    pub(super) deadline: Duration,
    pub(super) silence: Duration,
    pub(super) transport: Carriage,
    /// Number of connections, if it matters.
    pub(super) connections: Option<usize>,
    /// What the first connection must have received.
    pub(super) received: Received,
}

/// Which connections a case is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carriage {
    Any,
    Tls,
    /// Only for TLS, with a peer that does not speak it.
    TlsToPlain,
}

/// One step of the code that uses the transport.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Upload(Upload, Expected),
    Delete(Expected),
    /// An exchange without a client.
    Exchange(Box<Request<Vec<u8>>>, Limits, Expected),
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
    /// One request: its first line, its headers besides those of the connection, and its body.
    Request {
        line: &'static str,
        headers: Vec<String>,
        body: Vec<u8>,
    },
}

impl Case {
    pub(super) fn new(level: Level, rule: &'static str, name: impl Into<String>) -> Self {
        Self {
            level,
            rule,
            name: name.into(),
            scripts: Vec::new(),
            acts: Vec::new(),
            deadline: PLENTY,
            silence: PLENTY,
            transport: Carriage::Any,
            connections: None,
            received: Received::Any,
        }
    }

    /// Adds the script of one more connection.
    pub(super) fn peer(mut self, script: impl Into<Vec<Step>>) -> Self {
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

    pub(super) fn connections(mut self, connections: usize) -> Self {
        self.connections = Some(connections);
        self
    }

    pub(super) fn received(mut self, received: Received) -> Self {
        self.received = received;
        self
    }

    pub(super) fn over(mut self, transport: Carriage) -> Self {
        self.transport = transport;
        self
    }

    pub(super) fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    pub(super) fn silence(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self
    }
}
