//! R13, R14: calls that are cancelled while they run.

use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mde_live_response_core::{
    AccessToken, Call, CancelToken, Client, ClientBuilder, Clock, CredentialFn, Delivery, Endpoint,
    Error, Event, IfExists, LibraryFile, Observer, RetryPolicy, TransportError, TransportErrorKind,
    WaitReason,
};
use mde_live_response_mock::{ManualClock, MockTransport, Reply};

use crate::support::{Drawn, causes, upload};

/// Cancels at the first event that the test waits for.
struct CancelAt<F> {
    cancel: CancelToken,
    when: F,
}

impl<F: Fn(&Event<'_>) -> bool + Send + Sync> Observer for CancelAt<F> {
    fn event(&self, _: &Call<'_>, event: &Event<'_>) {
        if (self.when)(event) {
            self.cancel.cancel();
        }
    }
}

fn builder(mock: &MockTransport, clock: impl Clock + 'static) -> ClientBuilder {
    let token = AccessToken::new("an-access-token").unwrap();
    Client::builder(Endpoint::COMMERCIAL, token, mock.clone())
        .clock(clock)
        .random(Drawn::same(0xff))
}

/// The upload's end, when it is cancelled at this event, and how long it waited before.
fn cancelled_at(
    mock: &MockTransport,
    existing: IfExists,
    when: impl Fn(&Event<'_>) -> bool + Send + Sync + 'static,
) -> (Result<LibraryFile, Error>, Duration) {
    let (clock, cancel) = (ManualClock::new(), CancelToken::new());
    let observer = CancelAt { cancel: cancel.clone(), when };
    let client = builder(mock, clock.clone()).observer(observer).build().cancelled_by(&cancel);
    let outcome = client.upload(&upload().if_exists(existing));
    mock.assert_done();
    (outcome, clock.now())
}

#[track_caller]
fn assert_cancelled(outcome: Result<LibraryFile, Error>, delivery: Delivery, shown: &str) {
    let error = outcome.unwrap_err();
    assert!(matches!(error, Error::Cancelled(_)), "{error:?}");
    assert_eq!(error.to_string(), shown);
    assert_eq!(error.delivery(), delivery);
}

fn is_attempt(event: &Event<'_>) -> bool {
    matches!(event, Event::Attempt { .. })
}

#[test]
fn r13_a_cancel_before_anything_is_sent() {
    let (cancel, mock) = (CancelToken::new(), MockTransport::new());
    cancel.cancel();
    let client = builder(&mock, ManualClock::new()).build().cancelled_by(&cancel);
    let shown = "`collect-dns.ps1`: cancelled; nothing was stored";
    assert_cancelled(client.upload(&upload()), Delivery::NotDelivered, shown);
    assert!(mock.requests::<0>().is_empty());
}

#[test]
fn r13_a_cancel_while_the_body_is_sent() {
    let mock = MockTransport::new().reply(Reply::stored());
    let (outcome, _) = cancelled_at(&mock, IfExists::Fail, is_attempt);
    let shown = "`collect-dns.ps1`: cancelled; nothing was stored";
    assert_cancelled(outcome, Delivery::NotDelivered, shown);
}

/// No listing follows: the caller wants an end, not an answer.
#[test]
fn r13_a_cancel_while_the_answer_is_awaited() {
    for existing in [IfExists::Fail, IfExists::Override] {
        let mock = MockTransport::new().reply(Reply::stored());
        let (outcome, _) = cancelled_at(
            &mock,
            existing,
            |event| matches!(event, Event::Sent { bytes, of } if bytes == of),
        );
        let shown = "`collect-dns.ps1`: cancelled; it is unknown whether the file was stored";
        assert_cancelled(outcome, Delivery::Unknown, shown);
    }
}

#[test]
fn r13_a_cancel_during_the_backoff() {
    let is_backoff =
        |event: &Event<'_>| matches!(event, Event::Waiting { reason: WaitReason::Backoff, .. });
    let refused = TransportError::new(TransportErrorKind::Connect, Delivery::NotDelivered);
    let mock = MockTransport::new().fail(refused);
    let (outcome, waited) = cancelled_at(&mock, IfExists::Fail, is_backoff);
    let last = causes(outcome.as_ref().unwrap_err()).first().map(ToString::to_string);
    assert_eq!(last.as_deref(), Some("no connection could be opened; nothing was stored"));
    let shown = "`collect-dns.ps1`: cancelled; nothing was stored";
    assert_cancelled(outcome, Delivery::NotDelivered, shown);
    assert_eq!(waited, Duration::ZERO);

    // The attempt before had left it open.
    let unanswered = TransportError::new(TransportErrorKind::Receive, Delivery::Unknown);
    let mock = MockTransport::new().fail(unanswered);
    let (outcome, _) = cancelled_at(&mock, IfExists::Override, is_backoff);
    assert_cancelled(
        outcome,
        Delivery::Unknown,
        "`collect-dns.ps1`: cancelled; it is unknown whether the file was stored, for an earlier attempt \
         ended so: the connection broke before the answer was complete; it is unknown whether the file was \
         stored",
    );
}

/// An upload whose answer was lost stays unknown when the listing is cancelled that would tell.
#[test]
fn r13_a_cancel_while_the_library_is_listed() {
    let lost = TransportError::new(TransportErrorKind::Receive, Delivery::Unknown);
    let mock = MockTransport::new().fail(lost).reply(Reply::json(200, r#"{"value":[]}"#));
    let attempts = Mutex::new(0);
    let (outcome, _) = cancelled_at(&mock, IfExists::Fail, move |event| {
        let mut attempts = attempts.lock().unwrap();
        *attempts += u32::from(is_attempt(event));
        *attempts == 2
    });
    let error = outcome.unwrap_err();
    assert!(matches!(error, Error::Cancelled(_)), "{error:?}");
    assert_eq!(error.delivery(), Delivery::Unknown);
}

#[test]
fn r13_a_cancel_while_the_pace_leaves_no_turn() {
    let (clock, cancel) = (ManualClock::new(), CancelToken::new());
    let mock = MockTransport::from_fn(|_| Ok(Reply::stored()));
    let when = |event: &Event<'_>| {
        matches!(event, Event::Waiting { reason: WaitReason::MinuteLimit, time: Some(time) }
            if *time == Duration::from_secs(60))
    };
    let observer = CancelAt { cancel: cancel.clone(), when };
    let client = builder(&mock, clock.clone()).observer(observer).build();
    for _ in 0..100 {
        client.upload(&upload()).unwrap();
    }
    let outcome = client.cancelled_by(&cancel).upload(&upload());
    let shown = "`collect-dns.ps1`: cancelled; nothing was stored";
    assert_cancelled(outcome, Delivery::NotDelivered, shown);
    assert_eq!(clock.now(), Duration::ZERO);
}

/// Tells the test that somebody waits.
struct TellWaiting(Mutex<Sender<WaitReason>>);

impl Observer for TellWaiting {
    fn event(&self, _: &Call<'_>, event: &Event<'_>) {
        if let Event::Waiting { reason, .. } = event {
            self.0.lock().unwrap().send(*reason).unwrap();
        }
    }
}

/// On the system's clock and from another thread. Were it not heard, this would take a minute, and then send what the
/// script does not know.
#[test]
fn r13_another_thread_ends_a_pause_of_a_minute() {
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
    assert!(matches!(outcome, Err(Error::Cancelled(_))));
    mock.assert_done();
}

/// Whoever waits for another call's token is free to go; the other call is not his.
#[test]
fn r13_a_cancel_while_another_call_gets_the_token() {
    let (tell, waits) = mpsc::channel();
    let (asked, is_asked) = mpsc::channel();
    let (answer, answers) = mpsc::channel();
    let (asked, answers) = (Mutex::new(asked), Mutex::new(answers));
    let credential = CredentialFn::new(move |_| {
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
        assert!(matches!(waiting.join().unwrap(), Err(Error::Cancelled(_))));
        answer.send(()).unwrap();
        asking.join().unwrap().unwrap();
    });
    mock.assert_done();
}

#[test]
fn r14_a_cancel_after_success_has_no_effect() {
    let mock = MockTransport::new().reply(Reply::stored());
    let (outcome, _) =
        cancelled_at(&mock, IfExists::Fail, |event| matches!(event, Event::Succeeded));
    outcome.unwrap();
}

/// A token may end the calls of many clients, and is no reason to keep one.
#[test]
fn a_token_ends_all_its_clients_and_keeps_none() {
    let cancel = CancelToken::new();
    let mocks = [MockTransport::new(), MockTransport::new()];
    let clients = mocks
        .each_ref()
        .map(|mock| builder(mock, ManualClock::new()).build().cancelled_by(&cancel));
    let dropped = Arc::new(());
    let kept = Arc::clone(&dropped);
    let credential = CredentialFn::new(move |_| {
        let _ = &kept;
        Ok(AccessToken::new("an-access-token").unwrap().into())
    });
    let gone = Client::builder(Endpoint::COMMERCIAL, credential, MockTransport::new());
    drop(gone.build().cancelled_by(&cancel));
    assert_eq!(Arc::strong_count(&dropped), 1);
    cancel.cancel();
    for client in clients {
        assert!(matches!(client.upload(&upload()), Err(Error::Cancelled(_))));
    }
}

/// A credential may ask a person: not for a call that nobody wants any more. And whoever takes long can look.
#[test]
fn r13_a_cancelled_call_asks_for_no_token() {
    let asked = Arc::new(Mutex::new(0));
    let count = Arc::clone(&asked);
    let cancel = CancelToken::new();
    let (seen, is_seen) = (cancel.clone(), Arc::new(Mutex::new(false)));
    let heard = Arc::clone(&is_seen);
    let credential = CredentialFn::new(move |request| {
        *count.lock().unwrap() += 1;
        seen.cancel();
        *heard.lock().unwrap() = request.is_cancelled();
        Ok(AccessToken::new("an-access-token").unwrap().into())
    });
    let client = Client::builder(Endpoint::COMMERCIAL, credential, MockTransport::new()).build();
    let client = client.cancelled_by(&cancel);
    for _ in 0..2 {
        // Cancelled while it asks, then before.
        assert!(matches!(client.upload(&upload()), Err(Error::Cancelled(_))));
    }
    assert_eq!((*asked.lock().unwrap(), *is_seen.lock().unwrap()), (1, true));
}
