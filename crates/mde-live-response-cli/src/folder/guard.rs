//! Guards against the loss of files: a limit, and a question.

use std::fmt;
use std::io::{self, IsTerminal};
use std::ops::AddAssign;
use std::sync::mpsc;
use std::thread;

use mde_live_response_sync::{Action, Plan, Reason, Step};

use crate::output::exit::Failure;
use crate::output::text::files;
use crate::output::ui::Ui;

/// Limit for small libraries. Our choice.
const LEAST_MAX_DELETE: usize = 5;

/// Number of stored files that a plan deletes, or takes over from other owners.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Losses {
    pub(crate) deleted: usize,
    pub(crate) taken_over: usize,
}

impl Losses {
    pub(crate) fn of(plan: &Plan) -> Self {
        let is_deletion = |step: &&Step| matches!(step.action(), Action::Delete);
        Self {
            deleted: plan.steps().filter(is_deletion).count(),
            taken_over: plan.steps().filter(|step| is_take_over(step)).count(),
        }
    }

    pub(crate) fn count(self) -> usize {
        self.deleted + self.taken_over
    }

    /// Refuses more losses than the limit. Default: a tenth of the stored files, at least 5.
    pub(crate) fn check(self, limit: Option<usize>, stored: usize) -> Result<(), Failure> {
        let most = limit.unwrap_or((stored / 10).max(LEAST_MAX_DELETE));
        let count = self.count();
        if count <= most {
            return Ok(());
        }
        let origin = match limit {
            Some(_) => "--max-delete",
            None => "default: a tenth of the library, at least 5",
        };
        Err(Failure::Failed(format!(
            "the plan {self}, and the limit is {most} ({origin}); nothing was changed. If the plan is right, give --max-delete \
             {count}."
        )))
    }
}

impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.deleted, self.taken_over) {
            (deleted, 0) => write!(f, "deletes {}", files(deleted)),
            (0, taken_over) => write!(f, "takes over {}", files(taken_over)),
            (deleted, taken_over) => {
                write!(f, "deletes {} and takes over {}", files(deleted), files(taken_over))
            }
        }
    }
}

impl AddAssign for Losses {
    fn add_assign(&mut self, other: Self) {
        self.deleted += other.deleted;
        self.taken_over += other.taken_over;
    }
}

/// Returns whether a step overwrites a file of another owner.
pub(crate) fn is_take_over(step: &Step) -> bool {
    matches!(step.action(), Action::Update { reasons } if reasons.contains(&Reason::NotOwned))
}

/// Returns whether a stored file is in the way.
pub(crate) fn is_conflict(step: &Step) -> bool {
    matches!(step.action(), Action::Conflict { .. })
}

/// Asks a person whether to go on, unless `--yes` has answered. Without a terminal, `--yes` is required.
///
/// `losses` is a sentence, such as "the plan deletes 2 files".
pub(crate) fn confirm(ui: &Ui, is_confirmed: bool, losses: &str) -> Result<(), Failure> {
    let help = "Look at it with --dry-run, then give --yes.";
    ask(ui, is_confirmed, losses, "There is no undo. Continue?", help)
}

/// As [`confirm`], with a question, and what to do without a terminal.
pub(crate) fn ask(
    ui: &Ui,
    is_confirmed: bool,
    what: &str,
    question: &str,
    help: &str,
) -> Result<(), Failure> {
    if is_confirmed {
        return Ok(());
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        let problem = format!("{what}, and there is no terminal to ask on; nothing was changed");
        return Err(Failure::usage(problem, help));
    }
    ui.ask(format_args!("{what}. {question} [y/N] "));
    match answer(ui) {
        Some(line) if matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes") => Ok(()),
        Some(_) => Err(Failure::Failed("not confirmed; nothing was changed".to_owned())),
        None => Err(Failure::Failed("interrupted; nothing was changed".to_owned())),
    }
}

/// Reads a line. `None` if a signal arrives first.
fn answer(ui: &Ui) -> Option<String> {
    let (read, lines) = mpsc::channel();
    let interrupted = read.clone();
    ui.interrupt().then(move || drop(interrupted.send(None)));
    // A signal does not end a read, so the thread stays behind.
    thread::spawn(move || {
        let mut line = String::new();
        // A failed read is as good as no answer.
        let _ = io::stdin().read_line(&mut line);
        read.send(Some(line))
    });
    lines.recv().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Losses;

    #[test]
    fn losses_are_limited_to_a_tenth_of_the_library_unless_the_limit_is_given() {
        for (deleted, taken_over, limit, stored, is_allowed) in [
            (0, 0, None, 0, true),
            (5, 0, None, 5, true),
            (3, 3, None, 59, false),
            (3, 3, None, 60, true),
            (10, 0, None, 109, true),
            (11, 0, None, 109, false),
            (0, 0, Some(0), 1_000, true),
            (0, 1, Some(0), 1_000, false),
            (300, 200, Some(500), 500, true),
        ] {
            let checked = Losses { deleted, taken_over }.check(limit, stored);
            assert_eq!(checked.is_ok(), is_allowed, "{deleted} {taken_over} {limit:?} {stored}");
        }
    }
}
