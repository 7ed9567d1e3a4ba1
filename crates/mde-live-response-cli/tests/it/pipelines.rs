//! The example pipelines: their `lrlib` lines, run by a shell as a job runs them, against the emulator.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;

use crate::credentials::{emulator, variables};
use crate::support::{Ran, ran};

/// A job's folder, and the lines of a pipeline.
struct Job {
    dir: TempDir,
    lines: Vec<String>,
    variables: Vec<(&'static str, String)>,
}

impl Job {
    fn new(example: &str, identity: &str, emulator: &Emulator) -> Self {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
        let text = fs::read_to_string(examples.join(example)).unwrap();
        let after = |line: &str, key: &str| line.trim().strip_prefix(key).map(str::to_owned);
        let command = |line| after(line, "run: ").or_else(|| after(line, "inlineScript: "));
        let lines = text.lines().filter_map(command).filter(|it| it.starts_with("lrlib "));
        let dir = TempDir::new();
        fs::create_dir(dir.path().join("scripts")).unwrap();
        let mut variables = variables(identity, emulator.base_url());
        variables.extend([
            ("MDE_BASE_URL", emulator.base_url().to_owned()),
            ("AZURE_AUTHORITY_HOST", emulator.base_url().to_owned()),
            ("GITHUB_REPOSITORY", "an-organisation/scripts".to_owned()),
            ("GITHUB_STEP_SUMMARY", dir.path().join("summary.md").display().to_string()),
            ("BUILD_REPOSITORY_NAME", "scripts".to_owned()),
            ("PIPELINE_WORKSPACE", dir.arg().to_owned()),
        ]);
        Self { lines: lines.collect(), dir, variables }
    }

    /// Runs the line with this command and option.
    #[track_caller]
    fn run(&self, start: &str, option: &str) -> Ran {
        let is_it = |line: &&String| line.starts_with(start) && line.contains(option);
        let line = self.lines.iter().find(is_it).unwrap_or_else(|| panic!("{:?}", self.lines));
        let program = Path::new(env!("CARGO_BIN_EXE_lrlib")).parent().unwrap();
        let path = env::join_paths([program, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
        let mut shell = Command::new("bash");
        shell.args(["-euo", "pipefail", "-c", line]).current_dir(self.dir.path()).env_clear();
        shell.env("PATH", path).envs(self.variables.iter().map(|(name, value)| (name, value)));
        ran(shell.stdin(Stdio::null()).output().unwrap())
    }

    /// Moves the plan between the stages, as the artifact tasks of Azure Pipelines do.
    fn hand_over(&self) {
        let plan = self.dir.path().join("plan");
        fs::create_dir_all(&plan).unwrap();
        fs::copy(self.dir.path().join("plan.json"), plan.join("plan.json")).unwrap();
    }
}

#[test]
fn the_example_pipelines_plan_then_apply_and_notice_differences() {
    for (example, identity, summary) in [
        ("github-actions/response-library.yml", "github", "summary.md"),
        ("azure-pipelines/response-library.yml", "pipelines", "plan.md"),
    ] {
        let emulator = emulator();
        let library = emulator.library();
        library.insert("theirs.ps1", b"theirs");
        let job = Job::new(example, identity, &emulator);
        assert_eq!(job.lines.len(), 3, "{example}: {:?}", job.lines);
        let compare = || job.run("lrlib plan", "--exit-code").code;

        job.dir.write("scripts/first.ps1", "first");
        assert_eq!(compare(), 4, "{example}");
        let planned = job.run("lrlib plan", "--out");
        assert_eq!(planned.code, 0, "{example}: {planned:?}");
        let shown = fs::read_to_string(job.dir.path().join(summary)).unwrap();
        assert!(shown.contains("| first.ps1 |"), "{example}: {shown}");
        assert_eq!(library.names(), ["theirs.ps1"], "{example}");
        job.hand_over();
        let synced = job.run("lrlib sync", "--plan");
        assert_eq!(synced.code, 0, "{example}: {synced:?}");
        assert_eq!(library.names(), ["first.ps1", "theirs.ps1"], "{example}");
        let audit = fs::read_to_string(job.dir.path().join("audit.jsonl")).unwrap();
        assert!(audit.contains(&format!(r#""credential":"{identity}""#)), "{example}: {audit}");
        assert_eq!(compare(), 0, "{example}");

        // A deletion needs no answer, because it is in the plan. What is not in it does not happen.
        fs::remove_file(job.dir.path().join("scripts/first.ps1")).unwrap();
        job.dir.write("scripts/second.ps1", "second");
        assert_eq!(job.run("lrlib plan", "--out").code, 0, "{example}");
        job.hand_over();
        job.dir.write("scripts/third.ps1", "third");
        let stale = job.run("lrlib sync", "--plan");
        assert_eq!(stale.code, 1, "{example}: {stale:?}");
        assert_eq!(library.names(), ["first.ps1", "theirs.ps1"], "{example}");
        fs::remove_file(job.dir.path().join("scripts/third.ps1")).unwrap();
        let synced = job.run("lrlib sync", "--plan");
        assert_eq!(synced.code, 0, "{example}: {synced:?}");
        assert_eq!(library.names(), ["second.ps1", "theirs.ps1"], "{example}");
    }
}
