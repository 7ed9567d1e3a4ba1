//! The four formats, the summary of GitHub Actions, `--quiet` and `-v`.

use std::fs;

use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;

use crate::support::Lrlib;

/// A library and a folder with a change of each kind.
fn with_changes(emulator: &Emulator) -> TempDir {
    let dir = TempDir::with([("changed.ps1", "1"), ("same.ps1", "2")]);
    dir.write("changed.ps1.json", r#"{"description": "Old text"}"#);
    Lrlib::of(emulator).ends(&["sync", dir.arg()], 0, "Done: 2 created (0 unchanged)\n");
    emulator.library().insert("hers.ps1", b"3");
    emulator.library().insert("other.ps1", b"4");
    dir.write("hers.ps1", "5");
    dir.write("changed.ps1.json", r#"{"description": "New `text`"}"#);
    dir.write("new`file.ps1", "6");
    dir
}

#[test]
fn a_plan_has_the_same_rows_in_every_format() {
    let emulator = Emulator::start().unwrap();
    let dir = with_changes(&emulator);
    let lrlib = Lrlib::of(&emulator);
    let plan = |options: &[&str]| lrlib.run(&[&["plan", dir.arg()], options].concat());
    assert_eq!(
        plan(&[]).stdout,
        "ACTION    NAME          WHY\n\
         update    changed.ps1   description\n\
         conflict  hers.ps1      no owner, other content\n\
         create    new`file.ps1\n"
    );
    assert_eq!(
        plan(&["--all", "--format", "tsv"]).stdout,
        "ACTION\tNAME\tWHY\n\
         update\tchanged.ps1\tdescription\n\
         conflict\thers.ps1\tno owner, other content\n\
         create\tnew`file.ps1\t\n\
         unmanaged\tother.ps1\tkept\n\
         unchanged\tsame.ps1\t\n"
    );
    assert_eq!(
        plan(&["--format", "markdown"]).stdout,
        "### lrlib plan\n\n\
         Plan: 1 to create, 1 to update, 0 to delete (1 unchanged, 1 unmanaged, 1 in conflict)\n\n\
         | ACTION | NAME | WHY |\n\
         | --- | --- | --- |\n\
         | update | changed.ps1 | description |\n\
         | conflict | hers.ps1 | no owner, other content |\n\
         | create | new&#96;file.ps1 |  |\n"
    );
    let summary = "Plan: 1 to create, 1 to update, 0 to delete (1 unchanged, 1 unmanaged, 1 in conflict)\n\
                   1 file of other owners, with other content, is in the way. Rename yours, or overwrite theirs with --take-over.\n";
    assert_eq!(plan(&[]).stderr, summary);
    let quiet = plan(&["--quiet"]);
    assert_eq!(quiet.stderr, summary.split_inclusive('\n').next_back().unwrap());
    let verbose = plan(&["-v"]).stderr;
    let differences = "changed.ps1: - description: Old text\n\
                       changed.ps1: + description: New `text`\n";
    assert!(verbose.contains(differences), "{verbose}");
}

#[test]
fn plan_has_an_exit_code_for_changes_only_on_request() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::with([("a.ps1", "1")]));
    let lrlib = Lrlib::of(&emulator);
    lrlib.ends(&["plan", dir.arg()], 0, "1 to create");
    lrlib.ends(&["plan", dir.arg(), "--exit-code"], 4, "1 to create");
    lrlib.ends(&["sync", dir.arg()], 0, "created a.ps1\n");
    lrlib.ends(&["plan", dir.arg(), "--exit-code"], 0, "(1 unchanged)");
}

/// Each step of a job appends its own part.
#[test]
fn results_go_to_the_summary_of_a_job() {
    let emulator = Emulator::start().unwrap();
    let (dir, folder) = (TempDir::with([("a`b.ps1", "1")]), TempDir::new());
    let path = folder.write_arg("summary", "# before\n");
    let variables = [
        ("MDE_TOKEN", emulator.token()),
        ("MDE_BASE_URL", emulator.base_url()),
        ("GITHUB_STEP_SUMMARY", &path),
    ];
    let lrlib = Lrlib::alone().with(&variables);
    lrlib.ends(&["list"], 0, "");
    lrlib.ends(&["plan", dir.arg()], 0, "");
    lrlib.ends(&["sync", dir.arg(), "--format", "json"], 0, "");
    lrlib.ends(&["verify", dir.arg()], 0, "");
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "# before\n\
         ### lrlib plan\n\n\
         Plan: 1 to create, 0 to update, 0 to delete (0 unchanged)\n\n\
         | ACTION | NAME | WHY |\n| --- | --- | --- |\n| create | a&#96;b.ps1 |  |\n\n\
         ### lrlib sync\n\n\
         Done: 1 created (0 unchanged)\n\n\
         | ACTION | NAME | WHY |\n| --- | --- | --- |\n| created | a&#96;b.ps1 |  |\n\n\
         ### lrlib verify\n\n\
         1 equal, 0 different, 0 missing in the library, 0 only in the library\n\n\n"
    );
    let unwritable = [variables[0], variables[1], ("GITHUB_STEP_SUMMARY", "/nonexistent/file")];
    let ran = Lrlib::alone().with(&unwritable).run(&["plan", dir.arg()]);
    assert!(ran.code == 0 && ran.stderr.contains("GITHUB_STEP_SUMMARY names: "), "{ran:?}");
}
