//! `lrlib` for single files: upload, list, delete, check.

use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;
use serde_json::json;

use crate::support::Lrlib;

const SCRIPT: &str = "<#\n.SYNOPSIS\nLists.\n.PARAMETER Name\nWhich.\n#>\n";

#[test]
fn a_file_is_uploaded_with_its_own_help() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::new());
    let path = dir.write_arg("a.ps1", SCRIPT);
    let ran = Lrlib::of(&emulator).run(&["upload", &path]);
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (0, "stored a.ps1\n", "1 stored\n")
    );
    let entry = emulator.library().entry("a.ps1").unwrap();
    assert_eq!(entry.description.as_deref(), Some("Lists."));
    assert_eq!(entry.parameters_description.as_deref(), Some("-Name: Which."));
    assert!(entry.has_parameters);

    let said = ["upload", &path, "--override", "--description", "-what for", "--parameters", "-N"];
    Lrlib::of(&emulator).ends(&said, 0, "stored a.ps1\n");
    let entry = emulator.library().entry("a.ps1").unwrap();
    assert_eq!(entry.description.as_deref(), Some("-what for"));
    assert_eq!(entry.parameters_description.as_deref(), Some("-N"));
}

#[test]
fn a_failure_is_reported_and_the_rest_is_done() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::new());
    let (a, b) = (dir.write_arg("a.ps1", "1"), dir.write_arg("b.ps1", "2"));
    emulator.library().insert("a.ps1", b"hers");
    let lrlib = Lrlib::of(&emulator);
    let ran = lrlib.ends(&["upload", &a, &b], 3, "stored b.ps1\nfailed a.ps1\n");
    assert!(ran.stderr.contains("`a.ps1`"), "{}", ran.stderr);
    let json = lrlib.ends(&["upload", &a, &b, "--format", "json"], 1, "").json();
    assert_eq!([&json["version"], &json["command"]], [&json!(1), &json!("upload")]);
    let result = &json["results"][0];
    assert_eq!([&result["name"], &result["outcome"]], ["a.ps1", "failed"]);
    let error = &result["error"];
    assert_eq!([&error["effect"], &error["code"]], ["not-applied", "BadRequest"]);
    assert_eq!(error["status"], 400);
    assert!(error["correlationId"].as_str().unwrap().starts_with("00000000-"));
    assert_eq!(emulator.library().content("a.ps1").unwrap(), b"hers");
}

#[test]
fn files_that_cannot_be_used_are_refused_before_anything_is_done() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::new());
    let lrlib = Lrlib::of(&emulator);
    let good = dir.write_arg("a.ps1", "1");
    let missing = dir.path().join("b.ps1").display().to_string();
    lrlib.ends(&["upload", &good, &missing], 2, &missing);
    let elsewhere = TempDir::new();
    let same = elsewhere.write_arg("A.ps1", "2");
    lrlib.ends(&["upload", &good, &same, "--override"], 2, "letter case");
    lrlib.ends(&["delete", "a/b"], 2, "error: `a/b`: ");
    for (size, expected) in [(0, "empty"), (20 * 1024 * 1024 + 1, "20971520")] {
        let path = dir.write_arg("b.ps1", "");
        std::fs::File::options().write(true).open(&path).unwrap().set_len(size).unwrap();
        for command in [["plan", dir.arg()], ["sync", dir.arg()], ["upload", &path]] {
            let ran = lrlib.ends(&command, 2, "error: `b.ps1`: ");
            assert!(ran.stderr.contains(expected), "{}", ran.stderr);
        }
    }
    assert_eq!(emulator.library().calls(), 0);
}

