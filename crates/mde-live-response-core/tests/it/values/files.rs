//! What can be opened, and what is refused at once.

use std::fs;
use std::path::Path;
#[cfg(unix)]
use std::path::PathBuf;

use mde_live_response_core::error::SourceProblem;
use mde_live_response_core::library::FileContent;
use mde_live_response_core::{Effect, Error, ErrorKind, Upload};
use mde_live_response_testkit::TempDir;

/// Every way to open refuses it so.
#[track_caller]
fn assert_refused(path: &Path, problem: &SourceProblem) {
    for error in [
        Upload::from_path(path).unwrap_err(),
        FileContent::open(path).unwrap_err(),
        FileContent::open_without_following(path).unwrap_err(),
    ] {
        assert_eq!((error.problem(), error.path()), (problem, Some(path)));
        let error = Error::from(error);
        assert_eq!(error.kind(), &ErrorKind::Source(problem.clone()));
        assert_eq!(error.effect(), Effect::NotApplied);
    }
}

#[test]
fn an_absent_file_and_a_directory() {
    let dir = TempDir::new();
    assert_refused(&dir.path().join("absent.ps1"), &SourceProblem::NotFound);
    let path = dir.path().join("tools.ps1");
    fs::create_dir(&path).unwrap();
    assert_refused(&path, &SourceProblem::Directory);
}

/// Needs a file that may not be read. A privileged user can read nearly all; one file of Linux is write-only even for
/// that user. On a machine with neither, there is nothing to test.
#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;

    let dir = TempDir::new();
    let locked = dir.write("locked.ps1", "x");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    for path in [locked, PathBuf::from("/proc/sys/vm/compact_memory")] {
        if fs::File::open(&path).is_err_and(|it| it.kind() == std::io::ErrorKind::PermissionDenied)
        {
            assert_refused(&path, &SourceProblem::PermissionDenied);
        }
    }
}

/// On Windows, a program can refuse others the file when it opens it.
#[cfg(windows)]
#[test]
fn a_file_that_another_program_keeps_for_itself() {
    use std::os::windows::fs::OpenOptionsExt;

    let dir = TempDir::new();
    let path = dir.write("a.ps1", "x");
    let kept = fs::OpenOptions::new().read(true).share_mode(0).open(&path).unwrap();
    assert_refused(&path, &SourceProblem::Io);
    let error = Error::from(Upload::from_path(&path).unwrap_err());
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    assert!(error.help().unwrap().starts_with("Close the program that uses the file"));
    drop(kept);
    assert!(FileContent::open(&path).is_ok());
}

/// Longer than a path of Windows was once allowed to be, with and without the prefix that lifted the limit.
#[test]
fn a_path_of_more_than_260_characters() {
    use crate::support::{Canned, file_of};

    let dir = TempDir::new();
    for root in [fs::canonicalize(dir.path()).unwrap(), dir.path().to_owned()] {
        let folder = (0..12).fold(root, |path, _| path.join("a-folder-of-a-deep-tree"));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.ps1");
        assert!(path.as_os_str().len() > 260);
        fs::write(&path, "Get-Date\r\n").unwrap();

        let transport = Canned::storing("a.ps1");
        transport.client().upload(&Upload::from_path(&path).unwrap()).unwrap();
        assert_eq!(file_of(&transport.only().into_body()), b"Get-Date\r\n");
        let absent = path.with_file_name("b.ps1");
        assert_refused(&absent, &SourceProblem::NotFound);
        let error = Upload::from_path(&absent).unwrap_err().to_string();
        assert_eq!(error, format!("{}: there is no such file", absent.display()));
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_a_socket_and_a_device_are_refused_without_waiting() {
    let dir = TempDir::new();
    let pipe = dir.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let socket = dir.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for path in [&pipe, &socket, Path::new("/dev/null"), Path::new("/dev/zero")] {
        assert_refused(path, &SourceProblem::NotRegular);
    }
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_is_followed_under_its_own_name_or_refused() {
    use crate::support::{Canned, file_of};

    let dir = TempDir::new();
    let target = dir.write("target.ps1", "behind the link");
    let link = dir.path().join("link.ps1");
    std::os::unix::fs::symlink(&target, &link).unwrap();

    let transport = Canned::storing("link.ps1");
    let stored = transport.client().upload(&Upload::from_path(&link).unwrap()).unwrap();
    assert_eq!(stored.file_name(), "link.ps1");
    assert_eq!(file_of(&transport.only().into_body()), b"behind the link");
    assert!(FileContent::open_without_following(&target).is_ok());

    for (target, followed) in [
        (target, None),
        (dir.path().join("nowhere"), Some(SourceProblem::NotFound)),
        (dir.path().join(""), Some(SourceProblem::Directory)),
        (PathBuf::from("/dev/null"), Some(SourceProblem::NotRegular)),
        (link.clone(), Some(SourceProblem::Io)),
    ] {
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let problem = FileContent::open(&link).err().map(|it| it.problem().clone());
        assert_eq!(problem, followed, "case: {}", target.display());
        let refused = FileContent::open_without_following(&link).unwrap_err();
        assert_eq!(refused.problem(), &SourceProblem::NotRegular, "case: {}", target.display());
    }
}

/// The path may change between the check and the opening, so the flags must hold, too. Linux shows them.
#[cfg(target_os = "linux")]
#[test]
fn opening_never_blocks_and_follows_no_link_unasked() {
    const NONBLOCK: u32 = 0o4_000;
    let dir = TempDir::with([("a.ps1", "1")]);
    let path = dir.path().join("a.ps1");
    let flags = |content: &FileContent| {
        assert_eq!(content.len(), 1);
        let mut open = fs::read_dir("/proc/self/fd").unwrap().flatten();
        let found = open.find(|it| fs::read_link(it.path()).is_ok_and(|to| to == path)).unwrap();
        let info = Path::new("/proc/self/fdinfo").join(found.file_name());
        let info = fs::read_to_string(info).unwrap();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
        u32::from_str_radix(flags, 8).unwrap()
    };
    let followed = flags(&FileContent::open(&path).unwrap());
    let refused = flags(&FileContent::open_without_following(&path).unwrap());
    assert_eq!((followed & NONBLOCK, refused & NONBLOCK), (NONBLOCK, NONBLOCK));
    // The flag against links, whose number differs between processors.
    assert_eq!((followed & !refused, (refused & !followed).count_ones()), (0, 1));
}
