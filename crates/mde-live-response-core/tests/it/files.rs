//! V35-V38: what can be opened, and what is refused at once.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use mde_live_response_core::{Delivery, Error, FileContent, SourceErrorKind, Upload};

use crate::support::expect_error;

/// A directory of a test's own, removed at its end.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("mde-live-response-{}-{n}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Both ways to open refuse it so.
#[track_caller]
fn assert_refused(path: &Path, kind: SourceErrorKind) {
    let by_upload = expect_error!(Upload::from_path(path).unwrap_err(), Source, path.display());
    for error in [
        by_upload,
        FileContent::open(path).unwrap_err(),
        FileContent::open_without_following(path).unwrap_err(),
    ] {
        assert_eq!(error.kind(), kind, "case: {}", path.display());
        assert_eq!(error.path(), Some(path));
        assert_eq!(Error::from(error).delivery(), Delivery::NotDelivered);
    }
}

#[test]
fn v35_file_does_not_exist() {
    let dir = TempDir::new();
    let path = dir.path("absent.ps1");
    assert_refused(&path, SourceErrorKind::NotFound);
    let shown = FileContent::open(&path).unwrap_err().to_string();
    assert_eq!(shown, format!("there is no such file ({})", path.display()));
}

/// Needs a file that may not be read. A privileged user can read nearly all; one file of Linux is write-only
/// even for that user. Where there is neither, there is nothing to test.
#[cfg(unix)]
#[test]
fn v35_file_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;

    let dir = TempDir::new();
    let locked = dir.file("locked.ps1", "x");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    for path in [locked, PathBuf::from("/proc/sys/vm/compact_memory")] {
        if fs::File::open(&path).is_err_and(|it| it.kind() == std::io::ErrorKind::PermissionDenied)
        {
            assert_refused(&path, SourceErrorKind::PermissionDenied);
        }
    }
}

#[test]
fn v36_directory() {
    let dir = TempDir::new();
    let path = dir.path("tools.ps1");
    fs::create_dir(&path).unwrap();
    assert_refused(&path, SourceErrorKind::Directory);
}

#[cfg(unix)]
#[test]
fn v37_pipe_socket_or_device() {
    let dir = TempDir::new();
    let pipe = dir.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let socket = dir.path("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for path in [&pipe, &socket, Path::new("/dev/null"), Path::new("/dev/zero")] {
        assert_refused(path, SourceErrorKind::NotRegular);
    }
}

#[cfg(unix)]
#[test]
fn v38_symbolic_link() {
    use crate::support::{Canned, file_of};

    let dir = TempDir::new();
    let target = dir.file("target.ps1", "behind the link");
    let link = dir.path("link.ps1");
    std::os::unix::fs::symlink(&target, &link).unwrap();

    let transport = Canned::storing("link.ps1");
    let stored = transport.client().upload(&Upload::from_path(&link).unwrap()).unwrap();
    assert_eq!(stored.file_name(), "link.ps1", "the name that was given, not the target's");
    assert_eq!(file_of(&transport.only().body), b"behind the link");

    let error = FileContent::open_without_following(&link).unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::NotRegular);
    assert!(FileContent::open_without_following(&target).is_ok());
}

#[cfg(unix)]
#[test]
fn v38_symbolic_link_to_what_is_no_file() {
    let dir = TempDir::new();
    let into = [
        (dir.path("nowhere"), SourceErrorKind::NotFound),
        (dir.path(""), SourceErrorKind::Directory),
        (PathBuf::from("/dev/null"), SourceErrorKind::NotRegular),
        (dir.path("loop"), SourceErrorKind::Io),
    ];
    for (target, kind) in into {
        let link = dir.path("loop");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert_eq!(
            FileContent::open(&link).unwrap_err().kind(),
            kind,
            "case: {}",
            target.display()
        );
        let refused = FileContent::open_without_following(&link).unwrap_err().kind();
        assert_eq!(refused, SourceErrorKind::NotRegular, "case: {}", target.display());
        fs::remove_file(&link).unwrap();
    }
}
