//! What an observer is told, and what it can do to a call.

use std::fmt::Write;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response_core::{
    AccessToken, Call, Client, ClientBuilder, Clock, Delivery, Endpoint, Error, Event, IfExists,
    Observer, Phase, TransportError, TransportErrorKind,
};
use mde_live_response_mock::{ManualClock, MockTransport, Reply};

use crate::support::{Canned, Drawn, SHA256, broken, expect_error, stored, upload};

/// Writes every event down, a line each.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<String>>);

impl Diary {
    fn take(&self) -> String {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Diary {
    fn event(&self, call: &Call<'_>, event: &Event<'_>) {
        let mut text = self.0.lock().unwrap();
        write!(text, "#{} {call}: ", call.id()).unwrap();
        match event {
            Event::Attempt { number } => writeln!(text, "attempt {number}"),
            Event::Sent { bytes, of } => writeln!(text, "{bytes} of {of}"),
            Event::Failed { number, error } => writeln!(text, "{number} failed: {error}"),
            Event::Waiting { reason, time } => writeln!(text, "waits {time:?}: {reason}"),
            Event::Succeeded => writeln!(text, "succeeded"),
            Event::Ended { error } => writeln!(text, "ended: {error}"),
            other => panic!("not known: {other:?}"),
        }
        .unwrap();
    }
}

fn builder(mock: &MockTransport, diary: &Diary) -> ClientBuilder {
    let token = AccessToken::new("an-access-token").unwrap();
    Client::builder(Endpoint::COMMERCIAL, token, mock.clone())
        .clock(ManualClock::new())
        .random(Drawn::same(0xff))
        .observer(diary.clone())
}

#[track_caller]
fn assert_told(diary: &Diary, expected: &[&str]) {
    let told = diary.take();
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn attempts_bytes_waits_and_results_are_told() {
    let diary = Diary::default();
    let mock = MockTransport::new()
        .reply(Reply::status(429).header("retry-after", "30"))
        .fail(TransportError::new(TransportErrorKind::Connect, Delivery::NotDelivered))
        .reply(Reply::stored());
    let client = builder(&mock, &diary).build();
    client.upload(&upload()).unwrap();
    assert_told(
        &diary,
        &[
            "#1 upload collect-dns.ps1: attempt 1",
            "#1 upload collect-dns.ps1: 443 of 443",
            "#1 upload collect-dns.ps1: 1 failed: the service asks for a pause of 30 s (429); nothing was \
             stored",
            "#1 upload collect-dns.ps1: waits Some(30s): the service asks for it",
            "#1 upload collect-dns.ps1: attempt 2",
            "#1 upload collect-dns.ps1: 443 of 443",
            "#1 upload collect-dns.ps1: 2 failed: no connection could be opened; nothing was stored",
            "#1 upload collect-dns.ps1: waits Some(1s): before another try",
            "#1 upload collect-dns.ps1: attempt 3",
            "#1 upload collect-dns.ps1: 443 of 443",
            "#1 upload collect-dns.ps1: succeeded",
        ],
    );
}

/// What is done within a call has its number, and the end of a call is told as its caller gets it.
#[test]
fn parts_of_a_call_and_its_error_are_told() {
    let diary = Diary::default();
    let lost =
        || TransportError::new(TransportErrorKind::Timeout(Phase::Receive), Delivery::Unknown);
    let mock = MockTransport::new().fail(lost()).reply(Reply::status(403));
    let client = builder(&mock, &diary).build();
    let error = client.upload(&upload()).unwrap_err();
    assert_told(
        &diary,
        &[
            "#1 upload collect-dns.ps1: attempt 1",
            "#1 upload collect-dns.ps1: 443 of 443",
            "#1 upload collect-dns.ps1: 1 failed: time ran out while waiting for the answer; it is \
             unknown whether the file was stored",
            "#1 list collect-dns.ps1: attempt 1",
            "#1 list collect-dns.ps1: 1 failed: listing the library: the service does not permit this with \
             this token (403)",
            "#1 list collect-dns.ps1: ended: listing the library: the service does not permit this \
             with this token (403)",
            &format!("#1 upload collect-dns.ps1: ended: {error}"),
        ],
    );
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: time ran out while waiting for the answer; it is unknown whether the file \
         was stored; a listing could not tell: listing the library: the service does not permit this \
         with this token (403)"
    );
}

#[test]
fn a_wait_for_the_pace_is_told_once_and_names_its_window() {
    let diary = Diary::default();
    let mock = MockTransport::from_fn(|_| Ok(Reply::stored()));
    let client = builder(&mock, &diary).build();
    for _ in 0..100 {
        client.upload(&upload()).unwrap();
    }
    diary.take();
    client.upload(&upload()).unwrap();
    let told = diary.take();
    let first = told.lines().next();
    assert_eq!(first, Some("#101 upload collect-dns.ps1: waits Some(60s): minute limit"));
}

/// Panics, or takes its time, when so many bytes are out.
struct At<F>(F);

impl<F: Fn(u64, u64) + Send + Sync> Observer for At<F> {
    fn event(&self, _: &Call<'_>, event: &Event<'_>) {
        if let Event::Sent { bytes, of } = event {
            (self.0)(*bytes, *of);
        }
    }
}

/// Even at the last byte: what completes the request is then not given out.
#[test]
fn r18_a_panic_of_an_observer_passes_on_and_nothing_completes_the_request() {
    let transport = Canned::with(|request, body| {
        let mut piece = [0; 64];
        loop {
            match request.body_mut().read(&mut piece).map_err(broken)? {
                0 => return Ok(stored()),
                n => body.extend_from_slice(&piece[..n]),
            }
        }
    });
    for at_end in [false, true] {
        let got = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&got);
        let counting = Canned::with(move |request, _| {
            let mut piece = [0; 64];
            while let n @ 1.. = request.body_mut().read(&mut piece).map_err(broken)? {
                seen.lock().unwrap().extend_from_slice(&piece[..n]);
            }
            Ok(stored())
        });
        let client = counting
            .builder()
            .observer(At(move |bytes, of| {
                assert!(bytes != of && (at_end || bytes < 100), "as the test wants");
            }))
            .build();
        catch_unwind(AssertUnwindSafe(|| client.upload(&upload()))).unwrap_err();
        let got = got.lock().unwrap();
        assert!(!got.is_empty() && !got.ends_with(b"--\r\n"), "at end: {at_end}");
    }
    // And nothing stays locked.
    transport.client().upload(&upload()).unwrap();
}

#[test]
fn r18_a_slow_observer_counts_on_the_deadline() {
    let clock = ManualClock::new();
    let slow = {
        let clock = clock.clone();
        At(move |_, _| clock.advance(Duration::from_secs(400)))
    };
    let mock =
        MockTransport::new().reply(Reply::error(429, "TooManyRequests").header("retry-after", "1"));
    let token = AccessToken::new("an-access-token").unwrap();
    let client = Client::builder(Endpoint::COMMERCIAL, token, mock.clone())
        .clock(clock.clone())
        .observer(slow)
        .build();
    let error = client.upload(&upload()).unwrap_err();
    expect_error!(error, Throttled, "no time left for a repeat");
    assert_eq!(clock.now(), Duration::from_secs(400));
    mock.assert_done();
}

/// An observer changes nothing of what is sent, and is told the same for a file that is replaced.
#[test]
fn an_observer_sees_no_secret() {
    let diary = Diary::default();
    let mock = MockTransport::new()
        .reply(Reply::error(401, "an-access-token").body("an-access-token"))
        .reply(Reply::stored());
    let client = builder(&mock, &diary).build();
    let error = client.upload(&upload().if_exists(IfExists::Override)).unwrap_err();
    assert!(matches!(error, Error::Auth(_)));
    let told = diary.take();
    assert!(!told.contains("an-access-token"), "{told}");
    assert!(!told.contains(SHA256), "{told}");
}
