//! Expected and seen outcomes.

use std::fmt;

use mde_live_response_core::error::ErrorKind;
use mde_live_response_core::transport::TransportErrorKind as Kind;
use mde_live_response_core::{Effect, Error};

use super::Level;

/// Expected outcome of a call.
#[derive(Debug, Clone)]
pub(super) enum Expected {
    /// The file is stored.
    Success,
    /// An answer with this status, and this effect.
    Status(u16, Effect),
    /// No complete answer, for one of these reasons, and this effect.
    Failure(&'static [Kind], Effect),
    /// No complete answer. The effect is unknown if the peer has the whole request.
    FailureByReceived(&'static [Kind]),
    /// Another error with this effect.
    Other(ErrorKind, Effect),
    /// This status, and this text: the headers that start with `x-`, sorted, and the body.
    Answer(u16, &'static str),
    OneOf(Vec<Expected>),
}

/// Seen outcome of a call.
#[derive(Debug)]
pub(super) enum Seen {
    Success,
    Status(u16, Effect),
    Failure(Kind, Effect),
    Other(ErrorKind, Effect),
    Answer(u16, String),
    /// The client shows its token in an error.
    TokenShown,
    Panicked,
    DidNotEnd,
}

/// Longest text that a finding shows, in characters.
const SHOWN: usize = 300;

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success => f.write_str("success"),
            Self::Status(status, effect) => write!(f, "status {status}, effect {effect:?}"),
            Self::Failure(kinds, effect) => write!(f, "failure {}, effect {effect:?}", any(kinds)),
            Self::FailureByReceived(kinds) => write!(
                f,
                "failure {}, effect Unknown if the peer has the whole request, otherwise NotApplied",
                any(kinds)
            ),
            Self::Other(kind, effect) => write!(f, "error {kind:?}, effect {effect:?}"),
            Self::Answer(status, text) => {
                write!(f, "status {status} with {:?}", text.get(..SHOWN).unwrap_or(text))
            }
            Self::OneOf(all) => {
                let all: Vec<_> = all.iter().map(Self::to_string).collect();
                f.write_str(&all.join("; or "))
            }
        }
    }
}

fn any(kinds: &[Kind]) -> String {
    let kinds: Vec<_> = kinds.iter().map(|kind| format!("{kind:?}")).collect();
    kinds.join(" or ")
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success => f.write_str("success"),
            Self::Status(status, effect) => write!(f, "status {status}, effect {effect:?}"),
            Self::Failure(kind, effect) => write!(f, "failure {kind:?}, effect {effect:?}"),
            Self::Other(kind, effect) => write!(f, "error {kind:?}, effect {effect:?}"),
            Self::Answer(status, text) => {
                let text: String = text.chars().take(SHOWN).collect();
                write!(f, "status {status} with {text:?}")
            }
            Self::TokenShown => f.write_str("an error that shows the token"),
            Self::Panicked => f.write_str("a panic"),
            Self::DidNotEnd => f.write_str("the transport did not return within a minute"),
        }
    }
}

impl Seen {
    pub(super) fn of_error(error: &Error) -> Self {
        let effect = error.effect();
        match (error.status(), error.kind()) {
            (Some(status), _) if !status.is_success() => Self::Status(status.as_u16(), effect),
            (_, ErrorKind::Transport(kind)) => Self::Failure(*kind, effect),
            (_, ErrorKind::Cancelled) => Self::Failure(Kind::Cancelled, effect),
            (_, kind) => Self::Other(kind.clone(), effect),
        }
    }
}

impl Expected {
    /// Returns whether this level allows the seen outcome.
    ///
    /// `is_whole` tells whether the peer received the whole request.
    pub(super) fn allows(&self, seen: &Seen, level: Level, is_whole: bool) -> bool {
        let is_right = |expected: Effect, seen: Effect| match level {
            Level::Usable => seen >= expected,
            Level::Complete => seen == expected,
        };
        let is_kind = |kinds: &[Kind], kind| level == Level::Usable || kinds.contains(kind);
        match (self, seen) {
            (Self::OneOf(all), seen) => all.iter().any(|it| it.allows(seen, level, is_whole)),
            (Self::Success, Seen::Success) => true,
            (Self::Status(status, effect), Seen::Status(seen, seen_effect)) => {
                status == seen && is_right(*effect, *seen_effect)
            }
            (Self::Failure(kinds, effect), Seen::Failure(kind, seen_effect)) => {
                is_kind(kinds, kind) && is_right(*effect, *seen_effect)
            }
            (Self::FailureByReceived(kinds), Seen::Failure(kind, effect)) => {
                let expected = if is_whole { Effect::Unknown } else { Effect::NotApplied };
                is_kind(kinds, kind) && is_right(expected, *effect)
            }
            (Self::Other(kind, effect), Seen::Other(seen, seen_effect)) => {
                kind == seen && is_right(*effect, *seen_effect)
            }
            (Self::Answer(status, body), Seen::Answer(seen, seen_body)) => {
                status == seen && body == seen_body
            }
            _ => false,
        }
    }
}
