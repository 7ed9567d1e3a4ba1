//! Which files of a folder belong to the library, and which are skipped for which reason.

use std::fs;
use std::path::{Path, PathBuf};

use mde_live_response_sync::{Choice, Contents, Folder, FolderError, MANIFEST, read};
use mde_live_response_testkit::TempDir;

use crate::folders::assert_error;

/// A folder with these files, in subfolders too. Each file has other bytes: its own path.
fn folder(files: &str) -> TempDir {
    let dir = TempDir::new();
    for file in files.split_whitespace() {
        let path = dir.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // The texts of a side file are read.
        let is_entry = file.ends_with(".ps1.json");
        fs::write(path, if is_entry { "{\"description\":\"beside\"}" } else { file }).unwrap();
    }
    dir
}

/// In `by_name`, `+NAME` includes and `-NAME` excludes.
fn read_by(dir: &Path, is_recursive: bool, by_name: &'static str) -> Result<Contents, FolderError> {
    let filter = move |path: &str| {
        let is = |mark: &str| by_name.split(' ').any(|it| it.strip_prefix(mark) == Some(path));
        match (is("+"), is("-")) {
            (true, _) => Choice::Include,
            (_, true) => Choice::Exclude,
            _ => Choice::Default,
        }
    };
    Folder::new(dir).with_subfolders(is_recursive).with_filter(filter).read()
}

fn names(contents: &Contents) -> String {
    let names = contents.desired().files().map(|file| file.name().as_str());
    names.collect::<Vec<_>>().join(" ")
}

