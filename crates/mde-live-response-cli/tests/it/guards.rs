//! Nothing is lost by accident: empty folders, limits, `--yes`, owners and dry runs.

use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;
use serde_json::json;

use crate::support::Lrlib;

/// Stores a file that belongs to an owner.
fn insert_owned(emulator: &Emulator, name: &str, owner: &str) {
    emulator.library().insert(name, b"x");
    let mut entry = emulator.library().entry(name).unwrap();
    entry.description = Some(format!("Text\nmanaged-by: {owner}"));
    emulator.library().insert_entry(entry, b"x");
}

#[test]
fn a_folder_without_files_is_refused_unless_allowed() {
    let emulator = Emulator::start().unwrap();
    let with_folder = TempDir::new();
    std::fs::create_dir(with_folder.path().join("a.ps1")).unwrap();
    for (case, dir) in [
        ("empty", TempDir::new()),
        ("hidden", TempDir::with([(".a.ps1", "1")])),
        ("a subfolder", with_folder),
        ("an empty manifest", TempDir::with([("librarymanifest.json", "[]"), ("a.ps1", "1")])),
    ] {
        println!("case: {case}");
        let lrlib = Lrlib::of(&emulator);
        let calls = emulator.library().calls();
        lrlib.ends(&["plan", dir.arg()], 2, "--allow-empty");
        lrlib.ends(&["sync", dir.arg(), "--delete=all", "--yes"], 2, "--allow-empty");
        assert_eq!(emulator.library().calls(), calls);
        lrlib.ends(&["sync", dir.arg(), "--allow-empty"], 0, "Done: nothing to do (0 unchanged)\n");
    }
}

#[test]
fn a_plan_that_loses_too_much_is_shown_and_refused() {
    let emulator = Emulator::start().unwrap();
    let dir = TempDir::with([("a.ps1", "1"), ("b.ps1", "1"), ("new.ps1", "1")]);
    for name in ["a.ps1", "b.ps1", "c.ps1", "d.ps1", "e.ps1", "f.ps1"] {
        emulator.library().insert(name, b"hers");
    }
    let lrlib = Lrlib::of(&emulator);
    let plan = ["plan", dir.arg(), "--delete=all", "--take-over"];
    let sync = ["sync", dir.arg(), "--delete=all", "--take-over", "--yes"];
    let expected = "deletes 4 files and takes over 2 files, and the limit is 5 (default: a tenth";
    for command in [&plan[..], &sync, &[&sync[..], &["--dry-run"]].concat()] {
        let ran = lrlib.ends(command, 1, expected);
        let shown = if command[0] == "plan" { "delete  f.ps1" } else { "delete" };
        assert!(ran.stdout.contains(shown) && ran.stdout.contains("f.ps1"), "{ran:?}");
        let json = lrlib.ends(&[command, &["--format", "json"]].concat(), 1, "").json();
        assert_eq!(json["steps"][0]["outcome"], json!(null));
        let message = json["error"]["message"].as_str().unwrap();
        assert!(message.contains("give --max-delete 6"), "{message}");
    }
    lrlib.ends(&[&sync[..], &["--max-delete", "3"]].concat(), 1, "the limit is 3 (--max-delete)");
    assert_eq!(emulator.library().content("f.ps1").unwrap(), b"hers");
    assert!(emulator.library().entry("new.ps1").is_none(), "nothing of a refused plan is done");
    lrlib.ends(
        &[&plan[..], &["--max-delete", "6"]].concat(),
        0,
        "1 to create, 2 to update, 4 to delete (0 unchanged)\n",
    );
    lrlib.ends(&[&sync[..], &["--max-delete", "6"]].concat(), 0, "4 removed, 2 updated");
    assert_eq!(emulator.library().names(), ["a.ps1", "b.ps1", "new.ps1"]);
}

#[test]
fn without_a_terminal_losses_need_yes() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::with([("a.ps1", "1")]));
    let lrlib = Lrlib::of(&emulator);
    emulator.library().insert("a.ps1", b"hers");
    insert_owned(&emulator, "old.ps1", "us");
    let delete: &[&str] = &["sync", dir.arg(), "--owner", "us", "--delete"];
    let take_over: &[&str] = &["sync", dir.arg(), "--take-over"];
    for command in [&["delete", "a.ps1"], delete, take_over] {
        lrlib.ends(command, 2, "there is no terminal to ask on; nothing was changed");
        let error =
            lrlib.ends(&[command, &["--format", "json"]].concat(), 2, "").json()["error"].clone();
        assert_eq!(error["effect"], "not-applied");
    }
    // What loses nothing needs no answer.
    lrlib.ends(&["plan", dir.arg(), "--delete=all"], 1, "");
    lrlib.ends(&["delete", "a.ps1", "--dry-run"], 0, "would delete a.ps1\n");
    dir.write("b.ps1", "1");
    lrlib.ends(&["sync", dir.arg()], 3, "created b.ps1");
    assert_eq!(emulator.library().names(), ["a.ps1", "b.ps1", "old.ps1"]);
    assert_eq!(emulator.library().content("a.ps1").unwrap(), b"hers");
    lrlib.ends(&[delete, &["-y"]].concat(), 3, "removed old.ps1");
    lrlib.ends(&[take_over, &["-y"]].concat(), 0, "updated a.ps1");
}

