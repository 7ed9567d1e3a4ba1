//! Calls that are cancelled while they run.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use mde_live_response_core::auth::{CredentialError, credential_fn};
use mde_live_response_core::policy::{
    Call, CallKind, CancelToken, Clock, Event, Observer, RetryPolicy, WaitReason,
};
use mde_live_response_core::transport::{TransportError, TransportErrorKind};
use mde_live_response_core::{
    AccessToken, Client, Effect, Endpoint, Error, ErrorKind, IfExists, LibraryFile,
};
use mde_live_response_mock::{MockTransport, Reply};

use crate::support::{causes, drawn, observing, script, upload};

type When = fn(&Call<'_>, &Event<'_>) -> bool;

/// Cancels at the first event that the test waits for.
fn cancel_at(when: When) -> (CancelToken, impl Observer + 'static) {
    let cancel = CancelToken::new();
    let from_within = cancel.clone();
    let observer = observing(move |call, event| {
        if when(call, event) {
            from_within.cancel();
        }
    });
    (cancel, observer)
}

#[test]
fn a_client_knows_whether_its_own_token_was_cancelled() {
    let (cancel, mock) = (CancelToken::new(), MockTransport::new());
    let client = mock.client_builder().build();
    let cancellable = client.cancelled_by(&cancel);
    assert!(!client.is_cancelled() && !cancellable.is_cancelled());
    cancel.cancel();
    assert!(!client.is_cancelled() && cancellable.is_cancelled());
}

#[track_caller]
fn assert_cancelled(outcome: Result<LibraryFile, Error>, effect: Effect) -> Error {
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (&ErrorKind::Cancelled, effect), "{error:?}");
    error
}

#[test]
fn a_cancel_before_the_call_sends_nothing() {
    let (cancel, mock) = (CancelToken::new(), MockTransport::new());
    cancel.cancel();
    let client = mock.client().cancelled_by(&cancel);
    assert_cancelled(client.upload(&upload()), Effect::NotApplied);
    mock.assert_unused();
}

