//! Files and arguments as people on Windows have them: CRLF line ends, long paths, backslashes. The same on each system.

use std::fs;

use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;

use crate::support::Lrlib;

const FILES: [(&str, &str); 8] = [
    ("a.ps1", "<#\n.SYNOPSIS\nLists.\n.PARAMETER Name\nWhich.\n#>\nGet-Date\n"),
    ("b.ps1", "Get-Date\n"),
    ("b.ps1.json", "{\n  \"description\": \"beside\"\n}\n"),
    ("Notes.md", "text\n"),
    ("c.sh", "date\n"),
    ("x.key", "key\n"),
    (".lrlibignore", "# by hand\n*.key\n\n!notes.md\n"),
    ("lrlib.toml", "owner = \"team\"\nexclude = [\n  \"*.sh\",\n]\n"),
];

/// All of them mean what they mean with LF, except that a script's bytes are its own.
#[test]
fn line_ends_of_windows_are_kept_in_scripts_and_understood_elsewhere() {
    for end in ["\n", "\r\n"] {
        let (emulator, dir, other) = (Emulator::start().unwrap(), TempDir::new(), TempDir::new());
        let of = |text: &str| text.replace('\n', end);
        for (name, text) in FILES {
            dir.write(name, of(text));
        }
        let token = other.write_arg("token", of(&format!("{}\n", emulator.token())));
        let lrlib = Lrlib::of(&emulator).with(&[]);
        Lrlib::alone().ends(&["lint", dir.arg()], 0, "0 errors");
        lrlib.ends(&["sync", dir.arg(), "--token-file", &token], 0, "3 created (0 unchanged)\n");
        let library = emulator.library();
        assert_eq!(library.names(), ["Notes.md", "a.ps1", "b.ps1"]);
        for (name, text, description, parameters) in [
            (FILES[0].0, FILES[0].1, "Lists.", Some("-Name: Which.")),
            (FILES[1].0, FILES[1].1, "beside", None),
        ] {
            assert_eq!(library.content(name).unwrap(), of(text).as_bytes());
            let entry = library.entry(name).unwrap();
            let expected = format!("{description}\nmanaged-by: team");
            assert_eq!(entry.description.as_deref(), Some(expected.as_str()), "{end:?}");
            assert_eq!(entry.parameters_description.as_deref(), parameters, "{end:?}");
        }
        let sync = ["sync", dir.arg(), "--token-file", &token];
        lrlib.ends(&sync, 0, "Done: nothing to do (3 unchanged)\n");
        let upload = dir.path().join("a.ps1").display().to_string();
        let upload = ["upload", &upload, "--override", "--token-file", &token];
        lrlib.ends(&upload, 0, "stored a.ps1\n");
        assert_eq!(library.content("a.ps1").unwrap(), of(FILES[0].1).as_bytes());
    }
}

/// As an escape, a backslash between folders would match nothing, and the file would not be excluded.
#[test]
fn a_backslash_between_folders_is_refused() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::new());
    let lrlib = Lrlib::of(&emulator);
    dir.write("a.ps1", "1");
    for glob in [r"tools\a.ps1", r"tools\*.ps1", r".\tools\*", r"tools\", r"\tools", r"a\\b"] {
        for (option, name) in [("--exclude", "--exclude"), ("--include", "--include")] {
            let ran = lrlib.ends(&["plan", dir.arg(), option, glob], 2, "Write / between folders");
            assert!(ran.stderr.contains(&format!("{name}: in `{glob}`")), "{ran:?}");
        }
        dir.write(".lrlibignore", format!("# {glob}\n{glob}\n"));
        lrlib.ends(&["plan", dir.arg()], 2, &format!(".lrlibignore: in `{glob}`"));
        fs::remove_file(dir.path().join(".lrlibignore")).unwrap();
    }
    // Before a special character, it is the escape of .gitignore.
    for name in ["!a.ps1", "#b.ps1", "[c].ps1", "{d}.ps1"] {
        dir.write(name, name);
    }
    for glob in [r"\!a.ps1", r"\#b.ps1", r"\[c\].ps1", r"\{d\}.ps1"] {
        let ran = lrlib.ends(&["plan", dir.arg(), "--exclude", glob], 0, "4 to create");
        let name = glob.replace('\\', "");
        assert!(ran.stderr.contains(&format!("skipped {name}: excluded by a glob")), "{ran:?}");
    }
    assert_eq!(emulator.library().names().len(), 0);
}

/// Longer than a path of Windows was once allowed to be.
#[test]
fn a_deep_folder_is_synced_and_messages_name_the_path_as_it_was_given() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::with([("lrlib.toml", "")]));
    let lrlib = Lrlib::of(&emulator);
    let deep = (0..12).fold(dir.path().to_owned(), |path, _| path.join("a-folder-of-a-deep-tree"));
    fs::create_dir_all(&deep).unwrap();
    let script = deep.join("a.ps1");
    fs::write(&script, "1").unwrap();
    let (deep, script) = (deep.display().to_string(), script.display().to_string());
    assert!(deep.len() > 260);
    lrlib.ends(&["sync", dir.arg(), "--recursive"], 0, "1 created");
    lrlib.ends(&["sync", &deep], 0, "(1 unchanged)");
    lrlib.ends(&["upload", &script, "--override"], 0, "stored a.ps1\n");
    let log = format!("{script}.log");
    fs::write(&script, "2").unwrap();
    lrlib.ends(&["sync", &deep, "--audit", &log, "--exclude", "*.log"], 0, "1 updated");
    assert_eq!(fs::read_to_string(&log).unwrap().lines().count(), 1);

    fs::write(format!("{script}.json"), "[").unwrap();
    let named = format!("error: {script}.json: ");
    lrlib.ends(&["plan", dir.arg(), "--recursive"], 2, &named);
    lrlib.ends(&["upload", &script], 2, &named);
    // The settings come from the real path, which has another form on Windows.
    let ran = lrlib.ends(&["plan", dir.arg(), "-v", "--allow-empty"], 0, "settings: ");
    assert!(!ran.stderr.contains(r"\\?\"), "{ran:?}");
}
