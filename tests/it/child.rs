//! Runs one test of this binary in a process of its own, with an environment of its own.

use std::env;
use std::process::{Command, Output};

/// Set in a child process, so that a test knows which of its two sides it is.
const MARK: &str = "IT_CHILD";

pub(crate) fn is_child() -> bool {
    env::var_os(MARK).is_some()
}

/// Runs the named test (`module::name`) alone in a child, and returns what it printed.
pub(crate) fn run(test: &str, environment: &[(&str, &str)]) -> Output {
    let output = Command::new(env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(MARK, "1")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{test} failed in its child: {output:?}");
    output
}
