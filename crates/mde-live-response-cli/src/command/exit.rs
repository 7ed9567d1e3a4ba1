//! How a run ends: the documented codes, and what is said with them.

use std::error::Error as StdError;
use std::fmt::Display;
use std::process::ExitCode;

use mde_live_response_core::Error;

use crate::FolderError;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    Done,
    Failed,
    PartlyFailed,
    HasChanges,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0_u8,
            Exit::Failed => 1,
            Exit::PartlyFailed => 3,
            Exit::HasChanges => 4,
        })
    }
}

impl Exit {
    /// Of so many things of which so many failed.
    pub(super) fn of(all: usize, failed: usize) -> Self {
        match failed {
            0 => Self::Done,
            _ if failed == all => Self::Failed,
            _ => Self::PartlyFailed,
        }
    }

    /// Of a run that did this, and then could not tell of it.
    pub(super) fn untold(self) -> Self {
        if self == Self::Done { Self::PartlyFailed } else { self }
    }
}

/// What keeps a command from going on.
#[derive(Debug)]
pub(super) enum Failure {
    /// What was given cannot be used.
    Usage(String),
    /// It was tried, and did not succeed.
    Failed(String),
    /// A call did not succeed.
    Call(Error),
}

impl Failure {
    pub(super) fn usage(why: impl Display) -> Self {
        Self::Usage(why.to_string())
    }

    pub(super) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 2_u8,
            Self::Failed(_) | Self::Call(_) => 1,
        })
    }

    pub(super) fn message(&self) -> String {
        match self {
            Self::Usage(message) | Self::Failed(message) => message.clone(),
            Self::Call(error) => explain(error),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

impl From<FolderError> for Failure {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::File(error) => Self::Usage(explain(&error)),
            other => Self::Usage(with_causes(&other)),
        }
    }
}

/// An error with its causes and what to do next, on one line.
pub(super) fn explain(error: &Error) -> String {
    let line = with_causes(error);
    match error.help() {
        Some(help) => format!("{line}; {help}"),
        None => line,
    }
}

/// An error with its causes, on one line.
fn with_causes(error: &dyn StdError) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line.replace(['\r', '\n'], " ")
}
