//! `lrlib` on a terminal: the question before files are lost.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Stdio};

use mde_live_response_emulator::Emulator;
use mde_live_response_emulator::conformance::{Gate, Peer, Speech, Step};
use mde_live_response_testkit::TempDir;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::support::{Lrlib, Ran, ran};

/// A run whose standard input and standard error are a terminal.
pub(crate) struct OnTerminal {
    pub(crate) child: Child,
    terminal: File,
    /// Everything that the terminal has shown.
    pub(crate) shown: String,
}

impl OnTerminal {
    pub(crate) fn start(lrlib: &Lrlib<'_>, arguments: &[&str]) -> Self {
        Self::open(lrlib, arguments, false)
    }

    /// With standard output on the terminal, too, which has 60 columns.
    fn with_output(lrlib: &Lrlib<'_>, arguments: &[&str]) -> Self {
        Self::open(lrlib, arguments, true)
    }

    fn open(lrlib: &Lrlib<'_>, arguments: &[&str], has_output: bool) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let size = Winsize { ws_row: 24, ws_col: 60, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let end = File::options().read(true).write(true).open(OsStr::from_bytes(name.to_bytes()));
        let input = end.unwrap();
        let end = || Stdio::from(input.try_clone().unwrap());
        let output = if has_output { end() } else { Stdio::piped() };
        let mut command = lrlib.command(arguments);
        let child = command.stdin(end()).stderr(end()).stdout(output).spawn().unwrap();
        Self { child, terminal: File::from(terminal), shown: String::new() }
    }

    /// Reads until the terminal has shown this.
    #[track_caller]
    pub(crate) fn shows(&mut self, text: &str) {
        let mut buffer = [0; 4096];
        while !self.shown.contains(text) {
            // At the end of the other side, Linux has an error, and macOS an end.
            let n = self.terminal.read(&mut buffer).unwrap_or(0);
            assert!(n > 0, "no `{text}` in {:?}", self.shown);
            self.shown.push_str(&String::from_utf8_lossy(&buffer[..n]));
        }
    }

    pub(crate) fn types(&mut self, text: &str) {
        self.terminal.write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end. `stderr` is what the terminal has shown.
    pub(crate) fn end(mut self) -> Ran {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = self.terminal.read(&mut buffer) {
            self.shown.push_str(&String::from_utf8_lossy(&buffer[..n]));
        }
        let ran = ran(self.child.wait_with_output().unwrap());
        Ran { stderr: self.shown, ..ran }
    }
}

#[test]
fn losses_are_asked_for_on_a_terminal() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::with([("a.ps1", "1")]));
    let lrlib = Lrlib::of(&emulator);
    let delete: &[&str] = &["delete", "a.ps1"];
    let take_over: &[&str] = &["sync", dir.arg(), "--take-over"];
    let sync: &[&str] = &["sync", dir.arg(), "--delete=all"];
    for (command, name) in [(delete, "a.ps1"), (take_over, "a.ps1"), (sync, "old.ps1")] {
        for (answer, goes_on) in [
            ("\n", false),
            ("n\n", false),
            ("yess\n", false),
            ("\u{4}", false),
            ("y\n", true),
            (" YES \n", true),
        ] {
            emulator.library().restore([] as [(_, Vec<u8>); 0]);
            emulator.library().insert(name, b"hers");
            let mut run = OnTerminal::start(&lrlib, command);
            run.shows("[y/N] ");
            assert!(run.shown.contains(emulator.base_url()), "{}", run.shown);
            run.types(answer);
            let ran = run.end();
            assert_eq!(ran.code, i32::from(!goes_on), "{command:?} {answer:?}: {ran:?}");
            let is_lost = emulator.library().content(name).as_deref() != Some(b"hers");
            assert_eq!(is_lost, goes_on, "{command:?} {answer:?}: {ran:?}");
        }
    }
}

#[test]
fn a_dry_run_and_yes_ask_nothing_on_a_terminal() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::with([("a.ps1", "1")]));
    let lrlib = Lrlib::of(&emulator);
    emulator.library().insert("a.ps1", b"hers");
    for (command, code) in [
        (&["delete", "a.ps1", "--dry-run"][..], 0),
        (&["sync", dir.arg(), "--take-over", "--dry-run"], 0),
        (&["plan", dir.arg(), "--delete=all"], 1),
        (&["sync", dir.arg(), "--take-over", "--yes"], 0),
        (&["delete", "a.ps1", "--yes"], 0),
    ] {
        let ran = OnTerminal::start(&lrlib, command).end();
        assert!(ran.code == code && !ran.stderr.contains("[y/N]"), "{command:?}: {ran:?}");
    }
}

