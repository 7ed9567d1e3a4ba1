//! What a state directory keeps, and what a damaged one does.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mde_live_response_emulator::{Emulator, FakeLibrary};
use mde_live_response_testkit::TempDir;

use crate::support::{delete, file, file_form, form, list, text, upload};

fn start(dir: &Path) -> io::Result<Emulator> {
    Emulator::builder().state_dir(dir).start()
}

/// All files in it and in its `contents`, by their paths from there.
fn files_in(dir: &Path) -> Vec<PathBuf> {
    let entries = [dir.to_owned(), dir.join("contents")].map(|dir| fs::read_dir(dir).unwrap());
    let paths = entries.into_iter().flatten().map(|entry| entry.unwrap().path());
    let files = paths.filter(|path| path.is_file());
    let mut found: Vec<_> = files.map(|path| path.strip_prefix(dir).unwrap().to_owned()).collect();
    found.sort();
    found
}

/// The only content file.
fn content_file(dir: &Path) -> PathBuf {
    let (mut contents, _): (Vec<_>, Vec<_>) =
        files_in(dir).into_iter().partition(|path| path.starts_with("contents"));
    assert_eq!(contents.len(), 1, "{contents:?}");
    dir.join(contents.remove(0))
}

/// A directory in which an emulator has kept one file.
fn with_one_file() -> TempDir {
    let dir = TempDir::new();
    let emulator = start(dir.path()).unwrap();
    assert_eq!(upload(&emulator, &file_form("a.ps1", b"Get-Date")).status, 200);
    dir
}

#[test]
fn files_outlive_the_emulator() {
    let dir = TempDir::new();
    let state = dir.path().join("made/if/need/be");
    let before = {
        let emulator = start(&state).unwrap();
        let parts =
            [text("Description", "é\n"), text("HasParameters", "true"), file("a", b"\0\xff")];
        assert_eq!(upload(&emulator, &form(&parts)).status, 200);
        assert_eq!(upload(&emulator, &file_form("b", b"same")).status, 200);
        assert_eq!(upload(&emulator, &file_form("c", b"same")).status, 200);
        list(&emulator).json()
    };
    let emulator = start(&state).unwrap();
    assert_eq!(list(&emulator).json(), before);
    assert_eq!(emulator.library().content("a").unwrap(), b"\0\xff");
    assert_eq!(emulator.library().content("c").unwrap(), b"same");
}

/// Each change is on disk when it is answered; a replaced or deleted file leaves no bytes, a refused call none at all.
#[test]
fn the_directory_holds_what_was_answered_and_nothing_else() {
    let dir = TempDir::new();
    let (index, lock) = (Path::new("index.json"), Path::new("lock"));
    let emulator = start(dir.path()).unwrap();
    upload(&emulator, &form(&[text("Description", "no file")]));
    delete(&emulator, "absent");
    list(&emulator);
    assert_eq!(files_in(dir.path()), [lock]);
    for content in [&b"Get-Date"[..], b"Get-Item"] {
        assert_eq!(upload(&emulator, &file_form("a.ps1", content)).status, 200);
        assert_eq!(fs::read(content_file(dir.path())).unwrap(), content);
        let index = fs::read_to_string(dir.path().join(index)).unwrap();
        assert!(index.contains("\"a.ps1\""), "{index}");
    }
    assert_eq!(upload(&emulator, &file_form("b.ps1", b"Get-Item")).status, 200);
    assert_eq!(delete(&emulator, "b.ps1").status, 204);
    assert_eq!(fs::read(content_file(dir.path())).unwrap(), b"Get-Item");
    drop(emulator);
    let emulator = start(dir.path()).unwrap();
    assert_eq!(emulator.library().names(), ["a.ps1"]);
    assert_eq!(delete(&emulator, "a.ps1").status, 204);
    assert_eq!(files_in(dir.path()), [index, lock]);
}

