//! The program `mde-emulator` as a process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::support::Answer;

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mde-emulator"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// A program that is killed at the end, however the test ends.
pub(crate) struct Program {
    child: Child,
    stdout: BufReader<ChildStdout>,
    started: Value,
}

impl Program {
    /// Starts it on a free port, and waits until it listens.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = command(&["--listen", "127.0.0.1:0"]);
        command.args(arguments);
        Self::spawn(command)
    }

    /// Starts it, and waits until it listens.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        Self { child, stdout, started: serde_json::from_str(&line).unwrap() }
    }

    /// A field of its first line; empty without one.
    pub(crate) fn said(&self, name: &str) -> &str {
        self.started[name].as_str().unwrap_or_default()
    }

    /// Its standard error, if the command piped it.
    pub(crate) fn stderr(&mut self) -> ChildStderr {
        self.child.stderr.take().unwrap()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(self.said("baseUrl").replace("http://", "")).unwrap()
    }

    pub(crate) fn call(&self, token: &str, line: &str, content_type: &str, body: &[u8]) -> Answer {
        let head = format!(
            "{line} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\
             Content-Type: {content_type}\r\n\r\n",
            body.len()
        );
        let mut stream = self.connect();
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        Answer::read(stream)
    }

    pub(crate) fn list(&self, token: &str) -> Answer {
        self.call(token, "GET /api/libraryfiles", "text/plain", b"")
    }

    /// Kills it at once, and returns what it had printed after its first line.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        rest
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
