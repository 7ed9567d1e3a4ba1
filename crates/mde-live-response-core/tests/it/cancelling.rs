//! Calls that are cancelled while they run.

use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mde_live_response_core::auth::{CredentialError, credential_fn};
use mde_live_response_core::policy::{
    Call, CallKind, CancelToken, Event, Observer, RetryPolicy, WaitReason,
};
use mde_live_response_core::transport::{TransportError, TransportErrorKind};
use mde_live_response_core::{
    AccessToken, Client, Effect, Endpoint, Error, ErrorKind, IfExists, LibraryFile,
};
use mde_live_response_mock::{MockTransport, Reply};

use crate::support::{causes, drawn, upload};

/// Cancels at the first event that the test waits for.
struct CancelAt<F> {
    cancel: CancelToken,
    when: F,
}

impl<F: Fn(&Call<'_>, &Event<'_>) -> bool + Send + Sync> Observer for CancelAt<F> {
    fn event(&self, call: &Call<'_>, event: &Event<'_>) {
        if (self.when)(call, event) {
            self.cancel.cancel();
        }
    }
}

/// The outcome of an upload that is cancelled at this event.
fn cancelled_at(
    mock: &MockTransport,
    if_exists: IfExists,
    when: impl Fn(&Call<'_>, &Event<'_>) -> bool + Send + Sync + 'static,
) -> Result<LibraryFile, Error> {
    let cancel = CancelToken::new();
    let observer = CancelAt { cancel: cancel.clone(), when };
    let builder = mock.client_builder().random(drawn(&[0xff])).observer(observer);
    let client = builder.build().cancelled_by(&cancel);
    let outcome = client.upload(&upload().with_if_exists(if_exists));
    mock.assert_done();
    outcome
}

#[track_caller]
fn assert_cancelled(outcome: Result<LibraryFile, Error>, effect: Effect) -> Error {
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (&ErrorKind::Cancelled, effect), "{error:?}");
    error
}

fn is_attempt(event: &Event<'_>) -> bool {
    matches!(event, Event::Attempt { .. })
}

fn is_backoff(event: &Event<'_>) -> bool {
    matches!(event, Event::Waiting { reason: WaitReason::Backoff, .. })
}

#[test]
fn a_cancel_before_the_call_sends_nothing() {
    let (cancel, mock) = (CancelToken::new(), MockTransport::new());
    cancel.cancel();
    let client = mock.client().cancelled_by(&cancel);
    assert_cancelled(client.upload(&upload()), Effect::NotApplied);
    mock.assert_unused();
}

#[test]
fn a_cancel_while_the_body_is_sent() {
    let mock = MockTransport::new().reply(Reply::stored());
    let outcome = cancelled_at(&mock, IfExists::Fail, |_, event| is_attempt(event));
    assert_cancelled(outcome, Effect::NotApplied);
}

/// No listing follows: the caller wants an end, not an answer.
#[test]
fn a_cancel_while_the_answer_is_awaited_never_lists() {
    for if_exists in [IfExists::Fail, IfExists::Override] {
        let mock = MockTransport::new().reply(Reply::stored());
        let is_sent = |event: &Event<'_>| matches!(event, Event::Sent { bytes, of } if bytes == of);
        let outcome = cancelled_at(&mock, if_exists, move |_, event| is_sent(event));
        assert_cancelled(outcome, Effect::Unknown);
    }
}

#[test]
fn a_cancel_during_the_backoff_keeps_what_the_attempt_left() {
    for (reply, if_exists, effect) in [
        (Reply::refused_connection(), IfExists::Fail, Effect::NotApplied),
        (Reply::lost(), IfExists::Override, Effect::Unknown),
    ] {
        let mock = MockTransport::new().reply(reply);
        let outcome = cancelled_at(&mock, if_exists, |_, event| is_backoff(event));
        let error = assert_cancelled(outcome, effect);
        let last = causes(&error)[0].downcast_ref::<Error>().expect("the last attempt's error");
        assert!(matches!(last.kind(), ErrorKind::Transport(_)));
        assert_eq!(mock.clock().now(), Duration::ZERO);
    }
}

