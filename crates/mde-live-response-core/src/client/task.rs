//! One call from start to end: subject, deadline and cancel.
//!
//! All waiting goes through here, so it respects the deadline and the cancel and is reported.

use std::time::Duration;

use super::clock::Clock;
use super::observer::{Call, Event, WaitReason};
use super::{Client, Inner};
use crate::error::{Effect, Error, ErrorKind};
use crate::exchange::{CancelToken, Limits};
use crate::values::{AccessToken, CallKind, FileName, TokenProblem};

/// A call of a client, or a part of one.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) client: &'a Inner,
    pub(super) call: Call<'a>,
    /// The deadline, on the client's clock.
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

    /// A part of the same call, within its time.
    pub(super) fn part(&self, kind: CallKind) -> Self {
        Self { call: Call { kind, ..self.call }, ..*self }
    }

    /// The same task with at most this time left.
    pub(super) fn within(&self, limit: Duration) -> Self {
        let until = self.clock().now().saturating_add(limit);
        Self { until: self.until.min(until), ..*self }
    }

    /// Reports the outcome, and adds call and file to an error.
    pub(super) fn end<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        match outcome {
            Ok(done) => {
                self.tell(&Event::Succeeded);
                Ok(done)
            }
            Err(error) => {
                let error = error.about(self.call.kind, self.call.file);
                let error = error.waiting_from(self.clock().time_of_day());
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
        Limits::new()
            .with_time_left(Some(self.time_left()))
            .with_silence(Some(self.client.silence))
            .with_cancel(self.cancel.cloned())
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancel.is_some_and(CancelToken::is_cancelled)
    }

    /// Fails if the call was cancelled. Only for moments at which no request is on its way.
    pub(super) fn check_cancel(&self) -> Result<(), Error> {
        if self.is_cancelled() {
            return Err(Error::new(ErrorKind::Cancelled, Effect::NotApplied));
        }
        Ok(())
    }

    /// Waits for `ready`, at most until a time. Returns the last result of `ready`.
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
        self.check_cancel().map(|()| is_ready)
    }

    pub(super) fn pause(&self, reason: WaitReason, time: Duration) -> Result<(), Error> {
        self.tell(&Event::Waiting { reason, time: Some(time) });
        self.wait(self.clock().now().saturating_add(time), &mut || false).map(drop)
    }

    /// Gets a valid token that is not the refused one.
    pub(super) fn token(&self, refused: Option<&AccessToken>) -> Result<AccessToken, Error> {
        let token = self.client.tokens.get(self, refused)?;
        if !self.client.tokens_checked {
            return Ok(token);
        }
        match self.problem_of(&token) {
            None => Ok(token),
            // As if the service had refused it.
            Some(TokenProblem::Expired { .. }) if refused.is_none() => self.token(Some(&token)),
            problem => {
                Err(Error::new(ErrorKind::NoToken, Effect::NotApplied).explained_by(problem))
            }
        }
    }

    /// Adds what the refused token's claims show.
    pub(super) fn explain(&self, error: Error, token: &AccessToken) -> Error {
        match error.kind() {
            ErrorKind::Unauthorized | ErrorKind::Forbidden => {
                error.explained_by(self.problem_of(token))
            }
            _ => error,
        }
    }

    fn problem_of(&self, token: &AccessToken) -> Option<TokenProblem> {
        let (audience, now) = (self.client.endpoint.audience(), self.clock().time_of_day());
        token.claims()?.check(audience, now).err()
    }
}
