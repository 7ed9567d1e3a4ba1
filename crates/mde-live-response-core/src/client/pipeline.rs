//! The way of every call: token, turn, send, judge, and once more where that is right.

use super::observer::Event;
use super::pace::Slot;
use super::retry::{Decision, Failed, Repeat, decide};
use super::task::Task;
use super::{Inner, Pacing};
use crate::error::Error;
use crate::model::{AccessToken, CallKind};
use crate::transport::{Delivery, Limits};

/// Sends a request to the library's API: an attempt, and others as the rule says, all within the task's time.
pub(super) fn run<T>(
    task: &Task<'_>,
    repeat: Repeat,
    mut attempt: impl FnMut(&AccessToken, Limits) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut attempts = Attempts::new(task, repeat);
    let mut token = task.token(None)?;
    loop {
        let outcome = turn(task).and_then(|_slot| {
            // The turn, or a pause before it, may have been long in coming.
            token = task.token(None)?;
            task.go_on()?;
            attempts.begin();
            attempt(&token, task.limits())
        });
        match outcome {
            Ok(done) => return Ok(attempts.succeed(done)),
            Err(error) => match attempts.go_on_after(task.explain(error, &token))? {
                Next::Again => {}
                Next::WithAnotherToken(refusal) => {
                    token = attempts.another_token(&token, refusal)?;
                }
            },
        }
    }
}

/// Sends a request to the host that issues tokens: without one, and beside the pace of the API.
pub(super) fn run_login<T>(
    task: &Task<'_>,
    mut attempt: impl FnMut(Limits) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut attempts = Attempts::new(task, Repeat::Always);
    loop {
        task.go_on()?;
        attempts.begin();
        match attempt(task.limits()) {
            Ok(done) => return Ok(attempts.succeed(done)),
            Err(error) => match attempts.go_on_after(error)? {
                Next::Again => {}
                Next::WithAnotherToken(refusal) => return Err(refusal),
            },
        }
    }
}

/// Waits until the service's rates leave room for one more call.
fn turn<'a>(task: &Task<'a>) -> Result<Option<Slot<'a>>, Error> {
    task.go_on()?;
    let until = match task.client.pacing {
        Pacing::Off => return Ok(None),
        Pacing::Wait => task.until,
        Pacing::FailFast => task.clock().now(),
    };
    task.client.pace.take(task, until).map(Some)
}

/// What came of a call so far.
struct Attempts<'a> {
    task: &'a Task<'a>,
    repeat: Repeat,
    /// Those that say something of the request: one that only a refused token ended does not.
    count: u32,
    /// Whether there is an attempt that has not ended.
    running: bool,
    renewed: bool,
    spent: u32,
    earlier_unknown: Option<String>,
}

/// What follows a failed attempt.
enum Next {
    Again,
    WithAnotherToken(Error),
}

impl<'a> Attempts<'a> {
    fn new(task: &'a Task<'a>, repeat: Repeat) -> Self {
        Self {
            task,
            repeat,
            count: 0,
            running: false,
            renewed: false,
            spent: 0,
            earlier_unknown: None,
        }
    }

    fn client(&self) -> &'a Inner {
        self.task.client
    }

    fn begin(&mut self) {
        self.running = true;
        self.task.tell(&Event::Attempt { number: self.count + 1 });
    }

    fn succeed<T>(&self, done: T) -> T {
        self.client().budget.give_back(self.spent);
        done
    }

    /// `Ok`: one more attempt is due, and it is time for it.
    fn go_on_after(&mut self, error: Error) -> Result<Next, Error> {
        // For whoever is told of it, and for the end of the call that quotes it: a list stores nothing.
        let error = error.about(self.task.call.kind(), None);
        if !std::mem::take(&mut self.running) {
            // Before anything was sent: no turn, no token, or not wanted any more.
            return Err(self.ended_by(error, false));
        }
        self.count += 1;
        self.task.tell(&Event::Failed { number: self.count, error: &error });
        self.learn_from(&error);
        let decision = self.decide(&error);
        self.remember(&error);
        match decision {
            Decision::Wait { time, reason, cost } => {
                self.client().budget.spend(cost);
                self.spent += cost;
                match self.task.pause(reason, time) {
                    Ok(()) => Ok(Next::Again),
                    Err(Error::Cancelled(cancelled)) => {
                        Err(self.ended_by(cancelled.after(error).into(), false))
                    }
                    Err(other) => Err(self.ended_by(other, false)),
                }
            }
            Decision::RenewToken => {
                self.renewed = true;
                self.count -= 1;
                Ok(Next::WithAnotherToken(error))
            }
            Decision::GiveUp => Err(self.ended_by(error, false)),
            Decision::BudgetSpent => Err(self.ended_by(error, true)),
        }
    }

    fn learn_from(&self, error: &Error) {
        if let (Error::Throttled(_), Some(wait)) = (error, error.retry_after())
            && self.task.call.kind() != CallKind::Token
        {
            self.client().pace.close_for(wait, self.task.clock());
        }
    }

    fn decide(&self, error: &Error) -> Decision {
        let failed = Failed {
            error,
            repeat: self.repeat,
            attempts: self.count,
            renewed: self.renewed,
            time_left: self.task.time_left(),
            budget: self.client().budget.left(),
        };
        decide(&self.client().retry, &failed, || self.client().fraction())
    }

    /// Keeps what made the outcome unknown, for whatever error the call ends with.
    fn remember(&mut self, error: &Error) {
        if self.earlier_unknown.is_none() && error.delivery() == Delivery::Unknown {
            self.earlier_unknown = Some(error.to_string());
        }
    }

    fn another_token(
        &mut self,
        refused: &AccessToken,
        refusal: Error,
    ) -> Result<AccessToken, Error> {
        match self.task.token(Some(refused)) {
            // A credential that has no other token: the refusal stands.
            Ok(token) if token.is_same(refused) => Err(self.ended_by(refusal, false)),
            Ok(token) => Ok(token),
            Err(error) => Err(self.ended_by(error, false)),
        }
    }

    fn ended_by(&mut self, mut error: Error, budget_spent: bool) -> Error {
        let last = error.delivery();
        if let Some(context) = error.context_mut() {
            context.set_attempts(self.count);
            if budget_spent {
                context.set_budget_spent();
            }
            if last == Delivery::NotDelivered
                && let Some(message) = self.earlier_unknown.take()
            {
                context.set_earlier_unknown(message);
            }
        }
        error
    }
}