#[test]
fn a_cancel_during_the_resolving_listing_leaves_the_effect_unknown() {
    let listed = || Reply::json(200, r#"{"value":[]}"#);
    let is_list = |call: &Call<'_>| call.kind() == CallKind::List;
    let mock = MockTransport::new().reply(Reply::lost()).reply(listed());
    let outcome =
        cancelled_at(&mock, IfExists::Fail, move |call, event| is_list(call) && is_attempt(event));
    assert_cancelled(outcome, Effect::Unknown);

    // After the listing, before the next attempt.
    let mock = MockTransport::new().reply(Reply::lost()).reply(listed());
    let outcome = cancelled_at(&mock, IfExists::Fail, move |call, event| {
        is_list(call) && matches!(event, Event::Succeeded)
    });
    assert_cancelled(outcome, Effect::Unknown);
}

#[test]
fn a_cancel_while_the_rate_limit_is_reached() {
    let cancel = CancelToken::new();
    let mock = MockTransport::from_fn(|_| Reply::stored());
    let when = |_: &Call<'_>, event: &Event<'_>| {
        matches!(event, Event::Waiting { reason: WaitReason::MinuteLimit, .. })
    };
    let observer = CancelAt { cancel: cancel.clone(), when };
    let client = mock.client_builder().observer(observer).build();
    for _ in 0..100 {
        client.upload(&upload()).unwrap();
    }
    assert_cancelled(client.cancelled_by(&cancel).upload(&upload()), Effect::NotApplied);
    assert_eq!(mock.clock().now(), Duration::ZERO);
}

/// Tells the test that a call waits.
struct TellWaiting(Mutex<Sender<WaitReason>>);

impl Observer for TellWaiting {
    fn event(&self, _: &Call<'_>, event: &Event<'_>) {
        if let Event::Waiting { reason, .. } = event {
            self.0.lock().unwrap().send(*reason).unwrap();
        }
    }
}

/// On the system's clock. Without the cancel this takes a minute, and then sends a request that the script lacks.
#[test]
fn another_thread_ends_a_pause_of_a_minute() {
    let (tell, waits) = mpsc::channel();
    let mock = MockTransport::new()
        .reply(Reply::error(429, "TooManyRequests").header("retry-after", "60"));
    let token = AccessToken::new("an-access-token").unwrap();
    let cancel = CancelToken::new();
    let client = Client::builder(Endpoint::COMMERCIAL, token, mock.clone())
        .observer(TellWaiting(Mutex::new(tell)))
        .build()
        .cancelled_by(&cancel);
    let outcome = thread::scope(|scope| {
        let uploading = scope.spawn(|| client.upload(&upload()));
        assert_eq!(waits.recv().unwrap(), WaitReason::RetryAfter);
        cancel.cancel();
        uploading.join().unwrap()
    });
    assert_cancelled(outcome, Effect::NotApplied);
    mock.assert_done();
}

/// A call that waits for another call's token ends; the other call goes on.
#[test]
fn a_cancel_while_another_call_gets_the_token() {
    let (tell, waits) = mpsc::channel();
    let (asked, is_asked) = mpsc::channel();
    let (answer, answers) = mpsc::channel();
    let (asked, answers) = (Mutex::new(asked), Mutex::new(answers));
    let credential = credential_fn(move |_| {
        asked.lock().unwrap().send(()).unwrap();
        answers.lock().unwrap().recv().unwrap();
        Ok(AccessToken::new("an-access-token").unwrap().into())
    });
    let mock = MockTransport::new().reply(Reply::stored());
    let cancel = CancelToken::new();
    let client = Client::builder(Endpoint::COMMERCIAL, credential, mock.clone())
        .observer(TellWaiting(Mutex::new(tell)))
        .retry(RetryPolicy::NONE)
        .build();
    thread::scope(|scope| {
        let asking = scope.spawn(|| client.upload(&upload()));
        is_asked.recv().unwrap();
        let waiting = scope.spawn(|| client.cancelled_by(&cancel).upload(&upload()));
        assert_eq!(waits.recv().unwrap(), WaitReason::Token);
        cancel.cancel();
        assert_cancelled(waiting.join().unwrap(), Effect::NotApplied);
        answer.send(()).unwrap();
        asking.join().unwrap().unwrap();
    });
    mock.assert_done();
}

#[test]
fn a_cancel_after_success_has_no_effect() {
    let mock = MockTransport::new().reply(Reply::stored());
    let is_end = |event: &Event<'_>| matches!(event, Event::Succeeded);
    cancelled_at(&mock, IfExists::Fail, move |_, event| is_end(event)).unwrap();
}

#[test]
fn a_transports_own_cancel_is_a_cancel() {
    let mock = MockTransport::new()
        .reply(Reply::fault(TransportError::new(TransportErrorKind::Cancelled)));
    assert_cancelled(mock.client().upload(&upload()), Effect::Unknown);
    mock.assert_done();
}

/// A credential may ask a person, so a cancelled call does not ask it. A slow credential can check for the cancel.
#[test]
fn a_cancelled_call_asks_for_no_token() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let cancel = CancelToken::new();
    let from_within = cancel.clone();
    let credential = credential_fn(move |request| {
        from_within.cancel();
        seen.lock().unwrap().push(request.is_cancelled());
        // No token, so that the second call needs one, too.
        Err(CredentialError::new("the person went away"))
    });
    let client = Client::builder(Endpoint::COMMERCIAL, credential, MockTransport::new()).build();
    let client = client.cancelled_by(&cancel);
    for _ in 0..2 {
        // Cancelled while it asks, then before.
        assert_cancelled(client.upload(&upload()), Effect::NotApplied);
    }
    assert_eq!(*asked.lock().unwrap(), [true]);
}
