//! The end of a run: the documented exit codes, and messages.

use std::error::Error as StdError;
use std::fmt::Display;
use std::process::ExitCode;

use mde_live_response_core::error::InvalidInput;

use mde_live_response_core::Error;
use mde_live_response_sync::FolderError;

/// Outcome of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
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
    /// The outcome for this many items, of which this many failed.
    pub(crate) fn of(all: usize, failed: usize) -> Self {
        match failed {
            0 => Self::Done,
            _ if failed == all => Self::Failed,
            _ => Self::PartlyFailed,
        }
    }

    /// The outcome of a run whose result could not be written.
    pub(crate) fn unwritten(self) -> Self {
        if self == Self::Done { Self::PartlyFailed } else { self }
    }
}

/// Failure that ends a command.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Command line, environment or folder cannot be used.
    Usage(String),
    /// Something other than a call failed.
    Failed(String),
    /// A call failed.
    Call(Error),
}

impl Failure {
    pub(crate) fn usage(message: impl Display, help: &str) -> Self {
        Self::Usage(format!("{message}. {help}"))
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 2_u8,
            Self::Failed(_) | Self::Call(_) => 1,
        })
    }

    pub(crate) fn message(&self) -> String {
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

/// An error with its causes and help, on one line.
pub(crate) fn explain(error: &Error) -> String {
    // The library's own help speaks of its API. A token request may be what failed.
    let help = error.help().map(|help| {
        help.replace("add its CA to the transport's roots", "give its CA with --ca-file")
    });
    one_line(error, help)
}

fn one_line(error: &dyn StdError, help: Option<String>) -> String {
    let mut line = error.to_string();
    let (mut cause, mut between) = (error.source(), ". Cause: ");
    while let Some(error) = cause {
        line = format!("{line}{between}{error}");
        (cause, between) = (error.source(), ": ");
    }
    if let Some(help) = help {
        line = format!("{line}. {help}");
    }
    line.replace(['\r', '\n'], " ")
}
