//! `lrlib export`, `adopt` and `verify`: libraries that other tools have filled.

use std::fs;

use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;
use serde_json::{Value, json};

use crate::support::Lrlib;

fn described(emulator: &Emulator, name: &str, content: &[u8], description: &str) {
    emulator.library().insert(name, content);
    let mut entry = emulator.library().entry(name).unwrap();
    entry.description = Some(description.to_owned());
    emulator.library().insert_entry(entry, content);
}

/// From a library that people filled by hand to one that a repository manages, without a lost text.
#[test]
fn an_exported_library_is_adopted_and_then_has_no_changes() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::new());
    let lrlib = Lrlib::of(&emulator);
    described(&emulator, "a.ps1", b"1", "By hand");
    described(&emulator, "b.ps1", b"2", "Of a team\nmanaged-by: old-team");
    lrlib.ends(&["export", dir.arg()], 0, "2 files in ");
    let manifest = dir.path().join("librarymanifest.json");
    let entries: Value = serde_json::from_str(&fs::read_to_string(&manifest).unwrap()).unwrap();
    assert_eq!(
        entries,
        json!([
            { "fileName": "a.ps1", "description": "By hand", "parametersDescription": null, "hasParameters": false },
            { "fileName": "b.ps1", "description": "Of a team", "parametersDescription": null, "hasParameters": false },
        ])
    );
    let elsewhere = dir.path().join("none").display().to_string();
    lrlib.ends(&["export", &elsewhere], 2, "Give a folder that exists");
    lrlib.ends(&["export", dir.arg()], 2, "Move the old manifest away first.");

    dir.write("a.ps1", "1");
    lrlib.ends(&["plan", dir.arg()], 2, "librarymanifest.json lists this file");
    dir.write("b.ps1", "2");
    lrlib.ends(&["verify", dir.arg()], 0, "2 equal, 0 different");
    let adopt = ["adopt", "a.ps1", "b.ps1", "--dir", dir.arg(), "--owner", "team"];
    lrlib.ends(&adopt, 2, "takes over 2 files in the library of");
    let dry =
        lrlib.ends(&[&adopt[..], &["--dry-run"]].concat(), 0, "Plan: 0 to create, 2 to update");
    assert!(!dry.stderr.contains("description"), "only the owner changes: {dry:?}");
    dir.write("librarymanifest.json", r#"[{"fileName": "a.ps1", "description": "Ours"}, {"fileName": "b.ps1", "description": "Of a team"}]"#);
    let dry =
        lrlib.ends(&[&adopt[..], &["--dry-run"]].concat(), 0, "Plan: 0 to create, 2 to update");
    assert!(dry.stderr.contains("a.ps1: - description: By hand\na.ps1: + description: Ours\n"));
    fs::write(&manifest, entries.to_string()).unwrap();
    lrlib.ends(&[&adopt[..], &["--yes"]].concat(), 0, "updated a.ps1\n");
    let described = |name| emulator.library().entry(name).unwrap().description.unwrap();
    assert_eq!(described("a.ps1"), "By hand\nmanaged-by: team");
    assert_eq!(described("b.ps1"), "Of a team\nmanaged-by: team");
    lrlib.ends(&adopt, 0, "Done: nothing to do (2 unchanged)");
    lrlib.ends(&["plan", dir.arg(), "--owner", "team", "--delete"], 0, "(2 unchanged)");
}

#[test]
fn adopt_takes_only_files_with_the_same_bytes() {
    let emulator = Emulator::start().unwrap();
    let dir = TempDir::with([("a.ps1", "1"), ("b.ps1", "ours"), ("c.ps1", "3"), ("D.ps1", "4")]);
    let lrlib = Lrlib::of(&emulator);
    for (name, content) in [("a.ps1", "1"), ("b.ps1", "hers"), ("d.ps1", "4")] {
        emulator.library().insert(name, content.as_bytes());
    }
    let before = emulator.library().entries();
    for (names, code, why) in [
        (&["a.ps1", "b.ps1"][..], 1, "b.ps1 has other content in the library, which only"),
        (&["c.ps1"], 1, "c.ps1 is not in the library; nothing was changed"),
        (&["D.ps1"], 1, "D.ps1 has another letter case in the library"),
        (&["e.ps1"], 2, "has no file `e.ps1` for the library"),
    ] {
        let adopt = [&["adopt", "--dir", dir.arg(), "--yes"], names].concat();
        lrlib.ends(&adopt, code, why);
    }
    assert_eq!(emulator.library().entries(), before);
}

#[test]
fn verify_compares_files_of_any_owner() {
    let emulator = Emulator::start().unwrap();
    let dir = TempDir::with([("a.ps1", "1"), ("b.ps1", "2"), ("c.ps1", "3"), ("d.ps1", "4")]);
    let lrlib = Lrlib::of(&emulator);
    described(&emulator, "a.ps1", b"1", "managed-by: someone");
    described(&emulator, "b.ps1", b"2", "Another text");
    emulator.library().insert("c.ps1", b"other");
    emulator.library().insert("x.ps1", b"x");
    let verbose =
        lrlib.ends(&["verify", dir.arg(), "-v"], 4, "b.ps1: - description: Another text\n");
    assert!(verbose.stderr.contains("b.ps1: + description: \n"), "{verbose:?}");
    let ran = lrlib.ends(
        &["verify", dir.arg(), "--all"],
        4,
        "1 equal, 2 different, 1 missing in the library, 1 only in the library\n",
    );
    assert_eq!(
        ran.stdout,
        "STATE      NAME   WHY\n\
         equal      a.ps1\n\
         different  b.ps1  description\n\
         different  c.ps1  content\n\
         missing    d.ps1\n\
         extra      x.ps1\n"
    );
    let json = lrlib.ends(&["verify", dir.arg(), "--format", "json"], 4, "").json();
    assert_eq!(
        json["files"][1],
        json!({ "name": "b.ps1", "state": "different", "reasons": ["description"] })
    );
    for name in ["b.ps1", "c.ps1", "d.ps1"] {
        fs::remove_file(dir.path().join(name)).unwrap();
    }
    // Files that only the library has may belong to others.
    let ran = lrlib.ends(&["verify", dir.arg()], 0, "1 equal, 0 different, 0 missing");
    assert_eq!(ran.stdout, "");
}
