//! Signals: what an interrupted run says is true, its audit log is whole, and running again ends in the desired state.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use mde_live_response_emulator::{Emulator, FakeLibrary};
use mde_live_response_testkit::TempDir;
use serde_json::{Value, json};

use crate::interrupts::{self, Interrupt, has_own_console, is_killed, send};
use crate::support::{Lrlib, ran};
#[cfg(unix)]
use crate::terminal::OnTerminal;

/// A library that stops when its clock is read for the n-th time: once when a call arrives, and once more before an
/// upload is stored.
struct Stopping {
    stopped: Receiver<()>,
    /// Before the emulator, which waits for it when it is dropped.
    go_on: Sender<()>,
    emulator: Emulator,
}

impl Stopping {
    fn at(n: u64) -> Self {
        let (tell, stopped) = channel();
        let (go_on, wait) = channel();
        let both = Mutex::new((tell, wait));
        let readings = AtomicU64::new(0);
        let library = FakeLibrary::builder().no_limits().now(move || {
            if readings.fetch_add(1, Ordering::SeqCst) + 1 == n {
                let both = both.lock().unwrap();
                both.0.send(()).unwrap();
                // Ends with the test, too.
                let _ = both.1.recv();
            }
            SystemTime::now()
        });
        let emulator = Emulator::builder().library(library.build()).start().unwrap();
        Self { stopped, go_on, emulator }
    }
}

fn lines(path: &str) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{text}")))
        .collect()
}

/// Time for a run that a signal ends: 30 s. Ours: each needs far less.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for the run's end. A run that the signal did not end fails the test.
#[track_caller]
fn ended(child: Child) -> Output {
    let (tell, output) = channel();
    thread::spawn(move || tell.send(child.wait_with_output().unwrap()));
    // Without the test, it loses its library and its readers.
    output.recv_timeout(PATIENCE).unwrap_or_else(|why| panic!("the run did not end: {why}"))
}

/// Three changes one by one: the first is done, the second has arrived and is not answered, the third is not tried.
#[test]
fn an_interrupted_run_tells_what_was_done_what_was_not_and_what_is_unknown() {
    if !has_own_console(
        "signals::an_interrupted_run_tells_what_was_done_what_was_not_and_what_is_unknown",
    ) {
        return;
    }
    let dir = TempDir::with([("a.ps1", "1"), ("b.ps1", "2"), ("c.ps1", "3")]);
    let path = |name| dir.path().join(name).display().to_string();
    let (a, b, c) = (path("a.ps1"), path("b.ps1"), path("c.ps1"));
    let upload: &[&str] = &["upload", &a, &b, &c];
    let delete: &[&str] = &["delete", "a.ps1", "b.ps1", "c.ps1", "--yes"];
    // sync lists twice, and each file that the test itself stores is a reading of the clock.
    for (command, stop_at, done) in
        [(&["sync", dir.arg()][..], 6, "created"), (upload, 4, "stored"), (delete, 5, "removed")]
    {
        for (interrupt, name, code) in interrupts::ALL {
            let stopping = Stopping::at(stop_at);
            if done == "removed" {
                for name in ["a.ps1", "b.ps1", "c.ps1"] {
                    stopping.emulator.library().insert(name, b"1");
                }
            }
            let logs = TempDir::new();
            let log = logs.path().join("audit").display().to_string();
            let lrlib = Lrlib::of(&stopping.emulator);
            let more = ["--jobs", "1", "--format", "json", "--audit", &log];
            let mut command = lrlib.command(&[command, &more].concat());
            let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
            let child = command.spawn().unwrap();
            stopping.stopped.recv_timeout(PATIENCE).unwrap();
            send(child.id(), interrupt);
            let ran = ran(ended(child));
            drop(stopping.go_on);

            assert_eq!(ran.code, code, "{ran:?}");
            let json = ran.json();
            assert_eq!(json["interrupted"], name);
            let all = if done == "created" { &json["steps"] } else { &json["results"] };
            let outcomes: Vec<_> =
                all.as_array().unwrap().iter().map(|it| &it["outcome"]).collect();
            assert_eq!(outcomes, [done, "unknown", "notTried"]);
            let mut counts = [format!("1 {done}"), "1 not tried".into(), "1 unknown".into()];
            counts.sort();
            let counts = counts.join(", ");
            let end = if done == "created" {
                format!("Done: {counts} (0 unchanged)\n")
            } else {
                format!("{counts}\n")
            };
            assert!(ran.stderr.ends_with(&end), "{ran:?}");
            let logged: Vec<_> = lines(&log)
                .iter()
                .map(|line| json!([line["name"], line["outcome"], line["effect"]]))
                .collect();
            let expected =
                [json!(["a.ps1", "done", "applied"]), json!(["b.ps1", "unknown", "unknown"])];
            assert_eq!(logged, expected);
        }
    }
}