#[test]
fn a_list_is_a_table_whose_texts_are_escaped() {
    let emulator = Emulator::start().unwrap();
    let library = emulator.library();
    let ran = Lrlib::of(&emulator).run(&["list"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", "0 files\n"));
    library.insert("longer.ps1", b"Get-Date\n");
    Lrlib::of(&emulator).ends(&["list"], 0, "1 file\n");
    let mut entry = library.entry("longer.ps1").unwrap();
    entry.file_name = "日本.ps1".to_owned();
    entry.description = Some("first \u{1b}[2J\u{202e}\nsecond\nmanaged-by: our-team".to_owned());
    library.insert_entry(entry, b"x");
    let ran = Lrlib::of(&emulator).run(&["list"]);
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert_eq!(lines[0], "NAME        SHA256        UPDATED     OWNER     DESCRIPTION");
    assert!(lines[1].starts_with("longer.ps1  51e264"), "{}", lines[1]);
    assert!(lines[2].starts_with("日本.ps1    51e264"), "{}", lines[2]);
    assert!(lines[2].ends_with("  our-team  first \\u{1b}[2J\\u{202e}"), "{}", lines[2]);
}

#[test]
fn files_are_deleted_and_a_missing_file_is_not_an_error() {
    let emulator = Emulator::start().unwrap();
    let (lrlib, names) = (Lrlib::of(&emulator), ["delete", "a b.ps1", "c.ps1"]);
    emulator.library().insert("a b.ps1", b"x");
    let dry = "would delete a b.ps1\nabsent c.ps1\n";
    lrlib.ends(&[&names[..], &["--dry-run"]].concat(), 0, dry);
    assert_eq!(emulator.library().names(), ["a b.ps1"]);
    let one_by_one = [&names[..], &["--yes", "--jobs", "1"]].concat();
    lrlib.ends(&one_by_one, 0, "removed a b.ps1\nabsent c.ps1\n");
    assert!(emulator.library().names().is_empty());
}

#[test]
fn a_check_shows_the_token_and_whether_it_works() {
    use mde_live_response_emulator::Application;
    let application = Application::new("a-tenant", "a-client").with_secret("canary-secret-text");
    let emulator = Emulator::builder().application(application).start().unwrap();
    let azure = [
        ("AZURE_TENANT_ID", "a-tenant"),
        ("AZURE_CLIENT_ID", "a-client"),
        ("AZURE_CLIENT_SECRET", "canary-secret-text"),
        // The command line has another, and goes before it.
        ("AZURE_AUTHORITY_HOST", "login.invalid"),
    ];
    let ran = Lrlib::of(&emulator).with(&azure).run(&["check"]);
    let host = emulator.base_url();
    let audience = "https://api.securitycenter.microsoft.com";
    assert_eq!(
        (ran.code, ran.stdout),
        (
            0,
            format!(
                "CHECK                  RESULT\nhost                   {host}\nproxy                  not used for plain http\n\
                 credential             secret\nlogin host             {host}\naudience expected      {audience}\naudience of the token  {audience}\n\
                 tenant                 a-tenant\npermissions            Library.Manage\nlibrary                0 files\n"
            )
        )
    );
    let calls = emulator.library().calls();
    let elsewhere =
        ["check", "--audience", "https://api.security.microsoft.com", "--format", "json"];
    let json = Lrlib::of(&emulator).with(&azure).ends(&elsewhere, 1, "").json();
    assert_eq!(
        [&json["audience"], &json["loginHost"]],
        ["https://api.security.microsoft.com", host]
    );
    assert_eq!(json["error"]["status"], 403);
    assert_eq!(emulator.library().calls(), calls + 1);
    // The wrong audience of a token is found before anything is sent.
    let token = Lrlib::of(&emulator).with(&[("MDE_TOKEN", "a.eyJhdWQiOiJodHRwczovL3gifQ.c")]);
    let ran = token.ends(&["check"], 1, "login host             not used\n");
    assert!(ran.stderr.contains("https://x"), "{}", ran.stderr);
    assert_eq!(emulator.library().calls(), calls + 1);
}

/// Logs as a killed run, or a full disk, leaves them.
#[test]
fn the_last_line_of_an_audit_log_is_repaired_before_the_next() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::new());
    let whole = "{\"time\":\"2026-01-01T00:00:00Z\",\"name\":\"a\"}";
    for (case, before, torn) in [
        ("empty", String::new(), None),
        ("in order", format!("{whole}\n"), None),
        ("no line end", format!("{whole}\n{whole}"), None),
        (
            "torn",
            format!("{whole}\n{{\"time\":\"2026-01-01T00:00:00Z\",\"na"),
            Some("{\"time\":\"2026-01-01T00:00:00Z\",\"na"),
        ),
        ("torn early", "{\"ti".to_owned(), Some("{\"ti")),
    ] {
        println!("case: {case}");
        let log = dir.write_arg("audit", &before);
        Lrlib::of(&emulator).ends(&["delete", "x.ps1", "--yes", "--audit", &log], 0, "absent");
        let text = std::fs::read_to_string(&log).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), before.lines().count() + 1, "{text}");
        assert_eq!(lines.last().unwrap()["name"], "x.ps1");
        let found: Vec<_> = lines.iter().filter_map(|line| line["torn"].as_str()).collect();
        assert_eq!(found, torn.into_iter().collect::<Vec<_>>());
    }
    let other = "[package]\nname = \"x\"";
    let path = dir.write_arg("Cargo.toml", other);
    let ran = ["delete", "x.ps1", "--yes", "--audit", &path];
    Lrlib::of(&emulator).ends(&ran, 2, "not a line of an audit log");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), other);
}

#[test]
fn every_change_is_a_line_in_the_audit_log() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::new());
    let (path, audit) =
        (dir.write_arg("a.ps1", "1"), dir.path().join("audit").display().to_string());
    let delete = ["delete", "a.ps1", "--yes"];
    let upload = ["upload", &path];
    for arguments in [&upload[..], &upload, &delete, &delete] {
        Lrlib::of(&emulator).run(&[arguments, &["--audit", &audit]].concat());
    }
    let text = std::fs::read_to_string(&audit).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let short: Vec<_> = lines
        .iter()
        .map(|line| ["credential", "action", "outcome", "effect"].map(|field| &line[field]))
        .collect();
    let expected = [
        ["token", "upload", "done", "applied"],
        ["token", "upload", "failed", "not-applied"],
        ["token", "delete", "done", "applied"],
        ["token", "delete", "done", "not-applied"],
    ];
    assert_eq!(short, expected);
    let hash = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";
    assert_eq!(lines[0]["sha256After"], hash);
    assert_eq!(lines[0]["name"], "a.ps1");
    assert!(lines[1]["correlationId"].is_string());
    assert!(lines[0]["time"].as_str().unwrap().ends_with('Z'));

    let nowhere = dir.path().join("not/there").display().to_string();
    Lrlib::of(&emulator).ends(&["upload", &path, "--audit", &nowhere], 2, &nowhere);
    assert!(emulator.library().names().is_empty(), "no change without a log");
}
