//! Files that another program has open on Windows without sharing them.

use std::fs::{File, OpenOptions};
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use mde_live_response_emulator::{Emulator, FakeLibrary};
use mde_live_response_testkit::TempDir;
use serde_json::json;

use crate::support::Lrlib;

/// Opens a file so that no other program can.
fn keep(path: impl AsRef<Path>) -> File {
    OpenOptions::new().read(true).share_mode(0).open(path).unwrap()
}

/// The system's words for it differ, its number does not.
const WHY: &str = "(os error 32)";

#[test]
fn a_locked_script_is_named_and_nothing_is_changed() {
    let emulator = Emulator::start().unwrap();
    let dir = TempDir::with([("a.ps1", "1"), ("b.ps1", "2"), ("c.ps1", "3")]);
    let lrlib = Lrlib::of(&emulator);
    let path = |name| dir.path().join(name).display().to_string();
    let (a, b, c) = (path("a.ps1"), path("b.ps1"), path("c.ps1"));
    let kept = keep(&b);
    for command in [&["plan", dir.arg()][..], &["sync", dir.arg()], &["upload", &a, &b, &c]] {
        let named = format!("error: reading the file failed ({b}); nothing was stored. Cause: ");
        let ran = lrlib.ends(command, 2, &named);
        assert!(ran.stderr.contains(WHY), "{ran:?}");
        assert!(ran.stderr.contains("Close the program that uses the file"), "{ran:?}");
    }
    assert_eq!(emulator.library().calls(), 0);
    drop(kept);
    lrlib.ends(&["sync", dir.arg()], 0, "3 created");
}

/// The program takes the file after the plan was made: before the first change, when the library is listed again.
#[test]
fn a_script_that_is_locked_after_the_plan_fails_alone() {
    let dir = TempDir::with([("a.ps1", "1"), ("b.ps1", "2"), ("c.ps1", "3")]);
    let (path, kept, readings) = (dir.path().join("b.ps1"), Mutex::new(None), AtomicU64::new(0));
    let library = FakeLibrary::builder().no_limits().now(move || {
        if readings.fetch_add(1, Ordering::SeqCst) == 1 {
            *kept.lock().unwrap() = Some(keep(&path));
        }
        SystemTime::now()
    });
    let emulator = Emulator::builder().library(library.build()).start().unwrap();
    let ran = Lrlib::of(&emulator).ends(&["sync", dir.arg(), "--format", "json"], 3, WHY);
    let outcomes: Vec<_> = ran.json()["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| json!([it["name"], it["outcome"], it["error"]["effect"]]))
        .collect();
    let expected = [
        json!(["a.ps1", "created", null]),
        json!(["b.ps1", "failed", "not-applied"]),
        json!(["c.ps1", "created", null]),
    ];
    assert_eq!(outcomes, expected, "{ran:?}");
    assert_eq!(emulator.library().names(), ["a.ps1", "c.ps1"]);
}

fn sync<'a>(dir: &'a TempDir, more: &[&'a str]) -> Vec<&'a str> {
    [&["sync", dir.arg()], more].concat()
}

#[test]
fn other_locked_files_are_named_before_anything_is_done() {
    let emulator = Emulator::start().unwrap();
    let lrlib = Lrlib::of(&emulator);
    let (dir, other) = (TempDir::with([("a.ps1", "1")]), TempDir::new());
    let plan = other.path().join("plan").display().to_string();
    lrlib.ends(&["plan", dir.arg(), "--out", &plan], 0, "1 to create");

    let log = other.write_arg("log", "");
    let token = other.write_arg("token", emulator.token());
    let of = |name| dir.path().join(name).display().to_string();
    let in_folder = ["a.ps1.json", "librarymanifest.json", ".lrlibignore", "lrlib.toml"].map(of);
    for (path, command) in [
        (&log, sync(&dir, &["--audit", &log])),
        (&plan, sync(&dir, &["--plan", &plan])),
        (&plan, vec!["plan", dir.arg(), "--out", &plan]),
        (&token, sync(&dir, &["--token-file", &token])),
        (&in_folder[0], sync(&dir, &[])),
        (&in_folder[1], sync(&dir, &[])),
        (&in_folder[2], sync(&dir, &[])),
        (&in_folder[3], sync(&dir, &[])),
    ] {
        let is_new = !Path::new(path).exists();
        if is_new {
            std::fs::write(path, "").unwrap();
        }
        let kept = keep(path);
        let ran = lrlib.run(&command);
        println!("case: {command:?}: {ran:?}");
        assert!([1, 2].contains(&ran.code), "{ran:?}");
        let name = Path::new(path).file_name().unwrap().to_str().unwrap();
        let is_named = ran.stderr.contains(name) && ran.stderr.contains(WHY);
        assert!(is_named, "{path}: {ran:?}");
        drop(kept);
        if is_new {
            std::fs::remove_file(path).unwrap();
        }
    }
    assert!(emulator.library().names().is_empty());
    lrlib.ends(&sync(&dir, &["--plan", &plan, "--audit", &log]), 0, "1 created");
}