#[test]
fn tenants_are_confirmed_together_and_limited_each() {
    let emulators = [Emulator::start().unwrap(), Emulator::start().unwrap()];
    let dir = TempDir::with([("a.ps1", "1")]);
    for (n, emulator) in emulators.iter().enumerate() {
        for file in 0..=n * 5 {
            emulator.library().insert(format!("old-{file}.ps1"), b"x");
        }
    }
    let [one, six] = &emulators;
    let tenant = |name: &str, emulator: &Emulator| json!({ "name": name, "baseUrl": emulator.base_url(), "tokenEnv": "TOKEN" });
    let folder = TempDir::new();
    let path =
        folder.write_arg("tenants", json!([tenant("one", one), tenant("six", six)]).to_string());
    let lrlib = Lrlib::alone().with(&[("TOKEN", Emulator::DEFAULT_TOKEN)]);
    let sync = ["sync", dir.arg(), "--delete=all", "--tenants", &path];
    let asked = lrlib.ends(&sync, 2, "one: would delete old-0.ps1\n");
    assert!(!asked.stderr.contains("six: would"), "a refused plan needs no answer: {asked:?}");
    assert_eq!((one.library().names().len(), six.library().names().len()), (1, 6));
    lrlib.ends(&[&sync[..], &["--yes"]].concat(), 3, "six: error: the plan deletes 6 files");
    assert_eq!(one.library().names(), ["a.ps1"]);
    assert_eq!(six.library().names().len(), 6);
}

/// The dry run makes one call, and has the exit code of the real run.
#[test]
fn a_dry_run_ends_as_the_real_run() {
    let dir = TempDir::new();
    let (a, b) = (dir.write_arg("a.ps1", "1"), dir.write_arg("b.ps1", "1"));
    let cases: [(&[&str], i32, &str); 6] = [
        (&["upload", &b], 0, "would upload b.ps1\n"),
        (&["upload", &a], 1, "would fail a.ps1\n"),
        (&["upload", &a, &b], 3, "would fail a.ps1\nwould upload b.ps1\n"),
        (&["upload", &a, &b, "--override"], 0, "would overwrite a.ps1\nwould upload b.ps1\n"),
        (&["delete", "a.ps1", "b.ps1", "--yes"], 0, "would delete a.ps1\nabsent b.ps1\n"),
        (&["delete", "b.ps1", "--yes"], 0, "absent b.ps1\n"),
    ];
    for (command, code, printed) in cases {
        let emulator = Emulator::start().unwrap();
        emulator.library().insert("a.ps1", b"hers");
        let before = emulator.library().entries();
        let lrlib = Lrlib::of(&emulator);
        let dry = [command, &["--dry-run"]].concat();
        assert_eq!(lrlib.ends(&dry, code, "").stdout, printed);
        let json = lrlib.ends(&[&dry[..], &["--format", "json"]].concat(), code, "").json();
        assert_eq!(json["results"].as_array().unwrap().len(), printed.lines().count());
        assert_eq!((emulator.library().calls(), emulator.library().entries()), (2, before));
        lrlib.ends(command, code, "");
    }
    let emulator = Emulator::builder().token("another").start().unwrap();
    let lrlib = Lrlib::of(&emulator).with(&[("MDE_TOKEN", "refused")]);
    lrlib.ends(&["upload", &a, "--dry-run"], 1, "401");
}

#[test]
fn an_override_keeps_the_owner() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::new());
    let path = dir.write_arg("a.ps1", "# none\n");
    for (description, expected) in [
        (None, "managed-by: us"),
        (Some("New"), "New\nmanaged-by: us"),
        (Some("New\nmanaged-by: them"), "New\nmanaged-by: them"),
    ] {
        insert_owned(&emulator, "a.ps1", "us");
        let described = description.map(|text| ["--description", text]);
        let upload = ["upload", &path, "--override"];
        let more = described.as_ref().map_or(&[][..], |it| it);
        Lrlib::of(&emulator).ends(&[&upload[..], more].concat(), 0, "stored a.ps1\n");
        let entry = emulator.library().entry("a.ps1").unwrap();
        assert_eq!(entry.description.as_deref(), Some(expected));
    }
    emulator.library().insert("a.ps1", b"of no one");
    Lrlib::of(&emulator).ends(&["upload", &path, "--override"], 0, "stored a.ps1\n");
    assert_eq!(emulator.library().entry("a.ps1").unwrap().description, None);
}
