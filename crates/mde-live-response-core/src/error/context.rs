//! What an error knows of the call that it ended, and how errors show text from outside.

use std::fmt::{self, Write};

use crate::model::{CallKind, FileName};
use crate::transport::Delivery;

/// The call that an error ended: its file, and what came of its other attempts.
///
/// Boxed, so that errors stay small.
#[derive(Debug, Default)]
pub(crate) struct Context(Box<Facts>);

#[derive(Debug, Default)]
struct Facts {
    call: CallKind,
    file: Option<FileName>,
    attempts: u32,
    /// Message of the first attempt after which nothing was sure any more.
    earlier_unknown: Option<String>,
    budget_spent: bool,
    /// Why a listing could not tell what came of it.
    unresolved: Option<String>,
}

impl Context {
    pub(crate) fn set_call(&mut self, call: CallKind, file: Option<&FileName>) {
        self.0.call = call;
        self.0.file = file.cloned();
    }

    pub(crate) fn set_attempts(&mut self, attempts: u32) {
        self.0.attempts = attempts;
    }

    pub(crate) fn set_earlier_unknown(&mut self, message: String) {
        self.0.earlier_unknown = Some(message);
    }

    pub(crate) fn set_budget_spent(&mut self) {
        self.0.budget_spent = true;
    }

    pub(crate) fn set_unresolved(&mut self, why: String) {
        self.0.unresolved = Some(why);
    }

    /// What is known of the library's state after all attempts, where the last one says this.
    pub(crate) fn delivery(&self, last: Delivery) -> Delivery {
        match self.0.earlier_unknown {
            // Whatever came of it, it changed nothing.
            _ if !self.0.call.changes_library() => Delivery::NotDelivered,
            Some(_) => last.max(Delivery::Unknown),
            None => last,
        }
    }

    /// How a message ends: what is known of the library's state, and what came before.
    pub(crate) fn ending(&self, last: Delivery) -> Ending<'_> {
        Ending { facts: &self.0, delivery: self.delivery(last) }
    }
}

/// How a message starts: with what the call was about.
impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.call, &self.0.file) {
            (CallKind::List, _) => f.write_str("listing the library: "),
            (CallKind::Token, _) => f.write_str("getting a token: "),
            (CallKind::Delete, Some(name)) => write!(f, "deleting `{name}`: "),
            (_, Some(name)) => write!(f, "`{name}`: "),
            (_, None) => Ok(()),
        }
    }
}

pub(crate) struct Ending<'a> {
    facts: &'a Facts,
    delivery: Delivery,
}

impl fmt::Display for Ending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { facts, delivery } = self;
        match facts.call {
            CallKind::Upload => write!(f, "; {delivery}")?,
            CallKind::Delete => write!(f, "; {}", of_delete(*delivery))?,
            CallKind::List | CallKind::Token => {}
        }
        if let Some(message) = &facts.earlier_unknown {
            write!(f, ", for an earlier attempt ended so: {message}")?;
        }
        if facts.attempts > 1 {
            write!(f, "; {} attempts", facts.attempts)?;
        }
        if facts.budget_spent {
            f.write_str("; not tried again, for the retry budget of this client is spent")?;
        }
        if let Some(why) = &facts.unresolved {
            write!(f, "; a listing could not tell: {why}")?;
        }
        Ok(())
    }
}

fn of_delete(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::NotDelivered => "nothing was deleted",
        Delivery::Unknown => "it is unknown whether the file was deleted",
        Delivery::Delivered => "the file was deleted",
    }
}

/// Text from outside, safe on a terminal and in a log: cut at a length in characters, everything escaped
/// that is not plainly visible.
pub(crate) struct Escaped<'a> {
    pub(crate) text: &'a str,
    pub(crate) max: usize,
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, c) in self.text.chars().enumerate() {
            if n == self.max {
                return f.write_char('…');
            }
            match c {
                // `escape_debug` also covers what changes the direction of text; quotes and a path's separators need no
                // escape.
                '"' | '\'' | '\\' => f.write_char(c)?,
                _ => write!(f, "{}", c.escape_debug())?,
            }
        }
        Ok(())
    }
}
