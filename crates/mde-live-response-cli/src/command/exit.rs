//! How a run ends: the documented exit codes, and the messages.

use std::error::Error as StdError;
use std::fmt::Display;
use std::process::ExitCode;

use mde_live_response_core::Error;
use mde_live_response_core::error::InvalidInput;
use mde_live_response_sync::FolderError;

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
    /// After this many things, of which this many failed.
    pub(super) fn of(all: usize, failed: usize) -> Self {
        match failed {
            0 => Self::Done,
            _ if failed == all => Self::Failed,
            _ => Self::PartlyFailed,
        }
    }

    /// After a run whose result could not be written.
    pub(super) fn unwritten(self) -> Self {
        if self == Self::Done { Self::PartlyFailed } else { self }
    }
}

/// Why a command cannot go on.
#[derive(Debug)]
pub(super) enum Failure {
    /// Command line, environment or folder cannot be used.
    Usage(String),
    /// Something other than a call failed.
    Failed(String),
    /// A call failed.
    Call(Error),
}

impl Failure {
    pub(super) fn usage(message: impl Display, help: &str) -> Self {
        Self::Usage(format!("{message}. {help}"))
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
        Self::Usage(one_line(&error, error.help()))
    }
}

impl From<InvalidInput> for Failure {
    fn from(error: InvalidInput) -> Self {
        Self::usage(&error, error.help())
    }
}

/// The error of a call with its causes and its help, on one line.
pub(super) fn explain(error: &Error) -> String {
    one_line(error, error.help())
}

fn one_line(error: &dyn StdError, help: Option<String>) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    if let Some(help) = help {
        line = format!("{line}. {help}");
    }
    line.replace(['\r', '\n'], " ")
}
