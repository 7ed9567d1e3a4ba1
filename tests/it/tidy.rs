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

/// Core's floors, from the ground up.
const FLOORS: [&str; 5] = ["values", "exchange", "error", "operation", "client"];

fn is_test(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name == "tests.rs")
        || file.components().any(|part| part.as_os_str() == "tests")
}

/// Paths from the crate's root that a file names, as `crate::first::...`, comments excepted.
fn first_segments(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| {
        line.split("crate::").skip(1).map(|rest| {
            let end = rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric());
            &rest[..end.unwrap_or(rest.len())]
        })
    })
}

/// No arrow points up. Tests of a floor may use what they like.
#[test]
fn a_floor_of_core_names_no_higher_floor() {
    let core = root().join("crates/mde-live-response-core/src");
    for (height, floor) in FLOORS.iter().enumerate() {
        let own = rust_files().into_iter().filter(|file| file.starts_with(core.join(floor)));
        for file in own.filter(|file| !is_test(file)) {
            let text = fs::read_to_string(&file).unwrap();
            let untested = text.split("#[cfg(test)]\nmod").next().unwrap_or_default();
            for named in first_segments(untested) {
                let named_height = FLOORS.iter().position(|it| *it == named);
                let is_below = named_height.is_some_and(|it| it <= height);
                assert!(is_below, "{} names crate::{named}", file.display());
            }
        }
    }
}

/// The published crates that a manifest lists under `[dependencies]`.
fn dependencies(manifest: &Path) -> Vec<String> {
    let text = fs::read_to_string(manifest).unwrap();
    let own = text.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let names = own.take_while(|line| !line.starts_with('[')).filter_map(|line| {
        let end = line.find(|c: char| c != '-' && !c.is_ascii_alphanumeric())?;
        line[..end].strip_prefix("mde-live-response-").map(str::to_owned)
    });
    names.collect()
}

#[test]
fn dependencies_between_crates_point_one_way() {
    #[rustfmt::skip]
    let allowed: [(&str, &[&str]); 8] = [
        (".", &["core", "entra", "sync", "ureq"]),
        ("core", &[]),
        ("entra", &["core"]),
        ("sync", &["core"]),
        ("mock", &["core"]),
        ("ureq", &["core"]),
        ("emulator", &["core", "mock"]),
        ("cli", &["core", "entra", "sync", "ureq"]),
    ];
    let published = fs::read_dir(root().join("crates")).unwrap().filter(|entry| {
        let manifest = entry.as_ref().unwrap().path().join("Cargo.toml");
        !fs::read_to_string(manifest).unwrap().contains("\npublish = false\n")
    });
    assert_eq!(published.count() + 1, allowed.len(), "a crate is missing in this table");
    for (name, allowed) in allowed {
        let manifest = match name {
            "." => root().join("Cargo.toml"),
            name => root().join(format!("crates/mde-live-response-{name}/Cargo.toml")),
        };
        for dependency in dependencies(&manifest) {
            assert!(allowed.contains(&dependency.as_str()), "{name} depends on {dependency}");
        }
    }
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
