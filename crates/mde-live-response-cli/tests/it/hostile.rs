//! `lrlib` with a hostile service, folder or library, and with outputs that cannot be written.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread;

use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;
use serde_json::{Value, json};

use crate::support::{Lrlib, Ran};

/// Neither output contains anything that a terminal acts on.
fn assert_harmless(ran: &Ran) {
    let acts = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}');
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(acts), "{ran:?}");
}

/// Starts a service that answers every call by its method alone.
fn service(answer: fn(&str) -> (&'static str, String)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
            let head = head.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
            reader.read_exact(&mut body).unwrap();
            let (status, text) = answer(head.split(' ').next().unwrap());
            let length = text.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
                 Connection: close\r\n\r\n{text}"
            );
            let _ = reader.get_mut().write_all(answer.as_bytes());
        }
    });
    url
}

/// An empty list, and failures with escape sequences.
fn failing(method: &str) -> (&'static str, String) {
    if method == "get" {
        return ("200 OK", json!({ "value": [] }).to_string());
    }
    let words = "\u{1b}[2J\u{9b}31m\u{202e}\r\n";
    let error = json!({ "error": { "code": words, "message": words, "target": words } });
    ("500 Internal Server Error", error.to_string())
}

fn lines(path: &str) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_unknown_outcome_is_reported_and_logged() {
    let (url, dir) = (service(failing), TempDir::new());
    let (file, logs) = (dir.write_arg("a.ps1", "1"), TempDir::new());
    let log = logs.path().join("audit").display().to_string();
    for (n, command) in [["upload", &file], ["sync", dir.arg()]].iter().enumerate() {
        for json in [&["--format", "json"][..], &[]] {
            let more = ["--base-url", &url, "--timeout", "2", "--audit", &log, "-v"];
            let lrlib = Lrlib::alone().with(&[("MDE_TOKEN", "a-token-of-no-use")]);
            let ran = lrlib.ends(&[&command[..], &more, json].concat(), 1, "unknown");
            assert_harmless(&ran);
            if json.is_empty() {
                assert!(ran.stderr.contains("List the library before you try again"), "{ran:?}");
                continue;
            }
            let value = ran.json();
            let result = if n == 0 { &value["results"][0] } else { &value["steps"][0] };
            assert_eq!([&result["outcome"], &result["error"]["effect"]], ["unknown"; 2]);
        }
    }
    let lines = lines(&log);
    assert_eq!(lines.len(), 4);
    for line in lines {
        assert_eq!(
            ["name", "outcome", "effect"].map(|it| &line[it]),
            ["a.ps1", "unknown", "unknown"]
        );
    }
}

