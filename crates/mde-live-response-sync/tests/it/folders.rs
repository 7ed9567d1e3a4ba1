//! A folder as a desired state: which files, and the texts about them.

use std::error::Error as _;
use std::fs;
#[cfg(windows)]
use std::io;
use std::path::Path;

use mde_live_response_sync::{DesiredFile, Folder, FolderError, MANIFEST, read, read_file};
use mde_live_response_testkit::TempDir;

const SCRIPT: &str = "<#\n.SYNOPSIS\n  Lists\n  things.\n.PARAMETER Name\n  Which.\n#>\n";

/// Reads the folder and compares name, description and parameters of each file.
#[track_caller]
fn assert_read<const N: usize>(dir: &TempDir, files: [(&str, Option<&str>, Option<&str>); N]) {
    let desired = read(dir.path()).unwrap();
    let found: Vec<_> = desired
        .files()
        .map(|file| {
            let description = file.description().map(AsRef::as_ref);
            (file.name().as_str(), description, file.parameters().map(AsRef::as_ref))
        })
        .collect();
    assert_eq!(found, files);
}

#[test]
fn without_a_manifest_all_files_count_except_hidden_and_side_files() {
    let dir = TempDir::with([
        ("a.ps1", SCRIPT),
        ("a.ps1.json", r#"{"description":"beside"}"#),
        ("b.txt", "x"),
        ("data.json", "{}"),
        (".gitignore", "x"),
    ]);
    fs::create_dir(dir.path().join("folder")).unwrap();
    let expected = [
        ("a.ps1", Some("beside"), Some("-Name: Which.")),
        ("b.txt", None, None),
        ("data.json", None, None),
    ];
    assert_read(&dir, expected);
}

#[test]
fn with_a_manifest_its_files_count_and_its_texts_come_first() {
    let side = r#"{"fileName":"b.ps1","description":"beside b","hasParameters":false}"#;
    let manifest = "\u{feff}[
        {\"fileName\":\"a.ps1\",\"description\":\"of a\",\"parametersDescription\":\"-A\",
         \"hasParameters\":true,\"creationTime\":\"2026\",\"lastUpdatedTime\":null,\"createdBy\":\"me\"},
        {\"fileName\":\"b.ps1\"},
        {\"fileName\":\"c.ps1\",\"description\":null,\"hasParameters\":true}
    ]";
    let dir = TempDir::with([
        ("a.ps1", SCRIPT),
        ("b.ps1", SCRIPT),
        ("b.ps1.json", side),
        ("c.ps1", SCRIPT),
        ("not-listed.ps1", SCRIPT),
        (MANIFEST, manifest),
    ]);
    let expected = [
        ("a.ps1", Some("of a"), Some("-A")),
        ("b.ps1", Some("beside b"), None),
        ("c.ps1", Some("Lists things."), Some("")),
    ];
    assert_read(&dir, expected);
}

/// A listing of a library says this about a file without parameters.
#[test]
fn a_manifest_may_have_a_hash_in_any_letter_case_and_an_empty_text_for_no_parameters() {
    let hash = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";
    let listed = r#""parametersDescription":"","hasParameters":false"#;
    let manifest = format!(r#"[{{"fileName":"a.ps1","sha256":"{hash}",{listed}}}]"#);
    let dir = TempDir::with([("a.ps1", ""), (MANIFEST, &manifest)]);
    assert_read(&dir, [("a.ps1", None, None)]);
}

/// Compares the file that an error names, and a fact that its message contains.
#[track_caller]
pub(crate) fn assert_error(error: &FolderError, path: &Path, fact: &str) {
    assert_eq!(error.path(), path, "{error}");
    assert!(error.to_string().contains(fact), "{fact:?} is not in: {error}");
    assert!(!error.to_string().contains(char::is_control), "{error}");
}

#[test]
fn a_manifest_with_a_problem_is_refused() {
    let contradiction =
        r#"[{"fileName":"a.ps1","hasParameters":false,"parametersDescription":"-A"}]"#;
    let wrong_hash = format!(r#"[{{"fileName":"a.ps1","sha256":"{}"}}]"#, "0".repeat(64));
    for (text, file, fact) in [
        (r#"[{"fileName":"a.ps1","descripton":"x"}]"#, MANIFEST, "unknown field `descripton`"),
        (r#"{"fileName":"a.ps1"}"#, MANIFEST, "expected a sequence"),
        (r#"[{"description":"x"}]"#, MANIFEST, "entry 1 "),
        (r#"[{"fileName":"a.ps1"},{"fileName":"a.ps1"}]"#, MANIFEST, "\"a.ps1\" occurs twice"),
        (r#"[{"fileName":1}]"#, MANIFEST, "integer `1`"),
        ("[", MANIFEST, "EOF"),
        ("[{\"a\x7f\":1}]", MANIFEST, "unknown field `a\\u{7f}`"),
        (contradiction, MANIFEST, "`a.ps1`: hasParameters"),
        (&wrong_hash, MANIFEST, "`a.ps1`: sha256"),
        (r#"[{"fileName":"b.ps1"}]"#, "b.ps1", "lists this file, but it does not exist"),
        (r#"[{"fileName":"../a.ps1"}]"#, "../a.ps1", "'/' at byte 2"),
    ] {
        let dir = TempDir::with([("a.ps1", "x"), (MANIFEST, text)]);
        assert_error(&read(dir.path()).unwrap_err(), &dir.path().join(file), fact);
    }
}

#[test]
fn a_file_with_a_problem_is_refused() {
    for (files, file, fact) in [
        ([("a.ps1", "x"), ("a.ps1.json", r#"{"fileName":"b.ps1"}"#)], "a.ps1.json", "\"b.ps1\""),
        ([("a.ps1", "<#\n.SYNOPSIS\n \u{1} x\n#>"), ("b", "x")], "a.ps1", "'\\u{1}' at byte 0"),
        ([("a;b.ps1", "x"), ("b", "x")], "a;b.ps1", "';' at byte 1"),
    ] {
        let dir = TempDir::with(files);
        assert_error(&read(dir.path()).unwrap_err(), &dir.path().join(file), fact);
    }
    let dir = TempDir::with([("a.ps1", "x"), ("b.ps1", "x")]);
    let file = dir.path().join("a.ps1");
    assert_error(&read(&file).unwrap_err(), &file, "is a file, not a folder");
    let missing = read(Path::new("/nowhere")).unwrap_err();
    assert_error(&missing, Path::new("/nowhere"), "cannot be read");
    assert!(missing.source().unwrap().is::<std::io::Error>());
    assert!(missing.help().is_some());
}

/// Paths longer than Windows once allowed. No message has the prefix that lifts the limit there.
#[test]
fn a_deep_folder_is_read_to_its_last_file() {
    let dir = TempDir::with([("top.ps1", "1")]);
    let deep = (0..12).fold(dir.path().to_owned(), |path, _| path.join("a-folder-of-a-deep-tree"));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("a.ps1"), SCRIPT).unwrap();
    fs::write(deep.join("a.ps1.json"), r#"{"description":"beside"}"#).unwrap();
    assert!(deep.as_os_str().len() > 260);
    for root in [dir.path().to_owned(), fs::canonicalize(dir.path()).unwrap()] {
        let contents = Folder::new(&root).with_subfolders(true).read().unwrap();
        let found: Vec<_> = contents.desired().files().map(|it| it.name().as_str()).collect();
        assert_eq!(found, ["a.ps1", "top.ps1"]);
        let description = contents.desired().files().next().unwrap().description().unwrap();
        assert_eq!(description.as_ref(), "beside");
    }
    assert_eq!(read(&deep).unwrap().files().len(), 1);
    assert!(read_file(&deep.join("a.ps1")).is_ok());

    fs::write(deep.join("a.ps1.json"), "[").unwrap();
    let error = Folder::new(dir.path()).with_subfolders(true).read().unwrap_err();
    assert_error(
        &error,
        &deep.join("a.ps1.json"),
        &format!("{}: ", deep.join("a.ps1.json").display()),
    );
}

/// Another program has the file open, and does not share it.
#[cfg(windows)]
#[test]
fn a_locked_file_is_named_by_its_path_in_the_folder() {
    use std::os::windows::fs::OpenOptionsExt;
    let dir = TempDir::with([("a.ps1", "1"), ("b.ps1", "2"), ("b.ps1.json", "{}")]);
    fs::create_dir(dir.path().join("tools")).unwrap();
    dir.write("tools/c.ps1", "3");
    let folder = Folder::new(dir.path()).with_subfolders(true);
    for name in ["b.ps1", "b.ps1.json", r"tools\c.ps1"] {
        let path = dir.path().join(name);
        let kept = fs::OpenOptions::new().read(true).share_mode(0).open(&path).unwrap();
        let error = folder.read().unwrap_err();
        assert_error(&error, &path, &format!("reading the file failed ({});", path.display()));
        assert_eq!(
            error.source().unwrap().downcast_ref::<io::Error>().unwrap().raw_os_error(),
            Some(32)
        );
        assert!(error.help().unwrap().starts_with("Close the program that uses the file"));
        drop(kept);
        assert!(folder.read().is_ok());
    }
}

/// The later file's problem shows much sooner, because the earlier file is hashed first.
#[test]
fn the_first_problem_by_name_is_reported() {
    let dir = TempDir::new();
    for n in 0..20 {
        dir.write(&format!("{n:02}.ps1"), "x");
    }
    dir.write("10.ps1", vec![7; 3_000_000]);
    dir.write("10.ps1.json", format!(r#"{{"sha256":"{}"}}"#, "0".repeat(64)));
    dir.write("11.ps1.json", "[");
    let error = read(dir.path()).unwrap_err();
    assert_error(&error, &dir.path().join("10.ps1.json"), "sha256");
    dir.write("10.ps1.json", "{}");
    dir.write("11.ps1.json", "{}");
    let files: Vec<_> = read(dir.path()).unwrap().files().map(|it| it.name().to_string()).collect();
    assert_eq!(files, (0..20).map(|n| format!("{n:02}.ps1")).collect::<Vec<_>>());
}

/// A link's target elsewhere may be a key or a token.
#[cfg(unix)]
#[test]
fn links_are_followed_within_the_folder_only() {
    use std::os::unix::fs::symlink;
    let dir = TempDir::with([("a.ps1", "1")]);
    symlink("a.ps1", dir.path().join("b.ps1")).unwrap();
    symlink("nowhere", dir.path().join(".#a.ps1")).unwrap();
    assert_read(&dir, [("a.ps1", None, None), ("b.ps1", None, None)]);

    let elsewhere = TempDir::new();
    let (key, link) = (elsewhere.write("key", "a secret"), dir.path().join("c.ps1"));
    symlink(&key, &link).unwrap();
    assert_error(&read(dir.path()).unwrap_err(), &link, "leads out of the folder");
    dir.write(MANIFEST, r#"[{"fileName":"c.ps1"}]"#);
    assert_error(&read(dir.path()).unwrap_err(), &link, "leads out of the folder");
    assert!(read_file(&link).is_ok(), "a single file was named by the caller");
    fs::remove_file(dir.path().join(MANIFEST)).unwrap();
    fs::remove_file(&link).unwrap();
    symlink("nowhere", &link).unwrap();
    assert_error(&read(dir.path()).unwrap_err(), &link, "cannot be read");
}

#[test]
fn a_file_has_its_path_and_an_error_the_systems_cause() {
    let dir = TempDir::with([("a.ps1", "1")]);
    let path = dir.path().join("a.ps1");
    assert_eq!(read_file(&path).unwrap().path(), Some(&*path));
    assert_eq!(DesiredFile::new("a.ps1".parse().unwrap(), vec![1]).unwrap().path(), None);
    let error = read_file(&dir.path().join("absent.ps1")).unwrap_err();
    let cause = error.source().unwrap();
    assert!(cause.is::<std::io::Error>(), "{error:?}");
    assert_eq!(
        format!("{:?}", Folder::new("scripts").with_subfolders(true)),
        r#"Folder { path: "scripts", is_recursive: true, .. }"#
    );
}
