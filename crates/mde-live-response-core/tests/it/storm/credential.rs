//! Tokens that rotate: the library takes only the newest, and no client can know when there is a newer one.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response_core::AccessToken;
use mde_live_response_core::auth::{Credential, CredentialError, IssuedToken, TokenRequest};
use mde_live_response_core::policy::Clock;
use mde_live_response_mock::ManualClock;
use mde_live_response_testkit::rng;

use super::plan::token_life;

/// Knows which token is valid at which time.
#[derive(Debug, Clone)]
pub(super) struct Issuer {
    seed: u64,
    /// Number of the current token, and when it ends. Moves forward with the time.
    current: Arc<Mutex<(u64, Duration)>>,
}

impl Issuer {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, current: Arc::new(Mutex::new((0, token_life(seed, 0)))) }
    }

    /// The token of this time, and its remaining life.
    fn at(&self, now: Duration) -> (String, Duration) {
        let mut current = self.current.lock().unwrap();
        let (mut number, mut ends) = *current;
        while ends <= now {
            number += 1;
            ends += token_life(self.seed, number);
        }
        *current = (number, ends);
        (format!("token-of-the-storm-{number}"), ends.saturating_sub(now))
    }

    pub(super) fn is_good(&self, token: &str, now: Duration) -> bool {
        self.at(now).0 == token
    }
}

/// Gives the issuer's token, after a while, and is often wrong about its life.
#[derive(Debug)]
pub(super) struct Rotating {
    pub(super) issuer: Issuer,
    pub(super) clock: ManualClock,
}

impl Credential for Rotating {
    fn token(&self, request: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
        let takes = Duration::from_millis(300);
        self.clock.sleep(takes.min(request.time_left()));
        if takes > request.time_left() {
            return Err(CredentialError::new("no time left"));
        }
        let (token, life) = self.issuer.at(self.clock.now());
        let token = AccessToken::new(token).map_err(CredentialError::new)?;
        let is_known = life.as_secs().is_multiple_of(2);
        Ok(if is_known { IssuedToken::expiring(token, life) } else { token.into() })
    }
}

/// The client's randomness.
pub(super) fn seeded(seed: u64) -> impl Fn(&mut [u8]) -> io::Result<()> + Send + Sync + 'static {
    let rng = Mutex::new(rng(seed, "client", 0));
    move |buf| {
        rng.lock().unwrap().fill(buf);
        Ok(())
    }
}