#[test]
fn with_fail_fast_nothing_starts_after_the_service_failed() {
    let dir = TempDir::with([("a.ps1", "1"), ("b.ps1", "2"), ("c.ps1", "3")]);
    let lrlib = Lrlib::alone().with(&[("MDE_TOKEN", "a-token-of-no-use")]);
    let url = service(failing);
    let sync = [
        "sync",
        dir.arg(),
        "--base-url",
        &url,
        "--timeout",
        "1",
        "--jobs",
        "1",
        "--format",
        "json",
    ];
    for (more, expected) in [
        (&[][..], ["unknown", "unknown", "unknown"]),
        (&["--fail-fast"], ["unknown", "notTried", "notTried"]),
    ] {
        let json = lrlib.ends(&[&sync[..], more].concat(), 1, "").json();
        let steps = json["steps"].as_array().unwrap();
        assert_eq!(steps.iter().map(|step| &step["outcome"]).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn text_of_others_is_escaped_in_every_output() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::new());
    let library = emulator.library();
    library.insert("a.ps1", b"x");
    let mut entry = library.entry("a.ps1").unwrap();
    entry.file_name = "\u{1b}[31m\u{9b}?.ps1".to_owned();
    let text = "\u{9b}2J\u{7f}\u{202e}\u{1b}\u{1160}日é";
    entry.description = Some(text.to_owned());
    entry.created_by = Some(text.to_owned());
    library.insert_entry(entry, b"x");
    dir.write("b.ps1", "1");
    for command in [&["list"][..], &["plan", dir.arg()], &["plan", dir.arg(), "--delete=all"]] {
        assert_harmless(&Lrlib::of(&emulator).run(command));
        assert_harmless(&Lrlib::of(&emulator).run(&[command, &["--format", "json"]].concat()));
    }
    let json = Lrlib::of(&emulator).run(&["list", "--format", "json"]).json();
    assert_eq!(json["files"][0]["description"], text);
    assert_eq!(json["files"][0]["fileName"], "\u{1b}[31m\u{9b}?.ps1");
    // No request can contain its name, so it stays, and the rest is done.
    let ran = Lrlib::of(&emulator).ends(
        &["sync", dir.arg(), "--delete=all", "--yes", "--format", "json"],
        0,
        "",
    );
    assert_eq!(ran.json()["steps"][0]["reasons"][0], "kept: no request can contain its name");
    assert_eq!(library.names().len(), 2);

    let field = r#"{"\u001b[2J\u009b":1}"#;
    for (name, text) in
        [("librarymanifest.json", format!("[{field}]")), ("b.ps1.json", field.into())]
    {
        let dir = TempDir::with([("b.ps1", "1"), (name, &text)]);
        let unknown = "unknown field `\\u{1b}[2J\\u{9b}`";
        assert_harmless(&Lrlib::of(&emulator).ends(&["plan", dir.arg()], 2, unknown));
    }
}

#[test]
fn a_description_without_width_is_cut_too() {
    let emulator = Emulator::start().unwrap();
    emulator.library().insert("a.ps1", b"x");
    let mut entry = emulator.library().entry("a.ps1").unwrap();
    entry.description = Some("\u{1160}".repeat(1_000));
    emulator.library().insert_entry(entry, b"x");
    let ran = Lrlib::of(&emulator).run(&["list"]);
    assert_eq!(ran.stdout.matches('\u{1160}').count(), 100);
}

#[test]
fn a_reader_that_has_gone_is_not_a_failure() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::new());
    dir.write("a.ps1", "1");
    for command in [&["sync", dir.arg()][..], &["list"], &["list", "--format", "json"]] {
        let ran = Lrlib::of(&emulator).run_unread(command);
        assert_eq!(ran.code, 0, "case: {command:?}: {}", ran.stderr);
    }
    assert_eq!(emulator.library().names(), ["a.ps1"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_a_partial_failure() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::new());
    let (a, b) = (dir.write_arg("a.ps1", "1"), dir.write_arg("b.ps1", "2"));
    let full = |command: &[&str]| {
        let more = ["--jobs", "1", "--audit", "/dev/full"];
        Lrlib::of(&emulator).ends(&[command, &more].concat(), 3, "/dev/full: ")
    };
    assert_eq!(full(&["upload", &a, &b]).stdout, "stored a.ps1\nnot tried b.ps1\n");
    assert_eq!(emulator.library().names(), ["a.ps1"], "the first change without a log is the last");

    let ran = full(&["delete", "a.ps1", "b.ps1", "--yes", "--format", "json"]);
    assert_eq!(
        ran.json()["results"],
        json!([
            { "name": "a.ps1", "outcome": "removed" },
            { "name": "b.ps1", "outcome": "notTried" },
        ])
    );

    let json = full(&["sync", dir.arg(), "--format", "json"]).json();
    let steps = json["steps"].as_array().unwrap();
    let outcomes: Vec<_> = steps.iter().map(|step| &step["outcome"]).collect();
    assert_eq!(outcomes, ["created", "notTried"]);
    assert!(json["error"]["message"].as_str().unwrap().contains("`a.ps1`"), "{json}");
    assert_eq!(json["error"]["effect"], json!(null), "the steps say it");
    assert_eq!(emulator.library().names(), ["a.ps1"]);

    let ran = Lrlib::of(&emulator).run_into("/dev/full", &["sync", dir.arg()]);
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.contains("standard output"), "{}", ran.stderr);
    assert_eq!(emulator.library().names(), ["a.ps1", "b.ps1"]);
    let ran = Lrlib::of(&emulator).run_into("/dev/full", &["list"]);
    assert_eq!(ran.code, 1, "nothing was done");
}
