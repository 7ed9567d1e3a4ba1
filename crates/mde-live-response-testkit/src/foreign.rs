//! Programs that may be missing: then a test says so and passes, or fails with `CI_REQUIRE_TOOLS=1` in the environment.

use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::{env, thread};

const REQUIRED: &str = "CI_REQUIRE_TOOLS";

/// What a user has set for other programs.
const SET_FOR_OTHERS: [&str; 11] = [
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "CURL_HOME",
    "NODE_OPTIONS",
    "PYTHONWARNINGS",
];

/// A command that starts this program, if it succeeds with the arguments of the probe.
#[must_use]
pub fn program(name: &str, probe: &[&str]) -> Option<Command> {
    let command = || {
        let mut command = Command::new(name);
        for variable in SET_FOR_OTHERS {
            command.env_remove(variable);
        }
        command
    };
    let why = match command().args(probe).stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => return Some(command()),
        Ok(output) => format!("is too old, or does not run: {output:?}"),
        Err(error) => format!("does not start: {error}"),
    };
    let current = thread::current();
    let line = format!("skipped: {}: {name} {why}", current.name().unwrap_or_default());
    assert_ne!(env::var(REQUIRED).as_deref(), Ok("1"), "{line}, and {REQUIRED}=1 is set");
    // Not `eprintln!`: that would be shown only if the test failed.
    let _ = writeln!(io::stderr(), "{line}");
    None
}
