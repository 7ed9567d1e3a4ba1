//! Programs that may be missing: then a test says so and passes, or fails with `CI_REQUIRE_TOOLS=1` in the environment.

use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::{env, thread};

use mde_live_response_testkit::TempDir;

const REQUIRED: &str = "CI_REQUIRE_TOOLS";

/// What a user has set for other programs.
const SET_FOR_OTHERS: [&str; 9] = [
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "CURL_HOME",
    "NODE_OPTIONS",
    "PYTHONWARNINGS",
];

/// A command that starts this program, if it succeeds with the arguments of the probe.
pub(super) fn program(name: &str, probe: &[&str]) -> Option<Command> {
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

/// This test program, run where there are no programs.
#[test]
fn a_missing_program_is_told_of_and_fails_the_test_where_it_is_required() {
    let nothing = TempDir::new();
    for (required, passes) in [("0", true), ("1", false)] {
        let mut alone = Command::new(env::current_exe().unwrap());
        alone.args(["--exact", "clients::python_uploads_lists_and_deletes", "--test-threads=2"]);
        let output = alone.env("PATH", nothing.path()).env(REQUIRED, required).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(text.contains("running 1 test"), "{text}");
        assert_eq!(output.status.success(), passes, "{text}");
        let line = "skipped: clients::python_uploads_lists_and_deletes: python3 does not start";
        assert_eq!(text.matches(line).count(), 1, "{text}");
    }
}
