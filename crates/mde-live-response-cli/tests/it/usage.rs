//! `lrlib` before it does anything: its command line, where its token comes from, and what it says when there is none.

use mde_live_response_emulator::{Application, Emulator};

use crate::support::{Lrlib, TempDir};

const CANARY: &str = "canary-token-5f1c7e";

fn emulator() -> Emulator {
    Emulator::builder().token(CANARY).start().unwrap()
}

#[test]
fn a_token_comes_from_the_first_place_that_has_one() {
    let (emulator, dir) = (emulator(), TempDir::new());
    let file = dir.write("token", format!("{CANARY}\n"));
    let with_return = dir.write("returned", format!("{CANARY}\r\n"));
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
        let ran = Lrlib::of(&emulator).with(&[environment]).run(&arguments);
        assert_eq!(ran.code, 0, "case: {case}: {}", ran.stderr);
    }
}

#[test]
fn an_application_of_entra_is_named_by_the_azure_variables() {
    let application = Application::new("a-tenant", "a-client")
        .with_secret("canary-secret")
        .with_assertion("canary.assertion");
    let emulator = Emulator::builder().application(application).start().unwrap();
    let dir = TempDir::new();
    let file = dir.write("assertion", "canary.assertion\n");
    let ids = [("AZURE_TENANT_ID", "a-tenant"), ("AZURE_CLIENT_ID", "a-client")];
    for proof in [("AZURE_CLIENT_SECRET", "canary-secret"), ("AZURE_FEDERATED_TOKEN_FILE", &file)] {
        let environment = [&ids[..], &[proof]].concat();
        let ran = Lrlib::of(&emulator).with(&environment).run(&["list", "-v"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    let wrong = [&ids[..], &[("AZURE_CLIENT_SECRET", "canary-wrong")]].concat();
    let ran = Lrlib::of(&emulator).with(&wrong).run(&["list", "-v"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("AADSTS7000215"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
}

#[test]
fn without_a_token_it_says_where_one_could_come_from() {
    let ran = Lrlib::alone().run(&["list"]);
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr,
        "error: no token: neither --token-file nor --token-command nor MDE_TOKEN is given, and the environment \
         variable AZURE_TENANT_ID is not set\n"
    );
    let ran = Lrlib::alone().with(&[("MDE_TOKEN", "Bearer canary")]).run(&["list"]);
    assert_eq!(ran.stderr, "error: MDE_TOKEN: token starts with `Bearer`; give the token alone\n");
    assert_eq!(ran.code, 2);
}

#[test]
fn a_token_that_cannot_be_had_is_told_without_it() {
    let (emulator, dir) = (emulator(), TempDir::new());
    let two_lines = dir.write("token", format!("{CANARY}\n{CANARY}\n"));
    let ended = if cfg!(windows) { "exit code: 7" } else { "exit status: 7" };
    let ended = format!("the token command ended with {ended}");
    let mut cases = vec![
        (
            vec!["--token-file", two_lines.as_str()],
            "token contains a character other than visible ASCII",
        ),
        (vec!["--token-file", "/nowhere"], "/nowhere: "),
        (vec!["--token-command", "exit 7"], &ended),
        (vec!["--token-command", "exit 0"], "the token command printed no token: token is empty"),
    ];
    if cfg!(unix) {
        cases.extend([
            // It does not end by itself.
            (
                vec!["--token-command", "trap '' PIPE; while :; do echo canary 2>/dev/null; done"],
                "the token command printed no token: longer than 64 KiB, as no token is",
            ),
            (vec!["--token-file", "/dev/zero"], "/dev/zero: longer than 64 KiB"),
        ]);
    }
    for (arguments, expected) in cases {
        let ran = Lrlib::of(&emulator).run(&[&["list", "-v"], arguments.as_slice()].concat());
        assert_eq!(ran.code, 1, "case: {arguments:?}");
        assert!(ran.stderr.contains(expected), "case: {arguments:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("canary"), "case: {arguments:?}: {}", ran.stderr);
    }
}

/// Nor does a failure at the service, told with all that `-v` tells.
#[test]
fn no_output_holds_a_token() {
    let dir = TempDir::new();
    let path = dir.write("a.ps1", "1");
    let wrong = [("MDE_TOKEN", CANARY)];
    let emulator = Emulator::start().unwrap();
    for json in [&[][..], &["--json"]] {
        for command in [&["list", "-v"][..], &["upload", &path, "-v"], &["check", "-v"]] {
            let ran = Lrlib::of(&emulator).with(&wrong).run(&[command, json].concat());
            assert_eq!(ran.code, 1);
            assert!(!format!("{ran:?}").contains("canary"), "{ran:?}");
        }
    }
}

#[test]
fn what_does_not_fit_together_is_a_matter_of_usage() {
    let cases: [(&[&str], &str); 14] = [
        (&[], "Usage: lrlib"),
        (&["uplaod"], "unrecognized subcommand"),
        (&["upload"], "required arguments"),
        (&["list", "--cloud", "gcc", "--region", "eu"], "only the commercial cloud has regions"),
        (&["list", "--base-url", "https://x", "--cloud", "gcc"], "cannot be used with"),
        (&["list", "--base-url", "http://elsewhere.example"], "base URL: plain http is only for"),
        (&["list", "--login-host", "ftp://x"], "login host: "),
        (&["sync", ".", "--delete", "--delete-all"], "cannot be used with"),
        // Others may go by the same name, as long as nobody chose one.
        (&["sync", ".", "--delete"], "--owner <OWNER>"),
        (
            &["--cloud", "gcc", "list", "--base-url", "https://x"],
            "a base URL goes with neither a cloud nor a region",
        ),
        (
            &["sync", "tests", "--tenants", "x", "--token-file", "y"],
            "a tenants file says where each token is",
        ),
        (&["man", "nothing"], "there is no such command"),
        (&["list", "--token", "canary"], "unexpected argument '--token'"),
        (&["sync", ".", "--owner", ""], "owner must be 1 to 100 characters"),
    ];
    for (arguments, expected) in cases {
        let ran = Lrlib::alone().with(&[("MDE_TOKEN", "a-token")]).run(arguments);
        assert_eq!(ran.code, 2, "case: {arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "case: {arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn help_manual_and_completions_come_without_a_token() {
    for (arguments, expected) in [
        (&["--help"][..], "Exit codes:"),
        (&["--version"], env!("CARGO_PKG_VERSION")),
        (&["man"], ".TH lrlib 1"),
        (&["man", "sync"], ".TH lrlib-sync 1"),
        (&["man", "sync"], "take\\-over"),
        (&["completions", "bash"], "_lrlib()"),
        (&["completions", "zsh"], "#compdef lrlib"),
    ] {
        let ran = Lrlib::alone().run(arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "case: {arguments:?}");
        assert!(ran.stdout.contains(expected), "case: {arguments:?}");
    }
}

/// One object on standard output, for whatever reads it.
#[test]
fn a_run_that_ends_early_says_so_in_json() {
    let ran = Lrlib::alone().run(&["list", "--json"]);
    assert_eq!(ran.code, 2);
    let json = ran.json();
    assert_eq!((&json["version"], &json["command"]), (&1.into(), &"list".into()));
    let message = json["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("no token: "), "{message}");
    assert_eq!(json["error"]["delivery"], "notDelivered");

    let emulator = emulator();
    let wrong = [("MDE_TOKEN", "a-wrong-token")];
    for command in [&["list"][..], &["sync", "tests"], &["sync", "tests", "--dry-run"], &["check"]]
    {
        let ran = Lrlib::of(&emulator).with(&wrong).run(&[command, &["--json"]].concat());
        let error = &ran.json()["error"];
        assert_eq!((ran.code, &error["status"]), (1, &401.into()), "{ran:?}");
    }
}

/// A pipe is no terminal: nothing is coloured, whatever the environment says.
#[test]
fn nothing_is_coloured_where_nobody_looks() {
    let (emulator, dir) = (emulator(), TempDir::new());
    let path = dir.write("a.ps1", "1");
    let environment = [("MDE_TOKEN", CANARY), ("TERM", "xterm-256color")];
    let ran = Lrlib::of(&emulator).with(&environment).run(&["upload", &path]);
    assert_eq!(ran.stdout, "stored a.ps1\n");
}
