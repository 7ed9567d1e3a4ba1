//! A folder of scripts: its manifest, what is said beside a file, what a script says of itself.

use std::fs;
use std::path::Path;

use mde_live_response_sync::{Contents, DesiredFile, Folder, MANIFEST, read, read_file};

use crate::pieces::Pieces;
use crate::shown::shown;

/// Manifest, file beside the script, script. No manifest, and nothing beside the script, where they are empty. The same
/// script is in a subfolder under another name.
pub fn folder(input: &[u8]) {
    let mut pieces = Pieces::of(input);
    let (manifest, beside, script) = (pieces.next(), pieces.next(), pieces.rest());
    let dir = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes| fs::write(dir.path().join(name), bytes).expect("a file");
    write("a.ps1", script);
    fs::create_dir(dir.path().join("sub")).expect("a folder");
    write("sub/b.ps1", script);
    if !manifest.is_empty() {
        write(MANIFEST, manifest);
    }
    if !beside.is_empty() {
        write("a.ps1.json", beside);
        write("sub/b.ps1.json", beside);
    }
    match read(dir.path()) {
        Ok(desired) => {
            assert!(manifest.is_empty() || is_json(manifest));
            for file in desired.files() {
                check(file, dir.path());
            }
        }
        Err(error) => drop(shown(&error)),
    }
    match Folder::new(dir.path()).with_subfolders(true).read() {
        Ok(contents) if manifest.is_empty() => check_same(&contents),
        Ok(contents) => assert!(contents.desired().files().all(|it| it.name().as_str() != "b.ps1")),
        Err(error) => drop(shown(&error)),
    }
    match read_file(&dir.path().join("a.ps1")) {
        Ok(file) => {
            assert!(beside.is_empty() || is_json(beside));
            check(&file, dir.path());
            if beside.is_empty() {
                check_help(&file, script);
            }
        }
        Err(error) => drop(shown(&error)),
    }
}

fn is_json(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    serde_json::from_slice::<serde_json::Value>(bytes).is_ok()
}

/// A file is one of this folder's, as large as it is there.
fn check(file: &DesiredFile, dir: &Path) {
    let path = dir.join(file.name().as_str());
    assert_eq!(fs::metadata(path).expect("a file of the folder").len(), file.size());
}

/// The script in the subfolder has the texts of the script at the top.
fn check_same(contents: &Contents) {
    assert_eq!(contents.skipped().len(), 0);
    let files: Vec<_> = contents.desired().files().collect();
    let [top, sub] = files[..] else { panic!("{} files", files.len()) };
    assert_eq!((top.name().as_str(), sub.name().as_str()), ("a.ps1", "b.ps1"));
    assert_eq!(top.sha256(), sub.sha256());
    assert_eq!((top.description(), top.parameters()), (sub.description(), sub.parameters()));
}

/// A synopsis is one line of words that stand in the script.
fn check_help(file: &DesiredFile, script: &[u8]) {
    let Some(synopsis) = file.description() else { return };
    assert!(!synopsis.as_str().contains(['\r', '\n']));
    assert_eq!(synopsis.as_str().trim(), synopsis.as_str());
    if let Ok(script) = str::from_utf8(script) {
        assert!(synopsis.as_str().split_whitespace().all(|word| script.contains(word)));
    }
}
