//! One call from its begin to its end: for whom, about what, until when, and whether it is still wanted.
//!
//! Everything that lets a call wait goes through here, so that every wait ends at the deadline and at a cancel, and
//! no wait goes untold.

use std::time::Duration;

use super::clock::Clock;
use super::observer::{Call, Event, WaitReason};
use super::{Client, Inner};
use crate::error::{AuthError, CancelledError, Error};
use crate::model::{AccessToken, CallKind, FileName, TokenProblem};
use crate::transport::{CancelToken, Delivery, Limits};

/// A call of a client, or what is done within one.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) client: &'a Inner,
    pub(super) call: Call<'a>,
    /// On the client's clock.
    pub(super) until: Duration,
    cancel: Option<&'a CancelToken>,
}

impl<'a> Task<'a> {
    pub(super) fn begin(client: &'a Client, kind: CallKind, file: Option<&'a FileName>) -> Self {
        let inner = &*client.inner;
        Self {
            client: inner,
            call: Call { id: inner.next_call(), kind, file },
            until: inner.clock.now().saturating_add(inner.deadline),
            cancel: client.cancel.as_ref(),
        }
    }

    /// Something else that is done for the same call, within its time.
    pub(super) fn part(&self, kind: CallKind) -> Self {
        Self { call: Call { kind, ..self.call }, ..*self }
    }

    /// Tells how it ended, with an error that knows what it was about.
    pub(super) fn end<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        match outcome {
            Ok(done) => {
                self.tell(&Event::Succeeded);
                Ok(done)
            }
            Err(error) => {
                let error = error.about(self.call.kind, self.call.file);
                self.tell(&Event::Ended { error: &error });
                Err(error)
            }
        }
    }

    pub(super) fn tell(&self, event: &Event<'_>) {
        if let Some(observer) = &self.client.observer {
            observer.event(&self.call, event);
        }
    }

    pub(super) fn is_observed(&self) -> bool {
        self.client.observer.is_some()
    }

    pub(super) fn clock(&self) -> &'a dyn Clock {
        &*self.client.clock
    }

    pub(super) fn time_left(&self) -> Duration {
        self.until.saturating_sub(self.clock().now())
    }

    pub(super) fn limits(&self) -> Limits {
        Limits::new().with_time_left(Some(self.time_left())).with_cancel(self.cancel.cloned())
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancel.is_some_and(CancelToken::is_cancelled)
    }

    /// An error once the call is no longer wanted; for moments at which nothing of it is on its way.
    pub(super) fn go_on(&self) -> Result<(), Error> {
        if self.is_cancelled() {
            return Err(CancelledError::new(Delivery::NotDelivered).into());
        }
        Ok(())
    }

    /// Waits for `ready`, but not past a time; returns what it said last.
    pub(super) fn wait(
        &self,
        until: Duration,
        ready: &mut dyn FnMut() -> bool,
    ) -> Result<bool, Error> {
        let mut is_ready = false;
        self.clock().wait(Some(until), &mut || {
            is_ready = ready();
            is_ready || self.is_cancelled()
        });
        self.go_on().map(|()| is_ready)
    }

    /// Waits for some time.
    pub(super) fn pause(&self, reason: WaitReason, time: Duration) -> Result<(), Error> {
        self.tell(&Event::Waiting { reason, time: Some(time) });
        self.wait(self.clock().now().saturating_add(time), &mut || false).map(drop)
    }

    /// A token that is good now, and not the refused one.
    pub(super) fn token(&self, refused: Option<&AccessToken>) -> Result<AccessToken, Error> {
        let token = self.client.tokens.get(self, refused)?;
        match self.problem_of(&token) {
            None => Ok(token),
            // As if the service had said so.
            Some(TokenProblem::Expired { .. }) if refused.is_none() => self.token(Some(&token)),
            Some(problem) => Err(AuthError::unsuitable(problem).into()),
        }
    }

    fn problem_of(&self, token: &AccessToken) -> Option<TokenProblem> {
        let claims = token.claims().filter(|_| self.client.tokens_checked)?;
        claims.check(self.client.endpoint.audience(), self.clock().time_of_day()).err()
    }

    /// The error, with what the refused token shows by itself.
    pub(super) fn explain(&self, error: Error, token: &AccessToken) -> Error {
        error.explained_by(token, self.client.endpoint.audience(), self.clock().time_of_day())
    }
}
