//! Signals and limits as Unix has them; where `/proc` is looked at, as Linux has them.

use std::process::{Child, Command, Stdio};

use super::{AUTHORITY, URL, arguments, assert_succeeds, child};
use crate::server::{Gate, Server, Step, trusted_pem};
use crate::support::{after_request, both, stored};

#[test]
fn t36_without_file_handles_it_is_this_machines_fault() {
    both(|speech| {
        let server = Server::start(speech, [after_request([Step::Send(stored())])]);
        let binary = std::env::current_exe().unwrap();
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "ulimit -n 48 && exec \"$0\" \"$@\""]);
        shell.arg(binary).args(arguments("child_without_file_handles"));
        shell.env(URL, server.url()).env(AUTHORITY, trusted_pem());
        assert_succeeds(&mut shell);
        server.finish_one();
    });
}

/// Stops a process, waits until it stands still, and lets it go on: what it was waiting in ends with
/// `EINTR`.
#[cfg(target_os = "linux")]
fn interrupt(process: &Child) {
    signal(process, "STOP");
    let stands = || {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", process.id())).unwrap();
        tasks.flatten().all(|task| {
            let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            let state = stat.rsplit(')').next().unwrap_or_default();
            // One that is dead already will not stand still any better.
            state.trim_start().starts_with(['T', 'Z', 'X'])
        })
    };
    while !stands() {
        std::thread::yield_now();
    }
    signal(process, "CONT");
}

fn signal(process: &Child, name: &str) {
    let kill = format!("kill -{name} {}", process.id());
    assert!(Command::new("/bin/sh").args(["-c", &kill]).status().unwrap().success());
}

#[cfg(target_os = "linux")]
#[test]
fn t38_interrupted_system_calls_are_no_faults() {
    both(|speech| {
        let (head_read, body_wanted) = (Gate::new(), Gate::new());
        let (body_read, answer_wanted) = (Gate::new(), Gate::new());
        let script = vec![
            Step::ReadHead,
            Step::Open(head_read.clone()),
            Step::Await(body_wanted.clone()),
            Step::ReadBody,
            Step::Open(body_read.clone()),
            Step::Await(answer_wanted.clone()),
            Step::Send(crate::support::reply("400 Bad Request", "", "{}")),
        ];
        let server = Server::start(speech, [script]);
        let process = spawn("child_is_refused", &server);
        for (reached, go_on) in [(&head_read, &body_wanted), (&body_read, &answer_wanted)] {
            reached.pass();
            for _ in 0..20 {
                interrupt(&process);
            }
            go_on.open();
        }
        let output = process.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {told}", output.status);
        server.finish_one();
    });
}

fn spawn(test: &str, server: &Server) -> Child {
    child(test, server).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Whatever ends the process in the middle of a body, the server can tell that there was more to come.
#[test]
fn r15_a_process_that_is_killed_leaves_a_short_body() {
    both(|speech| {
        for name in ["INT", "TERM", "KILL"] {
            let (head_read, ended) = (Gate::new(), Gate::new());
            let script = vec![
                Step::ReadHead,
                Step::Open(head_read.clone()),
                Step::Await(ended.clone()),
                Step::ReadBody,
            ];
            let server = Server::start(speech, [script]);
            let process = spawn("child_is_refused", &server);
            head_read.pass();
            signal(&process, name);
            assert!(!process.wait_with_output().unwrap().status.success());
            ended.open();
            let received = server.finish_one().received;
            assert!(received.starts_with(b"POST "), "case: {name}");
            assert!(!received.ends_with(b"--\r\n"), "case: {name}: the end was sent");
        }
    });
}

/// Connections are kept, replaced and given up; none of them stays for ever.
#[cfg(target_os = "linux")]
#[test]
fn r19_a_thousand_uploads_leave_nothing_behind() {
    both(|speech| {
        let answer =
            |end: &str| Step::Send(crate::support::reply("200 OK", end, &crate::support::entity()));
        let kept = (0..9).flat_map(|_| after_request([answer("")]));
        let last = after_request([answer("Connection: close\r\n"), Step::Close]);
        let script: Vec<Step> = kept.chain(last).collect();
        let server = Server::start(speech, vec![script; 100]);
        assert_succeeds(&mut child("unix::child_stores_a_thousand", &server));
        assert_eq!(server.finish().len(), 100);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn child_stores_a_thousand() {
    use crate::support::{Outcome, small};

    let Some(client) = super::of_parent() else { return };
    let entries = |of| std::fs::read_dir(format!("/proc/self/{of}")).unwrap().count();
    let in_use = || (entries("fd"), entries("task"));
    let mut after_ten = None;
    for n in 1..=1000 {
        assert_eq!(Outcome::of(client.upload(&small())), Outcome::Stored, "upload {n}");
        // The tenth connection of each ten is closed: always the same point.
        if n % 10 == 0 {
            let before = *after_ten.get_or_insert_with(in_use);
            assert_eq!(in_use(), before, "handles and threads after upload {n}");
        }
    }
}
