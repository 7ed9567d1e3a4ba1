//! The current token of a client and all its clones: got when it is needed, renewed before it expires, and by
//! one call for all.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::clock::Clock;
use super::observer::{Event, WaitReason};
use super::task::Task;
use super::{Credential, CredentialError, IssuedToken, TokenRequest};
use crate::error::Error;
use crate::model::AccessToken;

/// A token is renewed so long before it expires, or at half its life if that is later.
const MARGIN: Duration = Duration::from_secs(300);

/// When renewing fails and the token is still good, the next try comes so much later.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(30);

/// Keeps what a credential gives.
#[derive(Debug)]
pub(crate) struct Tokens {
    credential: Box<dyn Credential>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    current: Option<Current>,
    /// Whether some call is asking the credential right now.
    asking: bool,
}

#[derive(Debug, Clone)]
struct Current {
    token: AccessToken,
    renew_at: Option<Duration>,
    expires_at: Option<Duration>,
}

/// Makes it known, panic or not, that the credential is asked no more.
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

    /// A token that is good at this time and is not the refused one, as far as the credential has another. A
    /// call that finds another call asking waits for that one, until its own deadline.
    pub(crate) fn get(
        &self,
        task: &Task<'_>,
        refused: Option<&AccessToken>,
    ) -> Result<AccessToken, Error> {
        let mut told = false;
        loop {
            let mut state = self.lock();
            if let Some(current) = state.good(task.clock().now(), refused) {
                return Ok(current.token.clone());
            }
            if !state.asking {
                // Nobody asks for a call that is no longer wanted: that may cost a person's time.
                task.go_on()?;
                state.asking = true;
                drop(state);
                return self.ask(&Asking { tokens: self, clock: task.clock() }, task, refused);
            }
            drop(state);
            if !std::mem::replace(&mut told, true) {
                task.tell(&Event::Waiting { reason: WaitReason::Token, time: None });
            }
            if !task.wait(task.until, &mut || !self.lock().asking)? {
                return Err(CredentialError::new("no time left to wait for a token").into());
            }
        }
    }

    fn ask(
        &self,
        asking: &Asking<'_>,
        task: &Task<'_>,
        refused: Option<&AccessToken>,
    ) -> Result<AccessToken, Error> {
        let issued = self.credential.token(&TokenRequest::new(refused.is_some(), task));
        if issued.is_err() {
            // One call's cancel is no failed renewal for the others.
            task.go_on()?;
        }
        let now = asking.clock.now();
        let mut state = self.lock();
        match issued {
            Ok(issued) => Ok(state.keep(issued, now)),
            Err(error) => state.make_do(now, refused).ok_or_else(|| error.into()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is a single step, so that a panic elsewhere leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn good(&self, now: Duration, refused: Option<&AccessToken>) -> Option<&Current> {
        let current = self.current.as_ref()?;
        let is_refused = refused.is_some_and(|refused| refused.is_same(&current.token));
        let is_due = current.renew_at.is_some_and(|at| at <= now);
        (!is_refused && !is_due).then_some(current)
    }

    fn keep(&mut self, issued: IssuedToken, now: Duration) -> AccessToken {
        let IssuedToken { token, expires_in } = issued;
        let good_for =
            |life: Duration| now.saturating_add(life.saturating_sub(MARGIN).max(life / 2));
        self.current = Some(Current {
            token: token.clone(),
            renew_at: expires_in.map(good_for),
            expires_at: expires_in.map(|life| now.saturating_add(life)),
        });
        token
    }

    /// The old token, when it was only due and is still good.
    fn make_do(&mut self, now: Duration, refused: Option<&AccessToken>) -> Option<AccessToken> {
        let current = self.current.as_mut()?;
        if refused.is_some() || current.expires_at.is_some_and(|at| at <= now) {
            return None;
        }
        let next = now.saturating_add(PAUSE_AFTER_FAILURE);
        current.renew_at = Some(current.expires_at.map_or(next, |at| at.min(next)));
        Some(current.token.clone())
    }
}
