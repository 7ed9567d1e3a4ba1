//! The records of `LogObserver`, and their levels.

use std::sync::{Mutex, mpsc};
use std::thread;

use log::{Level, LevelFilter};
use mde_live_response::auth::{Credential, credential_fn};
use mde_live_response::policy::{Call, Event, LogObserver, Observer};
use mde_live_response::{AccessToken, Client, Endpoint, Upload};
use mde_live_response_mock::{MockTransport, Reply};

use crate::child;

#[test]
fn every_event_is_a_record() {
    use log::Level::{Debug, Error, Info, Trace, Warn};

    if !child::is_child() {
        child::run("logging::every_event_is_a_record", &[]);
        return;
    }
    let mock = MockTransport::new()
        .reply(Reply::status(429).header("retry-after", "2"))
        .reply(Reply::stored())
        .reply(Reply::status(400));
    let client = mock.client_builder().observer(LogObserver).build();
    let upload = Upload::new("a.ps1".parse().unwrap(), b"1");
    let records = child::records(LevelFilter::Trace, || {
        client.upload(&upload).unwrap();
        client.upload(&upload).unwrap_err();
    });
    let seen: Vec<_> = records.iter().map(|(level, ..)| *level).collect();
    let retried = [Debug, Trace, Warn, Info, Debug, Trace, Info];
    assert_eq!(seen, [&retried[..], &[Debug, Trace, Warn, Error]].concat(), "{records:#?}");
    for (n, (_, target, text)) in records.iter().enumerate() {
        assert_eq!(target, "mde_live_response");
        let call = if n < retried.len() { "call 1" } else { "call 2" };
        assert!(text.starts_with(call), "{text} is not of {call}");
    }
}

/// Writes the records, and says when a call waits for an unknown time.
struct Watched(mpsc::Sender<()>);

impl Observer for Watched {
    fn event(&self, call: &Call<'_>, event: &Event<'_>) {
        LogObserver.event(call, event);
        if let Event::Waiting { time: None, .. } = event {
            self.0.send(()).unwrap();
        }
    }
}

/// Gives a token as soon as another call waits for it, and says that it was asked.
fn awaited_token(asked: mpsc::Sender<()>, waiting: mpsc::Receiver<()>) -> impl Credential {
    let channels = Mutex::new((asked, waiting));
    credential_fn(move |_| {
        let (asked, waiting) = &*channels.lock().unwrap();
        asked.send(()).unwrap();
        waiting.recv().unwrap();
        Ok(AccessToken::new("an-access-token").unwrap().into())
    })
}

#[test]
fn a_wait_for_the_token_of_another_call_is_a_record() {
    if !child::is_child() {
        child::run("logging::a_wait_for_the_token_of_another_call_is_a_record", &[]);
        return;
    }
    let mock = MockTransport::from_fn(|_| Reply::stored());
    let (is_asked, asked) = mpsc::channel();
    let (is_waiting, waiting) = mpsc::channel();
    let client = Client::builder(Endpoint::COMMERCIAL, awaited_token(is_asked, waiting), mock)
        .observer(Watched(is_waiting))
        .build();
    let upload = Upload::new("a.ps1".parse().unwrap(), b"1");
    let records = child::records(LevelFilter::Info, || {
        thread::scope(|scope| {
            let first = scope.spawn(|| client.upload(&upload).unwrap());
            asked.recv().unwrap();
            client.upload(&upload).unwrap();
            first.join().unwrap();
        });
    });
    let (level, _, text) = &records[0];
    let expected = "call 2, upload a.ps1: waiting: another call is getting a token";
    assert_eq!((*level, &**text), (Level::Info, expected));
}
