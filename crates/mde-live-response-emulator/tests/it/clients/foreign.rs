//! Programs that may be missing: found, or passed over aloud; never passed over where they are required.
//!
//! With `CI_REQUIRE_TOOLS=1` in the environment a missing program fails the test that wants it.

use mde_live_response_testkit::TempDir;
use std::collections::BTreeMap;
use std::env;
use std::io::{self, Write};
use std::panic::Location;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

const REQUIRED: &str = "CI_REQUIRE_TOOLS";
const MISSING: &str = "is not installed";

/// Each program is tried once: what is missing, with the reason, and what is not.
static WHY_MISSING: Mutex<BTreeMap<String, Option<String>>> = Mutex::new(BTreeMap::new());

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

/// A command that starts this program; `None`, and a word on standard error, where there is none.
#[track_caller]
pub(crate) fn program(name: &str) -> Option<Command> {
    let mut missing = WHY_MISSING.lock().unwrap_or_else(PoisonError::into_inner);
    let missing = missing.entry(name.to_owned()).or_insert_with(|| why_missing(name)).clone();
    let Some(why) = missing else { return Some(command(name)) };
    let word = format!("skipped: {}: {name} {why}", asking());
    assert_ne!(env::var(REQUIRED).as_deref(), Ok("1"), "{word}, and {REQUIRED}=1 is set");
    // Not `eprintln!`: that would be shown only if the test failed.
    let _ = writeln!(io::stderr(), "{word}");
    None
}

fn command(name: &str) -> Command {
    let mut command = Command::new(name);
    for variable in SET_FOR_OTHERS {
        command.env_remove(variable);
    }
    command
}

/// `None` if it is there.
fn why_missing(name: &str) -> Option<String> {
    match command(name).args(probe_of(name)).stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!("is too old, or does not run: {output:?}")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(MISSING.to_owned()),
        Err(error) => Some(format!("does not start: {error}")),
    }
}

/// Succeeds where the program can do what the tests ask of it.
fn probe_of(name: &str) -> [&str; 2] {
    match name {
        "python3" => ["-c", "import sys; sys.exit(sys.version_info < (3, 8))"],
        "node" => ["-e", "process.exit(Number(parseInt(process.versions.node) < 20))"],
        _ => ["-q", "--version"],
    }
}

/// The test that asks: its thread has its name, unless all tests run on one.
#[track_caller]
fn asking() -> String {
    let current = thread::current();
    let name = current.name().filter(|name| *name != "main").map(str::to_owned);
    name.unwrap_or_else(|| Location::caller().to_string())
}

/// A test that wants a program, run on its own where there are no programs.
fn without_programs(required: Option<&str>) -> (bool, String) {
    let nothing = TempDir::new();
    let mut alone = Command::new(env::current_exe().unwrap());
    alone.args(["--exact", WANTS_PYTHON, "--test-threads=2"]).env("PATH", nothing.path());
    match required {
        Some(value) => alone.env(REQUIRED, value),
        None => alone.env_remove(REQUIRED),
    };
    let output = alone.output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("running 1 test"), "{stdout}");
    let spoken = [&*output.stderr, &*output.stdout].concat();
    (output.status.success(), String::from_utf8_lossy(&spoken).into_owned())
}

const WANTS_PYTHON: &str = "clients::python_uploads_in_chunks";

#[test]
fn a_missing_program_is_told_of() {
    for not_required in [None, Some(""), Some("0")] {
        let (passed, spoken) = without_programs(not_required);
        assert!(passed, "{spoken}");
        let word = format!("skipped: {WANTS_PYTHON}: python3 {MISSING}");
        assert_eq!(spoken.lines().filter(|line| *line == word).count(), 1, "{spoken}");
    }
}

#[test]
fn a_missing_program_fails_the_test_where_it_is_required() {
    let (passed, spoken) = without_programs(Some("1"));
    assert!(!passed, "{spoken}");
    assert!(spoken.contains(&format!("{WANTS_PYTHON}: python3 {MISSING}, and")), "{spoken}");
}
