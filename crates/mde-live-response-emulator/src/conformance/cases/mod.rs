//! The cases, by what they are about.

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

// What every file of cases uses.
use mde_live_response_core::error::{AnswerProblem, ErrorKind};
use mde_live_response_core::transport::{Phase, TransportErrorKind as Kind};
use mde_live_response_core::{Effect, Upload};

use super::Level::{Complete, Usable};
use super::case::{Act, Carriage, Case, Received, SHORT};
use super::content::*;
use super::expected::Expected::{self, *};
use super::peer::Step::*;
use super::peer::{Gate, Step};

pub(super) use early::{BODY, EARLY, TOO_EARLY, heard};

/// Times that each early answer must be heard.
const TIMES: usize = 10;

pub(super) fn all() -> Vec<Case> {
    [
        requests::cases(),
        breaks::cases(),
        framing::cases(),
        interim::cases(),
        early::cases(),
        kept::cases(),
        limits::cases(),
        heard(TIMES),
    ]
    .concat()
}
