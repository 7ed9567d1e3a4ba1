//! What needs a process of its own: an environment, limits and signals that the other tests must not see.
//!
//! The parent runs this test binary again, with one of the `child_` tests and what that test needs in the
//! environment. Without it, a child test has nothing to do.

use std::fs::File;
use std::process::{Child, Command, Stdio};

use mde_live_response_core::TransportErrorKind;
use mde_live_response_ureq::{Certificate, Roots, UreqTransport};

use crate::server::{Gate, Server, Speech, Step, trusted_pem};
use crate::support::{
    Outcome, after_request, both, builder, entity, large, not_delivered, reply, small, stored,
};

const URL: &str = "LRLIB_TEST_URL";
const AUTHORITY: &str = "LRLIB_TEST_AUTHORITY";

/// This test binary, about to run one child test against the server.
fn child(test: &str, server: &Server) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(arguments(test));
    command.env(URL, server.url()).env(AUTHORITY, trusted_pem());
    command
}

fn arguments(test: &str) -> [String; 3] {
    let test = format!("processes::{test}");
    ["--nocapture".to_owned(), "--exact".to_owned(), test]
}

#[track_caller]
fn assert_succeeds(command: &mut Command) {
    let output = command.output().unwrap();
    let (out, err) = (&output.stdout, &output.stderr);
    let told = [out.as_slice(), err].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(output.status.success(), "{}: {told}", output.status);
    assert!(told.contains("1 passed"), "the child ran no test: {told}");
}

/// A client for the parent's server; `None` without a parent.
fn of_parent() -> Option<mde_live_response_core::Client> {
    let url = std::env::var(URL).ok()?;
    let authority = Certificate::from_pem(std::env::var(AUTHORITY).unwrap().as_bytes()).unwrap();
    let roots = Roots::Certificates(vec![authority]);
    let transport = UreqTransport::builder().roots(roots).build();
    Some(builder(&url, transport).build())
}

#[test]
fn child_stores() {
    let Some(client) = of_parent() else { return };
    assert_eq!(Outcome::of(client.upload(&small())), Outcome::Stored);
}

#[test]
fn t35_proxies_of_the_environment_are_ignored() {
    both(|speech| {
        let proxy = Server::start(Speech::Plain, []);
        let server = Server::start(speech, [after_request([Step::Send(stored())])]);
        let mut command = child("child_stores", &server);
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY"] {
            let url = format!("http://{}", proxy.address());
            command.env(name, &url).env(name.to_lowercase(), &url);
        }
        command.env_remove("NO_PROXY").env_remove("no_proxy");
        assert_succeeds(&mut command);
        assert_eq!(proxy.finish().len(), 0);
        server.finish_one();
    });
}

#[test]
fn child_without_file_handles() {
    let Some(client) = of_parent() else { return };
    let handles: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    let outcome = Outcome::of(client.upload(&small()));
    drop(handles);
    assert_eq!(outcome, not_delivered(TransportErrorKind::Local));
    // The want has passed, and left nothing behind.
    assert_eq!(Outcome::of(client.upload(&small())), Outcome::Stored);
}

#[cfg(unix)]
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

#[test]
fn child_writes_to_a_closed_socket() {
    let Some(client) = of_parent() else { return };
    let outcome = Outcome::of(client.upload(&large()));
    assert_eq!(outcome, not_delivered(TransportErrorKind::Send));
}

/// A write to a connection that the peer has reset raises a signal, which kills a process that does not
/// ignore it.
#[test]
fn t39_a_write_to_a_closed_socket_is_an_error_and_not_death() {
    both(|speech| {
        let server = Server::start(speech, [vec![Step::ReadHead, Step::Reset]]);
        assert_succeeds(&mut child("child_writes_to_a_closed_socket", &server));
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

#[cfg(unix)]
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
            Step::Send(reply("400 Bad Request", "", "{}")),
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

#[test]
fn child_is_refused() {
    let Some(client) = of_parent() else { return };
    assert!(matches!(Outcome::of(client.upload(&large())), Outcome::Service(_, 400, _)));
}

/// Whatever ends the process in the middle of a body, the server can tell that there was more to come.
#[cfg(unix)]
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
        let answer = |end: &str| Step::Send(reply("200 OK", end, &entity()));
        let kept = (0..9).flat_map(|_| after_request([answer("")]));
        let last = after_request([answer("Connection: close\r\n"), Step::Close]);
        let script: Vec<Step> = kept.chain(last).collect();
        let server = Server::start(speech, vec![script; 100]);
        assert_succeeds(&mut child("child_stores_a_thousand", &server));
        assert_eq!(server.finish().len(), 100);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn child_stores_a_thousand() {
    let Some(client) = of_parent() else { return };
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
