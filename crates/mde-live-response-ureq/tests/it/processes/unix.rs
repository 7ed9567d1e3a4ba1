//! Signals and limits of Unix. Tests that read `/proc` are for Linux.

use std::process::{Child, Command, Stdio};

use super::{AUTHORITY, URL, arguments, assert_succeeds, child};
use crate::server::trusted_pem;
use crate::support::*;

#[test]
fn t36_without_file_handles_it_is_this_machines_fault() {
    both(|speech| {
        let server = Server::start(speech, [served(1)]);
        let binary = std::env::current_exe().unwrap();
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "ulimit -n 48 && exec \"$0\" \"$@\""]);
        shell.arg(binary).args(arguments("child_without_file_handles"));
        shell.env(URL, server.url()).env(AUTHORITY, trusted_pem());
        assert_succeeds(&mut shell);
        server.finish_one();
    });
}

/// Stops a process, waits until all its threads have stopped, and continues it: its blocking call ends with `EINTR`.
#[cfg(target_os = "linux")]
fn interrupt(process: &Child) {
    signal(process, "STOP");
    let has_stopped = || {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", process.id())).unwrap();
        tasks.flatten().all(|task| {
            let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            let state = stat.rsplit(')').next().unwrap_or_default();
            // A dead thread counts as stopped.
            state.trim_start().starts_with(['T', 'Z', 'X'])
        })
    };
    while !has_stopped() {
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
            ReadHead,
            Open(head_read.clone()),
            Await(body_wanted.clone()),
            ReadBody,
            Open(body_read.clone()),
            Await(answer_wanted.clone()),
            say(reply("400 Bad Request", "", "{}")),
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
        let shown = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {shown}", output.status);
        server.finish_one();
    });
}

fn spawn(test: &str, server: &Server) -> Child {
    child(test, server).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The server can tell that the body is not complete.
#[test]
fn r15_a_process_that_is_killed_leaves_a_short_body() {
    both(|speech| {
        for name in ["INT", "TERM", "KILL"] {
            let (head_read, ended) = (Gate::new(), Gate::new());
            let script = vec![ReadHead, Open(head_read.clone()), Await(ended.clone()), ReadBody];
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

/// Connections are kept and replaced, and none stays for ever.
#[cfg(target_os = "linux")]
#[test]
fn r19_a_thousand_uploads_leave_nothing_behind() {
    both(|speech| {
        let answer = |end: &str| say(reply("200 OK", end, &entity()));
        let kept = (0..9).flat_map(|_| after_request([answer("")]));
        let last = after_request([answer("Connection: close\r\n"), Close]);
        let script: Vec<Step> = kept.chain(last).collect();
        let server = Server::start(speech, vec![script; 100]);
        assert_succeeds(&mut child("unix::child_stores_a_thousand", &server));
        assert_eq!(server.finish().len(), 100);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn child_stores_a_thousand() {
    let Some(client) = super::of_parent() else { return };
    let entries = |of| std::fs::read_dir(format!("/proc/self/{of}")).unwrap().count();
    let in_use = || (entries("fd"), entries("task"));
    let mut after_ten = None;
    for n in 1..=1000 {
        assert_eq!(upload_by(&client, &small()), STORED, "upload {n}");
        // The server closes the connection after each tenth upload.
        if n % 10 == 0 {
            let before = *after_ten.get_or_insert_with(in_use);
            assert_eq!(in_use(), before, "handles and threads after upload {n}");
        }
    }
}
