//! The program `mde-emulator`: its line, its options, its exit codes.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Output, Stdio};

use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;

use crate::program::{Program, command};
use crate::support::{Answer, file, file_form, form, text};

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
        (&["--listen", "nowhere:80"], 2, ""),
        (&["--listen", "localhost:"], 2, ""),
        (&["--listen", "65536"], 2, ""),
        (&[free, ["--log", "xml"]].concat(), 2, ""),
        (&[free, ["--control-token", ""]].concat(), 1, "control token"),
        (&[free, ["--seed", "/nowhere"]].concat(), 1, "/nowhere"),
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

#[test]
fn a_port_alone_and_localhost_listen_on_loopback_only() {
    for listen in ["0", "localhost:0", "LocalHost:0", "127.0.0.1:0"] {
        let program = Program::spawn(command(&["--listen", listen]));
        let url = program.said("baseUrl");
        assert!(url.starts_with("http://127.0.0.1:") && !url.ends_with(":0"), "{listen}: {url}");
    }
}

#[test]
fn it_logs_each_request_when_it_is_told_to_and_never_a_token_or_a_content() {
    let forms = [file_form("a.ps1", b"canary"), file_form("a/b", b"canary")];
    for (arguments, lines) in [
        (&[][..], &[][..]),
        (
            &["--log", "text"],
            &[
                "POST /api/libraryfiles 200 195 bytes",
                "POST /api/libraryfiles 400 193 bytes: the file's name cannot be used",
            ],
        ),
        (
            &["--log", "json"],
            &[
                r#"{"method":"POST","path":"/api/libraryfiles","status":200"#,
                r#""error":"the file's name cannot be used""#,
            ],
        ),
    ] {
        let mut command =
            command(&[&["--listen", "0", "--token", "canary-token"], arguments].concat());
        command.stderr(Stdio::piped());
        let mut program = Program::spawn(command);
        let mut stderr = program.stderr();
        for form in &forms {
            program.call(
                "canary-token",
                "POST /api/libraryfiles",
                "multipart/form-data; boundary=b",
                form,
            );
        }
        program.kill();
        let mut log = String::new();
        stderr.read_to_string(&mut log).unwrap();
        assert_eq!(log.lines().count(), lines.len(), "{arguments:?}: {log}");
        for (line, part) in log.lines().zip(lines) {
            assert!(line.contains(part) && !line.contains("canary"), "{arguments:?}: {log}");
        }
    }
}

#[test]
fn strict_seed_conflict_and_control_token_reach_the_library() {
    let seed = TempDir::with([("seeded.ps1", "x")]);
    let options = ["--strict", "--conflict", "--seed", seed.arg(), "--control-token", "control"];
    let program = Program::start(&options);
    let (token, form) =
        (Emulator::DEFAULT_TOKEN, form(&[text("OverrideIfExists", ""), file("a", b"x")]));
    let refused =
        program.call(token, "POST /api/libraryfiles", "multipart/form-data; boundary=b", &form);
    assert_eq!((refused.status, refused.code().as_str()), (400, "InvalidInput"));
    assert_eq!(program.list(token).json()["value"][0]["fileName"], "seeded.ps1");
    let again =
        crate::support::form(&[text("OverrideIfExists", "false"), file("seeded.ps1", b"y")]);
    let kind = "multipart/form-data; boundary=b";
    assert_eq!(program.call(token, "POST /api/libraryfiles", kind, &again).status, 409);
    let statuses = ["1", "control"].map(|shown| {
        let mut stream = program.connect();
        let head = format!(
            "GET /_emulator/health HTTP/1.1\r\nHost: localhost\r\nX-Emulator: {shown}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        Answer::read(stream).status
    });
    assert_eq!(statuses, [403, 200]);
}
