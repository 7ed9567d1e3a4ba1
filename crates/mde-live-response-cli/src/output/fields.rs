//! Fields of JSON results.

use std::fmt::Write;

use mde_live_response_core::LibraryFile;
use mde_live_response_core::{Effect, Error};
use mde_live_response_sync::{Action, DesiredFile, Outcome, Owner, Reason, Step};
use serde_json::{Value, json};

use crate::output::exit::{Failure, explain};

/// Escapes every invisible character in JSON, so that none reaches a terminal.
pub(crate) fn visible(json: &str) -> String {
    let mut visible = String::with_capacity(json.len());
    for c in json.chars() {
        if (c.is_ascii() && c != '\x7f') || c.escape_debug().len() == 1 {
            visible.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(visible, "\\u{unit:04x}"); // a `String` takes everything
            }
        }
    }
    visible
}

/// Version of the output's shape. It changes when programs that read the output must change.
pub(crate) const VERSION: u32 = 1;

pub(crate) fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::NotApplied => "not-applied",
        Effect::Unknown => "unknown",
        Effect::Applied => "applied",
    }
}

pub(crate) fn failure(failure: &Failure) -> Value {
    match failure {
        Failure::Call(why) => error(why),
        Failure::Usage(message) | Failure::Failed(message) => json!({
            "message": message,
            "effect": effect(Effect::NotApplied),
            "status": null,
            "code": null,
            "correlationId": null,
            "retryAfterSeconds": null,
        }),
    }
}

pub(crate) fn error(error: &Error) -> Value {
    json!({
        "message": explain(error),
        "effect": effect(error.effect()),
        "status": error.status().map(|status| status.as_u16()),
        "code": error.code(),
        "correlationId": error.correlation_id(),
        "retryAfterSeconds": error.retry_after().map(|time| time.as_millis().div_ceil(1000)),
    })
}

pub(crate) fn action(action: &Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update { .. } => "update",
        Action::Unchanged => "unchanged",
        Action::Delete => "delete",
        Action::Unmanaged { .. } => "unmanaged",
        Action::Conflict { .. } => "conflict",
        _ => "unknown",
    }
}

/// The reasons of a step, for tables and JSON.
pub(crate) fn reasons(step: &Step) -> Vec<&'static str> {
    match step.action() {
        Action::Update { reasons } => reasons.iter().map(|reason| difference(*reason)).collect(),
        Action::Unmanaged { reason } => vec![match reason {
            Reason::Kept => "kept",
            Reason::Skipped => "kept: in the folder, but skipped",
            Reason::NotOwned => "kept: not the owner's",
            _ => "kept: no request can contain its name",
        }],
        Action::Conflict { reason: Reason::LetterCase } => {
            vec!["another letter case in the library"]
        }
        Action::Conflict { .. } => vec![
            match owner(step) {
                Some(_) => "another owner",
                None => "no owner",
            },
            if has_same_content(step) { "same content" } else { "other content" },
        ],
        _ => Vec::new(),
    }
}

/// The owner of the stored file.
pub(crate) fn owner(step: &Step) -> Option<Owner> {
    step.found().and_then(LibraryFile::description).and_then(Owner::of)
}

/// Returns whether the stored file has the bytes of the desired one.
pub(crate) fn has_same_content(step: &Step) -> bool {
    let stored = step.found().and_then(LibraryFile::sha256);
    stored.is_some() && stored == step.file().map(DesiredFile::sha256)
}

pub(crate) fn difference(reason: Reason) -> &'static str {
    match reason {
        Reason::Content => "content",
        Reason::Description => "description",
        Reason::Parameters => "parameters",
        Reason::NotOwned => "owner",
        _ => "other",
    }
}

pub(crate) fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Created(_) => "created",
        Outcome::Updated(_) => "updated",
        Outcome::Deleted(_) => "removed",
        Outcome::AlreadyDone => "alreadyDone",
        Outcome::Nothing => "nothing",
        Outcome::Changed => "changed",
        Outcome::NotTried => "notTried",
        Outcome::Failed(error) if error.effect() == Effect::Unknown => "unknown",
        _ => "failed",
    }
}

/// A step of a plan, with its outcome if it was applied.
pub(crate) fn step(step: &Step, applied: Option<&Outcome>) -> Value {
    json!({
        "name": step.name(),
        "action": action(step.action()),
        "reasons": reasons(step),
        "owner": owner(step).map(|owner| owner.to_string()),
        "sha256Before": step.found().and_then(LibraryFile::sha256),
        "sha256After": step.file().map(DesiredFile::sha256),
        "outcome": applied.map(outcome),
        "error": match applied {
            Some(Outcome::Failed(why)) => error(why),
            _ => Value::Null,
        },
    })
}