#[test]
fn a_signal_at_the_question_changes_nothing() {
    let emulator = Emulator::start().unwrap();
    emulator.library().insert("a.ps1", b"x");
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut run =
            OnTerminal::start(&Lrlib::of(&emulator), &["delete", "a.ps1", "--format", "json"]);
        run.shows("[y/N] ");
        run.signal(signal);
        let ran = run.end();
        assert_eq!(ran.code, code, "{ran:?}");
        assert_eq!(ran.json()["error"]["effect"], "not-applied");
    }
    assert_eq!(emulator.library().names(), ["a.ps1"]);
}

#[test]
fn a_bar_says_that_the_answer_is_awaited() {
    let (gate, dir) = (Gate::new(), TempDir::new());
    let answer = Step::Send(b"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n".to_vec());
    let script = vec![Step::ReadHead, Step::ReadBody, Step::Await(gate.clone()), answer];
    let service = Peer::start(Speech::Plain, [script]);
    let base = format!("http://{}", service.address());
    let lrlib = Lrlib::alone().with(&[("MDE_TOKEN", "a-token"), ("MDE_BASE_URL", &base)]);
    let mut run = OnTerminal::start(&lrlib, &["upload", &dir.write_arg("a.ps1", "1")]);
    run.shows("waiting for the answer");
    gate.open();
    let ran = run.end();
    assert_eq!(ran.code, 1, "{ran:?}");
}

/// Every line of a plan, a list and the bars of a sync fits 60 columns, even with long names and descriptions.
#[test]
fn lines_fit_a_terminal_of_60_columns() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::new());
    let lrlib = Lrlib::of(&emulator);
    let long = "Get-ForensicsAndAVeryLongNameForAScriptThatPeopleHaveNever-Seen.ps1";
    dir.write(long, "1");
    dir.write(
        &format!("{long}.json"),
        r#"{"description": "Collects everything that there is on the machine, and more"}"#,
    );
    for command in
        [&["plan", dir.arg()][..], &["sync", dir.arg()], &["list"], &["plan", dir.arg(), "--all"]]
    {
        let run = OnTerminal::with_output(&lrlib, command);
        let ran = run.end();
        assert_eq!(ran.code, 0, "{ran:?}");
        // The terminal overwrites a line from its start after a carriage return.
        for line in ran.stderr.split(['\n', '\r']) {
            let line =
                line.replace("\u{1b}[2K", "").replace("\u{1b}[32m", "").replace("\u{1b}[0m", "");
            let is_message = line.starts_with("Plan: ")
                || line.starts_with("Done: ")
                || line.starts_with("created ");
            assert!(is_message || line.chars().count() <= 60, "{command:?}: {line:?}");
        }
    }
}

/// Without a cursor that moves, there are lines but no bars and no colours.
#[test]
fn a_dumb_terminal_gets_plain_lines() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::with([("a.ps1", "1")]));
    let variables = [("MDE_TOKEN", emulator.token()), ("TERM", "dumb")];
    let lrlib = Lrlib::of(&emulator).with(&variables);
    let ran = OnTerminal::with_output(&lrlib, &["sync", dir.arg()]).end();
    assert_eq!(
        ran.stderr,
        "Plan: 1 to create, 0 to update, 0 to delete (0 unchanged)\r\ncreated a.ps1\r\nDone: 1 created (0 unchanged)\r\n"
    );
}

/// A wait of minutes is counted down on the bar.
#[test]
fn a_bar_counts_a_wait_down() {
    let dir = TempDir::new();
    let throttled = b"HTTP/1.1 429 No\r\nContent-Length: 0\r\nRetry-After: 50\r\n\r\n".to_vec();
    let script = vec![Step::ReadHead, Step::ReadBody, Step::Send(throttled)];
    let service = Peer::start(Speech::Plain, [script]);
    let base = format!("http://{}", service.address());
    let lrlib = Lrlib::alone().with(&[("MDE_TOKEN", "a-token"), ("MDE_BASE_URL", &base)]);
    let mut run = OnTerminal::start(&lrlib, &["upload", &dir.write_arg("a.ps1", "1")]);
    run.shows("waiting 50 s: ");
    run.shows("waiting 4");
    run.signal(Signal::INT);
    assert_eq!(run.end().code, 130);
}
