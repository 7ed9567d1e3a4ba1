//! `lrlib` before it does anything: command line, environment, and where its token comes from.

use mde_live_response_emulator::{Application, Emulator};
use mde_live_response_testkit::TempDir;
use serde_json::json;

use crate::support::Lrlib;

const CANARY: &str = "canary-token-5f1c7e";

fn emulator() -> Emulator {
    Emulator::builder().token(CANARY).start().unwrap()
}

#[test]
fn a_token_comes_from_the_first_place_that_has_one() {
    let (emulator, dir) = (emulator(), TempDir::new());
    let file = dir.write_arg("token", format!("{CANARY}\n"));
    let with_return = dir.write_arg("returned", format!("{CANARY}\r\n"));
    let prints = |file: &str| format!("{} {file}", if cfg!(windows) { "type" } else { "cat" });
    let (command, windows) = (prints(&file), prints(&with_return));
    let wrong = ("MDE_TOKEN", "a-wrong-token");
    let cases = [
        ("a file", vec!["--token-file", &file], wrong),
        ("a command", vec!["--token-command", &command], wrong),
        ("a command of Windows", vec!["--token-command", &windows], wrong),
        ("a variable", vec![], ("MDE_TOKEN", CANARY)),
        ("an empty variable is none", vec!["--token-file", &file], ("MDE_TOKEN", "")),
    ];
    for (case, arguments, environment) in cases {
        let arguments = [&["list"], arguments.as_slice()].concat();
        println!("case: {case}");
        Lrlib::of(&emulator).with(&[environment]).ends(&arguments, 0, "0 files\n");
    }
}

#[test]
fn the_azure_variables_name_an_application_of_entra() {
    let application = Application::new("a-tenant", "a-client")
        .with_secret("canary-secret")
        .with_assertion("canary.assertion");
    let emulator = Emulator::builder().application(application).start().unwrap();
    let dir = TempDir::new();
    let file = dir.write_arg("assertion", "canary.assertion\n");
    let ids = [("AZURE_TENANT_ID", "a-tenant"), ("AZURE_CLIENT_ID", "a-client")];
    for proof in [("AZURE_CLIENT_SECRET", "canary-secret"), ("AZURE_FEDERATED_TOKEN_FILE", &file)] {
        let environment = [&ids[..], &[proof]].concat();
        Lrlib::of(&emulator).with(&environment).ends(&["list", "-v"], 0, "0 files\n");
    }
    let wrong = [&ids[..], &[("AZURE_CLIENT_SECRET", "canary-wrong")]].concat();
    Lrlib::of(&emulator).with(&wrong).ends(&["list", "-v"], 1, "AADSTS7000215");
}

#[test]
fn without_a_token_every_source_is_named() {
    for source in ["--token-file", "--token-command", "MDE_TOKEN", "AZURE_TENANT_ID"] {
        Lrlib::alone().ends(&["list"], 2, source);
    }
    Lrlib::alone().with(&[("MDE_TOKEN", "Bearer canary")]).ends(&["list"], 2, "MDE_TOKEN");
}

#[test]
fn a_failed_source_of_tokens_is_reported_without_the_token() {
    let (emulator, dir) = (emulator(), TempDir::new());
    let two_lines = dir.write_arg("token", format!("{CANARY}\n{CANARY}\n"));
    let ended = if cfg!(windows) { "exit code: 7" } else { "exit status: 7" };
    let ended = format!("the token command ended with {ended}");
    let mut cases = vec![
        (vec!["--token-file", two_lines.as_str()], "character"),
        (vec!["--token-file", "/nowhere"], "the token file /nowhere does not exist"),
        (vec!["--token-command", "exit 7"], &ended),
        (vec!["--token-command", "exit 0"], "printed no token: token is empty"),
    ];
    if cfg!(unix) {
        cases.extend([
            // It does not end by itself.
            (
                vec!["--token-command", "trap '' PIPE; while :; do echo canary 2>/dev/null; done"],
                "the token command printed more than 64 KiB",
            ),
            (vec!["--token-file", "/dev/zero"], "/dev/zero has more than 64 KiB"),
        ]);
    }
    for (arguments, expected) in cases {
        let arguments = [&["list", "-v"], arguments.as_slice()].concat();
        Lrlib::of(&emulator).ends(&arguments, 1, expected);
    }
}

/// Each run of these tests looks for it in both outputs.
#[test]
fn no_output_contains_a_token() {
    let dir = TempDir::new();
    let path = dir.write_arg("a.ps1", "1");
    let emulator = Emulator::start().unwrap();
    let lrlib = Lrlib::of(&emulator).with(&[("MDE_TOKEN", CANARY)]);
    for json in [&[][..], &["--format", "json"]] {
        for command in [&["list", "-v"][..], &["upload", &path, "-v"], &["check", "-v"]] {
            lrlib.ends(&[command, json].concat(), 1, "401");
        }
    }
}