/// While the answer is awaited no listing follows: the caller wants an end, not an answer.
#[test]
fn a_cancel_leaves_the_effect_of_what_was_sent() {
    use Effect::{NotApplied, Unknown};
    use IfExists::{Fail, Override};
    let attempt: When = |_, event| matches!(event, Event::Attempt { .. });
    let sent: When = |_, event| matches!(event, Event::Sent { bytes, of } if bytes == of);
    let backoff: When =
        |_, event| matches!(event, Event::Waiting { reason: WaitReason::Backoff, .. });
    let listing: When =
        |call, event| call.kind() == CallKind::List && matches!(event, Event::Attempt { .. });
    let listed: When =
        |call, event| call.kind() == CallKind::List && matches!(event, Event::Succeeded);
    let succeeded: When = |_, event| matches!(event, Event::Succeeded);
    let never: When = |_, _| false;
    let empty = || Reply::json(200, r#"{"value":[]}"#);
    let own = Reply::fault(TransportError::new(TransportErrorKind::Cancelled));
    for (case, when, if_exists, replies, effect) in [
        ("sending", attempt, Fail, vec![Reply::stored()], Some(NotApplied)),
        ("awaiting the answer", sent, Fail, vec![Reply::stored()], Some(Unknown)),
        ("awaiting the answer, override", sent, Override, vec![Reply::stored()], Some(Unknown)),
        ("backoff", backoff, Fail, vec![Reply::refused_connection()], Some(NotApplied)),
        ("backoff, override", backoff, Override, vec![Reply::lost()], Some(Unknown)),
        ("listing", listing, Fail, vec![Reply::lost(), empty()], Some(Unknown)),
        ("after the listing", listed, Fail, vec![Reply::lost(), empty()], Some(Unknown)),
        ("after success", succeeded, Fail, vec![Reply::stored()], None),
        ("the transport's own", never, Fail, vec![own], Some(Unknown)),
    ] {
        let (mock, (cancel, observer)) = (script(replies), cancel_at(when));
        let builder = mock.client_builder().random(drawn(&[0xff])).observer(observer);
        let client = builder.build().cancelled_by(&cancel);
        let outcome = client.upload(&upload().with_if_exists(if_exists));
        assert_eq!(mock.clock().now(), Duration::ZERO, "case: {case}");
        mock.assert_done();
        let Some(effect) = effect else {
            outcome.expect(case);
            continue;
        };
        let error = assert_cancelled(outcome, effect);
        if case.starts_with("backoff") {
            let last = causes(&error)[0].downcast_ref::<Error>().expect("the attempt's error");
            assert!(matches!(last.kind(), ErrorKind::Transport(_)), "case: {case}");
        }
    }
}

#[test]
fn a_cancel_while_the_rate_limit_is_reached() {
    let mock = MockTransport::from_fn(|_| Reply::stored());
    let (cancel, observer) = cancel_at(|_, event| {
        matches!(event, Event::Waiting { reason: WaitReason::MinuteLimit, .. })
    });
    let client = mock.client_builder().observer(observer).build();
    for _ in 0..100 {
        client.upload(&upload()).unwrap();
    }
    assert_cancelled(client.cancelled_by(&cancel).upload(&upload()), Effect::NotApplied);
    assert_eq!(mock.clock().now(), Duration::ZERO);
}

/// Tells the test that a call waits.
fn telling() -> (impl Observer + 'static, Receiver<WaitReason>) {
    let (tell, waits) = mpsc::channel();
    let observer = observing(move |_, event| {
        if let Event::Waiting { reason, .. } = event {
            tell.send(*reason).unwrap();
        }
    });
    (observer, waits)
}

/// On the system's clock. Without the cancel this takes a minute, and then sends a request that the script lacks.
#[test]
fn another_thread_ends_a_pause_of_a_minute() {
    let (observer, waits) = telling();
    let mock = script([Reply::error(429, "TooManyRequests").header("retry-after", "60")]);
    let token = AccessToken::new("an-access-token").unwrap();
    let cancel = CancelToken::new();
    let client = Client::builder(Endpoint::COMMERCIAL, token, mock.clone()).observer(observer);
    let client = client.build().cancelled_by(&cancel);
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
    let (observer, waits) = telling();
    let (asked, is_asked) = mpsc::channel();
    let (answer, answers) = mpsc::channel();
    let answers = Mutex::new(answers);
    let credential = credential_fn(move |_| {
        asked.send(()).unwrap();
        answers.lock().unwrap().recv().unwrap();
        Ok(AccessToken::new("an-access-token").unwrap().into())
    });
    let mock = script([Reply::stored()]);
    let cancel = CancelToken::new();
    let client = Client::builder(Endpoint::COMMERCIAL, credential, mock.clone())
        .observer(observer)
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

/// A credential may ask a person, so a cancelled call does not ask it. A slow credential can check for the cancel.
#[test]
fn a_cancelled_call_asks_for_no_token() {
    let (asked, cancel) = (Arc::new(Mutex::new(Vec::new())), CancelToken::new());
    let (seen, from_within) = (Arc::clone(&asked), cancel.clone());
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

/// Counts how often its waiters were woken.
#[derive(Debug, Clone, Default)]
struct CountingClock(Arc<AtomicU32>);

impl Clock for CountingClock {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn time_of_day(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn wait(&self, _: Option<Duration>, ready: &mut dyn FnMut() -> bool) -> bool {
        ready()
    }

    fn notify(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Each client once, however often it was given the token.
#[test]
fn a_cancel_wakes_the_clock_of_every_client() {
    let (cancel, clocks) =
        (CancelToken::new(), [CountingClock::default(), CountingClock::default()]);
    let clients = clocks.each_ref().map(|clock| {
        let client = MockTransport::new().client_builder().clock(clock.clone()).build();
        [client.cancelled_by(&cancel), client.cancelled_by(&cancel)]
    });
    cancel.cancel();
    assert_eq!(clocks.map(|it| it.0.load(Ordering::SeqCst)), [1, 1]);
    drop(clients);
}
