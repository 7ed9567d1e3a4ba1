//! The program `mde-emulator`: its line, its options, its exit codes.

use std::io::{BufRead, BufReader};
use std::process::{Output, Stdio};

use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;

use crate::program::{Program, command};
use crate::support::file_form;

/// Runs a program that should end. If it listens instead, it is killed.
fn output(arguments: &[&str]) -> Output {
    let mut child = command(arguments).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    if !line.is_empty() {
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("{arguments:?} printed {line}");
    }
    child.wait_with_output().unwrap()
}

#[test]
fn it_prints_one_line_once_it_listens_and_serves() {
    let program = Program::start(&["--token", "a\"token"]);
    assert_eq!(program.said("token"), "a\"token");
    assert!(!program.said("baseUrl").ends_with(":0"), "{}", program.said("baseUrl"));
    assert_eq!(program.said("loginUrl"), "", "without an application no token is issued");
    let (line, form) = ("POST /api/libraryfiles", file_form("a.ps1", b"x"));
    let stored = program.call("a\"token", line, "multipart/form-data; boundary=b", &form);
    assert_eq!(stored.status, 200, "{stored:?}");
    assert_eq!(program.list("a\"token").json()["value"][0]["fileName"], "a.ps1");
    assert_eq!(program.kill(), "");
}

#[test]
fn an_application_is_issued_tokens_under_the_login_url() {
    let asking = "grant_type=client_credentials&client_id=an-id\
                  &scope=https://api.securitycenter.microsoft.com/.default&";
    let by_assertion = "client_assertion=proof&client_assertion_type=\
                        urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    for (option, proof) in
        [("--client-secret", "client_secret=proof"), ("--federated-token", by_assertion)]
    {
        let arguments = ["--tenant", "a-tenant", "--client-id", "an-id", option, "proof"];
        let program = Program::start(&arguments);
        assert_eq!(program.said("loginUrl"), program.said("baseUrl"));
        let (line, form) = ("POST /a-tenant/oauth2/v2.0/token", format!("{asking}{proof}"));
        let content_type = "application/x-www-form-urlencoded";
        let answer = program.call("none", line, content_type, form.as_bytes()).json();
        let token = answer["access_token"].as_str().unwrap_or_else(|| panic!("{option}: {answer}"));
        let statuses = [token, "proof", program.said("token")].map(|it| program.list(it).status);
        assert_eq!(statuses, [200, 401, 200], "{option}");
    }
}

#[test]
fn a_machine_and_a_job_get_the_token_that_the_program_was_told() {
    let application = ["--tenant", "a-tenant", "--client-id", "an-id"];
    let identity = Program::start(&[&application[..], &["--identity-header", "header"]].concat());
    let line = "GET /metadata/identity/oauth2/token?api-version=2018-02-01\
                &resource=https://api.securitycenter.microsoft.com";
    // The program's test client sends no header `Metadata`.
    assert_eq!(identity.call("none", line, "text/plain", b"").status, 400);
    let job = [&application[..], &["--federated-token", "an.assertion", "--ci-token", "job"]];
    let job = Program::start(&job.concat());
    let line = "GET /any/idtoken?audience=api://AzureADTokenExchange";
    assert_eq!(job.call("job", line, "text/plain", b"").json()["value"], "an.assertion");
    assert_eq!(job.call("other", line, "text/plain", b"").status, 401);
}

#[test]
fn the_rates_are_kept_unless_it_is_told_otherwise() {
    for (arguments, status) in [(&["--no-limits"][..], 200), (&[], 429)] {
        let program = Program::start(arguments);
        let statuses: Vec<u16> =
            (0..101).map(|_| program.list(Emulator::DEFAULT_TOKEN).status).collect();
        assert_eq!(statuses[..100], [200; 100], "{arguments:?}");
        assert_eq!(statuses[100], status, "{arguments:?}");
    }
}

#[test]
fn what_keeps_it_from_starting_is_one_line_of_error_and_wrong_usage_is_code_2() {
    let emulator = Emulator::start().unwrap();
    let taken = emulator.base_url().strip_prefix("http://").unwrap();
    let dir = TempDir::with([("index.json", "{")]);
    let (tenant, client) = (["--tenant", "a"], ["--client-id", "b"]);
    let (proof, free) = (["--client-secret", "canary"], ["--listen", "127.0.0.1:0"]);
    for (arguments, code, part) in [
        (&["--listen", taken][..], 1, taken),
        (&[free, ["--token", ""]].concat(), 1, "token"),
        (&[free, ["--state", dir.arg()]].concat(), 1, "index.json"),
        (&["--listen", "nowhere"], 2, ""),
        (&["--unknown"], 2, ""),
        (&[free, tenant].concat(), 2, ""),
        (&[free, client].concat(), 2, ""),
        (&[free, proof].concat(), 2, ""),
        (&[free, tenant, client].concat(), 2, ""),
        (&[free, client, proof].concat(), 2, ""),
        (&[free, tenant, proof].concat(), 2, ""),
    ] {
        let output = output(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
        assert!(code == 2 || stderr.lines().count() == 1, "{arguments:?}: {stderr}");
        assert!(stderr.contains(part) && !stderr.contains("canary"), "{arguments:?}: {stderr}");
    }
}
