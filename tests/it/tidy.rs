//! The tree keeps its own rules.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of the project, in the order of their paths.
pub(crate) fn rust_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders: Vec<_> =
        ["src", "crates", "examples", "fuzz", "tests"].map(|it| root().join(it)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|it| it == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(files.len() > 50, "only {} files found", files.len());
    files
}

#[test]
fn every_file_says_what_it_is_and_stays_small() {
    for file in rust_files() {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(root()).unwrap().display();
        assert!(text.starts_with("//! "), "{name} does not open with what it is");
        let lines = text.lines().count();
        assert!(lines <= 450, "{name} has {lines} lines: probably two rooms in one");
    }
}

#[test]
fn nothing_is_left_undone_or_switched_off() {
    // Put together here, so that this file does not find itself.
    let marks =
        [["#[", "ignore"], ["todo", "!("], ["unimplemented", "!("], ["FIX", "ME"], ["TO", "DO"]];
    for file in rust_files() {
        let text = fs::read_to_string(&file).unwrap();
        for mark in marks.map(|it| it.concat()) {
            assert!(!text.contains(&mark), "{} holds {mark}", file.display());
        }
    }
}

/// A stepped clock, or a machine that slept, must not make a deadline longer or shorter than it is.
#[test]
fn t37_the_transport_knows_monotonic_time_only() {
    let transport = root().join("crates/mde-live-response-ureq/src");
    let files = rust_files().into_iter().filter(|file| file.starts_with(&transport));
    let mut times = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("SystemTime"), "{} asks for the time of day", file.display());
        times += text.matches("Instant::now()").count();
    }
    assert!(times > 0, "no deadline found");
}

#[test]
fn one_version_for_all_crates_and_a_heading_for_it() {
    let version = env!("CARGO_PKG_VERSION");
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    assert!(changelog.contains(&format!("\n## [{version}] - ")), "no heading for {version}");

    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap();
        let own = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        if own.contains("\npublish = false\n") {
            continue;
        }
        assert!(
            own.contains(&format!("name = \"{name}\"\n")),
            "{name} is not named like its folder"
        );
        assert!(own.contains("\nversion.workspace = true\n"), "{name} has a version of its own");
        for file in ["LICENSE-APACHE", "LICENSE-MIT", "README.md"] {
            assert!(folder.join(file).exists(), "{name} would be published without its {file}");
        }
        let dependency =
            format!("{name} = {{ path = \"crates/{name}\", version = \"{version}\" }}");
        assert!(manifest.contains(&dependency), "the workspace does not offer {name} {version}");
    }
}
