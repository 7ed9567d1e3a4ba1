//! The shape of what `--json` prints. `version` changes when a program that reads it would have to.

use std::fmt::Write;

use mde_live_response_core::sync::{Action, Conflict, DesiredFile, Fate, Kept, Reason, Step};
use mde_live_response_core::{Delivery, Error, LibraryFile};
use serde_json::{Value, json};

use super::exit::{Failure, explain};

/// JSON in which every character can be seen: others are escaped, so that none reaches a terminal.
pub(super) fn visible(json: &str) -> String {
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

/// The shape's version.
pub(super) const VERSION: u32 = 1;

pub(super) fn delivery(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::NotDelivered => "notDelivered",
        Delivery::Unknown => "unknown",
        Delivery::Delivered => "delivered",
    }
}

pub(super) fn failure(failure: &Failure) -> Value {
    match failure {
        Failure::Call(why) => error(why),
        Failure::Usage(message) | Failure::Failed(message) => json!({
            "message": message,
            "delivery": delivery(Delivery::NotDelivered),
            "status": null,
            "code": null,
            "correlationId": null,
            "retryAfterSeconds": null,
        }),
    }
}

pub(super) fn error(error: &Error) -> Value {
    json!({
        "message": explain(error),
        "delivery": delivery(error.delivery()),
        "status": error.status().map(|status| status.as_u16()),
        "code": error.service_code(),
        "correlationId": error.target(),
        "retryAfterSeconds": error.retry_after().map(|time| time.as_millis().div_ceil(1000)),
    })
}

pub(super) fn action(action: &Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update { .. } => "update",
        Action::Unchanged => "unchanged",
        Action::Delete => "delete",
        Action::Orphan { .. } => "orphan",
        Action::Conflict { .. } => "conflict",
        _ => "unknown",
    }
}

/// Why, in words that are the same in tables and in JSON.
pub(super) fn reasons(action: &Action) -> Vec<&'static str> {
    match action {
        Action::Update { reasons } => reasons.iter().map(|reason| of_reason(*reason)).collect(),
        Action::Orphan { kept: Kept::NotAsked } => vec!["kept"],
        Action::Orphan { kept: Kept::NotOwned } => vec!["kept: not the owner's"],
        Action::Orphan { .. } => vec!["kept: its name cannot be asked for"],
        Action::Conflict { conflict: Conflict::LetterCase } => {
            vec!["the library has this name in another letter case"]
        }
        Action::Conflict { .. } => vec!["the library's file is not the owner's"],
        _ => Vec::new(),
    }
}

fn of_reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Content => "content",
        Reason::Description => "description",
        Reason::Parameters => "parameters",
        Reason::Owner => "owner",
        _ => "other",
    }
}

pub(super) fn fate(fate: &Fate) -> &'static str {
    match fate {
        Fate::Created(_) => "created",
        Fate::Updated(_) => "updated",
        Fate::Deleted(_) => "removed",
        Fate::AlreadyDone => "alreadyDone",
        Fate::Nothing => "nothing",
        Fate::Changed => "changed",
        Fate::NotTried => "notTried",
        Fate::Failed(error) if error.delivery() == Delivery::Unknown => "unknown",
        _ => "failed",
    }
}

/// A step of a plan, with what came of it if it was carried out: `fate` is null where it was not, `error` where there is
/// none.
pub(super) fn step(step: &Step, of: Option<&Fate>) -> Value {
    json!({
        "name": step.name(),
        "action": action(step.action()),
        "reasons": reasons(step.action()),
        "sha256Before": step.found().and_then(LibraryFile::sha256),
        "sha256After": step.file().map(DesiredFile::sha256),
        "fate": of.map(fate),
        "error": match of {
            Some(Fate::Failed(why)) => error(why),
            _ => Value::Null,
        },
    })
}