#[test]
fn names_of_files_on_disk_are_not_made_from_names_in_the_library() {
    let dir = TempDir::new();
    let emulator = start(dir.path()).unwrap();
    for name in ["index.json", "lock", "unfinished", "contents", "..", "CON", "a:b", "%2e%2e%2fx"] {
        assert_eq!(upload(&emulator, &file_form(name, name.as_bytes())).status, 200, "{name}");
    }
    let is_digest = |path: &Path| {
        let name = path.strip_prefix("contents").unwrap_or(Path::new("")).to_str().unwrap();
        name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let names = files_in(dir.path());
    let (contents, rest): (Vec<_>, Vec<_>) = names.iter().partition(|path| is_digest(path));
    assert_eq!(contents.len(), 8);
    assert_eq!(rest, [Path::new("index.json"), Path::new("lock")]);
    let before = list(&emulator).json();
    drop(emulator);
    assert_eq!(list(&start(dir.path()).unwrap()).json(), before);
}

#[test]
fn what_a_killed_emulator_left_unfinished_does_no_harm() {
    let dir = with_one_file();
    fs::write(dir.path().join("unfinished"), "{\"form").unwrap();
    fs::write(dir.path().join("contents").join("0".repeat(64)), "never named").unwrap();
    let emulator = start(dir.path()).unwrap();
    assert_eq!(emulator.library().names(), ["a.ps1"]);
    assert_eq!(upload(&emulator, &file_form("b.ps1", b"x")).status, 200);
}

#[test]
fn what_the_directory_holds_replaces_what_is_in_the_library() {
    let library = FakeLibrary::new();
    library.insert("prepared", "x");
    for (dir, names) in [(TempDir::new(), ["prepared"]), (with_one_file(), ["a.ps1"])] {
        let builder = Emulator::builder().library(library.clone()).state_dir(dir.path());
        drop(builder.start().unwrap());
        assert_eq!(library.names(), names);
    }
}

#[test]
fn a_damaged_directory_is_an_error_at_start_that_names_it() {
    let good = fs::read_to_string(with_one_file().path().join("index.json")).unwrap();
    let entry = &good[good.find('[').unwrap() + 1..good.rfind(']').unwrap()];
    let twice = good.replacen(entry, &format!("{entry},{entry}"), 1);
    let digest = &good[good.find("\"content\": \"").unwrap() + 12..][..64];
    let absent = "0".repeat(64);
    let changed = |from: &str, to: &str| good.replacen(from, to, 1);
    let content = format!("contents/{digest}");
    for (case, file, damaged, said) in [
        ("empty", "index.json", String::new(), "index.json"),
        ("cut", "index.json", good[..good.len() / 2].to_owned(), "index.json"),
        ("another shape", "index.json", "[]".to_owned(), "index.json"),
        ("a later format", "index.json", changed("\"format\": 1", "\"format\": 2"), "format 2"),
        ("a name twice", "index.json", twice, "\"a.ps1\" occurs twice"),
        ("a path", "index.json", changed(digest, "../../../../etc/passwd"), "SHA-256"),
        ("capitals", "index.json", changed(digest, &digest.to_uppercase()), "SHA-256"),
        ("bytes that are not there", "index.json", changed(digest, &absent), &absent),
        ("bytes cut", &content, "Get-Dat".to_owned(), digest),
        ("bytes changed", &content, "Get-Data".to_owned(), digest),
        ("bytes gone", &content, String::new(), digest),
    ] {
        let dir = with_one_file();
        fs::write(dir.path().join(file), damaged).unwrap();
        let error = start(dir.path()).unwrap_err().to_string();
        assert!(error.contains(dir.arg()) && error.contains(said), "case: {case}: {error}");
        assert!(!error.contains('\n'), "case: {case}: {error}");
    }
}

#[test]
fn a_directory_in_use_or_a_file_in_its_place_is_an_error_at_start() {
    let dir = TempDir::new();
    let first = start(dir.path()).unwrap();
    let error = start(dir.path()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "{error}");
    drop(first);
    start(dir.path()).unwrap();
    let path = dir.write("file", "");
    let error = start(&path).unwrap_err().to_string();
    assert!(error.contains(path.to_str().unwrap()), "{error}");
}

/// The index names no content before it is on disk. A kill within a write leaves the same behind as a write that fails.
#[test]
fn a_change_that_cannot_be_kept_is_not_answered_as_done_and_leaves_what_was_there() {
    for in_the_way in ["unfinished", "contents"] {
        let dir = with_one_file();
        let emulator = start(dir.path()).unwrap();
        let (path, aside) = (dir.path().join(in_the_way), dir.path().join("aside"));
        let is_there = fs::rename(&path, &aside).is_ok();
        let block = if is_there { fs::write(&path, "in the way") } else { fs::create_dir(&path) };
        block.unwrap();
        let answer = upload(&emulator, &file_form("a.ps1", b"x"));
        let outcome = (answer.status, answer.code());
        assert_eq!(outcome, (500, "InternalServerError".to_owned()), "case: {in_the_way}");
        drop(emulator);
        if is_there {
            fs::remove_file(&path).and_then(|()| fs::rename(&aside, &path)).unwrap();
        } else {
            fs::remove_dir(&path).unwrap();
        }
        let emulator = start(dir.path()).unwrap();
        assert_eq!(emulator.library().content("a.ps1").unwrap(), b"Get-Date");
        assert_eq!(upload(&emulator, &file_form("a.ps1", b"x")).status, 200);
    }
}

/// The names in the library, and the files in the directory.
fn kept(emulator: &Emulator, dir: &Path) -> (Vec<String>, Vec<PathBuf>) {
    let listed = list(emulator).json();
    let names = listed["value"].as_array().unwrap().iter();
    (names.map(|file| file["fileName"].as_str().unwrap().to_owned()).collect(), files_in(dir))
}

/// The device refuses the content's bytes, and then only the index is refused, after the content was written.
#[cfg(target_os = "linux")]
#[test]
fn on_a_full_disk_a_change_is_taken_back_in_memory_and_on_disk() {
    let dir = with_one_file();
    let emulator = start(dir.path()).unwrap();
    let before = kept(&emulator, dir.path());
    let full = || std::os::unix::fs::symlink("/dev/full", dir.path().join("unfinished")).unwrap();
    let (index, aside) = (dir.path().join("index.json"), dir.path().join("aside"));
    let statuses = [
        (full(), upload(&emulator, &file_form("b.ps1", b"x")).status).1,
        (full(), delete(&emulator, "a.ps1").status).1,
        (full(), upload(&emulator, &file_form("a.ps1", b"changed")).status).1,
    ];
    assert_eq!(statuses, [500; 3]);
    assert_eq!(kept(&emulator, dir.path()), before);
    fs::rename(&index, &aside).and_then(|()| fs::create_dir(&index)).unwrap();
    assert_eq!(upload(&emulator, &file_form("b.ps1", b"x")).status, 500);
    fs::remove_dir(&index).and_then(|()| fs::rename(&aside, &index)).unwrap();
    assert_eq!(kept(&emulator, dir.path()), before);
    assert_eq!(emulator.library().content("a.ps1").unwrap(), b"Get-Date");
    assert_eq!(upload(&emulator, &file_form("b.ps1", b"x")).status, 200);
    drop(emulator);
    assert_eq!(start(dir.path()).unwrap().library().names(), ["a.ps1", "b.ps1"]);
}
