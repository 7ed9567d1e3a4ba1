//! The cases, by subject.

#![allow(
    clippy::wildcard_imports,
    clippy::enum_glob_use,
    reason = "scripts read as lists of steps"
)]

mod breaks;
mod early;
mod framing;
mod interim;
mod kept;
mod limits;
mod requests;

// Shared by all files of cases.
use mde_live_response_core::Effect::{self, NotApplied, Unknown};
use mde_live_response_core::error::{AnswerProblem, ErrorKind};
use mde_live_response_core::transport::{Phase, TransportErrorKind as Kind};

use super::Level::{self, Complete, Usable};
use super::case::{Act, Carriage, Case, Received, SHORT};
use super::content::*;
use super::expected::Expected::{self, *};
use super::peer::Step::*;
use super::peer::{Gate, Script, Step};

pub(super) use early::{BODY, EARLY, TOO_EARLY, heard};

/// Times that each early answer must be heard.
const TIMES: usize = 10;

pub(super) fn all() -> Vec<Case> {
    let mut cases = heard(TIMES);
    for add in
        [requests::add, breaks::add, framing::add, interim::add, early::add, kept::add, limits::add]
    {
        add(&mut cases);
    }
    cases
}

/// A small upload that gets this answer; then the connection closes.
fn answered(
    level: Level,
    rule: &'static str,
    answer: impl Into<Vec<u8>>,
    expected: Expected,
) -> Case {
    let script = after_request([Step::send(answer), Close]);
    Case::new(level, rule).peer(script).upload(small(), expected)
}

/// Two small uploads, which must not share a connection.
fn twice(rule: &'static str, script: Script, first: Expected) -> Case {
    let case = Case::new(Complete, rule).peer(script).peer(served()).connections(2);
    case.upload(small(), first).upload(small(), Success)
}
