//! Helpers of several tests.

use std::process::{Command, Output, Stdio};

use mde_live_response_emulator::Emulator;
use serde_json::Value;

/// Output and exit code of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// `lrlib`, with only the environment that the test sets.
pub(crate) struct Lrlib<'a> {
    emulator: Option<&'a Emulator>,
    environment: Vec<(String, String)>,
}

impl<'a> Lrlib<'a> {
    /// With the emulator's token in `MDE_TOKEN`.
    pub(crate) fn of(emulator: &'a Emulator) -> Self {
        let token = ("MDE_TOKEN".to_owned(), emulator.token().to_owned());
        Self { emulator: Some(emulator), environment: vec![token] }
    }

    /// Without an emulator and without a token.
    pub(crate) fn alone() -> Self {
        Self { emulator: None, environment: Vec::new() }
    }

    /// Replaces the environment.
    pub(crate) fn with(mut self, environment: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.environment = environment.iter().map(owned).collect();
        self
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments).output().unwrap())
    }

    /// Runs it, and asserts its exit code and a text that it prints, on whichever output.
    #[track_caller]
    pub(crate) fn ends(&self, arguments: &[&str], code: i32, printed: &str) -> Ran {
        let ran = self.run(arguments);
        let is_printed = ran.stdout.contains(printed) || ran.stderr.contains(printed);
        assert!(ran.code == code && is_printed, "{arguments:?}: not {code}, {printed:?}: {ran:?}");
        ran
    }

    /// Runs it with a standard output whose reader is gone.
    pub(crate) fn run_unread(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        ran(child.wait_with_output().unwrap())
    }

    /// Runs it with a file as standard output.
    #[cfg(target_os = "linux")]
    pub(crate) fn run_into(&self, path: &str, arguments: &[&str]) -> Ran {
        let output = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        let mut command = self.command(arguments);
        let child = command.stdout(output).stderr(Stdio::piped()).spawn().unwrap();
        ran(child.wait_with_output().unwrap())
    }

    /// The program with these arguments, not started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lrlib"));
        command.args(arguments).env_clear();
        // Output to a pipe has no colours, even if the terminal can show them.
        command.env("TERM", "xterm-256color");
        // For the token command, the system's own libraries, and the counters of coverage.
        for name in ["PATH", "SystemRoot", "LLVM_PROFILE_FILE"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.envs(self.environment.iter().cloned());
        if let Some(emulator) = self.emulator {
            command.args(["--base-url", emulator.base_url(), "--login-host", emulator.base_url()]);
        }
        command.stdin(Stdio::null());
        command
    }
}

/// No output contains a token or a secret of the tests: each has `canary` in it.
pub(crate) fn ran(output: Output) -> Ran {
    let text = |bytes| {
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains("canary"), "{text}");
        text
    };
    Ran {
        code: output.status.code().unwrap(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}
