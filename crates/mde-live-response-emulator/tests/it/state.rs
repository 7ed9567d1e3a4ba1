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

/// All files below, by their paths from there.
fn files_in(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(dir).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// The only content file.
fn content_file(dir: &Path) -> PathBuf {
    let contents = dir.join("contents");
    let [name] = files_in(&contents).try_into().unwrap();
    contents.join(name)
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

#[test]
fn deleting_and_replacing_outlive_it_too_and_leave_no_bytes_behind() {
    let dir = with_one_file();
    {
        let emulator = start(dir.path()).unwrap();
        assert_eq!(upload(&emulator, &file_form("a.ps1", b"Get-Item")).status, 200);
        assert_eq!(upload(&emulator, &file_form("b.ps1", b"Get-Item")).status, 200);
        assert_eq!(delete(&emulator, "b.ps1").status, 204);
    }
    let emulator = start(dir.path()).unwrap();
    assert_eq!(emulator.library().names(), ["a.ps1"]);
    assert_eq!(fs::read(content_file(dir.path())).unwrap(), b"Get-Item");
    assert_eq!(delete(&emulator, "a.ps1").status, 204);
    assert_eq!(files_in(dir.path()), [Path::new("index.json"), Path::new("lock")]);
}

#[test]
fn a_change_is_on_disk_when_it_is_answered() {
    let dir = TempDir::new();
    let emulator = start(dir.path()).unwrap();
    upload(&emulator, &file_form("a.ps1", b"Get-Date"));
    assert_eq!(fs::read(content_file(dir.path())).unwrap(), b"Get-Date");
    let index = fs::read_to_string(dir.path().join("index.json")).unwrap();
    assert!(index.contains("\"a.ps1\""), "{index}");
}

#[test]
fn refused_calls_and_listings_write_nothing() {
    let dir = TempDir::new();
    let emulator = start(dir.path()).unwrap();
    upload(&emulator, &form(&[text("Description", "no file")]));
    delete(&emulator, "absent");
    list(&emulator);
    assert_eq!(files_in(dir.path()), [Path::new("lock")]);
}

#[test]
fn names_of_files_on_disk_are_not_made_from_names_in_the_library() {
    let dir = TempDir::new();
    let emulator = start(dir.path()).unwrap();
    for name in ["index.json", "lock", "unfinished", "contents", "..", "CON", "a:b", "%2e%2e%2fx"] {
        assert_eq!(upload(&emulator, &file_form(name, name.as_bytes())).status, 200, "{name}");
    }
    let is_digest = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        path.parent() == Some(Path::new("contents"))
            && name.len() == 64
            && name.bytes().all(|b| b.is_ascii_hexdigit())
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
    let open = |dir: &Path| Emulator::builder().library(library.clone()).state_dir(dir).start();
    let empty = TempDir::new();
    drop(open(empty.path()).unwrap());
    assert_eq!(library.names(), ["prepared"]);
    let dir = with_one_file();
    drop(open(dir.path()).unwrap());
    assert_eq!(library.names(), ["a.ps1"]);
}

#[test]
fn a_damaged_index_is_an_error_at_start_that_names_it() {
    let good = fs::read_to_string(with_one_file().path().join("index.json")).unwrap();
    let entry = &good[good.find('[').unwrap() + 1..good.rfind(']').unwrap()];
    let absent = "0".repeat(64);
    let twice = good.replacen(entry, &format!("{entry},{entry}"), 1);
    let digest = &good[good.find("\"content\": \"").unwrap() + 12..][..64];
    let cases = [
        ("empty", String::new(), "index.json: damaged: EOF"),
        ("cut", good[..good.len() / 2].to_owned(), "index.json: damaged: EOF"),
        ("no JSON", "hello".to_owned(), "index.json: damaged: expected"),
        ("another shape", "[]".to_owned(), "index.json: damaged: invalid length"),
        ("a later format", good.replacen("\"format\": 1", "\"format\": 2", 1), "format 2 is not"),
        ("a name twice", twice, "\"a.ps1\" comes twice"),
        ("a path", good.replacen(digest, "../../../../etc/passwd", 1), "is no SHA-256"),
        ("capitals", good.replacen(digest, &digest.to_uppercase(), 1), "is no SHA-256"),
        ("bytes that are not there", good.replacen(digest, &absent, 1), &absent),
    ];
    for (case, index, expected) in cases {
        let dir = with_one_file();
        assert_ne!(index, good, "case: {case}");
        fs::write(dir.path().join("index.json"), index).unwrap();
        let error = start(dir.path()).unwrap_err().to_string();
        assert!(error.contains(dir.path().to_str().unwrap()), "case: {case}: {error}");
        assert!(error.contains(expected), "case: {case}: {error}");
        assert!(!error.contains('\n'), "case: {case}: {error}");
    }
}

#[test]
fn damaged_bytes_are_an_error_at_start_that_names_them() {
    for (case, bytes) in [("cut", &b"Get-Dat"[..]), ("changed", b"Get-Data"), ("emptied", b"")] {
        let dir = with_one_file();
        let path = content_file(dir.path());
        fs::write(&path, bytes).unwrap();
        let error = start(dir.path()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "case: {case}: {error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "case: {case}: {error}");
    }
}

#[test]
fn a_directory_in_use_is_an_error_at_start() {
    let dir = TempDir::new();
    let first = start(dir.path()).unwrap();
    let error = start(dir.path()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "{error}");
    drop(first);
    start(dir.path()).unwrap();
}

#[test]
fn a_path_that_is_a_file_is_an_error_at_start() {
    let dir = TempDir::new();
    let path = dir.path().join("file");
    fs::write(&path, "").unwrap();
    let error = start(&path).unwrap_err().to_string();
    assert!(error.contains(path.to_str().unwrap()), "{error}");
}

#[test]
fn a_change_that_cannot_be_kept_is_not_answered_as_done() {
    let dir = TempDir::new();
    let emulator = start(dir.path()).unwrap();
    let contents = dir.path().join("contents");
    fs::remove_dir_all(&contents).unwrap();
    fs::write(&contents, "in the way").unwrap();
    let answer = upload(&emulator, &file_form("a.ps1", b"x"));
    assert_eq!((answer.status, answer.code().as_str()), (500, "InternalServerError"));

    fs::remove_file(&contents).unwrap();
    fs::create_dir(&contents).unwrap();
    assert_eq!(upload(&emulator, &file_form("a.ps1", b"x")).status, 200);
}
