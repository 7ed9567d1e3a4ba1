//! One token for all threads, in every interleaving.

#![cfg(loom)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;
use crate::client::Client;
use crate::client::tests::{builder, explore, thread};
use crate::error::ErrorKind;
use crate::exchange::CancelToken;
use crate::values::CallKind;

/// Issues token 1, 2 and so on, unless it fails.
#[derive(Debug, Default)]
struct Issuer {
    fails: bool,
    is_asked: AtomicBool,
    times: AtomicUsize,
    /// The last token that it had to replace, because the service had refused it. Other threads run before this changes,
    /// because the lock is the checker's.
    refused: Mutex<usize>,
}

fn token(number: usize) -> AccessToken {
    AccessToken::new(format!("token-{number}")).unwrap()
}

impl Credential for Issuer {
    fn token(&self, request: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
        assert!(!self.is_asked.swap(true, Ordering::SeqCst), "two calls ask at once");
        let last = self.times.fetch_add(1, Ordering::SeqCst);
        let mut refused = lock(&self.refused);
        if request.is_refused() {
            *refused = last;
        }
        drop(refused);
        self.is_asked.store(false, Ordering::SeqCst);
        if self.fails {
            return Err(CredentialError::new("the login host is down"));
        }
        Ok(token(last + 1).into())
    }
}

#[derive(Clone)]
struct Model {
    client: Client,
    issuer: Arc<Issuer>,
}

impl Model {
    fn new(issuer: Issuer) -> Self {
        let issuer = Arc::new(issuer);
        Self { client: builder(Arc::clone(&issuer)).build(), issuer }
    }

    /// The same with a current token. Its renewal is due if the issuer fails.
    fn with_current(self, number: usize) -> Self {
        self.issuer.times.store(number, Ordering::SeqCst);
        self.client.inner.tokens.lock().current = Some(Current {
            token: token(number),
            renew_at: self.issuer.fails.then_some(Duration::ZERO),
            expires_at: None,
            is_refused: false,
        });
        self
    }

    fn cancelled_by(&self, cancel: &CancelToken) -> Self {
        Self { client: self.client.cancelled_by(cancel), issuer: Arc::clone(&self.issuer) }
    }

    /// Gets a token and returns its number. No token comes that was known to be refused.
    fn get(&self, refused: Option<usize>) -> Result<usize, Error> {
        let known = *lock(&self.issuer.refused);
        let task = Task::begin(&self.client, CallKind::List, None);
        let got = self.client.inner.tokens.get(&task, refused.map(token).as_ref())?;
        let number = (1..9).find(|number| got.is_same(&token(*number))).unwrap();
        assert!(number > known && refused != Some(number), "token {number} was refused");
        Ok(number)
    }

    /// Gets a token on each of several threads.
    fn on_each<const N: usize>(&self, refused: [Option<usize>; N]) -> [Result<usize, Error>; N] {
        let threads = refused.map(|refused| {
            let model = self.clone();
            thread::spawn(move || model.get(refused))
        });
        threads.map(|it| it.join().unwrap())
    }

    fn times(&self) -> usize {
        self.issuer.times.load(Ordering::SeqCst)
    }
}

fn one_renewal<const N: usize>(preemptions: Option<usize>) {
    explore(preemptions, || {
        let model = Model::new(Issuer::default());
        for got in model.on_each([None; N]) {
            assert_eq!(got.unwrap(), 1);
        }
        assert_eq!(model.times(), 1);
    });
}

#[test]
fn in_every_interleaving_one_renewal_serves_all_calls() {
    one_renewal::<2>(None);
    one_renewal::<3>(Some(3));
}

/// Token 2 is the current one.
#[track_caller]
fn refused<const N: usize>(preemptions: Option<usize>, refused: [Option<usize>; N]) {
    explore(preemptions, move || {
        let model = Model::new(Issuer::default()).with_current(2);
        for (got, refused) in model.on_each(refused).into_iter().zip(refused) {
            assert!(got.unwrap() == 3 || refused != Some(2));
        }
        assert_eq!((model.times(), model.get(None).unwrap()), (3, 3));
    });
}

#[test]
fn in_every_interleaving_a_refused_token_is_never_handed_out_again() {
    for other in [None, Some(1), Some(2)] {
        refused(None, [Some(2), other]);
    }
    refused(Some(3), [Some(2), Some(1), None]);
    refused(Some(3), [Some(2), Some(2), None]);
    explore(None, || {
        let model = Model::new(Issuer { fails: true, ..Issuer::default() }).with_current(1);
        let [refused, other] = model.on_each([Some(1), None]);
        refused.unwrap_err();
        assert!(other.is_err() || model.times() == 3);
        model.get(None).unwrap_err();
    });
}

fn make_do<const N: usize>(preemptions: Option<usize>) {
    explore(preemptions, || {
        let model = Model::new(Issuer { fails: true, ..Issuer::default() }).with_current(1);
        for got in model.on_each([None; N]) {
            assert_eq!(got.unwrap(), 1);
        }
        assert_eq!(model.times(), 2);
    });
}

#[test]
fn in_every_interleaving_a_valid_token_serves_all_calls_while_renewing_fails() {
    make_do::<2>(None);
    make_do::<3>(Some(3));
}

#[test]
fn in_every_interleaving_a_call_that_got_no_token_lets_the_next_one_ask() {
    explore(Some(2), || {
        let model = Model::new(Issuer { fails: true, ..Issuer::default() });
        for got in model.on_each([None; 3]) {
            got.unwrap_err();
        }
        assert_eq!(model.times(), 3);
    });
}

#[test]
fn in_every_interleaving_a_cancel_ends_the_wait_for_a_token_of_its_call_only() {
    // While another call asks.
    explore(None, || {
        let (model, cancel) = (Model::new(Issuer::default()), CancelToken::new());
        model.client.inner.tokens.lock().asking = true;
        let waiting = model.cancelled_by(&cancel);
        let waiting = thread::spawn(move || waiting.get(None));
        cancel.cancel();
        let error = waiting.join().unwrap().unwrap_err();
        assert_eq!((error.kind(), model.times()), (&ErrorKind::Cancelled, 0));
    });
    explore(Some(3), || {
        let (model, cancel) = (Model::new(Issuer::default()), CancelToken::new());
        let cancelled = model.cancelled_by(&cancel);
        let cancelled = thread::spawn(move || cancelled.get(None));
        let other = thread::spawn(move || cancel.cancel());
        assert_eq!(model.get(None).unwrap(), 1);
        other.join().unwrap();
        match cancelled.join().unwrap() {
            Ok(number) => assert_eq!(number, 1),
            Err(error) => assert_eq!(error.kind(), &ErrorKind::Cancelled),
        }
        assert_eq!(model.times(), 1);
    });
}