#[test]
fn a_signal_before_the_first_change_leaves_the_library_alone() {
    if !has_own_console("signals::a_signal_before_the_first_change_leaves_the_library_alone") {
        return;
    }
    let (interrupt, _, code) = interrupts::ALL[0];
    let dir = TempDir::with([("a.ps1", "1")]);
    // At the listing for the plan, and at the one before the first change.
    for stop_at in [1, 2] {
        let stopping = Stopping::at(stop_at);
        let lrlib = Lrlib::of(&stopping.emulator);
        let mut command = lrlib.command(&["sync", dir.arg(), "--format", "json"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        stopping.stopped.recv_timeout(PATIENCE).unwrap();
        send(child.id(), interrupt);
        let ran = ran(ended(child));
        assert_eq!(ran.code, code, "{ran:?}");
        assert_eq!(ran.json()["error"]["effect"], "not-applied");
        assert!(stopping.emulator.library().names().is_empty());
    }
}

/// The run cannot end after the first signal, because no one reads its output.
#[test]
fn a_second_signal_kills() {
    if !has_own_console("signals::a_second_signal_kills") {
        return;
    }
    let emulator = Emulator::start().unwrap();
    for n in 0..2_000 {
        emulator.library().insert(format!("file-{n}.ps1"), b"x");
    }
    let pairs =
        interrupts::ALL.map(|(first, ..)| interrupts::ALL.map(|(second, ..)| (first, second)));
    for (first, second) in pairs.into_iter().flatten() {
        let lrlib = Lrlib::of(&emulator);
        let mut command = lrlib.command(&["list", "--format", "json"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut unread = child.stdout.take().unwrap();
        unread.read_exact(&mut [0]).unwrap();
        send(child.id(), first);
        let mut line = String::new();
        BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("interrupted by SIG"), "{line}");
        assert_eq!(child.try_wait().unwrap(), None);
        send(child.id(), second);
        let status = ended(child).status;
        assert!(is_killed(status, second), "{status}");
    }
}

/// The first file is stored, and the answer to the second upload of its name does not come.
#[test]
fn an_interrupted_probe_names_the_files_that_remain() {
    if !has_own_console("signals::an_interrupted_probe_names_the_files_that_remain") {
        return;
    }
    let (interrupt, name, code) = interrupts::ALL[0];
    let stopping = Stopping::at(4);
    let lrlib = Lrlib::of(&stopping.emulator);
    let mut command = lrlib.command(&["probe", "--yes", "--format", "json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    stopping.stopped.recv_timeout(PATIENCE).unwrap();
    send(child.id(), interrupt);
    let ran = ran(ended(child));
    assert_eq!(ran.code, code, "{ran:?}");
    let json = ran.json();
    assert_eq!([&json["interrupted"], &json["answers"][0]["why"]], [name, "interrupted"]);
    assert_eq!((&json["calls"], json["answers"].as_array().unwrap().len()), (&json!(3), 14));
    drop(stopping.go_on);
    let names = stopping.emulator.library().names();
    assert_eq!(json["leftBehind"], json!(names));
    assert!(ran.stderr.ends_with(&format!("lrlib delete {}\n", names[0])), "{ran:?}");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_progress_bar() {
    let dir = TempDir::with([("a.ps1", "1")]);
    let stopping = Stopping::at(4);
    let run = OnTerminal::start(&Lrlib::of(&stopping.emulator), &["sync", dir.arg()]);
    stopping.stopped.recv_timeout(PATIENCE).unwrap();
    run.signal(Interrupt::TERM);
    let ran = run.end();
    assert_eq!(ran.code, 143, "{ran:?}");
    let (_, after) = ran.stderr.rsplit_once("error: ").unwrap();
    assert!(after.ends_with("\r\nDone: 1 unknown (0 unchanged)\r\n"), "{ran:?}");
}

/// Interrupts a sync of 30 files at 30 moments, counted in what the library has seen, with each signal. The runs with
/// SIGINT and SIGTERM end by themselves, and log each file that the library stored.
#[test]
fn an_interrupted_sync_ends_as_desired_when_it_is_run_again() {
    if !has_own_console("signals::an_interrupted_sync_ends_as_desired_when_it_is_run_again") {
        return;
    }
    let handled = interrupts::ALL.map(|(signal, _, code)| (signal, Some(code)));
    let signals = handled.into_iter().chain(interrupts::KILL.map(|signal| (signal, None)));
    let dir = TempDir::new();
    for n in 0..30 {
        dir.write(&format!("file-{n:02}.ps1"), n.to_string());
    }
    for (signal, code) in signals {
        for moment in 0..30 {
            // Two listings, then two for each file.
            let at = 1 + moment * 61 / 29;
            println!("case: {signal:?} at reading {at} of the clock");
            let logs = TempDir::new();
            let log = logs.path().join("audit").display().to_string();
            let (emulator, pid) = interrupting(at, signal);
            let lrlib = Lrlib::of(&emulator);
            let sync = ["sync", dir.arg(), "--audit", &log];
            let child =
                lrlib.command(&sync).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            pid.send(child.id()).unwrap();
            let output = ended(child);
            // The library may answer everything before the signal is heard.
            let is_done = output.status.success() && emulator.library().names().len() == 30;
            assert!(is_done || output.status.code() == code, "{output:?}");
            let logged = lines(&log);
            if code.is_some() {
                for name in emulator.library().names() {
                    let has_line = logged
                        .iter()
                        .any(|line| line["name"] == name.as_str() && line["outcome"] != "failed");
                    assert!(has_line, "no line for {name} in {logged:?}");
                }
            }
            lrlib.ends(&sync, 0, "");
            let names = emulator.library().names();
            assert_eq!(names.len(), 30);
            for (n, name) in names.iter().enumerate() {
                assert_eq!(emulator.library().content(name).unwrap(), n.to_string().as_bytes());
            }
            lrlib.ends(&sync, 0, "30 unchanged");
            lines(&log);
        }
    }
}

/// A library that sends the signal when its clock is read for the n-th time, to the process that it is told.
fn interrupting(at: u64, signal: Interrupt) -> (Emulator, Sender<u32>) {
    let (tell, pid) = channel();
    let (pid, readings) = (Mutex::new(pid), Arc::new(AtomicU64::new(0)));
    let library = FakeLibrary::builder().no_limits().now(move || {
        if readings.fetch_add(1, Ordering::SeqCst) + 1 == at {
            send(pid.lock().unwrap().recv().unwrap(), signal);
        }
        SystemTime::now()
    });
    (Emulator::builder().library(library.build()).start().unwrap(), tell)
}
