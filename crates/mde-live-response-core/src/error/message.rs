//! The message of an error: call, failure, and known effect.

use std::error::Error as StdError;
use std::fmt;

use super::{AnswerProblem, Effect, Error, ErrorKind, SourceProblem, TransportErrorKind};
use crate::values::{CallKind, Shown, span, time_of_day};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_subject(f)?;
        self.write_kind(f)?;
        if let Some(problem) = &self.0.token_problem
            && self.0.kind != ErrorKind::NoToken
        {
            write!(f, ": {problem}")?;
        }
        self.write_effect(f)?;
        if let Some(earlier) = &self.0.earlier {
            write!(f, ", because an earlier attempt failed: {earlier}")?;
        }
        if self.0.attempts > 1 {
            write!(f, "; {} attempts", self.0.attempts)?;
        }
        match &self.0.unresolved {
            Some(why) => write!(f, "; listing the library did not settle it: {why}"),
            None => Ok(()),
        }
    }
}

impl Error {
    /// The failure, without the file and the effect.
    pub(crate) fn what_failed(&self) -> String {
        struct Kind<'a>(&'a Error);
        impl fmt::Display for Kind<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.write_kind(f)
            }
        }
        Kind(self).to_string()
    }

    /// The time to wait, and when it ends: `2 h, until 00:57 UTC`.
    pub(super) fn wait(&self, until: &str) -> Option<String> {
        let wait = span(self.retry_after()?);
        Some(match self.0.until {
            Some(end) => format!("{wait}, {until} {}", time_of_day(end)),
            None => wait.to_string(),
        })
    }

    fn write_subject(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.call, &self.0.file) {
            (CallKind::List, _) => f.write_str("listing the library: "),
            (CallKind::Token, _) => f.write_str("getting a token: "),
            (CallKind::Delete, Some(name)) => write!(f, "deleting `{name}`: "),
            (CallKind::Upload, Some(name)) => write!(f, "uploading `{name}`: "),
            (_, None) => Ok(()),
        }
    }

    fn write_kind(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.0.place.as_deref().map(Shown::path);
        match &self.0.kind {
            ErrorKind::Input(invalid) => match place {
                Some(path) => write!(f, "{path}: {invalid}"),
                None => write!(f, "{invalid}"),
            },
            ErrorKind::Source(problem) => match place {
                Some(path) => write!(f, "{problem} ({path})"),
                None => write!(f, "{problem}"),
            },
            ErrorKind::NoToken => match (&self.0.token_problem, &self.0.place) {
                (Some(problem), _) => write!(f, "{problem}"),
                (None, Some(message)) => write!(f, "{message}"),
                (None, None) => f.write_str("no token available"),
            },
            ErrorKind::Transport(kind) => {
                write!(f, "{kind}")?;
                // Status 407 is a proxy's, not this host's.
                match place {
                    Some(host) if *kind != TransportErrorKind::Local && self.0.answer.is_none() => {
                        write!(f, " ({host})")
                    }
                    _ => self.write_answer(f),
                }
            }
            ErrorKind::Throttled { local: true } => match self.wait("at") {
                Some(wait) => {
                    write!(f, "client-side rate limit reached; next call possible in {wait}")
                }
                None => f.write_str("client-side rate limit reached by running calls"),
            },
            ErrorKind::Throttled { .. } => {
                f.write_str("the service throttled the call")?;
                if let Some(wait) = self.wait("until") {
                    write!(f, " and asks for a wait of {wait}")?;
                }
                self.write_answer(f)
            }
            ErrorKind::NameTaken if self.0.answer.is_none() => f.write_str(
                "the upload failed, and the library lists a file of this name with other bytes or texts",
            ),
            ErrorKind::Unusable(problem) => self.write_unusable(f, problem),
            ErrorKind::Mismatch { sent, stored } => write!(
                f,
                "the service stored other bytes than were sent (SHA-256 sent {sent}, stored {stored})"
            ),
            ErrorKind::Cancelled => f.write_str("cancelled"),
            ErrorKind::Redirected => {
                f.write_str("the service redirected the request")?;
                if let Some(host) = self.0.answer.as_ref().and_then(|it| it.redirect.as_deref()) {
                    write!(f, " to {}", Shown::cut(host, 100))?;
                }
                self.write_answer(f)
            }
            refusal => {
                f.write_str(match refusal {
                    ErrorKind::Unauthorized => "the service refused the token",
                    ErrorKind::Forbidden => "the service denied permission",
                    ErrorKind::NameTaken => "the library already has a file of this name",
                    ErrorKind::TooLarge => "the request is too large for the service",
                    ErrorKind::ServerFailed => "the service failed",
                    _ => "the service rejected the request",
                })?;
                self.write_answer(f)
            }
        }
    }

    fn write_answer(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.answer {
            Some(answer) => write!(f, " ({answer})"),
            None => Ok(()),
        }
    }

    fn write_unusable(&self, f: &mut fmt::Formatter<'_>, problem: &AnswerProblem) -> fmt::Result {
        let list = self.0.call == CallKind::List;
        match problem {
            AnswerProblem::Status => f.write_str("the service gave an unexpected answer"),
            AnswerProblem::Missing => f.write_str("the answer to the upload is empty"),
            AnswerProblem::Encoding => f.write_str("the answer has an unexpected encoding"),
            AnswerProblem::NotJson => f.write_str("the answer is not JSON"),
            AnswerProblem::Shape if list => f.write_str("the answer is not a list of files"),
            AnswerProblem::Shape => f.write_str("the answer does not describe a file"),
            AnswerProblem::Sha256 => {
                f.write_str("the answer has a sha256 that is not 64 hex digits")
            }
            AnswerProblem::NextLink if self.0.answer.is_none() => {
                f.write_str("the list has more than 100 pages")
            }
            AnswerProblem::NextLink => {
                f.write_str("the link to the next page leads to another host")
            }
            AnswerProblem::Unverified => {
                f.write_str("the answer does not report the SHA-256 of the stored file")
            }
            AnswerProblem::OtherName { stored } => {
                let stored = Shown::cut(stored, 300);
                write!(f, "the service stored the file under another name, `{stored}`")
            }
        }?;
        self.write_answer(f)
    }

    fn write_effect(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Before a request is built there is nothing to say.
        let is_early = match &self.0.kind {
            ErrorKind::Input(_) => true,
            ErrorKind::Source(problem) => {
                !matches!(problem, SourceProblem::Changed | SourceProblem::Io)
            }
            _ => false,
        };
        if is_early && self.0.effect == Effect::NotApplied {
            return Ok(());
        }
        // These messages already tell what was stored.
        if matches!(
            self.0.kind,
            ErrorKind::Mismatch { .. } | ErrorKind::Unusable(AnswerProblem::OtherName { .. })
        ) {
            return Ok(());
        }
        match (self.0.call, self.0.effect) {
            (CallKind::Upload, Effect::NotApplied) => f.write_str("; nothing was stored"),
            (CallKind::Upload, Effect::Unknown) => {
                f.write_str("; it is unknown whether the file was stored")
            }
            (CallKind::Upload, Effect::Applied) => {
                f.write_str("; a file was stored, but not verified")
            }
            (CallKind::Delete, Effect::NotApplied) => f.write_str("; nothing was deleted"),
            (CallKind::Delete, Effect::Unknown) => {
                f.write_str("; it is unknown whether the file was deleted")
            }
            (CallKind::Delete, Effect::Applied) => f.write_str("; the file was deleted"),
            (CallKind::List | CallKind::Token, _) => Ok(()),
        }
    }
}

/// Prints message, help and causes, for a `main` that returns the error. `{:#?}` puts each on its own line.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (help, cause) = if f.alternate() {
            ("\nhelp: ", "\ncaused by: ")
        } else {
            (" - help: ", " - caused by: ")
        };
        write!(f, "{self}")?;
        if let Some(text) = self.help() {
            write!(f, "{help}{text}")?;
        }
        let mut next = self.source();
        while let Some(error) = next {
            write!(f, "{cause}{}", Shown::path(&error.to_string()))?;
            next = error.source();
        }
        Ok(())
    }
}
