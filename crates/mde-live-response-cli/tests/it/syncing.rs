//! `lrlib plan` and `lrlib sync`: a folder against a library.

use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;
use serde_json::json;

use crate::support::Lrlib;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/library");

#[test]
fn a_second_sync_changes_nothing_and_costs_one_call() {
    let emulator = Emulator::start().unwrap();
    let (library, lrlib) = (emulator.library(), Lrlib::of(&emulator));
    lrlib.ends(&["plan", EXAMPLES], 0, "ACTION  NAME              WHY\ncreate  Get-DnsCache.ps1\n");
    lrlib.ends(&["sync", EXAMPLES, "--dry-run"], 0, "create  Get-DnsCache.ps1\n");
    assert!(library.names().is_empty());

    let first = lrlib.ends(&["sync", EXAMPLES], 0, "Done: 1 created (0 unchanged)\n");
    assert_eq!(first.stdout, "created Get-DnsCache.ps1\n");
    let description = library.entry("Get-DnsCache.ps1").unwrap().description.unwrap();
    assert_eq!(description, "Lists the DNS client cache.\nmanaged-by: lrlib");

    for command in [&["sync", EXAMPLES][..], &["plan", EXAMPLES], &["sync", EXAMPLES, "--dry-run"]]
    {
        let calls = library.calls();
        lrlib.ends(command, 0, "(1 unchanged)\n");
        assert_eq!(library.calls(), calls + 1, "{command:?}");
    }
}

#[test]
fn files_of_others_are_conflicts_unless_taken_over() {
    let (emulator, dir) =
        (Emulator::start().unwrap(), TempDir::with([("a.ps1", "ours"), ("b.ps1", "ours")]));
    let (library, lrlib) = (emulator.library(), Lrlib::of(&emulator));
    library.insert("a.ps1", b"hers");
    lrlib.ends(&["plan", dir.arg()], 1, "conflict  a.ps1");
    let ran = lrlib.ends(&["sync", dir.arg()], 3, "--take-over");
    assert_eq!(
        ran.stdout,
        "created b.ps1\n\
         conflict a.ps1 no owner, other content\n"
    );
    // Nothing but the conflict.
    lrlib.ends(&["sync", dir.arg()], 1, "conflict a.ps1");
    assert_eq!(library.content("a.ps1").unwrap(), b"hers");
    let taken = "Done: 1 updated (1 unchanged)\n";
    lrlib.ends(&["sync", dir.arg(), "--take-over", "--yes"], 0, taken);
    assert_eq!(library.content("a.ps1").unwrap(), b"ours");
}

#[test]
fn unmanaged_files_are_deleted_only_on_request() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::with([("stays.ps1", "x")]));
    let gone = dir.write_arg("gone.ps1", "x");
    let lrlib = Lrlib::of(&emulator);
    let ours = |more: &[&str], printed: &str| {
        let sync = ["sync", dir.arg(), "--owner", "our-repository"];
        lrlib.ends(&[&sync[..], more].concat(), 0, printed);
        emulator.library().names()
    };
    ours(&[], "Done: 2 created (0 unchanged)\n");
    emulator.library().insert("hers.ps1", b"x");
    std::fs::remove_file(gone).unwrap();
    let kept = ours(&["--all"], "unmanaged gone.ps1 kept\n");
    assert_eq!(kept, ["gone.ps1", "hers.ps1", "stays.ps1"]);
    assert_eq!(ours(&["--delete", "--yes"], "removed gone.ps1\n"), ["hers.ps1", "stays.ps1"]);
    assert_eq!(ours(&["--delete=all", "--yes"], "removed hers.ps1\n"), ["stays.ps1"]);
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
            "name": "a.ps1", "action": "update", "reasons": ["content"], "owner": "lrlib",
            "sha256Before": one, "sha256After": two, "outcome": outcome, "error": null,
        })
    };
    let said = |command: &str, outcome| json!({ "version": 1, "command": command, "steps": [step(outcome)] });
    let planned = lrlib.ends(&["plan", dir.arg(), "--format", "json"], 0, "");
    assert_eq!(planned.json(), said("plan", json!(null)));
    let synced =
        lrlib.ends(&["sync", dir.arg(), "--format", "json", "--audit", &audit_path], 0, "");
    assert_eq!(synced.json(), said("sync", json!("updated")));

    let line: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&audit_path).unwrap()).unwrap();
    let fields = ["action", "sha256Before", "sha256After", "outcome", "effect"];
    let expected = ["update", one, two, "done", "applied"];
    assert_eq!(fields.map(|field| &line[field]), expected);
}
