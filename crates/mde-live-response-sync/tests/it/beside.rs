//! Files beside files are not trusted: what is read of a manifest or a side file, and what is refused.

use std::fs;

use mde_live_response_sync::{MANIFEST, read, read_file};
use mde_live_response_testkit::TempDir;

use crate::folders::assert_error;

const SIDE: &str = "a.ps1.json";
const MIB: usize = 1024 * 1024;

/// Fails for the folder, and for the single file unless the manifest is the problem.
#[track_caller]
fn assert_refused(dir: &TempDir, name: &str, fact: &str) {
    println!("case: {name}, {fact}");
    let path = dir.path().join(name);
    assert_error(&read(dir.path()).unwrap_err(), &path, fact);
    match read_file(&dir.path().join("a.ps1")) {
        Err(error) if name == SIDE => assert_error(&error, &path, fact),
        read => assert!(read.is_ok() && name == MANIFEST),
    }
}

#[test]
fn a_manifest_and_a_side_file_have_a_largest_size() {
    let padded = |len| r#"{"description":"x"}"#.to_owned() + &" ".repeat(len - 19);
    let dir = TempDir::with([("a.ps1", "1"), (SIDE, &padded(MIB))]);
    assert_eq!(read(dir.path()).unwrap().files().len(), 1);
    dir.write(SIDE, padded(MIB + 1));
    assert_refused(
        &dir,
        SIDE,
        "side file has 1 MiB (1048577 bytes); at most 1 MiB (1048576 bytes)",
    );

    let dir = TempDir::with([("a.ps1", "1"), (MANIFEST, "")]);
    let manifest = fs::OpenOptions::new().write(true).open(dir.path().join(MANIFEST)).unwrap();
    manifest.set_len(64 * MIB as u64 + 1).unwrap();
    assert_refused(
        &dir,
        MANIFEST,
        "manifest has 64 MiB (67108865 bytes); at most 64 MiB (67108864 bytes)",
    );
}

/// `NAME.json` is then longer than a file name may be.
#[test]
fn a_name_may_be_as_long_as_a_library_allows() {
    for len in [249, 250, 251, 255] {
        let name = "a".repeat(len);
        let dir = TempDir::with([(&name, "1")]);
        let manifest = format!(r#"[{{"fileName":"{name}"}}]"#);
        assert_eq!(read(dir.path()).unwrap().files().len(), 1, "length: {len}");
        dir.write(MANIFEST, manifest);
        assert_eq!(read(dir.path()).unwrap().files().len(), 1, "length: {len}");
        assert!(read_file(&dir.path().join(name)).is_ok(), "length: {len}");
    }
}

#[cfg(unix)]
#[test]
fn a_manifest_or_a_side_file_that_is_not_a_regular_file_is_refused_without_waiting() {
    for name in [SIDE, MANIFEST] {
        let dir = TempDir::with([("a.ps1", "1")]);
        let path = dir.path().join(name);
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        assert_refused(&dir, name, "not a regular file");
        fs::remove_file(&path).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert_refused(&dir, name, "not a regular file");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_refused(&dir, name, "a directory");
    }
}

#[cfg(unix)]
#[test]
fn a_link_in_place_of_a_manifest_or_a_side_file_must_stay_within_the_folder() {
    use std::os::unix::fs::symlink;
    let elsewhere = TempDir::new();
    let texts = [(SIDE, r#"{"description":"x"}"#), (MANIFEST, r#"[{"fileName":"a.ps1"}]"#)];
    for (name, text) in texts {
        let dir = TempDir::with([("a.ps1", "1")]);
        let link = dir.path().join(name);
        let target = elsewhere.write("target", text);
        for (outside, fact) in [
            (target.to_str().unwrap(), "leads out of the folder"),
            ("/dev/zero", "leads out of the folder"),
            ("nowhere", "cannot be read"),
            (name, "cannot be read"),
        ] {
            symlink(outside, &link).unwrap();
            assert_refused(&dir, name, fact);
            fs::remove_file(&link).unwrap();
        }
        fs::create_dir(dir.path().join("texts")).unwrap();
        dir.write("texts/inside", text);
        symlink("texts/inside", &link).unwrap();
        let found = read(dir.path()).unwrap();
        assert_eq!(found.files().len(), 1);
        let described = found.files().next().unwrap().description().is_some();
        assert_eq!(described, name == SIDE);
    }
}

/// A relative path without a folder: its folder is the current one.
#[cfg(unix)]
#[test]
fn a_side_file_that_is_a_link_is_read_beside_a_file_of_the_current_folder() {
    let dir = TempDir::with([("a.ps1", "1"), ("texts", r#"{"description":"x"}"#)]);
    std::os::unix::fs::symlink("texts", dir.path().join(SIDE)).unwrap();
    // Another folder of the process could disturb other tests, so a child process has it.
    let child = std::env::current_exe().unwrap();
    if std::env::var_os("CHILD").is_none() {
        let name = "beside::a_side_file_that_is_a_link_is_read_beside_a_file_of_the_current_folder";
        let mut child = std::process::Command::new(child);
        let child = child.current_dir(dir.path()).env("CHILD", "1");
        assert!(child.args(["--exact", name]).output().unwrap().status.success());
    } else {
        assert!(read_file("a.ps1".as_ref()).unwrap().description().is_some());
    }
}

/// Another process swaps a file and a link to elsewhere all the time.
#[cfg(unix)]
#[test]
fn a_link_that_appears_after_the_check_is_not_followed() {
    use mde_live_response_sync::DesiredFile;
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicBool, Ordering};
    let (dir, elsewhere, spare) = (TempDir::new(), TempDir::new(), TempDir::new());
    let key = elsewhere.write("key", r#"{"description":"a key"}"#);
    let spare = spare.path().join("next");
    let swap = |name| {
        let path = dir.path().join(name);
        fs::write(&spare, "{}").unwrap();
        fs::rename(&spare, &path).unwrap();
        symlink(&key, &spare).unwrap();
        fs::rename(&spare, &path).unwrap();
    };
    swap("a.ps1");
    swap(SIDE);
    let is_over = AtomicBool::new(false);
    let leaked = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                swap("a.ps1");
                swap(SIDE);
            }
        });
        let read: Vec<_> = (0..3_000).filter_map(|_| read(dir.path()).ok()).collect();
        is_over.store(true, Ordering::Relaxed);
        let is_own = |file: &DesiredFile| file.size() == 2 && file.description().is_none();
        read.iter().filter(|desired| !desired.files().all(is_own)).count()
    });
    assert_eq!(leaked, 0, "of 3000 times");
}

/// The manifest of a folder that is a link to itself cannot be looked for.
#[cfg(unix)]
#[test]
fn a_manifest_is_absent_only_if_the_system_says_so() {
    let dir = TempDir::new();
    let link = dir.path().join("link");
    std::os::unix::fs::symlink("link", &link).unwrap();
    let error = read(&link).unwrap_err();
    assert_eq!(error.path(), link.join(MANIFEST));
}
