//! Runs one test of this binary in a process of its own, with an environment of its own.

use std::env;
use std::process::{Command, Output};
use std::sync::Mutex;

use log::{Level, LevelFilter, Log, Metadata, Record};

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

/// Level, target and text of a record of the log.
type Entry = (Level, String, String);

struct Recorder(Mutex<Vec<Entry>>);

static RECORDER: Recorder = Recorder(Mutex::new(Vec::new()));

impl Log for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let entry = (record.level(), record.target().to_owned(), record.args().to_string());
        self.0.lock().unwrap().push(entry);
    }

    fn flush(&self) {}
}

/// The records of these levels that `work` makes. For a child, where nothing else writes to the log.
pub(crate) fn records(level: LevelFilter, work: impl FnOnce()) -> Vec<Entry> {
    // The first call sets it, others fail.
    let _ = log::set_logger(&RECORDER);
    log::set_max_level(level);
    work();
    log::set_max_level(LevelFilter::Off);
    std::mem::take(&mut *RECORDER.0.lock().unwrap())
}
