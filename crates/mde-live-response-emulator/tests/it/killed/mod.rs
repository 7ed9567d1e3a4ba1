//! The program is killed between any two bytes of an upload: what the client says of it is true.
//!
//! Two hundred places: all of the closing boundary and the bytes before it, the rest of the request and the answer in
//! steps, from the first byte to the last. What is true is read from the program's directory afterwards.

mod relay;

use std::net::TcpListener;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use mde_live_response_core::policy::RetryPolicy;
use mde_live_response_core::{
    AccessToken, Client, Effect, Endpoint, Error, IfExists, LibraryFile, Upload,
};
use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;
use mde_live_response_ureq::UreqTransport;

use relay::{Cut, Then, WHOLE, measure};

const NAME: &str = "collect-dns.ps1";
const OLD: &[u8] = b"an older one\n";

fn content() -> Vec<u8> {
    b"Get-DnsClientCache # ".repeat(5)
}

/// Bytes at the end of a request of which each is a place: the closing boundary and what stands before it.
const END: usize = 60;

/// How long request and answer are when nothing happens. The answer's times may make another one shorter.
fn lengths() -> (usize, usize) {
    static LENGTHS: OnceLock<(usize, usize)> = OnceLock::new();
    *LENGTHS.get_or_init(|| {
        let emulator = Emulator::start().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::scope(|scope| {
            let measured = scope.spawn(|| measure(&listener, emulator.base_url()));
            client(&url, RetryPolicy::NONE).upload(&upload(content())).unwrap();
            measured.join().unwrap()
        })
    })
}

/// Every place, in the order of the exchange.
fn cuts() -> Vec<Cut> {
    let (request, answer) = lengths();
    let start = (0..request - END).step_by(7).map(Cut::Request);
    let end = (0..END).rev().map(Cut::BeforeEnd);
    let answer = (0..answer).step_by(12).chain([WHOLE]).map(Cut::Answer);
    start.chain(end).chain(answer).collect()
}

fn client(url: &str, policy: RetryPolicy) -> Client {
    let token = AccessToken::new(Emulator::DEFAULT_TOKEN).unwrap();
    let endpoint = Endpoint::parse(url).unwrap();
    let instant = Duration::from_millis(1);
    Client::builder(endpoint, token, UreqTransport::new())
        .retry(policy.with_backoff(instant, instant))
        .build()
}

/// Content under the name in the directory, according to a new emulator.
fn held(dir: &TempDir) -> Option<Vec<u8>> {
    let emulator = Emulator::builder().state_dir(dir.path()).start().unwrap();
    assert!(emulator.library().names().len() <= 1);
    emulator.library().content(NAME)
}

fn upload(content: impl Into<Vec<u8>>) -> Upload {
    Upload::new(NAME.parse().unwrap(), content.into())
}

fn store_old(dir: &TempDir) {
    let emulator = Emulator::builder().state_dir(dir.path()).start().unwrap();
    client(emulator.base_url(), RetryPolicy::NONE).upload(&upload(OLD)).unwrap();
}

/// An upload that is cut there, and what the directory holds then.
fn cut_upload(
    dir: &TempDir,
    upload: &Upload,
    cut: Cut,
    then: Then,
    policy: RetryPolicy,
) -> (Result<LibraryFile, Error>, Option<Vec<u8>>) {
    let relay = relay::start(dir.path(), cut, then);
    // The client is gone before the relay is stopped, and with it its connections.
    let outcome = client(&relay.url(), policy).upload(upload);
    relay.stop();
    (outcome, held(dir))
}

/// Without repeats: each outcome against what the directory holds.
fn assert_true(cut: Cut, existing: IfExists) {
    let dir = TempDir::new();
    let before = (existing == IfExists::Override).then(|| {
        store_old(&dir);
        OLD.to_vec()
    });
    let upload = upload(content()).with_if_exists(existing);
    let (outcome, held) = cut_upload(&dir, &upload, cut, Then::Nothing, RetryPolicy::NONE);
    let is_new = held.as_deref() == Some(content().as_slice());
    let said = format!("case: {cut:?}, {existing:?}: {outcome:?}, new: {is_new}");
    assert!(is_new || held == before, "{said}: neither the old nor the new");
    match (&outcome, outcome.as_ref().err().map(Error::effect)) {
        (Ok(_), _) => assert!(is_new, "{said}"),
        (_, Some(Effect::NotApplied)) => assert!(!is_new, "{said}"),
        (_, effect) => assert_eq!(effect, Some(Effect::Unknown), "{said}"),
    }
    match cut {
        // Not the whole request.
        Cut::Request(_) | Cut::BeforeEnd(1..) => assert!(outcome.is_err() && !is_new, "{said}"),
        Cut::BeforeEnd(_) => assert!(outcome.is_err(), "{said}"),
        // What is answered is on disk.
        Cut::Answer(bytes) => assert!(is_new && outcome.is_ok() == (bytes == WHOLE), "{said}"),
    }
}

#[test]
fn what_is_said_of_a_killed_upload_is_true() {
    assert!(cuts().len() >= 200);
    let all = || cuts().into_iter();
    thread::scope(|scope| {
        for half in 0..2 {
            let cuts = all().skip(half).step_by(2);
            scope.spawn(move || cuts.for_each(|cut| assert_true(cut, IfExists::Fail)));
            let cuts = all().skip(4 * half).step_by(8);
            scope.spawn(move || cuts.for_each(|cut| assert_true(cut, IfExists::Override)));
        }
    });
}

/// More than the kernel takes: then it is known that the server has not the whole.
#[test]
fn a_large_upload_that_is_killed_early_is_not_delivered() {
    for cut in [0, 100, 1_000, 500_000].map(Cut::Request) {
        let dir = TempDir::new();
        let large = upload(vec![b'x'; 20 * 1024 * 1024]);
        let (outcome, held) = cut_upload(&dir, &large, cut, Then::Nothing, RetryPolicy::NONE);
        let effect = outcome.unwrap_err().effect();
        assert_eq!((effect, held), (Effect::NotApplied, None), "case: {cut:?}");
    }
}

/// The program restarts at once: the upload succeeds, once, wherever the connection was cut.
#[test]
fn an_upload_outlives_a_restart() {
    for (n, cut) in cuts().into_iter().rev().step_by(3).enumerate() {
        let stored = outlive_a_restart(&TempDir::new(), cut, IfExists::Fail);
        if let Cut::Answer(bytes) = cut {
            let is_resolved = bytes != WHOLE;
            assert_eq!(stored.is_resolved(), is_resolved, "case: {cut:?}: stored before the kill");
        }
        if n % 2 == 0 {
            let dir = TempDir::new();
            store_old(&dir);
            outlive_a_restart(&dir, cut, IfExists::Override);
        }
    }
}

fn outlive_a_restart(dir: &TempDir, cut: Cut, existing: IfExists) -> LibraryFile {
    let upload = upload(content()).with_if_exists(existing);
    let (outcome, held) = cut_upload(dir, &upload, cut, Then::Restart, RetryPolicy::DEFAULT);
    let stored = outcome.unwrap_or_else(|error| panic!("case: {cut:?}: {error}"));
    assert_eq!(stored.file_name(), NAME);
    assert_eq!(held.as_deref(), Some(content().as_slice()), "case: {cut:?}");
    stored
}
