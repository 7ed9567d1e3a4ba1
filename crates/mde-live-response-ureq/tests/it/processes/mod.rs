//! Tests that need a process of their own: an environment, limits and signals that other tests must not see.
//!
//! The parent runs this test binary again, with one of the `child_` tests and its server in the environment. Without
//! them, a child test does nothing.

#[cfg(unix)]
mod unix;

use std::fs::File;
use std::process::Command;

use mde_live_response_ureq::{Certificate, Roots, UreqTransport};

use crate::server::trusted_pem;
use crate::support::*;

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
    let shown = [output.stdout, output.stderr].concat();
    let shown = String::from_utf8_lossy(&shown);
    assert!(output.status.success(), "{}: {shown}", output.status);
    assert!(shown.contains("1 passed"), "the child ran no test: {shown}");
}

/// A client for the parent's server. `None` without a parent.
fn of_parent() -> Option<Client> {
    let url = std::env::var(URL).ok()?;
    let authority = Certificate::from_pem(std::env::var(AUTHORITY).unwrap().as_bytes()).unwrap();
    let roots = Roots::Certificates(vec![authority]);
    Some(builder_over(&url, UreqTransport::builder().roots(roots)).build())
}

#[test]
fn child_stores() {
    let Some(client) = of_parent() else { return };
    assert_eq!(upload_by(&client, &small()), STORED);
}

#[test]
fn t35_proxies_of_the_environment_are_ignored() {
    both(|speech| {
        let proxy = Server::start(Speech::Plain, []);
        let server = Server::start(speech, [served(1)]);
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

/// The next upload shows that nothing was left behind.
#[test]
fn child_without_file_handles() {
    let Some(client) = of_parent() else { return };
    let handles: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    let outcome = upload_by(&client, &small());
    drop(handles);
    assert_eq!(outcome, not_applied(Kind::Local));
    assert_eq!(upload_by(&client, &small()), STORED);
}

#[test]
fn child_writes_to_a_closed_socket() {
    let Some(client) = of_parent() else { return };
    assert_eq!(upload_by(&client, &large()), not_applied(Kind::Send));
}

/// A write to a reset connection raises a signal, which kills a process that does not ignore it.
#[test]
fn t39_a_write_to_a_closed_socket_is_an_error_and_not_death() {
    both(|speech| {
        let server = Server::start(speech, [vec![ReadHead, Reset]]);
        assert_succeeds(&mut child("child_writes_to_a_closed_socket", &server));
    });
}

#[test]
fn child_is_refused() {
    let Some(client) = of_parent() else { return };
    assert_eq!(upload_by(&client, &large()), refused(400, ErrorKind::Rejected));
}