#[test]
fn a_command_line_that_cannot_be_used_is_a_usage_error() {
    let cases: [(&[&str], &str); 15] = [
        (&[], "Usage: lrlib"),
        (&["uplaod"], "unrecognized subcommand"),
        (&["list", "--cloud", "gcc", "--region", "eu"], "only the commercial cloud has regions"),
        (&["list", "--base-url", "http://elsewhere.example"], "service URL uses plain http"),
        (&["list", "--login-host", "ftp://x"], "login URL "),
        // Other folders may have the default owner, too.
        (&["sync", ".", "--delete"], "--delete needs an owner"),
        (
            &["list", "--cloud", "gcc", "--base-url", "https://x"],
            "a base URL cannot be combined with a cloud or a region",
        ),
        (&["sync", "src", "--tenants", "x", "--token-file", "y"], "--tenants cannot be combined"),
        // It would be the library of every tenant.
        (&["plan", "src", "--tenants", "x", "--base-url", "https://x"], "with --base-url"),
        (&["sync", "src", "--tenants", "x", "--credential", "az"], "with --credential"),
        (&["list", "--credential", "az", "--token-file", "y"], "does not use the given token"),
        (&["list", "--timeout", "0"], "0 is not in 1.."),
        (&["man", "nothing"], "there is no command `nothing`"),
        (&["list", "--token", "canary"], "unexpected argument '--token'"),
        (&["sync", ".", "--owner", ""], "owner is empty"),
    ];
    for (arguments, expected) in cases {
        Lrlib::alone().with(&[("MDE_TOKEN", "a-token")]).ends(arguments, 2, expected);
    }
}

#[test]
fn the_base_url_comes_from_the_environment_unless_the_command_line_names_a_service() {
    let emulator = emulator();
    let token = ("MDE_TOKEN", CANARY);
    let of_variable = |url| Lrlib::alone().with(&[token, ("MDE_BASE_URL", url)]);
    let dir = TempDir::new();
    let path = dir.write_arg("a.ps1", "1");
    let commands: [(&[&str], i32); 8] = [
        (&["list"], 0),
        (&["check"], 0),
        (&["plan", dir.arg()], 0),
        (&["sync", dir.arg(), "--dry-run"], 0),
        (&["upload", &path, "--dry-run"], 0),
        (&["upload", &path], 0),
        (&["sync", dir.arg()], 0),
        (&["delete", "a.ps1", "--yes"], 0),
    ];
    for (command, code) in commands {
        let calls = emulator.library().calls();
        of_variable(emulator.base_url()).ends(command, code, "");
        assert!(emulator.library().calls() > calls, "case: {command:?}");
    }
    let elsewhere = ("MDE_BASE_URL", "http://elsewhere.example");
    Lrlib::of(&emulator).with(&[token, elsewhere]).ends(&["list"], 0, "0 files\n");
    of_variable(elsewhere.1).ends(&["list"], 2, "MDE_BASE_URL uses plain http");
    of_variable("x").ends(&["list"], 2, "MDE_BASE_URL must be");
    // The cloud goes before the variable: the wrong variable is not even read.
    let wrong_region = ["list", "--cloud", "gcc", "--region", "eu"];
    of_variable("x").ends(&wrong_region, 2, "only the commercial cloud has regions");
    let ran = of_variable("x").run(&[&wrong_region[..], &["-v"]].concat());
    assert!(ran.stderr.starts_with("MDE_BASE_URL is ignored"), "{}", ran.stderr);
}

#[test]
fn help_manual_and_completions_come_without_a_token() {
    for arguments in [&["--help"][..], &["--version"], &["man", "sync"], &["completions", "bash"]] {
        assert_eq!(Lrlib::alone().ends(arguments, 0, "lrlib").stderr, "", "case: {arguments:?}");
    }
}

#[test]
fn a_run_that_ends_early_still_prints_json() {
    let json = Lrlib::alone().ends(&["list", "--format", "json"], 2, "no token: ").json();
    assert_eq!([&json["version"], &json["command"]], [&json!(1), &json!("list")]);
    assert_eq!(json["error"]["effect"], "not-applied");

    let emulator = emulator();
    let wrong = [("MDE_TOKEN", "a-wrong-token")];
    for command in [&["list"][..], &["sync", "src"], &["sync", "src", "--dry-run"], &["check"]] {
        let ran = Lrlib::of(&emulator).with(&wrong).ends(
            &[command, &["--format", "json"]].concat(),
            1,
            "",
        );
        assert_eq!(ran.json()["error"]["status"], 401, "{ran:?}");
    }
}
