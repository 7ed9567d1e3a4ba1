//! Which files of a folder count: options, `.lrlibignore`, `lrlib.toml`.

use std::fs;
#[cfg(unix)]
use std::process::Command;

use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;
use serde_json::Value;

use crate::support::{Lrlib, Ran};

fn planned(ran: &Ran) -> Vec<String> {
    let steps = ran.json()["steps"].as_array().unwrap().clone();
    steps.iter().map(|step| step["name"].as_str().unwrap().to_owned()).collect()
}

fn repository() -> TempDir {
    let dir = TempDir::with([
        ("a.ps1", "1"),
        ("b.sh", "2"),
        ("a.Tests.ps1", "3"),
        ("README.md", "4"),
        ("old.ps1.bak", "5"),
        (".lrlibignore", "# by hand\n/tools/private/\n*.KEY\n!Notes.md\n"),
        ("x.key", "6"),
    ]);
    for (path, content) in
        [("tools/t.ps1", "7"), ("tools/notes.md", "8"), ("tools/private/p.ps1", "9")]
    {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    dir
}

#[test]
fn options_and_ignore_files_choose_the_files_of_a_folder() {
    let (emulator, dir) = (Emulator::start().unwrap(), repository());
    let lrlib = Lrlib::of(&emulator);
    let cases: [(&[&str], &[&str]); 6] = [
        (&[], &["a.ps1", "b.sh"]),
        (&["--recursive"], &["a.ps1", "b.sh", "notes.md", "t.ps1"]),
        (&["--include", "*.PS1"], &["a.Tests.ps1", "a.ps1"]),
        (
            &["--include", "*.ps1", "--include", "readme*", "--exclude", "*.tests.ps1"],
            &["README.md", "a.ps1"],
        ),
        (&["--recursive", "--include", "tools/**"], &["notes.md", "t.ps1"]),
        (&["--recursive", "--exclude", "tools/"], &["a.ps1", "b.sh"]),
    ];
    for (options, expected) in cases {
        let plan = ["plan", dir.arg(), "--format", "json"];
        let ran = lrlib.run(&[&plan[..], options].concat());
        assert_eq!(planned(&ran), expected, "{options:?}: {ran:?}");
    }
    let skipped = lrlib.run(&["plan", dir.arg()]).stderr;
    let lines: Vec<_> = skipped.lines().filter(|line| line.starts_with("skipped")).collect();
    assert_eq!(
        lines,
        [
            "skipped README.md: about the repository (to include it, add !README.md to .lrlibignore)",
            "skipped a.Tests.ps1: a test (to include it, add !a.Tests.ps1 to .lrlibignore)",
            "skipped old.ps1.bak: a backup (to include it, add !old.ps1.bak to .lrlibignore)",
            "skipped tools/: a subfolder; --recursive reads it",
            "skipped x.key: excluded by a glob",
        ]
    );
    lrlib.ends(&["plan", dir.arg(), "--exclude", "a{"], 2, "--exclude: ");
    dir.write("librarymanifest.json", r#"[{"fileName": "README.md"}]"#);
    let listed = ["plan", dir.arg(), "--exclude", "*.md", "--format", "json"];
    let ran = lrlib.ends(&listed, 0, "warning: librarymanifest.json lists the files");
    assert_eq!(planned(&ran), ["README.md"]);
}

/// Skipping a file does not make it missing.
#[test]
fn deletions_spare_files_that_the_folder_has_but_skips() {
    let (emulator, dir) = (Emulator::start().unwrap(), repository());
    let lrlib = Lrlib::of(&emulator);
    let sync = ["sync", dir.arg(), "--owner", "team", "--recursive"];
    let all = [&sync[..], &["--include", "*"]].concat();
    lrlib.ends(&all, 0, "7 created");
    fs::remove_file(dir.path().join("b.sh")).unwrap();
    let plan = ["plan", dir.arg(), "--owner", "team", "--delete", "--format", "json"];
    for options in [&[][..], &["--recursive"], &["--exclude", "*"], &["--include", "none"]] {
        let ran = lrlib.run(&[&plan[..], &["--allow-empty"], options].concat());
        let steps = ran.json()["steps"].as_array().unwrap().clone();
        let of = |action: &str| -> Vec<_> {
            let steps = steps.iter().filter(|step| step["action"] == action);
            steps.map(|step| step["name"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(of("delete"), ["b.sh"], "{options:?}: {ran:?}");
        for step in steps.iter().filter(|step| step["action"] == "unmanaged") {
            assert_eq!(step["reasons"][0], "kept: in the folder, but skipped");
        }
    }
}

#[test]
fn files_that_equal_those_of_others_are_not_yours() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::with([("a b.ps1", "1")]));
    emulator.library().insert("a b.ps1", b"1");
    let ran = Lrlib::of(&emulator).ends(
        &["plan", dir.arg(), "--all"],
        0,
        "1 library file has the same content as your file, but not your owner.",
    );
    let quoted = if cfg!(windows) { "\"a b.ps1\"" } else { "'a b.ps1'" };
    assert!(ran.stderr.contains(&format!("lrlib adopt {quoted} --dir ")), "{ran:?}");
    assert_eq!(ran.stdout, "ACTION     NAME     WHY\nunchanged  a b.ps1  not yours\n");
}

#[test]
fn equal_content_is_a_warning_and_quiet_leaves_it() {
    let emulator = Emulator::start().unwrap();
    let dir = TempDir::with([("a.ps1", "1"), ("b.ps1", "1"), ("c.ps1", "2"), ("README", "1")]);
    let ran = Lrlib::of(&emulator).run(&["sync", dir.arg(), "--quiet"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, "warning: same content: a.ps1, b.ps1\n"));
    assert_eq!(ran.stdout.lines().count(), 3, "{ran:?}");
}

/// The hint of a conflict gives two commands. Each of them ends it.
#[cfg(unix)]
#[test]
fn the_hint_about_letter_case_works() {
    for take_first in [true, false] {
        let emulator = Emulator::start().unwrap();
        let dir = TempDir::with([("it's a.ps1", "new")]);
        emulator.library().insert("It's a.ps1", b"old");
        let lrlib = Lrlib::of(&emulator);
        let ran = lrlib.ends(&["sync", dir.arg()], 1, "conflict it's a.ps1 another letter case");
        let line = ran.stderr.lines().find(|line| line.contains("Rename your file: ")).unwrap();
        let (_, commands) = line.split_once("Rename your file: ").unwrap();
        let (rename, delete) = commands
            .split_once("; or delete the other, with the same options for the service: ")
            .unwrap();
        if take_first {
            assert!(Command::new("sh").args(["-c", rename]).status().unwrap().success());
            lrlib.ends(&["sync", dir.arg(), "--take-over", "--yes"], 0, "updated It's a.ps1\n");
            assert_eq!(emulator.library().names(), ["It's a.ps1"]);
        } else {
            // The shell takes the quoted words apart.
            let print = format!("printf '%s\\n' {delete}");
            let words = Command::new("sh").args(["-c", &print]).output().unwrap().stdout;
            let words = String::from_utf8(words).unwrap();
            let words: Vec<_> = words.lines().skip(1).chain(["--yes"]).collect();
            lrlib.ends(&words, 0, "removed It's a.ps1\n");
            lrlib.ends(&["sync", dir.arg()], 0, "created it's a.ps1\n");
            assert_eq!(emulator.library().names(), ["it's a.ps1"]);
        }
        assert_eq!(emulator.library().entries().len(), 1);
    }
}

#[test]
fn a_file_sets_what_a_repository_has_in_common() {
    let (emulator, dir) = (Emulator::start().unwrap(), repository());
    let lrlib = Lrlib::of(&emulator);
    let settings = "owner = \"our-team\"\nrecursive = true\nexclude = [\"*.sh\"]\n";
    let path = dir.write_arg("lrlib.toml", settings);
    let plan = ["plan", dir.arg(), "--format", "json", "--delete", "-v"];
    let ran = lrlib.run(&plan);
    assert_eq!(planned(&ran), ["a.ps1", "notes.md", "t.ps1"]);
    let real = fs::canonicalize(&path).unwrap().display().to_string();
    let real = real.strip_prefix(r"\\?\").unwrap_or(&real);
    assert!(ran.stderr.contains(&format!("settings: {real}\n")), "{ran:?}");
    lrlib.ends(&["sync", dir.arg()], 0, "3 created");
    let description = emulator.library().entry("a.ps1").unwrap().description;
    assert_eq!(description.as_deref(), Some("managed-by: our-team"));
    // The command line goes first.
    lrlib.ends(&["plan", dir.arg(), "--owner", "other"], 1, "3 library files have the same content as your files, but not your owner. To take ownership: lrlib adopt a.ps1 notes.md t.ps1 --dir");

    // A command without DIR has it from its own folder; those that need no library have none.
    let adopt = ["adopt", "a.ps1", "--dir", dir.arg(), "--dry-run"];
    lrlib.ends(&adopt, 0, "(1 unchanged)");
    dir.write("lrlib.toml", "x");
    let mut completions = Lrlib::alone().command(&["completions", "bash"]);
    assert!(completions.current_dir(dir.path()).output().unwrap().status.success());
    dir.write("lrlib.toml", settings);

    // From a folder below, but not beyond the root of the repository.
    let below = dir.path().join("tools").display().to_string();
    lrlib.ends(&["plan", &below], 1, "2 in conflict");
    fs::create_dir(dir.path().join(".git")).unwrap();
    lrlib.ends(&["plan", &below, "--delete"], 0, "1 to delete");
    fs::create_dir(dir.path().join("tools/.git")).unwrap();
    lrlib.ends(&["plan", &below, "--delete"], 2, "--delete needs an owner");
}

#[test]
fn a_file_cannot_send_the_token_elsewhere() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::with([("a.ps1", "1")]));
    let lrlib = Lrlib::of(&emulator);
    for name in [
        "base-url",
        "login-host",
        "audience",
        "credential",
        "token-file",
        "token-command",
        "proxy",
        "no-proxy",
        "ca-file",
        "system-roots",
        "base_url",
    ] {
        dir.write("lrlib.toml", format!("{name} = \"http://127.0.0.1:1\"\n"));
        lrlib.ends(&["plan", dir.arg()], 2, "cannot be set here");
    }
    for (text, expected) in [
        ("cloud = \"mars\"", "cloud `mars` is not known"),
        ("owner = \"\"", "owner is empty"),
        ("owners = \"x\"", "unknown field `owners`"),
        ("recursive = 1", "expected a boolean"),
        ("= 1", "TOML"),
    ] {
        dir.write("lrlib.toml", text);
        let ran = lrlib.ends(&["plan", dir.arg()], 2, expected);
        assert!(ran.stderr.contains("lrlib.toml: "), "{ran:?}");
    }
    assert_eq!(emulator.library().calls(), 0);
    // A cloud by its name, unless another setting names the service.
    dir.write("lrlib.toml", "cloud = \"gcc\"\nregion = \"eu\"\n");
    let alone = Lrlib::alone().with(&[("MDE_TOKEN", "a-token")]);
    alone.ends(&["plan", dir.arg()], 2, "only the commercial cloud has regions");
    lrlib.ends(&["plan", dir.arg()], 0, "1 to create");
}

#[test]
fn variables_set_options_and_an_empty_one_does_not() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::with([("a.ps1", "1")]));
    let token = ("MDE_TOKEN", emulator.token());
    let base = ("MDE_BASE_URL", emulator.base_url());
    let run = |variables: &[(&str, &str)], arguments: &[&str]| {
        Lrlib::alone().with(&[&[token, base], variables].concat()).run(arguments)
    };
    let sync = ["sync", dir.arg()];
    let json: Value = run(&[("LRLIB_FORMAT", "json"), ("LRLIB_OWNER", "team")], &sync).json();
    assert_eq!(json["steps"][0]["outcome"], "created");
    let description = emulator.library().entry("a.ps1").unwrap().description;
    assert_eq!(description.as_deref(), Some("managed-by: team"));
    let ran = run(&[("LRLIB_FORMAT", ""), ("LRLIB_CLOUD", ""), ("LRLIB_OWNER", "team")], &sync);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""));
    // The command line names the service as a whole.
    let gcc = [("LRLIB_CLOUD", "gcc")];
    let listed = run(&gcc, &["list", "--base-url", emulator.base_url()]);
    assert_eq!(listed.code, 0, "{listed:?}");
    assert_eq!(run(&gcc, &["list", "--region", "eu", "--timeout", "x"]).code, 2);
    let ran = run(&[("LRLIB_JOBS", "many")], &sync);
    assert!(ran.code == 2 && ran.stderr.contains("many"), "{ran:?}");
    let ran = run(&[("LRLIB_REQUIRE_SIGNED", "1"), ("LRLIB_SYSTEM_ROOTS", "no")], &sync);
    assert!(ran.code == 2 && ran.stderr.contains("is not signed"), "{ran:?}");
}

/// They come with the repository, so they may be hostile.
#[cfg(unix)]
#[test]
fn settings_and_ignore_files_are_small_regular_files() {
    let emulator = Emulator::start().unwrap();
    for name in ["lrlib.toml", ".lrlibignore"] {
        let dir = TempDir::with([("a.ps1", "1"), ("real", "")]);
        let path = dir.path().join(name);
        let plan = ["plan", dir.arg()];
        std::os::unix::fs::symlink("real", &path).unwrap();
        Lrlib::of(&emulator).ends(&plan, 2, "move it away");
        fs::remove_file(&path).unwrap();
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        Lrlib::of(&emulator).ends(&plan, 2, "move it away");
        fs::remove_file(&path).unwrap();
        fs::write(&path, b"\xff").unwrap();
        Lrlib::of(&emulator).ends(&plan, 2, "it is not UTF-8");
        fs::File::create(&path).unwrap().set_len(2 * 1024 * 1024).unwrap();
        Lrlib::of(&emulator).ends(&plan, 2, "2097152 bytes are more than");
    }
}