fn skipped(contents: &Contents) -> String {
    let lines = contents.skipped().map(|it| format!("{}: {:?}", it.path(), it.reason()));
    lines.collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn assert_contents(contents: &Contents, expected_names: &str, expected_skipped: &str) {
    assert_eq!(names(contents), expected_names);
    assert_eq!(skipped(contents), expected_skipped);
}

/// The files, the filter, the names for the library, and what is skipped: without and with subfolders.
#[test]
fn each_file_is_for_the_library_or_skipped_with_a_reason() {
    #[rustfmt::skip]
    let cases = [
        ("", "", ["", ""], ["", ""]),
        ("b.ps1 a.sh data.json", "", ["a.sh b.ps1 data.json"; 2], ["", ""]),
        // Hidden files, side files and settings are silent.
        (".a .git/config .x/a.ps1 a.ps1 a.ps1.json lrlib.toml", "", ["a.ps1"; 2], ["", ""]),
        (".a .git/config", "+.a +.git/ +.git/config", ["", ""], ["", ""]),
        ("lrlib.toml", "+lrlib.toml", ["", ""], ["", ""]),
        ("a/lrlib.toml a/librarymanifest.json", "+a/lrlib.toml", ["", ""],
            ["a/: Subfolder", "a/librarymanifest.json: Settings, a/lrlib.toml: Settings"]),
        // A side file belongs to a file beside it, even if that is skipped.
        ("a.ps1 b/a.ps1.json", "", ["a.ps1", "a.ps1 a.ps1.json"], ["b/: Subfolder", ""]),
        ("a.ps1/b.ps1 a.ps1.json", "", ["a.ps1.json", "a.ps1.json b.ps1"], ["a.ps1/: Subfolder", ""]),
        ("README.md README.md.json a.ps1 a.ps1.json", "-a.ps1", ["", ""],
            ["README.md: Document, a.ps1: Excluded"; 2]),
        ("a.ps1 a.ps1.json", "-a.ps1.json", ["a.ps1"; 2], ["", ""]),
        ("a.ps1 a.ps1.json", "+a.ps1.json", ["a.ps1"; 2], ["", ""]),
        // Documents.
        ("README readme.md Readme.TXT READMEs README.ps1 MyREADME.md README.de.md", "",
            ["MyREADME.md README.de.md README.ps1 READMEs"; 2],
            ["README: Document, Readme.TXT: Document, readme.md: Document"; 2]),
        ("LICENSE licence.txt COPYING NOTICE.adoc changelog.rst CONTRIBUTING.markdown", "", ["", ""],
            ["CONTRIBUTING.markdown: Document, COPYING: Document, LICENSE: Document, NOTICE.adoc: Document, \
              changelog.rst: Document, licence.txt: Document"; 2]),
        ("SECURITY.md Security.ps1 CODE_OF_CONDUCT.md CODEOWNERS notice.exe .md notes.md", "",
            ["Security.ps1 notes.md notice.exe"; 2],
            ["CODEOWNERS: Document, CODE_OF_CONDUCT.md: Document, SECURITY.md: Document"; 2]),
        // Backups.
        ("a.ps1~ b.BAK c.ps1.orig d.old e.rej f.swp g.tmp #h.ps1# # bak tmp.ps1 a~b", "",
            ["# a~b bak tmp.ps1"; 2],
            ["#h.ps1#: Backup, a.ps1~: Backup, b.BAK: Backup, c.ps1.orig: Backup, d.old: Backup, \
              e.rej: Backup, f.swp: Backup, g.tmp: Backup"; 2]),
        // Tests.
        ("a.ps1 a.Tests.ps1 b.tests.PS1 Tests.ps1 a.Test.ps1 aTests.ps1", "",
            ["Tests.ps1 a.Test.ps1 a.ps1 aTests.ps1"; 2],
            ["a.Tests.ps1: Test, b.tests.PS1: Test"; 2]),
        // The filter decides about these too.
        ("README.txt a.bak a.Tests.ps1 b.ps1", "+README.txt +a.bak -a.Tests.ps1 -b.ps1",
            ["README.txt a.bak"; 2], ["a.Tests.ps1: Excluded, b.ps1: Excluded"; 2]),
        // Subfolders: a filter gets their paths with a slash.
        ("a/b/c.ps1 a/d.ps1 e.ps1", "", ["e.ps1", "c.ps1 d.ps1 e.ps1"], ["a/: Subfolder", ""]),
        ("a/b/c.ps1 a/d.ps1 e.ps1", "-a/b/", ["e.ps1", "d.ps1 e.ps1"], ["a/: Subfolder", "a/b/: Excluded"]),
        ("a/b/c.ps1 a/d.ps1 e.ps1", "-a/b/c.ps1 -d.ps1", ["e.ps1", "d.ps1 e.ps1"],
            ["a/: Subfolder", "a/b/c.ps1: Excluded"]),
        ("a/b/c.ps1 a/README", "+a/ +a/README", ["", "README c.ps1"], ["a/: Subfolder", ""]),
        ("a/b.ps1", "-a/", ["", ""], ["a/: Excluded"; 2]),
        ("a/b.ps1", "-a", ["", "b.ps1"], ["a/: Subfolder", ""]),
        ("README/a.ps1 b.bak/c.ps1 d.Tests.ps1/e", "", ["", "a.ps1 c.ps1 e"],
            ["README/: Subfolder, b.bak/: Subfolder, d.Tests.ps1/: Subfolder", ""]),
        ("z/README.md y/a.bak x/a.Tests.ps1", "", ["", ""],
            ["x/: Subfolder, y/: Subfolder, z/: Subfolder",
             "x/a.Tests.ps1: Test, y/a.bak: Backup, z/README.md: Document"]),
        // A name that is skipped neither clashes nor must be valid.
        ("a/x.ps1 b/X.ps1", "-b/X.ps1", ["", "x.ps1"], ["a/: Subfolder, b/: Subfolder", "b/X.ps1: Excluded"]),
        ("a/README b/README c;d.bak e;f/g", "", ["", "g"],
            ["a/: Subfolder, b/: Subfolder, c;d.bak: Backup, e;f/: Subfolder",
             "a/README: Document, b/README: Document, c;d.bak: Backup"]),
    ];
    for (files, by_name, expected_names, expected_skipped) in cases {
        for (is_recursive, names, skipped) in [
            (false, expected_names[0], expected_skipped[0]),
            (true, expected_names[1], expected_skipped[1]),
        ] {
            println!("case: {files:?}, filter {by_name:?}, subfolders: {is_recursive}");
            let dir = folder(files);
            assert_contents(&read_by(dir.path(), is_recursive, by_name).unwrap(), names, skipped);
        }
    }
}

/// Other systems may read them.
#[cfg(target_os = "linux")]
#[test]
fn settings_and_side_files_in_another_letter_case_are_skipped() {
    for (files, names, skipped) in [
        ("LRLIB.toml a.ps1", "a.ps1", "LRLIB.toml: Settings"),
        ("LibraryManifest.json a.ps1", "a.ps1", "LibraryManifest.json: Settings"),
        ("a.ps1 A.PS1.json", "a.ps1", "A.PS1.json: Settings"),
        ("a.ps1 a.ps1.JSON a.ps1.json", "a.ps1", "a.ps1.JSON: Settings"),
    ] {
        println!("case: {files:?}");
        let contents = read_by(folder(files).path(), true, "+LRLIB.toml +A.PS1.json").unwrap();
        assert_contents(&contents, names, skipped);
    }
}

#[test]
fn by_default_there_is_no_filter_and_no_subfolder_is_read() {
    let dir = folder("a.ps1 b/c.ps1 README.md");
    let contents = Folder::new(dir.path()).read().unwrap();
    assert_contents(&contents, "a.ps1", "README.md: Document, b/: Subfolder");
    let desired = read(dir.path()).unwrap();
    let both = [&desired, &contents.into_desired()];
    assert!(both.iter().all(|it| it.files().map(|file| file.name().as_str()).eq(["a.ps1"])));
}

/// However the folder is written, paths start below it.
#[test]
fn the_path_of_the_folder_may_have_any_form() {
    let dir = folder("top/a/b.ps1 top/a/b.ps1.json top/README top/lrlib.toml top/c.ps1");
    for form in ["top", "top/", "top/.", "./top", "top/a/..", "link"] {
        #[cfg(unix)]
        let _exists = std::os::unix::fs::symlink("top", dir.path().join("link"));
        if cfg!(unix) || form != "link" {
            println!("case: {form}");
            let contents = read_by(&dir.path().join(form), true, "").unwrap();
            assert_contents(&contents, "b.ps1 c.ps1", "README: Document");
        }
    }
}

/// The bytes and texts are those of the file in the subfolder.
#[test]
fn a_file_of_a_subfolder_has_the_side_file_beside_it() {
    let dir = folder("a/x.ps1 a/x.ps1.json a/y.ps1 y.ps1.json");
    let contents = read_by(dir.path(), true, "").unwrap();
    let files: Vec<_> = contents
        .desired()
        .files()
        .map(|it| (it.name().as_str(), it.size(), it.description().map(AsRef::as_ref)))
        .collect();
    let size = "{\"description\":\"beside\"}".len() as u64;
    let expected = [("x.ps1", 7, Some("beside")), ("y.ps1", 7, None), ("y.ps1.json", size, None)];
    assert_eq!(files, expected);
    for file in contents.desired().files() {
        assert_eq!(file.to_upload().unwrap().content().len(), file.size());
    }
    let wrong_hash = format!("{{\"sha256\":\"{}\"}}", "0".repeat(64));
    for (text, fact) in [("[", "EOF"), (&wrong_hash, "`x.ps1`: sha256")] {
        let side_file = dir.path().join("a/x.ps1.json");
        fs::write(&side_file, text).unwrap();
        assert_error(&read_by(dir.path(), true, "").unwrap_err(), &side_file, fact);
    }
}

/// Nothing else decides then, and nothing is skipped.
#[test]
fn with_a_manifest_only_its_files_count() {
    let dir = folder("README.md a.Tests.ps1 b.bak c.ps1 lrlib.toml .d a/e.ps1");
    let listed = "README.md a.Tests.ps1 b.bak lrlib.toml .d";
    let entries: Vec<_> =
        listed.split(' ').map(|name| format!("{{\"fileName\":\"{name}\"}}")).collect();
    dir.write(MANIFEST, format!("[{}]", entries.join(",")));
    for is_recursive in [false, true] {
        let contents = read_by(dir.path(), is_recursive, "-README.md -a/ +c.ps1").unwrap();
        assert_contents(&contents, ".d README.md a.Tests.ps1 b.bak lrlib.toml", "");
    }
    dir.write(MANIFEST, r#"[{"fileName":"a/e.ps1"}]"#);
    let error = read_by(dir.path(), true, "").unwrap_err();
    assert_error(&error, &dir.path().join("a/e.ps1"), "'/' at byte 1");
}

/// Each pair once in the order of their folders, with the fact and the two paths that the message names.
#[test]
fn two_files_of_the_same_name_are_refused() {
    let only_in_case = "only in letter case";
    #[rustfmt::skip]
    let cases = [
        ("a/x.ps1 b/x.ps1", ["a/x.ps1", "b/x.ps1"], "has the same name"),
        ("x.ps1 a/b/c/x.ps1", ["x.ps1", "a/b/c/x.ps1"], "has the same name"),
        ("a/x.ps1 b/X.ps1", ["a/x.ps1", "b/X.ps1"], only_in_case),
        ("a/X.ps1 b/x.PS1 c/x.ps1", ["a/X.ps1", "b/x.PS1"], only_in_case),
        ("a/strasse b/straße", ["a/strasse", "b/straße"], ""),
        ("a/é b/É", ["a/é", "b/É"], only_in_case),
    ];
    for (files, [first, second], fact) in cases {
        println!("case: {files}");
        let dir = folder(files);
        let error = read_by(dir.path(), true, "").unwrap_err();
        assert_error(&error, &dir.path().join(second), fact);
        // Windows joins the parts of a path with another character.
        let first: PathBuf = dir.path().join(first).components().collect();
        let first = first.display().to_string();
        assert!(error.to_string().contains(&first), "{first} is not in: {error}");
        assert!(error.help().unwrap().starts_with("Rename one of the two files"));
        assert!(read(dir.path()).is_ok());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn names_in_two_letter_cases_are_refused() {
    let dir = folder("a.ps1 A.ps1");
    let error = read(dir.path()).unwrap_err();
    assert_error(&error, &dir.path().join("a.ps1"), "differs from that of ");
    assert!(error.to_string().contains("/A.ps1 only in letter case"), "{error}");
}

/// The first error is that of the first path, and folders come after the files beside them.
#[test]
fn errors_in_subfolders_come_in_the_order_of_their_paths() {
    let dir = folder("a/b.ps1 a/b.ps1.json b/b;.ps1 c/a.ps1 c/a.ps1.json d.ps1 d.ps1.json");
    for (fixed, file, fact) in [
        // Names are checked before any file is read.
        ("b/b;.ps1", "b/b;.ps1", "';' at byte 1"),
        ("d.ps1.json", "d.ps1.json", "EOF"),
        ("a/b.ps1.json", "a/b.ps1.json", "EOF"),
        ("c/a.ps1.json", "c/a.ps1.json", "EOF"),
    ] {
        for broken in ["d.ps1.json", "a/b.ps1.json", "c/a.ps1.json"] {
            let path = dir.path().join(broken);
            if path.exists() {
                fs::write(path, "[").unwrap();
            }
        }
        let error = read_by(dir.path(), true, "").unwrap_err();
        assert_error(&error, &dir.path().join(file), fact);
        fs::remove_file(dir.path().join(fixed)).unwrap();
    }
    let contents = read_by(dir.path(), true, "").unwrap();
    assert_contents(&contents, "a.ps1 b.ps1 d.ps1", "");

    let invalid = "b/4;.ps1 b/1;.ps1 b/3;.ps1 b/0;.ps1 b/2;.ps1 a/9;.ps1 a/8;.ps1 c/0;.ps1";
    let dir = folder(invalid);
    for (excluded, first) in [("", "a/8;.ps1"), ("-a/", "b/0;.ps1"), ("-a/ -b/0;.ps1", "b/1;.ps1")]
    {
        let error = read_by(dir.path(), true, excluded).unwrap_err();
        assert_error(&error, &dir.path().join(first), "';' at byte 1");
    }
}

#[cfg(unix)]
#[test]
fn links_to_folders_are_not_followed() {
    use std::os::unix::fs::symlink;
    let elsewhere = folder("key/secret");
    let dir = folder("a/x.ps1 a/b/y.ps1 .hidden/z.ps1");
    for (target, link) in
        [(".", "self"), ("..", "a/b/up"), ("a", "again"), (".hidden", "hidden"), ("../a", "a/loop")]
    {
        symlink(target, dir.path().join(link)).unwrap();
    }
    let reason = "a/b/up/: LinkToFolder, a/loop/: LinkToFolder, again/: LinkToFolder, \
                  hidden/: LinkToFolder, self/: LinkToFolder";
    assert_contents(&read_by(dir.path(), true, "").unwrap(), "x.ps1 y.ps1", reason);
    let subfolders = "a/: Subfolder, again/: Subfolder, hidden/: Subfolder, self/: Subfolder";
    assert_contents(&read_by(dir.path(), false, "").unwrap(), "", subfolders);

    // The files of a folder elsewhere would be missing in the library.
    let link = dir.path().join("a/out");
    symlink(elsewhere.path(), &link).unwrap();
    let error = read_by(dir.path(), true, "").unwrap_err();
    assert_error(&error, &link, "leads out of the folder");
    let contents = read_by(dir.path(), true, "-a/out/").unwrap();
    assert_contents(
        &contents,
        "x.ps1 y.ps1",
        &format!(
            "a/b/up/: LinkToFolder, a/loop/: LinkToFolder, \
        a/out/: Excluded{}",
            reason.split_once("a/loop/: LinkToFolder").unwrap().1
        ),
    );
    assert_contents(&read_by(dir.path(), false, "").unwrap(), "", subfolders);
}

/// The filter replaces a subfolder whose files were found before.
#[cfg(unix)]
#[test]
fn a_subfolder_that_becomes_a_link_is_not_followed() {
    use std::os::unix::fs::symlink;
    let (dir, elsewhere) = (folder("a/x.ps1 b/y.ps1"), folder("x.ps1"));
    let (sub, target) = (dir.path().join("a"), elsewhere.path().to_owned());
    let path = sub.join("x.ps1");
    let read = Folder::new(dir.path()).with_subfolders(true).with_filter(move |path| {
        if path == "b/y.ps1" {
            fs::remove_dir_all(&sub).unwrap();
            symlink(&target, &sub).unwrap();
        }
        Choice::Default
    });
    assert_error(&read.read().unwrap_err(), &path, "leads out of the folder");
}

/// The folder that a link must not leave is the one that is read, not the subfolder.
#[cfg(unix)]
#[test]
fn links_to_files_are_followed_within_the_whole_folder_only() {
    use std::os::unix::fs::symlink;
    let elsewhere = folder("key");
    let dir = folder("a/x.ps1 shared/texts");
    symlink("../shared/texts", dir.path().join("a/y.txt")).unwrap();
    symlink("a/x.ps1", dir.path().join("z.ps1")).unwrap();
    fs::write(dir.path().join("shared/texts"), "{\"description\":\"x\"}").unwrap();
    symlink("../shared/texts", dir.path().join("a/x.ps1.json")).unwrap();
    let contents = read_by(dir.path(), true, "").unwrap();
    assert_contents(&contents, "texts x.ps1 y.txt z.ps1", "");
    let described = |file: &str| {
        contents.desired().files().find(|it| it.name().as_str() == file).unwrap().description()
    };
    assert!(described("x.ps1").is_some() && described("z.ps1").is_none());

    let (target, link) = (elsewhere.path().join("key"), dir.path().join("a/y.txt"));
    for link in [link, dir.path().join("a/x.ps1.json")] {
        fs::remove_file(&link).unwrap();
        symlink(&target, &link).unwrap();
        let error = read_by(dir.path(), true, "").unwrap_err();
        assert_error(&error, &link, "leads out of the folder");
        fs::remove_file(&link).unwrap();
        symlink(link.file_name().unwrap(), &link).unwrap();
        let error = read_by(dir.path(), true, "").unwrap_err();
        assert_error(&error, &link, "cannot be read");
        fs::remove_file(&link).unwrap();
    }
    symlink("nowhere", dir.path().join("a/gone.bak")).unwrap();
    symlink("nowhere", dir.path().join("a/gone.ps1")).unwrap();
    let contents = read_by(dir.path(), true, "-a/gone.ps1").unwrap();
    assert_contents(&contents, "texts x.ps1 z.ps1", "a/gone.bak: Backup, a/gone.ps1: Excluded");
}

#[cfg(unix)]
#[test]
fn pipes_and_sockets_are_skipped() {
    let dir = folder("a/x.ps1");
    let made = std::process::Command::new("mkfifo").arg(dir.path().join("a/pipe")).status();
    assert!(made.unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("a/socket")).unwrap();
    let contents = read_by(dir.path(), true, "+a/pipe").unwrap();
    assert_contents(&contents, "x.ps1", "a/pipe: NotRegular, a/socket: NotRegular");
}

/// A name that is not UTF-8 cannot be sent, and need not be.
#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf_8_may_be_skipped() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let dir = TempDir::new();
    let folder = dir.path().join(OsStr::from_bytes(b"caf\xE9"));
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("x.ps1"), "x").unwrap();
    fs::write(folder.join("x.ps1.json"), "{\"description\":\"beside\"}").unwrap();
    fs::write(folder.join(OsStr::from_bytes(b"\xFF.bak")), "x").unwrap();
    fs::write(folder.join(OsStr::from_bytes(b".\xFF")), "x").unwrap();
    assert_contents(&read_by(dir.path(), false, "").unwrap(), "", "caf\u{fffd}/: Subfolder");
    let contents = read_by(dir.path(), true, "").unwrap();
    assert_contents(&contents, "x.ps1", "caf\u{fffd}/\u{fffd}.bak: Backup");
    assert!(contents.desired().files().next().unwrap().description().is_some());

    let file = folder.join(OsStr::from_bytes(b"\xFF.ps1"));
    fs::write(&file, "x").unwrap();
    assert_error(&read_by(dir.path(), true, "").unwrap_err(), &file, "is not UTF-8");
    let contents = read_by(dir.path(), true, "-caf\u{fffd}/").unwrap();
    assert_contents(&contents, "", "caf\u{fffd}/: Excluded");
    assert!(read(dir.path()).is_ok());
}

/// A path longer than the system allows cannot be read by any user, not even by root.
#[cfg(target_os = "linux")]
#[test]
fn deep_folders_are_read_and_an_unreadable_one_is_an_error() {
    let dir = TempDir::new();
    let part = format!("{}/", "d".repeat(100)).repeat(30);
    let (deep, spare) = (dir.path().join("a").join(&part), dir.path().join("b"));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("x.ps1"), "x").unwrap();
    assert_contents(&read_by(dir.path(), true, "").unwrap(), "x.ps1", "");

    fs::create_dir_all(spare.join(&part)).unwrap();
    fs::rename(&spare, deep.join("b")).unwrap();
    let error = read_by(dir.path(), true, "").unwrap_err();
    assert!(error.path().starts_with(deep.join("b")), "{error}");
    assert!(error.path().as_os_str().len() >= 4_095, "{error}");
    assert!(error.to_string().ends_with(": cannot be read"), "{error}");
    assert!(read(dir.path()).is_ok());
}
