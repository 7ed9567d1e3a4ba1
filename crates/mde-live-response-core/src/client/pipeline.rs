//! The way of every call: token, turn, send, judge, and once more where that is right.

use std::time::Duration;

use super::pace::{Slot, TooLate};
use super::retry::{Decision, Failed, Repeat, decide};
use super::{Inner, Pacing};
use crate::error::{AuthError, Error, ThrottledError};
use crate::model::AccessToken;
use crate::transport::{Delivery, Limits};

/// One call, over all its attempts.
pub(super) struct Call<'a> {
    client: &'a Inner,
    repeat: Repeat,
    until: Duration,
    token: AccessToken,
    renewed: bool,
    /// Attempts that say something of the request: one that only a refused token ended does not.
    attempts: u32,
    spent: u32,
    earlier_unknown: Option<String>,
}

/// Runs a call: an attempt, and others as the rule says, all until a time on the client's clock.
pub(super) fn run<T>(
    client: &Inner,
    repeat: Repeat,
    until: Duration,
    mut attempt: impl FnMut(&AccessToken, Limits) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut call = Call::begin(client, repeat, until)?;
    loop {
        let outcome = call.turn().and_then(|_slot| {
            call.refresh_token()?;
            attempt(&call.token, call.limits())
        });
        match outcome {
            Ok(done) => {
                client.budget.give_back(call.spent);
                return Ok(done);
            }
            Err(error) => call.go_on_after(error)?,
        }
    }
}

impl<'a> Call<'a> {
    fn begin(client: &'a Inner, repeat: Repeat, until: Duration) -> Result<Self, Error> {
        let token =
            client.tokens.get(&*client.clock, until, None).map_err(AuthError::credential)?;
        Ok(Self {
            client,
            repeat,
            until,
            token,
            renewed: false,
            attempts: 0,
            spent: 0,
            earlier_unknown: None,
        })
    }

    /// The turn, or a pause before it, may have been long in coming.
    fn refresh_token(&mut self) -> Result<(), Error> {
        let client = self.client;
        self.token =
            client.tokens.get(&*client.clock, self.until, None).map_err(AuthError::credential)?;
        Ok(())
    }

    fn time_left(&self) -> Duration {
        self.until.saturating_sub(self.client.clock.now())
    }

    fn limits(&self) -> Limits {
        Limits::new().with_time_left(Some(self.time_left()))
    }

    /// Waits until the service's rates leave room for one more call.
    fn turn(&self) -> Result<Option<Slot<'a>>, Error> {
        let clock = &*self.client.clock;
        let until = match self.client.pacing {
            Pacing::Off => return Ok(None),
            Pacing::Wait => self.until,
            Pacing::FailFast => clock.now(),
        };
        self.client.pace.take(clock, until).map(Some).map_err(|TooLate { earliest }| {
            let wait = earliest.map(|earliest| earliest.saturating_sub(clock.now()));
            ThrottledError::by_pace(wait).into()
        })
    }

    /// `Ok`: one more attempt is due, and it is time for it.
    fn go_on_after(&mut self, error: Error) -> Result<(), Error> {
        self.learn_from(&error);
        let decision = self.decide(&error);
        self.remember(&error);
        match decision {
            Decision::Wait { time, cost } => {
                self.client.budget.spend(cost);
                self.spent += cost;
                self.client.clock.sleep(time);
                Ok(())
            }
            Decision::RenewToken => self.renew_token(error),
            Decision::GiveUp => Err(self.ended_by(error, false)),
            Decision::BudgetSpent => Err(self.ended_by(error, true)),
        }
    }

    fn learn_from(&mut self, error: &Error) {
        self.attempts += u32::from(!is_local(error));
        if let (Error::Throttled(refusal), Some(wait)) = (error, error.retry_after())
            && !refusal.is_local()
        {
            self.client.pace.close_for(wait, self.client.clock.now());
        }
    }

    fn decide(&self, error: &Error) -> Decision {
        if is_local(error) {
            return Decision::GiveUp;
        }
        let failed = Failed {
            error,
            repeat: self.repeat,
            attempts: self.attempts,
            renewed: self.renewed,
            time_left: self.time_left(),
            budget: self.client.budget.left(),
        };
        decide(&self.client.retry, &failed, || self.client.fraction())
    }

    /// Keeps what made the outcome unknown, for whatever error the call ends with.
    fn remember(&mut self, error: &Error) {
        if self.earlier_unknown.is_none() && error.delivery() == Delivery::Unknown {
            self.earlier_unknown = Some(error.to_string());
        }
    }

    fn renew_token(&mut self, refusal: Error) -> Result<(), Error> {
        self.renewed = true;
        self.attempts -= 1;
        let clock = &*self.client.clock;
        match self.client.tokens.get(clock, self.until, Some(&self.token)) {
            // A credential that has no other token: the refusal stands.
            Ok(token) if token.is_same(&self.token) => Err(self.ended_by(refusal, false)),
            Ok(token) => {
                self.token = token;
                Ok(())
            }
            Err(error) => Err(self.ended_by(AuthError::credential(error).into(), false)),
        }
    }

    fn ended_by(&mut self, mut error: Error, budget_spent: bool) -> Error {
        let last = error.delivery();
        if let Some(context) = error.context_mut() {
            context.set_attempts(self.attempts);
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

/// Whether nothing was sent, for this client's own pace.
fn is_local(error: &Error) -> bool {
    matches!(error, Error::Throttled(error) if error.is_local())
}
