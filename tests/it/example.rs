//! The main job in one command: `cargo run --example upload`.

use std::env;
#[cfg(unix)]
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;
use serde_json::Value;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/library/Get-DnsCache.ps1");

/// The example, as `cargo test` builds it before it runs this.
fn example() -> PathBuf {
    let test = env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap().join("examples");
    let example = folder.join(format!("upload{}", env::consts::EXE_SUFFIX));
    assert!(example.exists(), "{} is not there: a plain `cargo test` builds it", example.display());
    example
}

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(example())
        .args(arguments)
        .env_remove("MDE_TOKEN")
        .env_remove("MDE_BASE_URL")
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

fn entity(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn without_a_path_the_embedded_emulator_is_used_whatever_the_environment_holds() {
    let elsewhere = [("MDE_TOKEN", "canary-token"), ("MDE_BASE_URL", "https://elsewhere.invalid")];
    for environment in [&[][..], &elsewhere] {
        assert_eq!(entity(&run(&[], environment))["fileName"], "Get-DnsCache.ps1");
    }
}

#[test]
fn a_path_and_a_token_lead_to_the_service_that_the_environment_names() {
    let emulator = Emulator::builder().token("canary-token").start().unwrap();
    let environment = [("MDE_TOKEN", "canary-token"), ("MDE_BASE_URL", emulator.base_url())];
    let described = ["--description", "what for", "--parameters", "-Name <pattern>"];
    let arguments = [&[SCRIPT][..], &described].concat();
    let entity = entity(&run(&arguments, &environment));
    assert_eq!(entity["description"], "what for");
    assert_eq!(entity["parametersDescription"], "-Name <pattern>");
    assert_eq!(entity["hasParameters"], true);
    assert_eq!(emulator.library().names(), ["Get-DnsCache.ps1"]);

    let again = run(&[SCRIPT], &environment);
    assert_eq!(again.status.code(), Some(1));
    let entity_again = run(&[SCRIPT, "--override"], &environment);
    assert!(entity_again.status.success());
}

/// Arguments, environment, exit code, and the datum that the last line on stderr names.
type Failing<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], i32, &'a str);

#[test]
fn every_failure_is_one_clear_line() {
    let token = ("MDE_TOKEN", "canary-token");
    let base = |url| ("MDE_BASE_URL", url);
    let dir = TempDir::new();
    let empty = &dir.write_arg("empty.ps1", "");
    #[rustfmt::skip]
    let cases: [Failing<'_>; 9] = [
        (&["/nowhere/a.ps1"], &[], 1, "/nowhere/a.ps1"),
        (&[empty], &[], 1, "empty.ps1"),
        (&[SCRIPT], &[token, base("http://elsewhere.invalid")], 1, "MDE_BASE_URL"),
        (&[SCRIPT], &[("MDE_TOKEN", "canary token")], 1, "MDE_TOKEN"),
        (&[SCRIPT], &[token, base("http://127.0.0.1:9")], 1, "127.0.0.1:9"),
        (&["--no-such"], &[], 2, "--no-such"),
        (&["a", "b"], &[], 2, "b"),
        (&[""], &[], 2, ""),
        (&["a", "--description"], &[], 2, "--description"),
    ];
    for (arguments, environment, code, datum) in cases {
        let output = run(arguments, environment);
        let said = String::from_utf8(output.stderr).unwrap();
        let last = said.lines().last().unwrap_or_default();
        assert_eq!((output.status.code(), &*output.stdout), (Some(code), &b""[..]), "{said}");
        assert!(last.starts_with("error: ") && last.contains(datum), "{arguments:?}: {said}");
        assert!(!said.contains("panicked") && !said.contains("canary"), "{arguments:?}: {said}");
    }
}

/// The reader of the output may go away first, or have no room for it.
#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_not_a_panic() {
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    let output = Command::new(example()).stdout(full()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let last = said.lines().last().unwrap_or_default();
    assert!(last.starts_with("error: `Get-DnsCache.ps1` is stored, but "), "{said}");

    let output = Command::new(example()).stderr(full()).output().unwrap();
    assert_eq!(entity(&output)["fileName"], "Get-DnsCache.ps1");
    let output = Command::new(example()).arg("/nowhere/a.ps1").stderr(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}
