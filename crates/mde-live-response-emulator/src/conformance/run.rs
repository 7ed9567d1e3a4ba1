//! Runs cases. Every wait has a limit, so a broken transport gives findings and never blocks the suite.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use mde_live_response_core::http::Request;
use mde_live_response_core::policy::{CancelToken, Pacing, RetryPolicy};
use mde_live_response_core::transport::{Exchange, Limits, Transport};
use mde_live_response_core::{AccessToken, Client, Effect, Endpoint, Error};

use super::case::{Act, Carriage, Case, Received};
use super::exceptions;
use super::expected::{Expected, Seen};
use super::peer::{Connection, Peer, Speech};
use super::{Finding, Level, Report};

pub(super) const TOKEN: &str = "an-access-token";

/// Cases that run at once, because most of them wait.
const WORKERS: usize = 4;
/// Cases that do not end, after which the rest are skipped.
const MAX_WITHOUT_END: usize = 3;

/// A call that waits for a peer with [`PATIENCE`] ends within `patience`.
pub(super) fn run<T: Transport + 'static>(
    cases: Vec<Case>,
    level: Level,
    speech: Speech,
    patience: Duration,
    transport: impl Fn(&Peer) -> T + Sync,
) -> Report {
    let is_for = |case: &Case| speech != Speech::Plain || case.over == Carriage::Any;
    let cases: Vec<Case> =
        cases.into_iter().filter(|case| case.level <= level && is_for(case)).collect();
    let (next, without_end) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let findings = Mutex::new(Vec::new());
    let work = || {
        while without_end.load(Ordering::Relaxed) < MAX_WITHOUT_END {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = cases.get(n) else { break };
            let (found, has_ended) = run_case(case, level, speech, patience, &transport);
            findings.lock().unwrap().extend(found.into_iter().map(|finding| (n, finding)));
            if !has_ended {
                without_end.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| (0..WORKERS).for_each(|_| drop(scope.spawn(work))));
    let mut findings = findings.into_inner().unwrap();
    findings.sort_by_key(|(n, _)| *n);
    let run = next.into_inner().min(cases.len());
    Report {
        cases: run,
        left_out: cases.len() - run,
        findings: findings.into_iter().map(|(_, finding)| finding).collect(),
    }
}

/// Returns the findings, and whether all calls ended.
fn run_case<T: Transport + 'static>(
    case: &Case,
    level: Level,
    speech: Speech,
    patience: Duration,
    transport: &impl Fn(&Peer) -> T,
) -> (Vec<Finding>, bool) {
    let spoken = if case.over == Carriage::TlsToPlain { Speech::Plain } else { speech };
    let mut peer = Peer::start(spoken, case.scripts.clone());
    let user = User::new(case, &peer, Arc::new(transport(&peer)));
    let (tell, told) = mpsc::channel();
    let acts = case.acts.clone();
    thread::spawn(move || acts.iter().for_each(|act| user.act(act, &tell)));
    let calls: Vec<&Expected> = case.acts.iter().flat_map(calls_of).collect();
    let mut outcomes = Vec::new();
    for expected in &calls {
        let seen = told.recv_timeout(patience).unwrap_or_else(|error| match error {
            mpsc::RecvTimeoutError::Timeout => Seen::DidNotEnd,
            mpsc::RecvTimeoutError::Disconnected => Seen::Panicked,
        });
        let has_ended = !matches!(seen, Seen::DidNotEnd | Seen::Panicked);
        outcomes.push((*expected, seen));
        if !has_ended {
            break;
        }
    }
    // After the last act, the transport is dropped, and with it every kept connection.
    let _ = told.recv_timeout(patience);
    let address = peer.address().to_string();
    let connections = peer.stop();
    let mut findings = Vec::new();
    let mut find = |rule, expected: String, seen: String| {
        findings.push(Finding { rule, case: case.to_string(), expected, seen });
    };
    let is_whole = connections.first().is_some_and(|it| it.received.ends_with(b"--\r\n"));
    let mut has_ended = true;
    for (expected, seen) in &outcomes {
        has_ended &= !matches!(seen, Seen::DidNotEnd);
        let is_allowed = |it: &Expected| it.allows(seen, level, is_whole);
        if !is_allowed(expected) && !exceptions::also(case.rule).any(is_allowed) {
            find(case.rule, expected.to_string(), seen.to_string());
        }
    }
    let is_late = |it: &Connection| {
        it.trouble.as_ref().is_some_and(|it| it.kind() == std::io::ErrorKind::TimedOut)
    };
    if connections.iter().any(is_late) {
        find(case.rule, "the call ends".into(), "the peer lost its patience".into());
    }
    let requests: usize = connections.iter().map(|it| requests(&it.received)).sum();
    if requests > calls.len() {
        find(ONCE, format!("at most {} requests", calls.len()), requests.to_string());
    }
    if let Some(expected) = case.connections.filter(|it| *it != connections.len()) {
        let seen = format!("{} connections", connections.len());
        find(case.rule, format!("{expected} connections"), seen);
    }
    let received = connections.first().map_or(&[][..], |it| &it.received);
    if let Err(seen) = case.received.check(received, &address) {
        find(case.rule, case.received.to_string(), seen);
    }
    (findings, has_ended)
}

const ONCE: &str = "a request is sent once";

fn calls_of(act: &Act) -> Vec<&Expected> {
    match act {
        Act::Upload(_, expected) | Act::Delete(expected) | Act::Exchange(_, _, expected) => {
            vec![expected]
        }
        Act::Together(_, expected) => vec![expected; THREADS * UPLOADS],
        Act::Open(_) | Act::Pass(_) | Act::CancelAt(_) => Vec::new(),
    }
}

/// Of [`Act::Together`].
const THREADS: usize = 8;
const UPLOADS: usize = 5;

/// The code that uses the transport.
struct User<T> {
    client: Client,
    transport: Arc<T>,
    cancel: CancelToken,
    url: String,
}

impl<T: Transport + 'static> User<T> {
    fn new(case: &Case, peer: &Peer, transport: Arc<T>) -> Self {
        let url = match case.over {
            Carriage::TlsToPlain => peer.url().replace("http:", "https:"),
            _ => peer.url(),
        };
        let random = |bytes: &mut [u8]| {
            bytes.fill(0x2a);
            Ok(())
        };
        let token: AccessToken = TOKEN.parse().unwrap();
        let cancel = CancelToken::new();
        let client = Client::builder(Endpoint::parse(&url).unwrap(), token, Arc::clone(&transport))
            .retry(RetryPolicy::NONE)
            .pacing(Pacing::Off)
            .random(random)
            .deadline(case.deadline)
            .silence_limit(case.silence)
            .build()
            .cancelled_by(&cancel);
        Self { client, transport, cancel, url }
    }

    fn act(&self, act: &Act, tell: &Sender<Seen>) {
        let told = |seen| drop(tell.send(seen));
        let upload = |upload| seen(self.client.upload(upload).map(drop));
        match act {
            Act::Upload(it, _) => told(upload(it)),
            Act::Delete(_) => {
                told(seen(self.client.delete(&super::content::NAME.parse().unwrap()).map(drop)));
            }
            Act::Exchange(request, max, _) => told(self.exchange(request, *max)),
            Act::Together(it, _) => {
                let start = Barrier::new(THREADS);
                thread::scope(|scope| {
                    for _ in 0..THREADS {
                        scope.spawn(|| {
                            start.wait();
                            (0..UPLOADS).for_each(|_| told(upload(it)));
                        });
                    }
                });
            }
            Act::Open(gate) => gate.open(),
            Act::Pass(gate) => gate.pass(),
            Act::CancelAt(gate) if gate.is_open() => self.cancel.cancel(),
            Act::CancelAt(gate) => {
                let (gate, cancel) = (gate.clone(), self.cancel.clone());
                thread::spawn(move || {
                    gate.pass();
                    cancel.cancel();
                });
            }
        }
    }

    fn exchange(&self, request: &Request<Vec<u8>>, max: u64) -> Seen {
        let (mut head, body) = request.clone().into_parts();
        if head.uri.host().is_none() {
            head.uri = format!("{}{}", self.url, head.uri).parse().unwrap();
        }
        let exchange = Exchange::new(Request::from_parts(head, &*body)).unwrap();
        let mut exchange = exchange.with_limits(Limits::new().with_max_answer(max));
        match self.transport.send(&mut exchange) {
            Ok(answer) => {
                let own =
                    answer.headers().iter().filter(|(name, _)| name.as_str().starts_with("x-"));
                let mut text: Vec<String> = own
                    .map(|(name, value)| format!("{name}: {}\n", lossy(value.as_bytes())))
                    .collect();
                text.sort_unstable();
                Seen::Answer(answer.status().as_u16(), text.concat() + &lossy(answer.body()))
            }
            Err(error) => {
                let is_incomplete = exchange.is_incomplete();
                let derived = if is_incomplete { Effect::NotApplied } else { Effect::Unknown };
                Seen::Failure(error.kind(), error.effect().unwrap_or(derived))
            }
        }
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn seen(outcome: Result<(), Error>) -> Seen {
    match outcome {
        Ok(()) => Seen::Success,
        Err(error) if format!("{error:?}").contains(TOKEN) => Seen::TokenShown,
        Err(error) => Seen::of_error(&error),
    }
}

/// Number of request heads among these bytes. No file of a case contains such a line.
fn requests(received: &[u8]) -> usize {
    received.windows(8).filter(|it| it.starts_with(b" HTTP/1.")).count()
}

impl Received {
    /// Returns the problem, if there is one.
    fn check(&self, received: &[u8], address: &str) -> Result<(), String> {
        let (len, is_whole) = (received.len(), received.ends_with(b"--\r\n"));
        let is_right = match self {
            Self::Any => true,
            Self::Whole => is_whole,
            Self::Incomplete => !is_whole && len < 10 * 1024 * 1024,
            Self::Request(head, body) => {
                let end =
                    received.windows(4).position(|it| it == b"\r\n\r\n").map_or(len, |at| at + 4);
                let seen = lossy(&received[..end]).to_ascii_lowercase();
                // Headers that an HTTP client may add to a request without them.
                let may_add = ["accept:", "user-agent:"].into_iter();
                let may_add = may_add.filter(|name| !head.to_ascii_lowercase().contains(name));
                let added: Vec<_> = may_add.chain(["connection:"]).collect();
                let own = |it: &str| it.is_empty() || added.iter().any(|name| it.starts_with(name));
                let lines = seen.lines().filter(|it| !own(it)).map(|it| it.split(" http/1").next());
                let mut seen: Vec<_> = lines.flatten().collect();
                let head = format!("{head}\nhost: {address}").to_ascii_lowercase();
                let mut expected: Vec<_> = head.lines().collect();
                seen.sort_unstable();
                expected.sort_unstable();
                seen == expected && received[end..] == **body
            }
        };
        let shown = || received.get(..2000).unwrap_or(received).escape_ascii().to_string();
        if is_right { Ok(()) } else { Err(format!("{len} bytes: {}", shown())) }
    }
}

#[cfg(test)]
mod tests {
    use mde_live_response_core::http::Response;
    use mde_live_response_core::transport::TransportError;

    use super::*;
    use crate::conformance::content::{served, small};
    use crate::conformance::peer::Gate;

    /// Hangs until the gate opens, and panics.
    #[derive(Debug)]
    struct Hangs(Gate);

    impl Transport for Hangs {
        fn send(&self, _: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
            self.0.pass();
            panic!("on purpose");
        }
    }

    fn seen(gate: &Gate, patience: Duration) -> Report {
        let case = Case::new(Level::Usable, "a rule").peer(served());
        let case = case.upload(small(), Expected::Success);
        run(vec![case; 20], Level::Usable, Speech::Plain, patience, |_| Hangs(gate.clone()))
    }

    #[test]
    fn a_transport_that_hangs_or_panics_is_a_finding() {
        let gate = Gate::new();
        let report = seen(&gate, Duration::from_millis(1));
        assert!(report.left_out > 0, "{report}");
        assert!(
            report.findings.iter().all(|it| it.seen == Seen::DidNotEnd.to_string()),
            "{report}"
        );
        assert!(report.findings.len() >= MAX_WITHOUT_END, "{report}");
        gate.open();
        let report = seen(&gate, Duration::from_secs(60));
        assert!(report.findings.iter().all(|it| it.seen == Seen::Panicked.to_string()), "{report}");
        assert_eq!(report.findings.len(), 20, "{report}");
    }
}
