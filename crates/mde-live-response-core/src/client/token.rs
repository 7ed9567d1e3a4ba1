//! The current token of a client and all its clones.
//!
//! One call gets it for all when it is needed, and renews it before it expires.

use std::time::Duration;

use super::clock::Clock;
use super::observer::{Event, WaitReason};
use super::task::Task;
use super::{Credential, CredentialError, IssuedToken, TokenRequest};
use crate::error::Error;
use crate::exchange::{Mutex, MutexGuard, lock};
use crate::values::AccessToken;

/// A token is renewed this long before it expires. If half of its life is later than that, it is renewed then.
const MARGIN: Duration = Duration::from_secs(300);

/// Time until the next try, after renewing a valid token failed.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(30);

/// The tokens of a credential.
#[derive(Debug)]
pub(crate) struct Tokens {
    credential: Box<dyn Credential>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    current: Option<Current>,
    /// Whether a call is asking the credential right now.
    asking: bool,
}

#[derive(Debug, Clone)]
struct Current {
    token: AccessToken,
    renew_at: Option<Duration>,
    expires_at: Option<Duration>,
    is_refused: bool,
}

/// Marks the end of asking when dropped, also after a panic.
struct Asking<'a> {
    tokens: &'a Tokens,
    clock: &'a dyn Clock,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.tokens.lock().asking = false;
        self.clock.notify();
    }
}

impl Tokens {
    pub(crate) fn new(credential: Box<dyn Credential>) -> Self {
        Self { credential, state: Mutex::default() }
    }

    /// Returns a valid token, another than the refused one if possible. No call gets that one from now on, unless the
    /// credential gives it again.
    ///
    /// If another call is asking already, this one waits for it, until its own deadline.
    pub(crate) fn get(
        &self,
        task: &Task<'_>,
        refused: Option<&AccessToken>,
    ) -> Result<AccessToken, Error> {
        let mut told = false;
        loop {
            let mut state = self.lock();
            state.refuse(refused);
            if let Some(current) = state.good(task.clock().now()) {
                return Ok(current.token.clone());
            }
            if !state.asking {
                // A cancelled call does not ask: that may cost a person's time.
                task.check_cancel()?;
                state.asking = true;
                let is_refused = state.current.as_ref().is_some_and(|current| current.is_refused);
                drop(state);
                return self.ask(&Asking { tokens: self, clock: task.clock() }, task, is_refused);
            }
            drop(state);
            if !std::mem::replace(&mut told, true) {
                task.tell(&Event::Waiting { reason: WaitReason::Token, time: None });
            }
            if !task.wait(task.until, &mut || !self.lock().asking)? {
                let why = "the deadline passed while another call was getting a token";
                return Err(CredentialError::new(why)
                    .with_help("Try again later, or allow more time.")
                    .into());
            }
        }
    }

    fn ask(
        &self,
        asking: &Asking<'_>,
        task: &Task<'_>,
        is_refused: bool,
    ) -> Result<AccessToken, Error> {
        let issued = self.credential.token(&TokenRequest::new(is_refused, task));
        if issued.is_err() {
            // One call's cancel is not a failed renewal for the others.
            task.check_cancel()?;
        }
        let now = asking.clock.now();
        let mut state = self.lock();
        match issued {
            Ok(issued) => Ok(state.keep(issued, now)),
            Err(error) => state.make_do(now).ok_or_else(|| error.into()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    /// Remembers that the service refused this token, if it is the current one.
    fn refuse(&mut self, refused: Option<&AccessToken>) {
        if let (Some(current), Some(refused)) = (&mut self.current, refused) {
            current.is_refused |= current.token.is_same(refused);
        }
    }

    fn good(&self, now: Duration) -> Option<&Current> {
        let current = self.current.as_ref()?;
        let is_due = current.renew_at.is_some_and(|at| at <= now);
        (!current.is_refused && !is_due).then_some(current)
    }

    fn keep(&mut self, issued: IssuedToken, now: Duration) -> AccessToken {
        let IssuedToken { token, expires_in } = issued;
        let good_for =
            |life: Duration| now.saturating_add(life.saturating_sub(MARGIN).max(life / 2));
        self.current = Some(Current {
            token: token.clone(),
            renew_at: expires_in.map(good_for),
            expires_at: expires_in.map(|life| now.saturating_add(life)),
            is_refused: false,
        });
        token
    }

    /// Keeps the old token after a failed renewal, if it is valid.
    fn make_do(&mut self, now: Duration) -> Option<AccessToken> {
        let current = self.current.as_mut()?;
        if current.is_refused || current.expires_at.is_some_and(|at| at <= now) {
            return None;
        }
        let next = now.saturating_add(PAUSE_AFTER_FAILURE);
        current.renew_at = Some(current.expires_at.map_or(next, |at| at.min(next)));
        Some(current.token.clone())
    }
}

#[cfg(test)]
mod tests;
