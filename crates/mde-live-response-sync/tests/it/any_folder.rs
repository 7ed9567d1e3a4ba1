//! For any folder: each of its files is read, or there is a reason why not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use mde_live_response_core::FileName;
use mde_live_response_core::library::FileContent;
use mde_live_response_sync::{Choice, Folder};
use mde_live_response_testkit::TempDir;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed};

/// Few, so that they meet.
const PARTS: [&str; 10] =
    ["a", "b", "B", "c.ps1", "c.ps1.json", "C.PS1.json", "readme.md", "d.bak", ".e", "lrlib.toml"];

/// Unlike the bytes of each other file, and valid as a side file.
fn content(path: &str) -> String {
    format!("{{\"description\":\"{path}\"}}")
}

/// Creates the files that can be created: a path may be a folder already. A folder in place of a side file is an error.
fn create(dir: &TempDir, paths: &BTreeSet<String>) -> Vec<String> {
    let root = fs::canonicalize(dir.path()).unwrap();
    let is_created = |path: &&String| {
        let file = root.join(path.as_str());
        let parent = file.parent().unwrap();
        // Where letter case does not count, it may be a folder of another name.
        let is_own = || fs::canonicalize(parent).is_ok_and(|real| real == parent);
        let is_possible = !path.to_lowercase().contains(".json/")
            && fs::create_dir_all(parent).is_ok()
            && is_own()
            && !file.exists();
        is_possible && fs::write(&file, content(path)).is_ok()
    };
    paths.iter().filter(is_created).cloned().collect()
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

fn is_hidden(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('.'))
}

/// Returns whether there is a reason not to read a file.
fn is_excused(dir: &Path, path: &str, skipped: &[String]) -> bool {
    let is_side_file = path.strip_suffix(".json").is_some_and(|of| dir.join(of).is_file());
    let is_skipped = |it: &String| it == path || it.ends_with('/') && path.starts_with(it.as_str());
    is_hidden(path) || is_side_file || path == "lrlib.toml" || skipped.iter().any(is_skipped)
}

fn hash_of(path: &str) -> String {
    FileContent::from(content(path).into_bytes()).sha256().unwrap().to_string()
}

proptest! {
    #![proptest_config(Config {
        cases: 400,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..Config::default()
    })]

    #[test]
    fn each_file_is_read_or_there_is_a_reason(
        paths in btree_set(vec(select(&PARTS[..]), 1..4).prop_map(|it| it.join("/")), 0..8),
        is_recursive in any::<bool>(),
        excluded in select(&PARTS[..]),
    ) {
        let dir = TempDir::new();
        let created = create(&dir, &paths);
        let folder = Folder::new(dir.path()).with_subfolders(is_recursive).with_filter(move |path| {
            let is_excluded = path.trim_end_matches('/').ends_with(excluded);
            if is_excluded { Choice::Exclude } else { Choice::Default }
        });
        match folder.read() {
            Ok(contents) => {
                let read: Vec<_> = contents.desired().files().map(|it| it.sha256().to_string()).collect();
                let skipped: Vec<_> = contents.skipped().map(|it| it.path().to_owned()).collect();
                prop_assert!(skipped.is_sorted());
                prop_assert!(!skipped.iter().any(|it| is_hidden(it)), "{:?}", skipped);
                for path in &created {
                    let is_read = read.contains(&hash_of(path));
                    let is_excused = is_excused(dir.path(), path, &skipped);
                    prop_assert_ne!(is_read, is_excused, "{} of {:?}", path, created);
                }
                prop_assert!(read.len() <= created.len());
            }
            Err(error) => {
                let names: BTreeSet<_> =
                    created.iter().map(|path| FileName::folded(name_of(path))).collect();
                prop_assert!(names.len() < created.len(), "{error}");
                let is_of_names = ["same name", "letter case"].iter().any(|it| error.to_string().contains(it));
                prop_assert!(is_of_names, "{error}");
            }
        }
    }
}
