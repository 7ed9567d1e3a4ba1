//! `lrlib plan` and `lrlib sync`: a folder against a library.

use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;
use serde_json::json;

use crate::support::Lrlib;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/library");

#[test]
fn a_second_sync_changes_nothing_and_costs_one_call() {
    let emulator = Emulator::start().unwrap();
    let lrlib = Lrlib::of(&emulator);
    let plan = lrlib.run(&["plan", EXAMPLES]);
    assert_eq!(plan.code, 4);
    assert_eq!(plan.stdout, "ACTION  NAME              WHY\ncreate  Get-DnsCache.ps1\n");
    assert_eq!(lrlib.run(&["sync", EXAMPLES, "--dry-run"]).code, 4);
    assert!(emulator.library().names().is_empty());

    let first = lrlib.run(&["sync", EXAMPLES]);
    assert_eq!((first.code, first.stderr.as_str()), (0, "created Get-DnsCache.ps1\n1 created\n"));
    assert_eq!(first.stdout, "ACTION   NAME              WHY\ncreated  Get-DnsCache.ps1\n");
    let entry = emulator.library().entry("Get-DnsCache.ps1").unwrap();
    assert_eq!(
        entry.description.as_deref(),
        Some("Lists the DNS client cache.\nmanaged-by: lrlib")
    );

    let calls = emulator.library().calls();
    let second = lrlib.run(&["sync", EXAMPLES]);
    assert_eq!((second.code, second.stderr.as_str()), (0, "1 unchanged\n"));
    assert_eq!(emulator.library().calls(), calls + 1);
    assert_eq!(lrlib.run(&["plan", EXAMPLES]).code, 0);
    assert_eq!(lrlib.run(&["sync", EXAMPLES, "--dry-run"]).code, 0);
}

#[test]
fn files_of_others_are_conflicts_unless_taken_over() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::new());
    dir.write("a.ps1", "ours");
    dir.write("b.ps1", "ours");
    emulator.library().insert("a.ps1", b"hers");
    let lrlib = Lrlib::of(&emulator);
    assert_eq!(lrlib.run(&["plan", dir.arg()]).code, 1);
    let ran = lrlib.run(&["sync", dir.arg()]);
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.contains("--take-over"), "{}", ran.stderr);
    assert_eq!(
        ran.stdout,
        "ACTION    NAME   WHY\n\
         conflict  a.ps1  the library's file is not the owner's\n\
         created   b.ps1\n"
    );
    assert_eq!(emulator.library().content("a.ps1").unwrap(), b"hers");
    assert_eq!(lrlib.run(&["sync", dir.arg()]).code, 1, "nothing but the conflict");

    let ran = lrlib.run(&["sync", dir.arg(), "--take-over"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, "updated a.ps1\n1 unchanged, 1 updated\n"));
    assert_eq!(emulator.library().content("a.ps1").unwrap(), b"ours");
}

#[test]
fn orphans_are_deleted_only_on_request() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::new());
    let gone = dir.write_arg("gone.ps1", "x");
    dir.write("stays.ps1", "x");
    let lrlib = Lrlib::of(&emulator);
    let ours = |more: &[&str]| {
        lrlib.run(&[&["sync", dir.arg(), "--owner", "our-repository"], more].concat())
    };
    assert_eq!(ours(&[]).code, 0);
    emulator.library().insert("hers.ps1", b"x");
    std::fs::remove_file(gone).unwrap();
    let kept = ours(&[]);
    assert!(kept.stdout.contains("orphan     gone.ps1   kept\n"), "{}", kept.stdout);
    assert_eq!(emulator.library().names(), ["gone.ps1", "hers.ps1", "stays.ps1"]);
    assert_eq!(ours(&["--delete"]).code, 0);
    assert_eq!(emulator.library().names(), ["hers.ps1", "stays.ps1"]);
    assert_eq!(ours(&["--delete-all"]).code, 0);
    assert_eq!(emulator.library().names(), ["stays.ps1"]);
}

#[test]
fn json_has_every_step_with_its_hashes_and_its_outcome() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::new());
    let audit = TempDir::new();
    let audit_path = audit.path().join("log").display().to_string();
    dir.write("a.ps1", "1");
    let lrlib = Lrlib::of(&emulator);
    lrlib.run(&["sync", dir.arg()]);
    dir.write("a.ps1", "2");
    let one = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";
    let two = "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35";
    let step = |outcome: serde_json::Value| {
        json!({
            "name": "a.ps1", "action": "update", "reasons": ["content"],
            "sha256Before": one, "sha256After": two, "outcome": outcome, "error": null,
        })
    };
    let planned = lrlib.run(&["plan", dir.arg(), "--json"]);
    assert_eq!(planned.code, 4);
    let expected = json!({ "version": 1, "command": "plan", "steps": [step(json!(null))] });
    assert_eq!(planned.json(), expected);
    let synced = lrlib.run(&["sync", dir.arg(), "--json", "--audit", &audit_path]);
    let expected = json!({ "version": 1, "command": "sync", "steps": [step(json!("updated"))] });
    assert_eq!(synced.json(), expected);

    let line: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&audit_path).unwrap()).unwrap();
    let fields = ["action", "sha256Before", "sha256After", "outcome", "effect"];
    let expected = ["update", one, two, "done", "applied"];
    assert_eq!(fields.map(|field| &line[field]), expected);
}

#[test]
fn a_folder_that_cannot_be_used_is_a_usage_error() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::new());
    dir.write("librarymanifest.json", r#"[{"fileName":"a.ps1","descripton":"x"}]"#);
    let ran = Lrlib::of(&emulator).run(&["sync", dir.arg()]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("unknown field `descripton`"), "{}", ran.stderr);
    assert_eq!(emulator.library().calls(), 0);
}
