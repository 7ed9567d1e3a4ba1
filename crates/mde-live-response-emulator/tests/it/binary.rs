//! The program `mde-emulator`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;
use serde_json::Value;

use crate::support::{Answer, file_form};

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mde-emulator"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A program that is killed at the end, however the test ends.
struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    base_url: String,
    token: String,
    login_url: String,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments).stderr(Stdio::inherit()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let text = |name: &str| {
            let started: Value = serde_json::from_str(&line).unwrap_or_default();
            started[name].as_str().unwrap_or_default().to_owned()
        };
        let [base_url, token, login_url] = ["baseUrl", "token", "loginUrl"].map(text);
        Self { child, stdout, base_url, token, login_url }
    }

    fn call(&self, line: &str, body: &[u8]) -> Answer {
        self.call_with(&self.token, line, "multipart/form-data; boundary=b", body)
    }

    fn call_with(&self, token: &str, line: &str, content_type: &str, body: &[u8]) -> Answer {
        let mut stream =
            TcpStream::connect(self.base_url.strip_prefix("http://").unwrap()).unwrap();
        let head = format!(
            "{line} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\
             Content-Type: {content_type}\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        Answer::read(stream)
    }

    fn upload(&self, name: &str) -> u16 {
        self.call("POST /api/libraryfiles", &file_form(name, b"x")).status
    }

    fn list(&self) -> Answer {
        self.call("GET /api/libraryfiles", b"")
    }

    /// Kills it; what it had printed after its first line.
    fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        rest
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a program that is to end by itself. If it listens all the same, it is killed.
fn output(arguments: &[&str]) -> Output {
    let mut child = command(arguments).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    if !line.is_empty() {
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("{arguments:?} printed {line}");
    }
    child.wait_with_output().unwrap()
}

#[track_caller]
fn assert_one_line_of_error(output: &Output, part: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains(part), "{part} in {stderr}");
}

#[test]
fn it_prints_one_line_once_it_listens_and_serves() {
    let emulator = Running::start(&["--listen", "127.0.0.1:0", "--token", "a\"token"]);
    assert_eq!(emulator.token, "a\"token");
    assert!(!emulator.base_url.ends_with(":0"), "{}", emulator.base_url);
    assert_eq!(emulator.login_url, "", "without an application no token is issued");
    assert_eq!(emulator.upload("a.ps1"), 200);
    assert_eq!(emulator.list().json()["value"][0]["fileName"], "a.ps1");
    assert_eq!(emulator.kill(), "");
}

#[test]
fn an_application_is_issued_tokens_under_the_login_url() {
    let asking = "grant_type=client_credentials&client_id=an-id\
                  &scope=https://api.securitycenter.microsoft.com/.default&";
    let by_assertion = "client_assertion=proof&client_assertion_type=\
                        urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let listen = ["--listen", "127.0.0.1:0", "--tenant", "a-tenant", "--client-id", "an-id"];
    for (option, proof) in
        [("--client-secret", "client_secret=proof"), ("--federated-token", by_assertion)]
    {
        let emulator = Running::start(&[&listen[..], &[option, "proof"]].concat());
        assert_eq!(emulator.login_url, emulator.base_url);
        let (line, form) = ("POST /a-tenant/oauth2/v2.0/token", format!("{asking}{proof}"));
        let content_type = "application/x-www-form-urlencoded";
        let answer = emulator.call_with("none", line, content_type, form.as_bytes()).json();
        let token = answer["access_token"].as_str().unwrap_or_else(|| panic!("{option}: {answer}"));
        let list = |token| emulator.call_with(token, "GET /api/libraryfiles", "text/plain", b"");
        assert_eq!([list(token).status, list("proof").status], [200, 401], "{option}");
        assert_eq!(emulator.list().status, 200, "{option}: the fixed token still is");
        assert_eq!(emulator.kill(), "", "{option}");
    }
}

#[test]
fn the_rates_are_kept_unless_it_is_told_otherwise() {
    for (arguments, status) in [(&["--no-limits"][..], 200), (&[], 429)] {
        let listen = ["--listen", "127.0.0.1:0"];
        let emulator = Running::start(&[&listen, arguments].concat());
        assert_eq!(emulator.token, Emulator::DEFAULT_TOKEN);
        let statuses: Vec<u16> = (0..101).map(|_| emulator.list().status).collect();
        assert_eq!(statuses.last(), Some(&status), "{arguments:?}");
    }
}

#[test]
fn a_killed_program_leaves_its_library_to_the_next() {
    let dir = TempDir::new();
    let state = dir.path().to_str().unwrap();
    let arguments = ["--listen", "127.0.0.1:0", "--state", state];
    let first = Running::start(&arguments);
    assert_eq!(first.upload("a.ps1"), 200);
    assert_eq!(first.upload("b.ps1"), 200);
    let listed = first.list().json();
    first.kill();
    assert_eq!(Running::start(&arguments).list().json(), listed);
}

#[test]
fn what_keeps_it_from_starting_is_one_line_of_error() {
    let emulator = Emulator::start().unwrap();
    let taken = emulator.base_url().strip_prefix("http://").unwrap();
    assert_one_line_of_error(&output(&["--listen", taken]), taken);

    let listen = ["--listen", "127.0.0.1:0"];
    assert_one_line_of_error(&output(&[&listen[..], &["--token", ""]].concat()), "token");

    let dir = TempDir::new();
    std::fs::write(dir.path().join("index.json"), "{").unwrap();
    let state = Path::to_str(dir.path()).unwrap();
    assert_one_line_of_error(&output(&[&listen[..], &["--state", state]].concat()), "index.json");
}

#[test]
fn wrong_usage_is_code_2() {
    for arguments in [&["--listen", "nowhere"][..], &["--unknown"], &["file"], &["--token"]] {
        assert_eq!(output(arguments).status.code(), Some(2), "{arguments:?}");
    }
    let (tenant, client) = (&["--tenant", "a"][..], &["--client-id", "b"][..]);
    let proof = &["--client-secret", "canary"][..];
    for some in
        [&[tenant][..], &[client], &[proof], &[tenant, client], &[client, proof], &[tenant, proof]]
    {
        let output = output(&[&["--listen", "127.0.0.1:0"], &some.concat()[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{some:?}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("canary"), "{output:?}");
    }
}
